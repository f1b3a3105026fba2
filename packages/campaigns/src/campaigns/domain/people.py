"""Who operates submissions, who signs definitions off, and teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ("Assignment", "SignOff", "SignedSet", "Team", "TeamMember")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """That somebody operates a submission, from a time until another.

    Attributes
    ----------
    submission : `str`
        The submission's id, such as ``S-12``.
    from_us, until_us : `int`
        UTC microseconds; without an end it is so now.
    assigned_by, reason : `str`
        Who said so, and why.
    ended_by, ended_reason : `str`, optional
        Who ended it, and why.
    """

    uuid: str
    submission: str
    operator: str
    from_us: int
    until_us: int | None = None
    assigned_by: str
    reason: str
    ended_by: str | None = None
    ended_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSet:
    """A set that was pinned when a definition was signed off."""

    reference: str
    name: str
    version: int
    digest: str
    rows: int

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {name: getattr(self, name) for name in SignedSet.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """That somebody signed a revision of a definition off.

    Attributes
    ----------
    is_author : `bool`
        Whether the same person wrote the revision.
    signed_us, undone_us : `int`
        UTC microseconds; without the second it holds.
    sets : `tuple` [`SignedSet`, ...]
        The sets that were pinned, as they were.
    """

    uuid: str
    revision: int
    signed_by: str
    is_author: bool
    signed_us: int
    comment: str
    sets: tuple[SignedSet, ...] = ()
    undone_us: int | None = None
    undone_by: str | None = None
    undone_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMember:
    """A user in a team, and since when."""

    user: str
    added_us: int
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team and its members, by name."""

    name: str
    description: str
    created_us: int
    created_by: str
    members: tuple[TeamMember, ...] = ()
