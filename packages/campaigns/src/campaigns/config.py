"""The settings, from the environment. Every one is described here and in the documentation."""

from __future__ import annotations

import os
import re
import socket
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaigns.domain.errors import Fault, InvalidInput

__all__ = ("DEFAULT_PORT", "CookieSecurity", "LogFormat", "LogLevel", "Settings", "load_settings")

PREFIX = "CAMPAIGN_"
DEFAULT_PORT = 8080


class CookieSecurity(StrEnum):
    """When the session cookie is sent over HTTPS only."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class LogFormat(StrEnum):
    """What log lines look like."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """What is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _default_data_dir() -> Path:
    """Give the user's data directory, as the XDG base directory specification has it."""
    home = os.environ.get("XDG_DATA_HOME")
    base = Path(home) if home else Path.home() / ".local" / "share"
    return base / "rubin-campaigns"


def _default_server_name() -> str:
    """Give the machine's name, as far as a server's name may have it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", socket.gethostname()).strip("-._")[:100] or "localhost"


class Settings(BaseSettings):
    """The settings of server, agent and command line; each is read from ``CAMPAIGN_`` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: str | None = Field(
        default=None,
        description="Where the database is: sqlite:///path/to/file or postgresql://user@host/name. "
        "By default a SQLite file in the data directory.",
    )
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="The folder for attachments, uploaded files and the default database. "
        "By default rubin-campaigns in the user's data directory.",
    )
    server_name: str = Field(
        default_factory=_default_server_name,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="The name by which this server's campaigns are known elsewhere, as in usdf:C-42: one that no other has. "
        "By default the machine's.",
    )
    site_file: Path | None = Field(
        default=None,
        description="The site file of this machine: with one, the server runs an agent here. "
        "By default site.yaml in the data folder, where there is one.",
    )
    server: str = Field(
        default=f"http://127.0.0.1:{DEFAULT_PORT}",
        description="The address of the server, for the command line, scripts and agents.",
    )
    token: SecretStr | None = Field(
        default=None, description="The API token that the command line, scripts and agents show to the server."
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="What is logged: debug, info, warning or error.")
    log_format: LogFormat = Field(default=LogFormat.CONSOLE, description="Log lines for people (console) or for machines (json).")
    cookie_secure: CookieSecurity = Field(
        default=CookieSecurity.AUTO,
        description="Whether browsers send the session cookie over HTTPS only: always, never, or auto, "
        "which follows how the page was asked for.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses of reverse proxies whose X-Forwarded headers are believed, separated by commas.",
    )
    session_idle_h: float = Field(default=12.0, gt=0, description="A sign-in ends after so many hours without use.")
    session_max_h: float = Field(default=168.0, gt=0, description="A sign-in ends after so many hours in any case.")
    login_link_min: float = Field(default=15.0, gt=0, description="A one-time sign-in link is good for so many minutes.")
    idempotency_h: float = Field(default=48.0, gt=0, description="Answers to Idempotency-Keys are kept for so many hours.")
    max_body_mb: float = Field(default=1.0, gt=0, description="The largest request body, in megabytes, other than uploads.")
    max_upload_mb: float = Field(default=25.0, gt=0, description="The largest uploaded file, in megabytes.")
    note_file_mb: float = Field(default=10.0, gt=0, description="The largest file that can be attached to a note, in megabytes.")
    note_files_mb: float = Field(default=20.0, gt=0, description="How much all files of one note may have, in megabytes.")
    ticket_url: str = Field(
        default="",
        description="Where tickets are, such as https://tickets.example.org/browse/{ticket}: ids of tickets in texts become "
        "links. Without it they stay text.",
    )
    ticket_projects: str = Field(
        default="DM,RFC,PREOPS,SITCOM,OSW",
        description="What ids of tickets in free text begin with, separated by commas: DM-12345 is one, UTF-8 is not.",
    )
    link_hosts: str = Field(
        default="",
        description="Hosts whose links may be looked at, separated by commas: names, or *.example.org for all below one. "
        "Private addresses are looked at only for hosts that are named in full. Without any, links are never looked at.",
    )
    link_timeout_s: float = Field(default=4.0, gt=0, description="How long to wait for a link's host, in seconds.")

    max_import_mb: float = Field(
        default=2000.0, gt=0, description="The largest exported campaign that is brought in, in megabytes."
    )

    git_hosts: str = Field(
        default="",
        description="Hosts whose git repositories are read, separated by commas, also inside a private network. "
        "By default any host that has public addresses alone; behind an https proxy, none by https.",
    )
    git_local_roots: str = Field(
        default="",
        description="Folders on the server's machine whose git repositories are read by their paths, separated by colons.",
    )
    git_ssh_key: Path | None = Field(
        default=None,
        description="The private key, without a passphrase, by which git reads repositories over ssh. By default ssh takes "
        "the keys in the account's `~/.ssh`, or those of the agent that SSH_AUTH_SOCK names.",
    )
    git_known_hosts: Path | None = Field(
        default=None,
        description="The file with the keys of hosts that git trusts over ssh. By default the account's "
        "`~/.ssh/known_hosts` and the machine's `/etc/ssh/ssh_known_hosts`.",
    )
    git_timeout_s: float = Field(default=60.0, gt=0, description="How long git may take at a time, in seconds.")
    git_max_mb: float = Field(
        default=500.0, gt=0, description="The largest git repository that is read, and the largest archive of one, in megabytes."
    )
    git_max_file_mb: float = Field(
        default=5.0, gt=0, description="The largest file that is read of a git repository, in megabytes."
    )

    @property
    def git_roots(self) -> tuple[Path, ...]:
        """The folders of `git_local_roots` (`tuple` [`pathlib.Path`, ...])."""
        return tuple(Path(folder) for folder in self.git_local_roots.split(":") if folder.startswith("/"))

    @property
    def database(self) -> str:
        """The database's URL, given or by default (`str`)."""
        return self.database_url or f"sqlite:///{self.data_dir / 'campaigns.sqlite'}"


def load_settings(**given: object) -> Settings:
    """Read the settings.

    Parameters
    ----------
    **given
        Settings that go before the environment's; those that are `None` do not.

    Returns
    -------
    settings : `Settings`
        All of them.

    Raises
    ------
    InvalidInput
        If a setting has a value it cannot have.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [
            Fault(code=item["type"], message=f"{item['msg']}.", where=PREFIX + ".".join(map(str, item["loc"])).upper())
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise InvalidInput("The settings are not valid.", remedy="Correct the environment.", faults=faults) from None
