"""All rows that belong to a campaign, in whatever tables: read as plain JSON, and written again elsewhere.

A table belongs to campaigns if its foreign keys lead to them, so that a new one comes along by itself. What the rows say is the
same whichever database they lie in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, Select, String, Table, Uuid, collate, insert, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity
from campaigns.schema.campaign import CampaignRow
from campaigns.storage.migration import all_tables
from campaigns.storage.visibility import may_see_campaign

__all__ = ("CAMPAIGN", "MAX_TIME_US", "BelongingStore", "BelongingTable", "belonging_tables", "file_columns", "unfit")

CAMPAIGN: Final = "campaign"

LEFT_OUT: Final = frozenset({"agent_order", "campaign_alias"})
"""Orders are for this server's agents; an alias is made anew by each import."""

LOCAL: Final[Mapping[str, frozenset[str]]] = {
    CAMPAIGN: frozenset(
        {"search_text", "origin", "description", "data_query", "skymap"}
        | {"n_quanta", "n_succeeded", "n_failed", "n_submissions"}
    ),
    "submission": frozenset({"origin_number"}),
    "event": frozenset({"origin_number"}),
}
"""Columns that say something of this server alone, or are made of the others."""

MAX_TIME_US: Final = 7_258_118_400_000_000
"""The year 2200: times from 1970 until then are taken."""

MAX_DEPTH: Final = 100
"""How deep a document may be nested."""

AT_ONCE: Final = 500
"""How many rows are held in memory."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class BelongingTable:
    """A table whose rows belong to campaigns.

    Attributes
    ----------
    table : `sqlalchemy.Table`
        The table.
    columns : `tuple` [`sqlalchemy.Column`, ...]
        Those that travel.
    owners : `tuple` [(`sqlalchemy.Column`, `sqlalchemy.Column`), ...]
        Its columns that say whose a row is, each with the column that it refers to; any of them is enough.
    """

    table: Table
    columns: tuple[Column[Any], ...]
    owners: tuple[tuple[Column[Any], Column[Any]], ...]

    @property
    def name(self) -> str:
        """The table's name (`str`)."""
        return self.table.name

    @property
    def refers_to_itself(self) -> bool:
        """Whether a row may refer to another of the same table (`bool`)."""
        return any(key.column.table is self.table for key in self.table.foreign_keys)


def belonging_tables() -> dict[str, BelongingTable]:
    """Give the tables whose rows belong to campaigns, by name; each comes after those that it refers to."""
    found: dict[str, BelongingTable] = {}
    for table in all_tables().sorted_tables:
        if table.name in LEFT_OUT:
            continue
        columns = tuple(column for column in table.columns if column.name not in LOCAL.get(table.name, ()))
        if table.name == CAMPAIGN:
            found[table.name] = BelongingTable(table, columns, ())
            continue
        owners = _owners(table, found)
        if owners:
            found[table.name] = BelongingTable(table, columns, owners)
    return found


def _owners(table: Table, known: Mapping[str, BelongingTable]) -> tuple[tuple[Column[Any], Column[Any]], ...]:
    leading = [
        (key.parent, key.column)
        for key in sorted(table.foreign_keys, key=lambda key: list(table.columns).index(key.parent))
        if key.column.table is not table and key.column.table.name in known
    ]
    # One that names its campaign is that campaign's, whatever else it refers to.
    direct = [pair for pair in leading if pair[0].name == "campaign_id" and not pair[0].nullable]
    return tuple(direct or leading)


def file_columns(belonging: BelongingTable) -> list[str]:
    """List the columns that name a file by its digest."""
    return [column.name for column in belonging.columns if column.name == "sha256" or column.name.endswith("_sha256")]


class BelongingStore:
    """Rows of one campaign at a time, of those that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for writing.
    identity : `Identity`
        Who asks; every read of a campaign's rows is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity
        self._tables = belonging_tables()
        self._is_postgresql = session.get_bind().dialect.name == "postgresql"

    def rows(self, name: str, campaign_uuid: str) -> Iterator[dict[str, Any]]:
        """Read the rows of a table that belong to a campaign, in the order of its primary key, whatever the database.

        Parameters
        ----------
        name : `str`
            The table.
        campaign_uuid : `str`
            The campaign.
        """
        belonging = self._tables[name]
        its = select(CampaignRow.id).where(CampaignRow.id == campaign_uuid, may_see_campaign(self._identity))
        # On its own, also where the rows are the campaign's.
        seen = its.correlate(None).exists()
        statement = select(*belonging.columns).where(self._condition(belonging, campaign_uuid), seen)
        statement = statement.order_by(*map(self._key, belonging.table.primary_key.columns))
        for row in self._session.execute(statement.execution_options(yield_per=AT_ONCE)):
            yield dict(row._mapping)

    def write(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Write rows of a table; those that others of them refer to go first."""
        belonging = self._tables[name]
        ordered = _by_reference(belonging, list(rows)) if belonging.refers_to_itself else rows
        waiting: list[dict[str, Any]] = []
        for row in ordered:
            waiting.append(row)
            if len(waiting) == AT_ONCE:
                self._session.execute(insert(belonging.table), waiting)
                waiting = []
        if waiting:
            self._session.execute(insert(belonging.table), waiting)

    def has(self, column: Column[Any], value: Any) -> bool:
        """Tell whether some row of a table has a value, whoever may see it."""
        return self._session.execute(select(column).where(column == value).limit(1)).first() is not None

    def _condition(self, belonging: BelongingTable, campaign_uuid: str) -> Any:
        if belonging.name == CAMPAIGN:
            return belonging.table.c.id == campaign_uuid
        conditions = []
        for column, target in belonging.owners:
            if target.table.name == CAMPAIGN:
                conditions.append(column == campaign_uuid)
                continue
            within: Select[Any] = select(target).where(self._condition(self._tables[target.table.name], campaign_uuid))
            conditions.append(column.in_(within))
        return or_(*conditions)

    def _key(self, column: Column[Any]) -> Any:
        # Text by its letters' codes, as SQLite has it, and not by the rules of some language.
        is_text = isinstance(column.type, String) and not isinstance(column.type, Uuid)
        return collate(column, "C") if is_text and self._is_postgresql else column


def _by_reference(belonging: BelongingTable, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    own = [key for key in belonging.table.foreign_keys if key.column.table is belonging.table]
    ordered: list[dict[str, Any]] = []
    left = rows
    there: dict[str, set[Any]] = {key.column.name: set() for key in own}
    theirs = {key.column.name: {row[key.column.name] for row in rows} for key in own}
    while left:
        ready: list[dict[str, Any]] = []
        later: list[dict[str, Any]] = []
        for row in left:
            waits = any(
                (value := row[key.parent.name]) is not None
                and value in theirs[key.column.name] - there[key.column.name]
                and value != row[key.column.name]
                for key in own
            )
            (later if waits else ready).append(row)
        # What refers to each other in a circle, the database refuses itself.
        ready, later = (ready, later) if ready else (later, [])
        for row in ready:
            for name, seen in there.items():
                seen.add(row[name])
        ordered.extend(ready)
        left = later
    return ordered


def unfit(column: Column[Any], value: Any) -> str | None:
    """Tell why a column of either database could not keep a value that came as JSON; `None` if it could."""
    if value is None:
        return None if column.nullable else "it is missing"
    match column.type:
        case Uuid():
            fits = isinstance(value, str) and _UUID.fullmatch(value) is not None
        case Boolean():
            fits = isinstance(value, bool)
        case Integer():
            most = 2**63 if isinstance(column.type, BigInteger) else 2**31
            fits = isinstance(value, int) and not isinstance(value, bool) and -most <= value < most
            if fits and column.name.endswith("_us") and not 0 <= value < MAX_TIME_US:
                return f"{value} is no time from 1970 to 2200"
        case String(length=length):
            fits = isinstance(value, str) and not _has_odd_text(value) and (length is None or len(value) <= length)
        case JSON():
            if _is_deeper(value, MAX_DEPTH):
                return f"it is nested more than {MAX_DEPTH} deep"
            # Some escapes are JSON and no text that a database could keep.
            return "a text in it cannot be kept" if _has_odd_text(value) else None
        case _:
            fits = False
    return None if fits else f"{str(value)[:60]!r} is no {str(column.type).lower()}"


def _is_deeper(value: Any, levels: int) -> bool:
    """Tell whether lists and objects are nested deeper than so many levels."""
    layer = [value]
    for _ in range(levels):
        inside = [one.values() if isinstance(one, dict) else one for one in layer if isinstance(one, dict | list)]
        layer = [item for items in inside for item in items]
    return any(isinstance(one, dict | list) for one in layer)


def _has_odd_text(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)
        case dict():
            return any(_has_odd_text(key) or _has_odd_text(item) for key, item in value.items())
        case list():
            return any(map(_has_odd_text, value))
        case float():
            return not math.isfinite(value)
        case _:
            return False
