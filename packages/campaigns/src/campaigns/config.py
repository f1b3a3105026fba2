"""The settings, from the environment. Every one is described here and in the documentation."""

from __future__ import annotations

import os
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
