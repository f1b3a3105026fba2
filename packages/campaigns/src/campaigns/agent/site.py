"""The site file: what a site offers, and how things are started there. It stays with the agent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from campaigns.domain.errors import Fault, InvalidInput
from campaigns.domain.links import LinkKind, template_fault
from campaigns.wire.agentsite import SiteDocument, SiteLink, SiteRepository, SiteStack

__all__ = ("EnvironmentSettings", "LinkSettings", "Site", "SiteFileInvalid", "StackSettings", "WouldRunSettings", "load_site")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class SiteFileInvalid(InvalidInput):
    """The site file has mistakes; all of them are in ``faults``."""

    code = "site_file_invalid"
    title = "The site file is not valid"


class Settings(BaseModel):
    """A part of the site file: what is unknown is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StackSettings(Settings):
    """How a stack is set up: by lines for bash, by a prefix such as a virtual environment's, or both."""

    description: str = Field(default="", description="For people to read.")
    setup: str | None = Field(default=None, description="Lines that bash carries out before each command.")
    prefix: Path | None = Field(default=None, description="Goes first on PATH, and is what BPS takes for its own directories.")

    @field_validator("prefix")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value if value is None else _must_be_absolute(value)

    @model_validator(mode="after")
    def _has_one(self) -> StackSettings:
        if self.setup is None and self.prefix is None:
            raise ValueError("a stack needs `setup` or `prefix`")
        return self


class RepositorySettings(Settings):
    """A Butler repository of this site."""

    description: str = Field(default="", description="For people to read.")
    uri: str = Field(min_length=1, description="The repository's root or its configuration, as `butler` takes it.")

    @field_validator("uri")
    @classmethod
    def _without_blanks(cls, value: str) -> str:
        return _must_have_no_blanks(value)


class LinkSettings(Settings):
    """A link that each campaign or submission of this site gets."""

    kind: LinkKind = Field(default=LinkKind.OTHER, description="What sort of place it is.")
    title: str = Field(min_length=1, max_length=200, description="What is found there.")
    url: str = Field(description="The address; names in braces, such as `{campaign.id}`, are filled in.")

    @field_validator("url")
    @classmethod
    def _is_template(cls, value: str) -> str:
        if fault := template_fault(value):
            raise ValueError(fault)
        return value


class EnvironmentSettings(Settings):
    """What of the agent's environment is passed on, and what is set besides."""

    allow: list[str] = Field(
        default_factory=list, description="Names of variables that are passed on. Names that begin with `CAMPAIGN_` are refused."
    )
    set: dict[str, str] = Field(default_factory=dict, description="Variables that are set, with their values.")

    @field_validator("allow")
    @classmethod
    def _nothing_of_ours(cls, value: list[str]) -> list[str]:
        # The agent's token is in one of these, and what runs in a stack is other people's code.
        if ours := [name for name in value if name.startswith("CAMPAIGN_")]:
            raise ValueError(f"{ours[0]} is the agent's own and cannot be passed on")
        return value


class WouldRunSettings(Settings, title="What would run"):
    """How far the site goes to tell what would run."""

    max_graphs: int = Field(default=8, ge=0, description="How many quantum graphs are built at most; 0 for none.")
    timeout_s: float = Field(default=900.0, gt=0, description="How long they may take together.")


class Site(Settings):
    """A site file."""

    name: str = Field(description="The site's name, as campaign files and the agent's token have it.")
    description: str = Field(default="", description="For people to read, on the pages and in `campaign site`.")
    work_dir: Path = Field(description="Submissions live below; absolute, and seen by the nodes that run jobs.")
    stacks: dict[str, StackSettings] = Field(
        min_length=1, description="The stacks, by the names that campaign files use. At least one."
    )
    repositories: dict[str, RepositorySettings] = Field(
        min_length=1, description="The Butler repositories, by the aliases that campaign files use. At least one."
    )
    environment: EnvironmentSettings = Field(
        default_factory=EnvironmentSettings, description="What commands in a stack get of the agent's environment."
    )
    bps: dict[str, Any] = Field(default_factory=dict, description="Goes into each BPS configuration.")
    links: list[LinkSettings] = Field(
        default_factory=list, max_length=50, description="Links that its campaigns and submissions get, see *a link*."
    )
    max_submissions: int = Field(
        default=2, ge=1, description="How many submissions the agent has under way at once. Others wait in the queue."
    )
    cancel_grace_s: float = Field(default=60.0, gt=0, description="How long a submission has to stop in order.")
    would_run: WouldRunSettings = Field(
        default_factory=WouldRunSettings, description="Quantum graphs that are built to tell what would run."
    )

    @field_validator("work_dir")
    @classmethod
    def _plain_path(cls, value: Path) -> Path:
        _must_have_no_blanks(str(value))
        return _must_be_absolute(value)

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if NAME.fullmatch(value) is None:
            raise ValueError("a name has letters, digits, dots, dashes and underscores, and begins with a letter or digit")
        return value

    def document(self) -> SiteDocument:
        """Give what the server may know of the site."""
        return SiteDocument(
            description=self.description,
            stacks=[SiteStack(name=name, description=stack.description) for name, stack in self.stacks.items()],
            repositories=[SiteRepository(alias=name, description=repo.description) for name, repo in self.repositories.items()],
            workflow_system=str(self.bps.get("wmsServiceClass", "")),
            max_submissions=self.max_submissions,
            links=[SiteLink(kind=link.kind, title=link.title, url=link.url) for link in self.links],
        )


def _must_have_no_blanks(value: str) -> str:
    # BPS puts it into command lines as it is.
    if any(letter.isspace() for letter in value):
        raise ValueError(f"{value} has a blank in it, which BPS's commands cannot take")
    return value


def _must_be_absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError(f"{value} must be an absolute path")
    return value


def load_site(path: Path) -> Site:
    """Read a site file.

    Parameters
    ----------
    path : `pathlib.Path`
        A YAML file.

    Returns
    -------
    site : `Site`
        What it says.

    Raises
    ------
    SiteFileInvalid
        If it cannot be read, is no YAML, or does not say what a site file must; each mistake is a fault with its place.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        remedy = "Give the path of the site's file."
        raise SiteFileInvalid(f"{path} cannot be read: {error.strerror}.", where=str(path), remedy=remedy) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path} line {mark.line + 1}" if mark is not None else str(path)
        problem = getattr(error, "problem", None) or "it cannot be understood"
        raise SiteFileInvalid(f"{path} is not YAML: {problem}.", where=where, remedy="Correct the line.") from error
    try:
        return Site.model_validate(content)
    except ValidationError as error:
        faults = [_as_fault(path, entry["loc"], entry["msg"]) for entry in error.errors()]
        noun = "problem" if len(faults) == 1 else "problems"
        raise SiteFileInvalid(f"{path} has {len(faults)} {noun}.", where=str(path), faults=faults) from error


def _as_fault(path: Path, location: tuple[int | str, ...], message: str) -> Fault:
    where = ".".join(str(part) for part in location)
    return Fault(
        code=SiteFileInvalid.code,
        message=message.removeprefix("Value error, "),
        where=f"{path}: {where}" if where else str(path),
        remedy="See the page on site files.",
    )
