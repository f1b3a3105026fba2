"""Operators, sign-offs and teams as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from pydantic import Field

from campaigns.domain.people import Assignment, SignOff, Team
from campaigns.wire.interface import Wire

__all__ = (
    "AssignmentCreate",
    "AssignmentList",
    "AssignmentModel",
    "MemberCreate",
    "SignOffCreate",
    "SignOffList",
    "SignOffModel",
    "TeamCreate",
    "TeamList",
    "TeamModel",
)


class AssignmentCreate(Wire):
    """Somebody to operate a submission."""

    operator: str
    reason: str = Field(description="Why, for those who come after.")


class AssignmentModel(Wire):
    """That somebody operates a submission, from a time until another."""

    uuid: str
    submission: str
    operator: str
    from_us: int
    until_us: int | None = Field(description="Nothing where it is so now.")
    assigned_by: str
    reason: str
    ended_by: str | None
    ended_reason: str | None

    @classmethod
    def of(cls, assignment: Assignment) -> AssignmentModel:
        """Make the model of an assignment."""
        return cls.model_validate(assignment)


class AssignmentList(Wire):
    """Assignments, oldest first."""

    items: list[AssignmentModel]
    next: str | None = None


class SignOffCreate(Wire):
    """A revision to be signed off."""

    revision: int = Field(description="The revision that was read; it must be the newest.")
    comment: str = Field(description="What was looked at, and found.")


class SignedSetModel(Wire):
    """A set that was pinned when a definition was signed off."""

    reference: str
    name: str
    version: int
    digest: str
    rows: int


class SignOffModel(Wire):
    """That somebody signed a revision off."""

    uuid: str
    revision: int
    signed_by: str
    is_author: bool = Field(description="Whether the same person wrote the revision.")
    signed_us: int
    comment: str
    sets: list[SignedSetModel]
    undone_us: int | None = Field(description="Nothing where it holds.")
    undone_by: str | None
    undone_reason: str | None

    @classmethod
    def of(cls, sign_off: SignOff) -> SignOffModel:
        """Make the model of a sign-off."""
        return cls.model_validate(sign_off)


class SignOffList(Wire):
    """Sign-offs, newest first."""

    items: list[SignOffModel]
    next: str | None = None


class TeamCreate(Wire):
    """A team to be made."""

    name: str
    description: str = ""


class MemberCreate(Wire):
    """A user to come into a team."""

    user: str


class TeamMemberModel(Wire):
    """A user in a team, and since when."""

    user: str
    added_us: int
    added_by: str


class TeamModel(Wire):
    """A team and its members, by name."""

    name: str
    description: str
    created_us: int
    created_by: str
    members: list[TeamMemberModel]

    @classmethod
    def of(cls, team: Team) -> TeamModel:
        """Make the model of a team."""
        return cls.model_validate(team)


class TeamList(Wire):
    """Teams by name."""

    items: list[TeamModel]
    next: str | None = None
