"""What happened, newest first: who, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.events import Event
from campaigns.domain.submission import Submission
from campaigns.services.factory import Factory

__all__ = ("Happening", "History", "campaign_history", "happenings")

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event, and the id of the submission it is about."""

    event: Event
    submission: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A piece of the history; ``older`` is the number to go on from, if there is more."""

    happenings: list[Happening]
    older: int | None


def happenings(events: Sequence[Event], submissions: Sequence[Submission]) -> list[Happening]:
    """Put the ids of submissions beside events."""
    ids = {submission.uuid: submission.id for submission in submissions}
    return [Happening(event=event, submission=ids.get(event.submission_id or "")) for event in events]


def campaign_history(factory: Factory, campaign: Campaign, submissions: Sequence[Submission], *, before: int | None) -> History:
    """Gather a piece of a campaign's history."""
    events = factory.events().of_campaign(campaign.uuid, before=before, limit=PAGE_SIZE + 1)
    older = events[PAGE_SIZE - 1].number if len(events) > PAGE_SIZE else None
    return History(happenings=happenings(events[:PAGE_SIZE], submissions), older=older)
