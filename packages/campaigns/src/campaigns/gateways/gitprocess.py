"""Running ``git`` as a subprocess that gets nothing of the machine's configuration, asks nobody, and ends in time."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from campaigns.domain.specifications import GitFailed
from campaigns.gateways.gitaddresses import Reached

__all__ = ("GitProcess", "GitRun", "goes_by_proxy")

PASSED_ON: Final = (
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSH_AUTH_SOCK",
    "TMPDIR",
)
"""What git gets of the service's environment: the way out, and an agent for keys."""

TRUSTED: Final = {"GIT_SSL_CAINFO": "SSL_CERT_FILE", "GIT_SSL_CAPATH": "SSL_CERT_DIR"}
"""Whom to trust, under git's own names: a git that is built with GnuTLS knows no others."""

CONFIGURATION: Final = """\
[safe]
\tdirectory = *
[core]
\thooksPath = /dev/null
\taskPass =
[credential]
\thelper =
[http]
\tfollowRedirects = false
\tlowSpeedLimit = 1000
\tlowSpeedTime = 30
[fetch]
\tunpackLimit = 1
[gc]
\tauto = 0
[protocol]
\tversion = 2
"""
"""The whole of git's configuration. A fetch comes as one pack, so that its size can be limited."""

SSH: Final = "ssh -F none -o BatchMode=yes -o ConnectTimeout=15 -o StrictHostKeyChecking=yes -o ForwardAgent=no"

TELLING: Final = re.compile(r"^(fatal|error|ssh): |host key is known|Host key verification failed|Permission denied")
"""Lines that say why something failed; ssh does so in its own words, before git does."""

log = structlog.get_logger(__name__)


def goes_by_proxy() -> bool:
    """Tell whether git is given a proxy for https."""
    return any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY"))


@dataclass(frozen=True, slots=True)
class GitRun:
    """What became of one call of git.

    Attributes
    ----------
    code : `int`
        Its exit code; negative for a signal.
    """

    code: int
    output: bytes
    errors: str
    timed_out: bool = False

    @property
    def text(self) -> str:
        """The output as text (`str`)."""
        return self.output.decode("utf-8", "replace")

    @property
    def too_large(self) -> bool:
        """Whether it was ended for writing too large a file (`bool`)."""
        # What takes the pack in is a process of git's own, whose end git tells of in its own words.
        told = any(words in self.errors.lower() for words in ("file too large", "signal 25", "invalid index-pack output"))
        return self.code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ) or (self.code != 0 and told)

    @property
    def reason(self) -> str:
        """The first thing that git complained of, on one line (`str`)."""
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        found = next((line for line in lines if TELLING.search(line)), lines[0] if lines else "")
        return re.sub(r"^(fatal|error): ", "", found).rstrip(".") or f"it ended with {self.code}"


class GitProcess:
    """Runs git.

    Parameters
    ----------
    home : `pathlib.Path`
        A folder of its own, made when it is needed, with the only configuration that git reads.
    timeout_s : `float`
        How long a call may take, in seconds.
    max_bytes : `int`
        How large a file may be that it writes.
    ssh_key, known_hosts : `pathlib.Path`, optional
        The key for ssh, and the file with the keys of hosts; by default those of the account.
    """

    def __init__(
        self, home: Path, *, timeout_s: float, max_bytes: int, ssh_key: Path | None = None, known_hosts: Path | None = None
    ) -> None:
        self._home = home
        self._ssh = [SSH]
        if ssh_key is not None:
            self._ssh += ["-i", shlex.quote(str(ssh_key)), "-o IdentitiesOnly=yes"]
        if known_hosts is not None:
            # Ssh takes several files, between blanks.
            self._ssh.append("-o " + shlex.quote(f'UserKnownHostsFile="{known_hosts}"') + " -o GlobalKnownHostsFile=none")
        self._timeout_s = timeout_s
        self._blocks = max(1, max_bytes // 512)

    def run(self, arguments: list[str], *, within: Path | None = None, reached: Reached | None = None) -> GitRun:
        """Run git, and wait for its end.

        Parameters
        ----------
        arguments : `list` [`str`]
            Its arguments.
        within : `pathlib.Path`, optional
            The bare repository it works in.
        reached : `Reached`, optional
            Where it may go; by default nowhere.

        Raises
        ------
        GitFailed
            If there is no git on the machine.
        """
        git = ["git", *([f"--git-dir={within}"] if within is not None else []), "--no-replace-objects", *arguments]
        # The limit is set by a shell, in the new process alone.
        command = ["/bin/sh", "-c", 'ulimit -f "$0" && ulimit -c 0 && exec "$@"', str(self._blocks), *git]
        try:
            process = subprocess.Popen(
                command,
                env=self._environ(reached),
                cwd=self._made_home(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise GitFailed(f"Git cannot be started: {error.strerror}.", remedy="Install git on the server.") from error
        timed_out = False
        try:
            output, errors = process.communicate(timeout=self._timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
            with suppress(ProcessLookupError):
                # Its helpers, such as ssh, are in its group.
                os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
        run = GitRun(process.returncode, output, errors.decode("utf-8", "replace"), timed_out)
        if run.code != 0 and "--quiet" not in arguments:
            log.info("git failed", arguments=arguments, code=run.code, errors=run.errors[-2000:])
        return run

    def _made_home(self) -> Path:
        configuration = self._home / "gitconfig"
        if not configuration.exists():
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = configuration.with_name(f"gitconfig.{os.getpid()}")
            new.write_text(CONFIGURATION)
            new.replace(configuration)
        return self._home

    def _environ(self, reached: Reached | None) -> dict[str, str]:
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        trusted = {own: os.environ.get(own) or os.environ.get(name) for own, name in TRUSTED.items()}
        return {
            **passed,
            **{name: value for name, value in trusted.items() if value},
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C",
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self._home / "gitconfig"),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false",
            "SSH_ASKPASS": "/bin/false",
            "GIT_ALLOW_PROTOCOL": reached.protocol if reached is not None else "none",
            "GIT_SSH_COMMAND": " ".join([*self._ssh, *(reached.ssh_options if reached is not None else ())]),
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
        }
