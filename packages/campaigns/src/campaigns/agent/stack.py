"""How commands are started in a campaign's stack: the environment they get, and nothing of the agent's own beyond it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from campaigns.agent.site import Site
from campaigns.domain.errors import InvalidInput

__all__ = ("ALWAYS_ALLOWED", "INSTACK", "Stack")

ALWAYS_ALLOWED = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a command gets of the agent's environment at any site."""

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

INSTACK = Path(__file__).parent / "instack"
"""The directory that goes on ``PYTHONPATH`` of what the agent starts."""


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

    def command(self, arguments: list[str]) -> list[str]:
        """Give the full command that carries out another in the stack.

        Parameters
        ----------
        arguments : `list` [`str`]
            Such as ``["bps", "submit", …]``.
        """
        if self._settings.setup is None:
            return arguments
        # Setting a stack up may replace PYTHONPATH, so that our own package has to join it afterwards.
        lines = [
            "set -e",
            # What setting up prints must not be taken for what the command says.
            "exec 3>&1 1>&2",
            self._settings.setup.strip(),
            "exec 1>&3 3>&-",
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
