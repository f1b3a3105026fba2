"""The sets of a registry: what people import."""

from __future__ import annotations

__all__ = ("DataIdSets", "Unknown")

import datetime
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeAlias

import astropy.time
import erfa
import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import Butler, DataCoordinate, DimensionUniverse
from lsst.daf.butler.queries import Query

from . import _schema as schema
from ._algebra import SetAlgebra
from ._columns import group_of
from ._conditions import Role, Rule, SetCondition, require_visit_system
from ._errors import DataIdSetPermissionError, DataIdSetSchemaError, DataIdSetValueError, Problem
from ._existence import Lacking, absent_rows, pending_condition
from ._headers import Headers, Summary
from ._html import html_paragraph, html_table
from ._installation import Finding, Installation
from ._internals import Inside
from ._loading import bulk_insert, with_reason_ids
from ._query import open_query
from ._quotas import refusals_told
from ._record import Access, DataIdSet, Reference, check_name, choice
from ._removal import SetRemoval, check_group
from ._rows import as_table, read_rows
from ._table import DataIdTable
from ._tagging import SetTagging
from ._uses import SetUses
from .convert import KeyConversion
from .why import SetExplaining

Listed: TypeAlias = Any
"""A set by name, name and version or itself; or data IDs in any form that `DataIdSets.create` takes, or a label and these."""


_SHOWN = 50
_LAST_EXPIRY = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
"""How many sets a notebook shows; `DataIdSets.list` gives all."""


class Unknown(StrEnum):
    """What to do with data IDs that the registry has no records of."""

    ERROR = "error"
    DROP = "drop"
    PENDING = "pending"


class DataIdSets(KeyConversion, SetAlgebra, SetRemoval, SetTagging, SetUses, SetExplaining):
    """The DataId sets of a Butler's registry.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The Butler; one that may not write can still use the sets it may read.

    Raises
    ------
    UnsupportedButlerError
        If the Butler has no registry database of its own.
    """

    def __init__(self, butler: Butler) -> None:
        self._inside = Inside(butler)
        self._installation = Installation(self._inside)
        self._headers = Headers(self._inside, self._installation)

    def __repr__(self) -> str:
        return f"DataIdSets({self.butler!r})"

    def _repr_html_(self) -> str:
        try:
            listed = self.list()
        except DataIdSetSchemaError as error:
            return html_paragraph(f"{self!r}: {error}")
        more = f", of which these are the first {_SHOWN}" if len(listed) > _SHOWN else ""
        heads = ("name", "version", "dimensions", "rows", "owner", "access", "created", "description")
        rows = [
            (
                # A version is a name, and takes no commas.
                *(each.name, str(each.version), ", ".join(each.dimensions.required), each.n_rows),
                *(each.owner, each.access.value, f"{each.created:%Y-%m-%d}", each.description),
            )
            for each in listed[:_SHOWN]
        ]
        return html_paragraph(f"{self!r}: {len(listed):,} sets{more}.") + html_table(heads, rows)

    @property
    def butler(self) -> Butler:
        """The Butler (`lsst.daf.butler.Butler`)."""
        return self._inside.butler

    @property
    def universe(self) -> DimensionUniverse:
        """The dimensions there are (`lsst.daf.butler.DimensionUniverse`)."""
        return self._inside.universe

    # ---- the tables

    def init(self, dimensions: Iterable[Iterable[str]] = (), *, grant_to: str | None = None) -> list[str]:
        """Make the tables in the registry; see `Installation.install`."""
        self._require_writeable()
        return self._installation.install(dimensions, grant_to=grant_to)

    def check(self, *, mend: bool = False) -> list[Finding]:
        """Look for rows that belong to no set; see `Installation.check`."""
        return self._installation.check(mend=mend)

    def set_quota(self, owner: str, max_rows: int | None) -> None:
        """Set how many rows an owner may keep; for administrators.

        Parameters
        ----------
        owner : `str`
            Their name in the database, or in the system where that has none; ``*`` stands for everyone who has no quota of their
            own and is no administrator.
        max_rows : `int` or `None`
            How many rows; `None` takes the quota away. What they keep already stays.

        Raises
        ------
        DataIdSetPermissionError
            If the caller is no administrator.
        """
        self._require_writeable()
        self._headers.quotas.set(owner, max_rows)

    # ---- making sets

    def create(
        self,
        name: str,
        data_ids: DataIdTable | pa.Table | Iterable[DataCoordinate | Mapping[str, Any]],
        *,
        unknown: Unknown | str = Unknown.ERROR,
        description: str = "",
        source: str = "",
        access: Access | str = Access.EVERYONE,
        group: str | None = None,
        expires: datetime.datetime | None = None,
        parents: Iterable[str] = (),
        recipe: Mapping[str, Any] | None = None,
    ) -> DataIdSet:
        """Load data IDs as the next version of a name.

        Parameters
        ----------
        name : `str`
            The name, without a version.
        data_ids : `DataIdTable`, Arrow or Astropy table, or iterable of `DataCoordinate` or mapping
            The data IDs; ``reason`` may stand beside their dimensions.
        unknown : `Unknown` or `str`, optional
            What to do with data IDs that the registry has no records of: an error, leave them out, or keep them, to take effect
            when their records appear. Instruments and sky maps must exist in any case.
        description, source : `str`, optional
            What the set is for, and what it was made from.
        access, group : `Access` or `str`, `str`, optional
            Who else may read it; `group` is needed where access is ``group``.
        expires : `datetime.datetime`, optional
            When a sweep may remove it; aware.
        parents, recipe : iterable of `str`, mapping, optional
            The sets it was made from, and how.

        Returns
        -------
        made : `DataIdSet`
            What was made. It can be seen by others only now, and whole.

        Raises
        ------
        DataIdSetValueError
            If a value is wrong or unknown to the registry; all of them are named.
        DataIdSetPermissionError
            If the Butler may not write, the name is another's, or a quota is used up.
        """
        self._require_writeable()
        check_name(name)
        known = self._described(description=description, source=source, access=access, group=group, expires=expires)
        table = as_table(data_ids, universe=self.universe)
        table, n_pending = self._examined(table, choice(Unknown, unknown, where="unknown"))
        self._installation.rows(table.dimensions, create=True)
        with refusals_told(), self._inside.transaction() as connection:
            version = self._headers.next_version(connection, name)
            known |= {"n_pending": n_pending, "parents": tuple(parents), "recipe": dict(recipe or {})}
            summary = Summary(table.dimensions, len(table), table.digest, table.reasons_digest)
            set_id = self._headers.insert(connection, summary, name, version, **known)
            self._load(connection, set_id, table)
        self._analyze(table)
        return self.find(Reference(name, version))

    def _described(
        self,
        *,
        description: str = "",
        source: str = "",
        access: Access | str = Access.EVERYONE,
        group: str | None = None,
        expires: datetime.datetime | None = None,
    ) -> dict[str, Any]:
        """Check what comes with the rows."""
        access = choice(Access, access, where="access")
        check_group(self._inside, access, group)
        if expires is not None and expires.tzinfo is None:
            raise DataIdSetValueError("The expiry has no time zone.", where="expires", remedy="Give an aware datetime.")
        if expires is not None and expires > _LAST_EXPIRY:
            raise DataIdSetValueError("The expiry is after 2100-01-01.", where="expires", remedy="Without one, a set stays.")
        if description.encode(errors="replace").decode() != description or "\0" in description:
            raise DataIdSetValueError("This is no Unicode text.", where="description", remedy="Give it in UTF-8.")
        return {
            "description": description or None,
            "source": source or None,
            "access": access.value,
            "group_name": group,
            "expires": None if expires is None else _moment(expires),
        }

    def _examined(self, table: DataIdTable, unknown: Unknown) -> tuple[DataIdTable, int]:
        """Hold the data IDs against the registry's records."""
        absent = absent_rows(self._inside, table)
        if absent.governors or (absent.others and unknown is Unknown.ERROR):
            raise DataIdSetValueError([*absent.governors.problems(), *absent.others.problems(), *_remedy(absent.others)])
        if not absent.rows.any():
            return table, 0
        if unknown is Unknown.DROP:
            return DataIdTable(table.dimensions, table.arrow.filter(pa.array(~absent.rows))), 0
        return table, int(absent.rows.sum())

    def _load(self, connection: sa.Connection, set_id: int, table: DataIdTable) -> None:
        """Put rows and reasons into their tables."""
        target = self._installation.rows(table.dimensions)
        arrow, reasons = with_reason_ids(table.arrow)
        if reasons:
            listed = [{"set_id": set_id, "reason_id": number, "reason": reason} for number, reason in enumerate(reasons)]
            connection.execute(sa.insert(self._installation.table(schema.REASON_TABLE)), listed)
        bulk_insert(connection, target, arrow, constants={"set_id": set_id})

    def _analyze(self, table: DataIdTable) -> None:
        """Tell the query planner of what was loaded, where that changes much."""
        if len(table) >= 1000:
            self._inside.analyze(self._installation.rows(table.dimensions))

    def _require_writeable(self) -> None:
        if not self._inside.writeable:
            raise DataIdSetPermissionError("This Butler may not write.", remedy="Open it with writeable=True.")

    # ---- finding and reading them

    def find(self, reference: str | Reference | DataIdSet, *, removed: bool = False) -> DataIdSet:
        """Find a set; see `Headers.find`."""
        return self._headers.find(reference, removed=removed)

    def list(self, *, name: str | None = None, dimensions: Iterable[str] | None = None, removed: bool = False) -> list[DataIdSet]:
        """List the sets that the caller may read, by name and version.

        Parameters
        ----------
        name : `str`, optional
            A pattern: ``*`` stands for anything.
        dimensions : iterable of `str`, optional
            Only sets of exactly these dimensions.
        removed : `bool`, optional
            Whether to list also sets of which only the header is kept.
        """
        header = self._installation.table(schema.HEADER)
        terms = []
        if name is not None:
            terms.append(self._named(header.c.name, name))
        if dimensions is not None:
            terms.append(header.c.dimensions == ",".join(group_of(dimensions, [], self.universe).required))
        return self._headers.list(*terms, removed=removed)

    def _named(self, column: sa.ColumnElement[str], pattern: str) -> sa.ColumnElement[bool]:
        """Give the condition that a name fits a pattern; letters are not taken for their capitals."""
        if "*" not in pattern:
            return column == pattern
        if not self._inside.is_postgresql:  # whose LIKE does
            return column.op("GLOB", is_comparison=True)(pattern.replace("[", "[[]").replace("?", "[?]"))
        escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
        return column.like(escaped, escape="\\")

    def read(self, reference: str | Reference | DataIdSet) -> DataIdTable:
        """Give a set's data IDs and reasons (`DataIdTable`)."""
        found = self.find(reference)
        return read_rows(self._inside, self._installation.rows(found.dimensions), found, self._headers.reasons(found.id))

    def pending(self, reference: str | Reference | DataIdSet) -> DataIdTable:
        """Give those of a set's data IDs that the registry still has no records of (`DataIdTable`)."""
        found = self.find(reference)
        rows = self._installation.rows(found.dimensions)
        lacking = pending_condition(self._inside, found.dimensions, rows)
        return read_rows(self._inside, rows, found, self._headers.reasons(found.id), lacking)

    # ---- using them

    @contextmanager
    def query(
        self,
        *,
        include: Iterable[Listed] = (),
        exclude: Iterable[Listed] = (),
        rule: Rule | str = Rule.ANY,
        visit_system: int | None = None,
    ) -> Iterator[Query]:
        """Open a Butler query that sees only data IDs that are in, or not in, sets.

        Parameters
        ----------
        include, exclude : iterable of `str`, `DataIdSet`, or data IDs, optional
            Sets by name or name and version, or data IDs in any form that `create` takes; these become temporary tables. A data
            ID stays if it is in all that are included, and in none that is excluded.
        rule : `Rule` or `str`, optional
            Where a set of exposures meets a query for visits: whether a visit counts as listed if any of its exposures is, or if
            all are; and the same the other way round.
        visit_system : `int`, optional
            The visit system whose definitions count; by default those of all.

        Yields
        ------
        query : `lsst.daf.butler.queries.Query`
            As `lsst.daf.butler.Butler.query` gives it.

        Raises
        ------
        NoSuchDataIdSetError
            If a set does not exist.
        DataIdSetDimensionsError
            When a query is run whose dimensions a set does not fit, even translated.
        DataIdSetConflictError
            At the block's end, if a set was removed meanwhile or may no longer be read: results may be wrong.
        """
        chosen = self.conditions(include=include, exclude=exclude, rule=rule, visit_system=visit_system)
        with open_query(self._inside, chosen) as query:
            self._headers.require_there(chosen)
            yield query
            self._headers.require_there(chosen)

    def require_there(self, conditions: Iterable[SetCondition]) -> None:
        """See that sets in use are still there; see `Headers.require_there`."""
        self._headers.require_there(conditions)

    def conditions(
        self,
        *,
        include: Iterable[Listed] = (),
        exclude: Iterable[Listed] = (),
        rule: Rule | str = Rule.ANY,
        visit_system: int | None = None,
    ) -> list[SetCondition]:
        """Give the conditions of a query; see `query`."""
        options = {"rule": choice(Rule, rule, where="rule"), "visit_system": require_visit_system(self._inside, visit_system)}
        given = [(Role.INCLUDE, each) for each in include] + [(Role.EXCLUDE, each) for each in exclude]
        return [self._condition(role, each, options) for role, each in given]

    def _condition(self, role: Role, listed: Listed, options: dict[str, Any]) -> SetCondition:
        if isinstance(listed, str | DataIdSet | Reference):
            found = self.find(listed)
            rows = self._installation.rows(found.dimensions)
            known = {"label": str(found), "set_id": found.id, "digest": found.digest, "n_rows": found.n_rows}
            return SetCondition(role=role, dimensions=found.dimensions, rows=rows, **known, **options)
        label, listed = listed if isinstance(listed, tuple) else ("the data IDs given", listed)
        table = as_table(listed, universe=self.universe)
        known = {"label": label, "table": table, "digest": table.digest, "n_rows": len(table)}
        return SetCondition(role=role, dimensions=table.dimensions, **known, **options)


def _moment(expires: datetime.datetime) -> astropy.time.Time:
    with warnings.catch_warnings():
        # Leap seconds of the years to come are not known, which matters little here.
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        return astropy.time.Time(expires).tai


def _remedy(others: Lacking) -> Iterator[Problem]:
    if others:
        yield Problem(
            code="unknown_data_id",
            message=f"In all, the registry does not know {len(others):,} of these values.",
            remedy="Correct them, leave them out by `--unknown drop`, or list them ahead of time by `--unknown pending`.",
        )
