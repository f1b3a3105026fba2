"""What happened, newest first: who, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from campaigns.domain.campaign import Campaign
from campaigns.domain.events import Event
from campaigns.domain.history import HistoryFilter
from campaigns.domain.submission import Submission
from campaigns.services.events import PlacedEvent
from campaigns.services.factory import Factory

__all__ = ("DECIDED", "KINDS", "Happening", "History", "campaign_history", "happenings", "kinds_of", "whole_history")

PAGE_SIZE = 100

DECIDED: Final = ("campaign.start", "campaign.pause", "campaign.resume", "campaign.complete", "campaign.fail", "campaign.cancel",
                  "campaign.next", "campaign.excluded", "submission.accepted", "submission.rejected", "submission.restarted",
                  "submission.cancel", "submission.marked")  # fmt: skip
"""Kinds of events by which somebody, or a rule, decided something."""

KINDS: Final = (
    ("decisions", "decisions"),
    ("campaign", "campaigns"),
    ("submission", "submissions"),
    ("note", "notes"),
    ("link", "links"),
    ("dataid_set", "DataId sets"),
    ("order", "orders"),
    ("agent", "agents"),
    ("user", "users"),
    ("team", "teams"),
    ("token", "tokens"),
)
"""What events may be about, and its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event, and the ids of what it is about; that of the campaign only where that is not plain."""

    event: Event
    submission: str | None
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A piece of the history.

    Attributes
    ----------
    older : `int` or `None`
        The number to go on from, if there is more.
    kind, who, campaign : `str`
        What was asked for; empty for all.
    people : `list` [`str`]
        Whose doings may be asked for, where that is known.
    address : `str`
        What was asked for as a part of an address: empty, or begun by an ampersand.
    """

    happenings: list[Happening]
    older: int | None
    kind: str = ""
    who: str = ""
    campaign: str = ""
    people: list[str]
    address: str
    file_address: str


def happenings(events: Sequence[Event], submissions: Sequence[Submission]) -> list[Happening]:
    """Put the ids of submissions beside events."""
    ids = {submission.uuid: submission.id for submission in submissions}
    return [Happening(event=event, submission=ids.get(event.submission_id or "")) for event in events]


def campaign_history(
    factory: Factory,
    campaign: Campaign,
    submissions: Sequence[Submission],
    *,
    before: int | None,
    kind: str = "",
    who: str = "",
) -> History:
    """Gather a piece of a campaign's history."""
    events = factory.events().of_campaign(campaign.uuid, before=before, limit=PAGE_SIZE + 1, wanted=_wanted(kind, who))
    older = events[PAGE_SIZE - 1].number if len(events) > PAGE_SIZE else None
    return History(
        happenings=happenings(events[:PAGE_SIZE], submissions),
        older=older,
        kind=kind,
        who=who,
        campaign=campaign.id,
        people=factory.events().actors(campaign.uuid),
        address=_address(kind=kind, who=who),
        file_address=_address(kind=kinds_of(kind), actor=who, campaign=campaign.id),
    )


def whole_history(factory: Factory, *, before: int | None, kind: str = "", who: str = "", campaign: str = "") -> History:
    """Gather a piece of the history of everything, or of one campaign."""
    found: list[PlacedEvent] = factory.events().newest(
        wanted=_wanted(kind, who), before=before, limit=PAGE_SIZE + 1, campaign=campaign or None
    )
    shown = [Happening(event=one.event, submission=one.submission, campaign=one.campaign) for one in found[:PAGE_SIZE]]
    return History(
        happenings=shown,
        older=found[PAGE_SIZE - 1].event.number if len(found) > PAGE_SIZE else None,
        kind=kind,
        who=who,
        campaign=campaign,
        people=[],
        address=_address(kind=kind, who=who, campaign=campaign),
        file_address=_address(kind=kinds_of(kind), actor=who, campaign=campaign),
    )


def _wanted(kind: str, who: str) -> HistoryFilter:
    return HistoryFilter(kinds=kinds_of(kind), actor=who or None)


def kinds_of(kind: str) -> tuple[str, ...]:
    """Give the kinds of events that a word of `KINDS` stands for; none for all."""
    return DECIDED if kind == "decisions" else (kind,) if kind else ()


def _address(**given: str | tuple[str, ...]) -> str:
    told = urlencode({name: value for name, value in given.items() if value}, doseq=True)
    return f"&{told}" if told else ""
