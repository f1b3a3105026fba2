"""The record of what happened."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain.events import Event
from campaigns.domain.history import HistoryFilter
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign, found_submission
from campaigns.storage.events import EventStore

__all__ = ("EventService", "PlacedEvent")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEvent:
    """An event with the local ids of what it is about."""

    event: Event
    campaign: str | None
    submission: str | None


class EventService:
    """Events, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = EventStore(context.session, context.identity)

    def of_campaign(
        self, ref: str, *, before: int | None = None, limit: int = 100, wanted: HistoryFilter | None = None
    ) -> list[Event]:
        """List a campaign's events, newest first, with numbers below ``before``."""
        return self._store.of_campaign(found_campaign(self._context, ref).uuid, before=before, limit=limit, wanted=wanted)

    def of_submission(self, ref: str, *, before: int | None = None, limit: int = 100) -> list[Event]:
        """List a submission's events, newest first, with numbers below ``before``."""
        return self._store.of_submission(found_submission(self._context, ref).uuid, before=before, limit=limit)

    def after(self, ref: str, number: int, *, limit: int = 100) -> list[Event]:
        """List a campaign's events in the order of their numbers, beginning after one that was seen."""
        return self._store.after(number, campaign_uuid=found_campaign(self._context, ref).uuid, limit=limit)

    def following(self, number: int, *, wanted: HistoryFilter, limit: int, campaign: str | None = None) -> list[PlacedEvent]:
        """List events of everything, or of a campaign, in the order of their numbers, beginning after one that was seen."""
        uuid = None if campaign is None else found_campaign(self._context, campaign).uuid
        return self._placed(self._store.after(number, campaign_uuid=uuid, limit=limit, wanted=wanted))

    def newest(
        self, *, wanted: HistoryFilter, limit: int, before: int | None = None, campaign: str | None = None
    ) -> list[PlacedEvent]:
        """List events of everything, or of a campaign, newest first, with numbers below ``before``."""
        if campaign is not None:
            uuid = found_campaign(self._context, campaign).uuid
            return self._placed(self._store.of_campaign(uuid, before=before, limit=limit, wanted=wanted))
        return self._placed(self._store.newest(wanted, before=before, limit=limit))

    def actors(self, ref: str) -> list[str]:
        """List who did something with a campaign, by name."""
        return self._store.actors(found_campaign(self._context, ref).uuid)

    def last_number(self, ref: str) -> int:
        """Give the number of a campaign's newest event; 0 if there is none."""
        return self._store.last_number(found_campaign(self._context, ref).uuid)

    def _placed(self, events: list[Event]) -> list[PlacedEvent]:
        campaigns, submissions = self._store.ids(events)
        return [
            PlacedEvent(
                event=event,
                campaign=campaigns.get(event.campaign_id or ""),
                submission=submissions.get(event.submission_id or ""),
            )
            for event in events
        ]
