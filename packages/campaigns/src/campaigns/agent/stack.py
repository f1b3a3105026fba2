"""How commands are started in a campaign's stack: the environment they get, and nothing of the agent's own beyond it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from campaigns.agent.site import Site
from campaigns.domain.errors import InvalidInput

__all__ = ("ALWAYS_ALLOWED", "INSTACK", "Stack")

ALWAYS_ALLOWED = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a command gets of the agent's environment at any site."""

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

INSTACK = Path(__file__).parent / "instack"
"""The directory that goes on ``PYTHONPATH`` of what the agent starts."""


_SET_UP_PACKAGE = """\
campaigns_package() {
  if [ ! -d "$1" ]; then echo "There is no local package $1." >&2; exit 1; fi
  if [ -d "$1/ups" ] && declare -F setup >/dev/null; then setup -k -r "$1"; return; fi
  local name="${1%/}"; name="${name##*/}"; name="${name//[^A-Za-z0-9_]/_}"
  export "${name^^}_DIR=${1%/}"
  if [ -d "$1/python" ]; then export PYTHONPATH="$1/python${PYTHONPATH:+:$PYTHONPATH}"; fi
  if [ -d "$1/bin" ]; then export PATH="$1/bin:$PATH"; fi
  if [ -d "$1/lib" ]; then export LD_LIBRARY_PATH="$1/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; fi
}"""
"""Sets a package up as EUPS does, with EUPS where the stack has it and the package is made for it."""


class Stack:
    """One of a site's stacks.

    Parameters
    ----------
    site : `Site`
        The site.
    name : `str`
        The stack's name there.

    Raises
    ------
    InvalidInput
        If the site has no such stack.
    """

    def __init__(self, site: Site, name: str) -> None:
        if name not in site.stacks:
            known = ", ".join(sorted(site.stacks))
            raise InvalidInput(f"{site.name} has no stack {name}.", where="stack", remedy=f"Known there: {known}.")
        self.name = name
        self._settings = site.stacks[name]
        self._environment = site.environment

    def command(
        self, arguments: list[str], *, packages: Sequence[str] = (), variables: Mapping[str, str] | None = None
    ) -> list[str]:
        """Give the full command that carries out another in the stack.

        Parameters
        ----------
        arguments : `list` [`str`]
            Such as ``["bps", "submit", …]``.
        packages : sequence of `str`, optional
            Folders of packages that are set up over the stack; they may begin with variables. Later ones win.
        variables : mapping, optional
            Variables that are set when all else is set up.
        """
        if self._settings.setup is None and not packages and not variables:
            return arguments
        lines = [
            "set -e",
            # What setting up prints must not be taken for what the command says.
            "exec 3>&1 1>&2",
            *([self._settings.setup.strip()] if self._settings.setup is not None else []),
            *([_SET_UP_PACKAGE] if packages else []),
            *(f'campaigns_package "{path}"' for path in packages),
            *(f"export {name}={shlex.quote(value)}" for name, value in (variables or {}).items()),
            "exec 1>&3 3>&-",
            # Setting a stack up may replace PYTHONPATH, so that our own package has to join it afterwards.
            'export PYTHONPATH="$CAMPAIGNS_INSTACK${PYTHONPATH:+:$PYTHONPATH}"',
            'exec "$@"',
        ]
        return ["bash", "-c", "\n".join(lines), "campaigns-stack", *arguments]

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give the whole environment of a command in the stack.

        Parameters
        ----------
        extra : mapping, optional
            What this command gets besides.
        """
        allowed = (*ALWAYS_ALLOWED, *self._environment.allow)
        env = {name: os.environ[name] for name in allowed if name in os.environ}
        env.setdefault("PATH", SYSTEM_PATH)
        env["OMP_NUM_THREADS"] = "1"
        if (prefix := self._settings.prefix) is not None:
            env["PATH"] = f"{prefix}/bin:{env['PATH']}"
            env.update(dict.fromkeys(("VIRTUAL_ENV", "CTRL_MPEXEC_DIR", "DAF_BUTLER_DIR"), str(prefix)))
        env.update(self._environment.set)
        env["CAMPAIGNS_INSTACK"] = str(INSTACK)
        env["PYTHONPATH"] = ":".join(filter(None, (str(INSTACK), env.get("PYTHONPATH"))))
        env.update(extra or {})
        return env
