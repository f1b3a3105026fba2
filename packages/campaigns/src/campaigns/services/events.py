"""The record of what happened."""

from __future__ import annotations

from campaigns.domain.events import Event
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign, found_submission
from campaigns.storage.events import EventStore

__all__ = ("EventService",)


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

    def of_campaign(self, ref: str, *, before: int | None = None, limit: int = 100) -> list[Event]:
        """List a campaign's events, newest first, with numbers below ``before``."""
        return self._store.of_campaign(found_campaign(self._context, ref).uuid, before=before, limit=limit)

    def of_submission(self, ref: str, *, before: int | None = None, limit: int = 100) -> list[Event]:
        """List a submission's events, newest first, with numbers below ``before``."""
        return self._store.of_submission(found_submission(self._context, ref).uuid, before=before, limit=limit)

    def after(self, ref: str, number: int, *, limit: int = 100) -> list[Event]:
        """List a campaign's events in the order of their numbers, beginning after one that was seen."""
        return self._store.after(number, campaign_uuid=found_campaign(self._context, ref).uuid, limit=limit)

    def last_number(self, ref: str) -> int:
        """Give the number of a campaign's newest event; 0 if there is none."""
        return self._store.last_number(found_campaign(self._context, ref).uuid)
