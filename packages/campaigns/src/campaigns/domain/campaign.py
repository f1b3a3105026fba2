"""A campaign, its revisions, and what people wrote about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from campaigns.domain.definition import Definition
from campaigns.domain.lineage import Parent
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import FINAL_CAMPAIGNS, CampaignStatus, Kind

__all__ = ("Campaign", "CampaignListing", "Revision", "Wait", "WaitKind", "campaign_id", "parse_campaign_id")


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
    notebook_reopened_us : `int`, optional
        When somebody let notes be written again after its end, UTC microseconds.
    signed_revision : `int`, optional
        The revision that is signed off.
    adopted : `bool`
        Whether it tells of what ran, or runs, elsewhere.
    origin : `str`, optional
        For one that was imported, its name at its origin, such as ``usdf:C-42``.
    parent : `Parent`, optional
        The campaign and the revision that it derives from.
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
    adopted: bool = False
    origin: str | None = None
    parent: Parent | None = None
    notebook_reopened_us: int | None = None
    signed_revision: int | None = None

    @property
    def id(self) -> str:
        """The local id, such as ``C-42`` (`str`)."""
        return campaign_id(self.number)

    @property
    def lead(self) -> str:
        """Who leads it: whom its definition names, and its owner where it names nobody (`str`)."""
        return self.definition.lead or self.owner

    @property
    def runs_here(self) -> bool:
        """Whether the service starts and moves it, and it is no record of what is run elsewhere (`bool`)."""
        return not self.adopted and self.origin is None

    @property
    def has_ended(self) -> bool:
        """Whether it was completed, failed or cancelled (`bool`)."""
        return self.status in FINAL_CAMPAIGNS

    @property
    def notebook_is_closed(self) -> bool:
        """Whether no notes can be written: it has ended, and nobody has opened its notebook again (`bool`)."""
        return self.has_ended and self.notebook_reopened_us is None

    @property
    def signed(self) -> bool:
        """Whether its newest revision is signed off (`bool`)."""
        return self.signed_revision == self.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignListing:
    """A row of the list of campaigns: what a list shows of one, without its definition.

    Attributes
    ----------
    quanta : `QuantaCounts`
        Of the newest attempts, added up.
    n_submissions, n_active : `int`
        How many submissions it has, and how many of them are under way.
    n_steps, n_steps_begun : `int`
        How many steps it has, and of how many of them there is a submission.
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
    lead: str
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
    adopted: bool
    origin: str | None
    starting: bool
    signed: bool
    waits: tuple[Wait, ...]
    quanta: QuantaCounts = field(default_factory=QuantaCounts)
    n_submissions: int = 0
    n_active: int = 0
    n_steps: int = 0
    n_steps_begun: int = 0
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


def campaign_id(number: int) -> str:
    """Give the local id of a campaign's number."""
    return f"C-{number}"


def parse_campaign_id(text: str) -> int | None:
    """Read a local id in any case; `None` if it is not one."""
    head, _, digits = text.partition("-")
    return int(digits) if head.upper() == "C" and digits.isascii() and digits.isdecimal() and len(digits) <= 9 else None
