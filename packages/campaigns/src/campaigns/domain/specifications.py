"""Specifications in git: where a definition has them, what they were resolved to, and what can be wrong with a repository."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from campaigns.domain.definition import Definition, Specification
from campaigns.domain.errors import CampaignError, Fault

__all__ = (
    "CAMPAIGN_FILE",
    "BranchMove",
    "Commit",
    "GitFailed",
    "Move",
    "NamedList",
    "NotInRepository",
    "ReferenceNotFound",
    "RepositoryNotAllowed",
    "RepositoryTooLarge",
    "RepositoryUnreachable",
    "ResolvedSpec",
    "SpecError",
    "SpecPin",
    "SpecRole",
    "specifications_of",
)


CAMPAIGN_FILE: Final = "campaign.yaml"
"""What a campaign file in a repository is called by default."""


class SpecRole(StrEnum):
    """What is specified."""

    DATA = "data"
    PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class ResolvedSpec:
    """A specification and the commit that its reference stands for."""

    role: SpecRole
    repository: str
    reference: str
    path: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A list of data IDs in a data specification that a definition names as a set.

    Attributes
    ----------
    name : `str`
        What the definition calls the set, without a version.
    path : `str`
        The file, from the repository's root.
    text : `str`
        What stands in it at the commit.
    """

    name: str
    repository: str
    reference: str
    commit: str
    path: str
    text: str

    @property
    def source(self) -> str:
        """Where it is from, as the set's source has it (`str`)."""
        return f"{self.repository}@{self.commit}:{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPin:
    """What a revision's specification was resolved to. Never changes.

    Attributes
    ----------
    revision : `int`
        The revision of the definition.
    commit : `str`
        The whole hash.
    resolved_us : `int`
        When, UTC microseconds.
    """

    revision: int
    role: SpecRole
    repository: str
    reference: str
    path: str
    commit: str
    resolved_us: int

    @property
    def short(self) -> str:
        """The beginning of the hash, for people (`str`)."""
        return self.commit[:10]


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as a log lists it."""

    commit: str
    author: str
    at_us: int
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBetween:
    """The commits between the specifications of two campaigns.

    Attributes
    ----------
    refs : `tuple` [`str`, `str`]
        The first and the last, as one asks for them.
    first, last : `SpecPin`
        What they were resolved to, in one repository.
    came, went : `list` [`Commit`]
        Those that only the last has, and those that only the first has, newest first.
    """

    refs: tuple[str, str]
    first: SpecPin
    last: SpecPin
    came: list[Commit]
    went: list[Commit]


@dataclass(frozen=True, slots=True)
class BranchMove:
    """How a reference stands to a commit that it was resolved to.

    Attributes
    ----------
    commit : `str`
        What it stands for now.
    n_ahead : `int`
        How many commits came since.
    n_behind : `int`
        How many of those that it had it no longer has: more than none where history was rewritten.
    commits : `tuple` [`Commit`, ...]
        The newest of those that came, newest first.
    """

    commit: str
    n_ahead: int
    n_behind: int
    commits: tuple[Commit, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """How a specification's reference stands to its commit; or why that cannot be told."""

    pin: SpecPin
    move: BranchMove | None = None
    fault: Fault | None = None

    @property
    def text(self) -> str:
        """It in words (`str`)."""
        if self.fault is not None or self.move is None:
            return "It cannot be told whether it has moved."
        if self.move.n_behind:
            lost = self.move.n_behind
            return f"History was rewritten: {lost} commit{'s' if lost > 1 else ''} gone, {self.move.n_ahead} came."
        if self.move.n_ahead:
            came = self.move.n_ahead
            return f"{self.pin.reference} has moved: {came} commit{'s' if came > 1 else ''} since."
        return f"{self.pin.reference} still stands for that commit."


class SpecError(CampaignError):
    """Something is wrong with a repository or what is looked for in it."""

    code = "specification_error"
    status: ClassVar[int] = 422
    title = "The specification cannot be read"

    def as_fault(self, where: str | None = None) -> Fault:
        """Give the error as one fault among others.

        Parameters
        ----------
        where : `str`, optional
            The place in the campaign file.
        """
        return Fault(self.code, self.message, where or self.where, self.remedy)


class RepositoryNotAllowed(SpecError):
    """The service does not read that repository: its protocol, its host or its folder is not allowed."""

    code = "repository_not_allowed"
    title = "The repository is not allowed"


class RepositoryUnreachable(SpecError):
    """The repository does not answer, does not exist, or does not let the service in."""

    code = "repository_unreachable"
    title = "The repository cannot be reached"


class ReferenceNotFound(SpecError):
    """The repository has no tag, branch or commit of that name."""

    code = "reference_not_found"
    title = "There is no such tag, branch or commit"


class NotInRepository(SpecError):
    """The commit has no file or folder of that path, or something else than was looked for."""

    code = "not_in_repository"
    title = "There is no such file"


class RepositoryTooLarge(SpecError):
    """A repository, or what is read of it, is larger than the service takes."""

    code = "repository_too_large"
    title = "The repository is too large"


class GitFailed(SpecError):
    """Git failed for a reason that is not known."""

    code = "git_failed"
    title = "Git failed"


def specifications_of(definition: Definition) -> list[tuple[SpecRole, str, Specification]]:
    """List the specifications that a definition has: role, place in the campaign file, and which."""
    found = [
        (SpecRole.DATA, "data_spec", definition.data_spec),
        (SpecRole.PROCESSING, "processing_spec", definition.processing_spec),
    ]
    return [(role, where, spec) for role, where, spec in found if spec is not None]
