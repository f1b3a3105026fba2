"""Events in the database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from campaigns.domain.events import Event
from campaigns.domain.identity import Identity
from campaigns.schema.event import EventRow

__all__ = ("EventStore",)


class EventStore:
    """Events that an identity may see. Writing is the write session's own (`WriteSession.record`).

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def of_campaign(self, campaign_uuid: str, *, before: int | None, limit: int) -> list[Event]:
        """List a campaign's events, newest first, with numbers below ``before``."""
        return self._newest(EventRow.campaign_id == campaign_uuid, before=before, limit=limit)

    def of_submission(self, submission_uuid: str, *, before: int | None, limit: int) -> list[Event]:
        """List a submission's events, newest first, with numbers below ``before``."""
        return self._newest(EventRow.submission_id == submission_uuid, before=before, limit=limit)

    def after(self, number: int, *, campaign_uuid: str | None, limit: int) -> list[Event]:
        """List events in the order of their numbers, beginning after one that was seen."""
        if self._identity.site is not None:
            return []
        chosen = true() if campaign_uuid is None else EventRow.campaign_id == campaign_uuid
        statement = select(EventRow).where(chosen, EventRow.number > number).order_by(EventRow.number).limit(limit)
        return [_event(row) for row in self._session.scalars(statement)]

    def last_number(self, campaign_uuid: str) -> int:
        """Give the number of a campaign's newest event; 0 if there is none."""
        statement = select(func.max(EventRow.number)).where(EventRow.campaign_id == campaign_uuid)
        return self._session.scalar(statement) or 0

    def _newest(self, condition: ColumnElement[bool], *, before: int | None, limit: int) -> list[Event]:
        if self._identity.site is not None:
            return []
        statement = select(EventRow).where(condition).order_by(EventRow.number.desc()).limit(limit)
        if before is not None:
            statement = statement.where(EventRow.number < before)
        return [_event(row) for row in self._session.scalars(statement)]


def _event(row: EventRow) -> Event:
    return Event(
        number=row.number,
        kind=row.kind,
        summary=row.summary,
        actor=row.actor,
        at_us=row.at_us,
        reason=row.reason,
        campaign_id=row.campaign_id,
        submission_id=row.submission_id,
        details=row.details,
    )
