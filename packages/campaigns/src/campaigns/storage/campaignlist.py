"""The list of campaigns: filtered, in any order, page by page. Nothing here reads a definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, case, false, func, select, true, tuple_
from sqlalchemy.orm import Session

from campaigns.domain.campaign import CampaignListing, Wait
from campaigns.domain.filtering import Condition, Ordering
from campaigns.domain.identity import Identity
from campaigns.domain.quanta import COUNTS, QuantaCounts
from campaigns.domain.states import ACTIVE, CampaignStatus, Kind
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.campaign_word import CampaignWordRow
from campaigns.schema.event import EventRow
from campaigns.schema.revision import RevisionRow
from campaigns.schema.submission import SubmissionRow
from campaigns.schema.task_counts import TaskCountsRow
from campaigns.storage.dialects import list_length
from campaigns.storage.filtering import FilterSql, sort_key
from campaigns.storage.textindex import TextIndex
from campaigns.storage.visibility import may_see_campaign

__all__ = ("CampaignListStore", "Place")

Place: TypeAlias = tuple[str | int, int]
"""Where a campaign stands in an order: its sort key and its number."""

_SHOWN = (
    *(
        "id",
        "number",
        "name",
        "title",
        "reason",
        "kind",
        "status",
        "status_reason",
        "revision",
        "owner",
        "lead",
        "team",
        "ticket",
    ),
    *("site", "stack", "butler", "instrument", "output", "created_us", "updated_us", "started_us", "ended_us", "held", "waits"),
    *("adopted", "origin"),
)


_WALK: Final = 5000
"""How many campaigns SQLite looks at in the order of the list before it is asked to find them in another way."""


@dataclass(frozen=True, slots=True)
class _Activity:
    quanta: QuantaCounts = field(default_factory=QuantaCounts)
    n_submissions: int = 0
    n_active: int = 0
    n_steps_begun: int = 0


class CampaignListStore:
    """Lists of the campaigns that an identity may see.

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
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"

    def page(
        self, condition: Condition, ordering: Ordering, *, after: Place | None, limit: int
    ) -> list[tuple[Place, CampaignListing]]:
        """List campaigns that a filter finds, with the place of each.

        Parameters
        ----------
        condition : `Condition`
            The filter.
        ordering : `Ordering`
            The order; campaigns that are alike follow each other by their numbers, in the same direction.
        after : `Place`, optional
            Only what comes behind this place.
        limit : `int`
            How many at most.
        """
        rows = self._walked(condition, ordering, after=after, limit=limit) if self._is_sqlite else None
        if rows is None:
            listed = self._listed(self._condition(condition))
            rows = self._session.execute(self._ordered(listed, ordering, after=after).limit(limit)).all()
        return [((row.sort_key, row.number), listing) for row, listing in zip(rows, self._listings(rows), strict=True)]

    def _walked(self, condition: Condition, ordering: Ordering, *, after: Place | None, limit: int) -> Sequence[Row[Any]] | None:
        """Look for a page by walking through the list in its order; `None` if that is, or would be, a long way.

        Notes
        -----
        SQLite does not see that of very many hits only a few are wanted: where there is an index for a condition it takes all
        that the index finds, and puts them in order.
        """
        index = TextIndex(self._session, walking=True)
        statement = self._ordered(self._listed(FilterSql(index, self._identity).condition(condition)), ordering, after=after)
        if index.found_few:
            return None
        places = self._ordered(select(CampaignRow.number), ordering, after=after)
        end = self._session.execute(places.offset(_WALK).limit(1)).one_or_none()
        if end is not None:
            statement = statement.where(_beyond(ordering, (end.sort_key, end.number), backwards=True))
        rows = self._session.execute(statement.limit(limit)).all()
        return rows if end is None or len(rows) == limit else None

    def _ordered(self, statement: Select[Any], ordering: Ordering, *, after: Place | None) -> Select[Any]:
        key = sort_key(ordering.field)
        statement = statement.add_columns(key.label("sort_key"))
        if after is not None:
            statement = statement.where(_beyond(ordering, after))
        # The number is its own tie-break, which the databases would not see.
        keys = [CampaignRow.number] if ordering.field.name == "id" else [key, CampaignRow.number]
        return statement.order_by(*(each.desc() if ordering.descending else each.asc() for each in keys))

    def changed_after(self, condition: Condition, *, event: int, limit: int) -> tuple[list[CampaignListing], int | None]:
        """List campaigns that a filter finds and that changed after an event, in the order of their last changes.

        Parameters
        ----------
        condition : `Condition`
            The filter.
        event : `int`
            The number of the event.
        limit : `int`
            How many changed campaigns are looked at.

        Returns
        -------
        listings : `list` [`CampaignListing`]
            Those of them that the filter finds.
        event : `int` or `None`
            The number to go on from; `None` when there is nothing more.
        """
        last = func.max(EventRow.number).label("last")
        changed = (
            select(EventRow.campaign_id, last)
            .where(EventRow.number > event, EventRow.campaign_id.is_not(None))
            .group_by(EventRow.campaign_id)
            .order_by(last)
            .limit(limit)
        )
        seen: dict[str | None, int] = {row[0]: row[1] for row in self._session.execute(changed)}
        if not seen:
            return [], None
        rows = self._session.execute(self._listed(self._condition(condition)).where(CampaignRow.id.in_(list(seen)))).all()
        listings = sorted(self._listings(rows), key=lambda listing: seen[listing.uuid])
        return listings, max(seen.values())

    def last_event(self) -> int:
        """Give the number of the newest event of all; 0 if there is none."""
        return self._session.scalar(select(func.max(EventRow.number))) or 0

    def count(self, condition: Condition, *, at_most: int | None = None) -> int:
        """Count the campaigns that a filter finds, or only as far as a number."""
        found = select(CampaignRow.number).where(self._visible(), self._condition(condition))
        if at_most is not None:
            found = found.limit(at_most)
        return self._session.scalar(select(func.count()).select_from(found.subquery())) or 0

    def counts(self, conditions: Sequence[Condition], *, at_most: int) -> list[int]:
        """Count for each of several filters, as far as a number, in one query."""
        counted = []
        for condition in conditions:
            found = select(CampaignRow.number).where(self._visible(), self._condition(condition)).limit(at_most)
            counted.append(select(func.count()).select_from(found.subquery()).scalar_subquery())
        return list(self._session.execute(select(*counted)).one())

    def _listed(self, condition: ColumnElement[bool]) -> Select[Any]:
        columns = [getattr(CampaignRow, name) for name in _SHOWN]
        flags = (
            CampaignRow.start_order_id.is_not(None).label("starting"),
            case((CampaignRow.signed_revision == CampaignRow.revision, true()), else_=false()).label("signed"),
        )
        return select(*columns, *flags).where(self._visible(), condition)

    def _condition(self, condition: Condition) -> ColumnElement[bool]:
        return FilterSql(TextIndex(self._session), self._identity).condition(condition)

    def _visible(self) -> ColumnElement[bool]:
        return may_see_campaign(self._identity)

    def _listings(self, rows: Sequence[Row[Any]]) -> list[CampaignListing]:
        uuids = [row.id for row in rows]
        activity, words, steps = self._activity(uuids), self._words(uuids), self._steps(uuids)
        nothing = _Activity()
        return [
            replace(_listing(row, activity.get(row.id, nothing), words.get(row.id, {})), n_steps=steps.get(row.id, 0))
            for row in rows
        ]

    def _steps(self, uuids: list[str]) -> dict[str, int]:
        """Count the steps of each campaign's newest revision, in one query and without reading the definitions."""
        statement = (
            select(RevisionRow.campaign_id, list_length(RevisionRow.document["steps"]))
            .join(CampaignRow, and_(CampaignRow.id == RevisionRow.campaign_id, CampaignRow.revision == RevisionRow.number))
            .where(CampaignRow.id.in_(uuids))
        )
        return {row[0]: row[1] or 0 for row in self._session.execute(statement)}

    def _words(self, uuids: list[str]) -> dict[str, dict[str, list[str]]]:
        """Give labels and operators, by campaign and kind."""
        statement = (
            select(CampaignWordRow)
            .where(CampaignWordRow.campaign_id.in_(uuids), CampaignWordRow.kind.in_(("label", "operator")))
            .order_by(CampaignWordRow.word)
        )
        found: dict[str, dict[str, list[str]]] = {}
        for row in self._session.scalars(statement):
            found.setdefault(row.campaign_id, {}).setdefault(row.kind, []).append(row.word)
        return found

    def _activity(self, uuids: list[str]) -> dict[str, _Activity]:
        """Add up the newest attempts of each campaign, in one query."""
        sums = [func.coalesce(func.sum(getattr(TaskCountsRow, name)), 0) for name in COUNTS]
        counts = (
            select(SubmissionRow.campaign_id, *sums)
            .join(TaskCountsRow, TaskCountsRow.submission_id == SubmissionRow.id)
            .where(SubmissionRow.campaign_id.in_(uuids), ~SubmissionRow.superseded)
            .group_by(SubmissionRow.campaign_id)
        )
        quanta = {
            row[0]: QuantaCounts(**dict(zip(COUNTS, map(int, row[1:]), strict=True))) for row in self._session.execute(counts)
        }
        active = [status.value for status in ACTIVE]
        numbers = (
            select(
                SubmissionRow.campaign_id,
                func.count(),
                func.count().filter(SubmissionRow.status.in_(active)),
                func.count(SubmissionRow.step.distinct()),
            )
            .where(SubmissionRow.campaign_id.in_(uuids))
            .group_by(SubmissionRow.campaign_id)
        )
        return {
            row[0]: _Activity(quanta.get(row[0], QuantaCounts()), row[1], row[2], row[3])
            for row in self._session.execute(numbers)
        }


def _beyond(ordering: Ordering, place: Place, *, backwards: bool = False) -> ColumnElement[bool]:
    """Give the condition of standing behind a place in an order, or before it."""
    key, later = sort_key(ordering.field), ordering.descending is backwards
    here, there = tuple_(key, CampaignRow.number), tuple_(*place)
    # The first half follows from the second, and is what SQLite has its index for.
    return and_(key >= place[0], here > there) if later else and_(key <= place[0], here < there)


def _listing(row: Row[Any], seen: _Activity, words: dict[str, list[str]]) -> CampaignListing:
    told = {name: getattr(row, name) for name in (*_SHOWN, "starting", "signed") if name not in ("id", "kind", "status", "waits")}
    return CampaignListing(
        **told,
        uuid=row.id,
        kind=Kind(row.kind),
        status=CampaignStatus(row.status),
        waits=tuple(Wait.from_dict(wait) for wait in row.waits),
        quanta=seen.quanta,
        n_submissions=seen.n_submissions,
        n_active=seen.n_active,
        n_steps_begun=seen.n_steps_begun,
        operators=tuple(words.get("operator", ())),
        labels=tuple(words.get("label", ())),
    )
