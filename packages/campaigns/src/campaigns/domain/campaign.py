"""A campaign, its revisions, and what people wrote about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from campaigns.domain.definition import Definition
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import CampaignStatus, Kind

__all__ = ("Campaign", "CampaignListing", "Note", "NoteKind", "Revision", "Wait", "WaitKind", "campaign_id", "parse_campaign_id")


class WaitKind(StrEnum):
    """What sort of decision a campaign waits for."""

    START = "start"
    JUDGE = "judge"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A decision that only a person can take.

    Attributes
    ----------
    kind : `WaitKind`
        Starting a step, judging a submission, or recovering one.
    step, group : `str`
        What it is about.
    submission : `str`, optional
        The submission's id, such as ``S-12``.
    text : `str`
        What is waited for, as one sentence.
    """

    kind: WaitKind
    step: str
    group: str
    text: str
    submission: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the wait as JSON."""
        return {
            "kind": self.kind.value,
            "step": self.step,
            "group": self.group,
            "text": self.text,
            "submission": self.submission,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Wait:
        """Read a wait from JSON."""
        return cls(**{**data, "kind": WaitKind(data["kind"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it stands; its definition is that of its newest revision.

    Attributes
    ----------
    uuid : `str`
        The identity that travels.
    number : `int`
        The local number: 42 of ``C-42``.
    status : `CampaignStatus`
        Where it stands.
    held : `bool`
        Whether a person paused it: nothing new starts until somebody resumes it.
    waits : `tuple` [`Wait`, ...]
        The decisions it waits for.
    starting : `bool`
        Whether the site is looking, before the start, if it can run.
    status_reason : `str`, optional
        Why it is in this state, in somebody's words or the system's.
    """

    uuid: str
    number: int
    name: str
    title: str
    reason: str
    kind: Kind
    status: CampaignStatus
    revision: int
    definition: Definition
    owner: str
    created_us: int
    updated_us: int
    started_us: int | None = None
    ended_us: int | None = None
    held: bool = False
    starting: bool = False
    status_reason: str | None = None
    waits: tuple[Wait, ...] = ()

    @property
    def id(self) -> str:
        """The local id, such as ``C-42`` (`str`)."""
        return campaign_id(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignListing:
    """A row of the list of campaigns: what a list shows of one, without its definition.

    Attributes
    ----------
    quanta : `QuantaCounts`
        Of the newest attempts, added up.
    n_submissions, n_active : `int`
        How many submissions it has, and how many of them are under way.
    operators, labels : `tuple` [`str`, ...]
        By name.
    signed : `bool`
        Whether its newest revision is signed off.
    """

    uuid: str
    number: int
    name: str
    title: str
    reason: str
    kind: Kind
    status: CampaignStatus
    status_reason: str | None
    revision: int
    owner: str
    lead: str | None
    team: str | None
    ticket: str | None
    site: str | None
    stack: str | None
    butler: str | None
    instrument: str | None
    output: str | None
    created_us: int
    updated_us: int
    started_us: int | None
    ended_us: int | None
    held: bool
    starting: bool
    signed: bool
    waits: tuple[Wait, ...]
    quanta: QuantaCounts = field(default_factory=QuantaCounts)
    n_submissions: int = 0
    n_active: int = 0
    operators: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The local id, such as ``C-42`` (`str`)."""
        return campaign_id(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One immutable state of a campaign's definition."""

    number: int
    definition: Definition
    digest: str
    author: str
    reason: str
    created_us: int


class NoteKind(StrEnum):
    """What sort of remark a note is."""

    OBSERVATION = "observation"
    DECISION = "decision"
    PROBLEM = "problem"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody wrote; append-only."""

    uuid: str
    author: str
    kind: NoteKind
    body: str
    created_us: int
    campaign: str
    submission: str | None = field(default=None)


def campaign_id(number: int) -> str:
    """Give the local id of a campaign's number."""
    return f"C-{number}"


def parse_campaign_id(text: str) -> int | None:
    """Read a local id in any case; `None` if it is not one."""
    head, _, digits = text.partition("-")
    return int(digits) if head.upper() == "C" and digits.isascii() and digits.isdecimal() and len(digits) <= 9 else None
