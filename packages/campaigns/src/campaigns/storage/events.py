"""Events in the database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, true
from sqlalchemy.orm import Session

from campaigns.domain.campaign import campaign_id
from campaigns.domain.events import Event
from campaigns.domain.history import HistoryFilter
from campaigns.domain.identity import Identity, Role
from campaigns.domain.submission import submission_id
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.event import EventRow
from campaigns.schema.submission import SubmissionRow
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("EventStore",)

_OF_ADMINISTRATORS = ("user", "token", "login_link", "team")
"""What these are about is an administrator's to know."""


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

    def of_campaign(
        self, campaign_uuid: str, *, before: int | None, limit: int, wanted: HistoryFilter | None = None
    ) -> list[Event]:
        """List a campaign's events, newest first, with numbers below ``before``."""
        return self.newest(wanted or HistoryFilter(), before=before, limit=limit, condition=EventRow.campaign_id == campaign_uuid)

    def of_submission(self, submission_uuid: str, *, before: int | None, limit: int) -> list[Event]:
        """List a submission's events, newest first, with numbers below ``before``."""
        return self.newest(HistoryFilter(), before=before, limit=limit, condition=EventRow.submission_id == submission_uuid)

    def newest(
        self, wanted: HistoryFilter, *, before: int | None, limit: int, condition: ColumnElement[bool] | None = None
    ) -> list[Event]:
        """List events, newest first, with numbers below ``before``."""
        statement = self._visible(wanted, condition).order_by(EventRow.number.desc()).limit(limit)
        if before is not None:
            statement = statement.where(EventRow.number < before)
        return self._read(statement)

    def after(self, number: int, *, campaign_uuid: str | None, limit: int, wanted: HistoryFilter | None = None) -> list[Event]:
        """List events in the order of their numbers, beginning after one that was seen."""
        chosen = None if campaign_uuid is None else EventRow.campaign_id == campaign_uuid
        statement = self._visible(wanted or HistoryFilter(), chosen).where(EventRow.number > number)
        return self._read(statement.order_by(EventRow.number).limit(limit))

    def actors(self, campaign_uuid: str) -> list[str]:
        """List who did something with a campaign, by name."""
        seen = self._visible(HistoryFilter(), EventRow.campaign_id == campaign_uuid)
        names = seen.with_only_columns(EventRow.actor).distinct().order_by(EventRow.actor)
        return list(self._session.scalars(names))

    def last_number(self, campaign_uuid: str) -> int:
        """Give the number of a campaign's newest event; 0 if there is none."""
        statement = select(func.max(EventRow.number)).where(EventRow.campaign_id == campaign_uuid, self._may_see())
        return self._session.scalar(statement) or 0

    def ids(self, events: list[Event]) -> tuple[dict[str, str], dict[str, str]]:
        """Give the local ids of the campaigns and of the submissions that events are about, by their UUIDs."""
        campaigns = {event.campaign_id for event in events if event.campaign_id}
        submissions = {event.submission_id for event in events if event.submission_id}
        numbers = select(CampaignRow.id, CampaignRow.number).where(CampaignRow.id.in_(campaigns))
        runs = select(SubmissionRow.id, SubmissionRow.number).where(SubmissionRow.id.in_(submissions))
        return (
            {row[0]: campaign_id(row[1]) for row in self._session.execute(numbers)},
            {row[0]: submission_id(row[1]) for row in self._session.execute(runs)},
        )

    def _visible(self, wanted: HistoryFilter, condition: ColumnElement[bool] | None) -> Select[EventRow]:
        told = [true() if condition is None else condition]
        if wanted.kinds:
            told.append(or_(*map(_is_of_kind, wanted.kinds)))
        if wanted.actor is not None:
            told.append(EventRow.actor == wanted.actor)
        if wanted.since_us is not None:
            told.append(EventRow.at_us >= wanted.since_us)
        if wanted.until_us is not None:
            told.append(EventRow.at_us < wanted.until_us)
        return select(EventRow).where(self._may_see(), *told)

    def _may_see(self) -> ColumnElement[bool]:
        if self._identity.site is not None:
            return not_(true())
        if self._identity.role is Role.ADMIN:
            return true()
        open_to_all = and_(EventRow.campaign_id.is_(None), *(not_(_is_of_kind(kind)) for kind in _OF_ADMINISTRATORS))
        return or_(open_to_all, may_see_rows_of(self._identity, EventRow.campaign_id))

    def _read(self, statement: Select[EventRow]) -> list[Event]:
        return [_event(row) for row in self._session.scalars(statement)]


def _is_of_kind(kind: str) -> ColumnElement[bool]:
    if "." in kind:
        return EventRow.kind == kind
    # From a dot to the next letter after it: what an index finds, and no wildcards.
    return and_(EventRow.kind >= f"{kind}.", EventRow.kind < f"{kind}/")


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
