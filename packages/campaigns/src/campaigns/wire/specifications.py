"""Specifications in git, as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from campaigns.domain.specifications import LogBetween, Move, SpecPin, SpecRole
from campaigns.services.repositories import DataIdFile, LookedAt, set_name_of
from campaigns.wire.interface import Wire

__all__ = (
    "CommitModel",
    "FromRepository",
    "ListInGit",
    "LogModel",
    "LookedModel",
    "MoveList",
    "MoveModel",
    "SetOfList",
    "SpecificationList",
    "SpecificationModel",
)


class SpecificationModel(Wire):
    """What a specification of a revision was resolved to."""

    revision: int
    role: SpecRole
    repository: str
    reference: str
    path: str
    commit: str
    resolved_us: int

    @classmethod
    def of(cls, pin: SpecPin) -> SpecificationModel:
        """Make the model of a pin."""
        return cls.model_validate(pin)


class SpecificationList(Wire):
    """Specifications, those of the newest revisions first."""

    items: list[SpecificationModel]
    next: str | None = None


class CommitModel(Wire):
    """A commit, as a log lists it."""

    commit: str
    author: str
    at_us: int
    subject: str


class LogModel(Wire):
    """The commits between the specifications of two campaigns, at most 50 each way."""

    role: SpecRole
    first: SpecificationModel
    last: SpecificationModel
    came: list[CommitModel] = Field(description="Those that only the last has, newest first.")
    went: list[CommitModel] = Field(description="Those that only the first has, newest first.")

    @classmethod
    def of(cls, log: LogBetween, *, role: SpecRole) -> LogModel:
        """Make the model of a log."""
        return cls(
            role=role,
            first=SpecificationModel.of(log.first),
            last=SpecificationModel.of(log.last),
            came=[CommitModel.model_validate(one) for one in log.came],
            went=[CommitModel.model_validate(one) for one in log.went],
        )


class FromRepository(Wire):
    """Where a campaign file is, at a tag."""

    repository: str = Field(description="The repository: `https://…`, `ssh://…`, `git@host:path`, or an allowed path.")
    reference: str = Field(description="A tag, a branch or a commit.")
    path: str = Field(default="campaign.yaml", description="The campaign file, from the repository's root.")
    draft: bool = Field(default=False, description="Whether to leave it a draft though it is complete.")


class MoveModel(Wire):
    """How a reference stands to the commit it was resolved to."""

    role: SpecRole
    reference: str
    commit: str = Field(description="What it was resolved to.")
    now: str | None = Field(description="What it stands for now.")
    n_ahead: int | None = Field(description="How many commits came since.")
    n_behind: int | None = Field(description="How many it no longer has: more than none where history was rewritten.")
    commits: list[CommitModel] = Field(description="Those that came, newest first; at most 50.")
    fault: dict[str, Any] | None = Field(description="Why it cannot be told, if so; the numbers are null then.")

    @classmethod
    def of(cls, one: Move) -> MoveModel:
        """Make the model of a move."""
        move = one.move
        return cls(
            role=one.pin.role,
            reference=one.pin.reference,
            commit=one.pin.commit,
            now=None if move is None else move.commit,
            n_ahead=None if move is None else move.n_ahead,
            n_behind=None if move is None else move.n_behind,
            commits=[] if move is None else [CommitModel.model_validate(commit) for commit in move.commits],
            fault=None if one.fault is None else one.fault.as_dict(),
        )


class MoveList(Wire):
    """How the specifications of the newest resolved revision stand."""

    items: list[MoveModel]


class ListInGit(Wire):
    """A list of data IDs in a data specification."""

    path: str = Field(description="The file, from the repository's root.")
    name: str = Field(description="What a set of it is called.")
    n_data_ids: int
    data_ids: list[dict[str, Any]] = Field(description="What it has, with what it says of all of them.")
    named_in: list[str] = Field(description="The places in the definition that name the set.")

    @classmethod
    def of(cls, file: DataIdFile) -> ListInGit:
        """Make the model of a file."""
        return cls(
            path=file.path,
            name=set_name_of(file.path),
            n_data_ids=file.n_data_ids,
            data_ids=list(file.data_ids),
            named_in=list(file.named_in),
        )


class LookedModel(Wire):
    """What a campaign's specifications have now."""

    pinned: bool = Field(description="Whether the commits are kept; before the start they are only looked up.")
    items: list[SpecificationModel]
    lists: list[ListInGit]
    n_left_out: int = Field(description="How many files in JSON were not looked at, since there are too many.")
    problem: str | None = Field(description="Why there may be lists that are not told.")
    faults: list[dict[str, Any]] = Field(description="Why the campaign could not be started like this.")

    @classmethod
    def of(cls, found: LookedAt) -> LookedModel:
        """Make the model of what was found."""
        return cls(
            pinned=found.pinned,
            items=[SpecificationModel.of(move.pin) for move in found.moves],
            lists=[ListInGit.of(one) for one in found.files],
            n_left_out=found.n_left_out,
            problem=found.problem,
            faults=[fault.as_dict() for fault in found.faults],
        )


class SetOfList(Wire):
    """Of which list a set is to be made."""

    path: str = Field(max_length=1000, description="The file, from the repository's root.")
    name: str = Field(default="", max_length=200, description="The set's name, without a version; by default like the file.")
    reason: str = Field(description="Why, for those who come after.")
