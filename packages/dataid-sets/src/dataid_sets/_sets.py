"""The sets of a registry: what people import."""

from __future__ import annotations

__all__ = ("DataIdSets", "Unknown")

import datetime
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import DataCoordinate, DimensionGroup

from . import _schema as schema
from ._algebra import SetAlgebra
from ._description import described
from ._errors import DataIdSetSchemaError, DataIdSetValueError, Problem, UnknownDataIdsError
from ._existence import Absent, Lacking, absent_rows
from ._headers import Summary
from ._html import html_paragraph, html_table
from ._installation import Finding, damaged
from ._loading import bulk_insert, with_reason_ids
from ._quotas import refusals_told
from ._reading import SetReading
from ._record import Access, DataIdSet, Reference, check_name, choice
from ._removal import SetRemoval
from ._rows import as_table
from ._table import DataIdTable
from ._tagging import SetTagging
from .convert import KeyConversion
from .why import SetExplaining

_SHOWN = 50
"""How many sets a notebook shows; `DataIdSets.list` gives all."""


class Unknown(StrEnum):
    """What to do with data IDs that the registry has no records of."""

    ERROR = "error"
    DROP = "drop"
    PENDING = "pending"


class DataIdSets(KeyConversion, SetAlgebra, SetReading, SetRemoval, SetTagging, SetExplaining):
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

    # ---- the tables

    def init(self, dimensions: Iterable[Iterable[str]] = (), *, grant_to: str | None = None) -> list[str]:
        """Make the tables that the registry lacks, bring older ones up to date, and on PostgreSQL guard them all anew.

        Parameters
        ----------
        dimensions : iterable of iterable of `str`, optional
            Dimensions that get a table for rows besides the usual ones.
        grant_to : `str`, optional
            The PostgreSQL role that may make sets, or ``PUBLIC``; by default as it was, and at first ``PUBLIC``.

        Returns
        -------
        names : `list` [`str`]
            The tables there are now.

        Raises
        ------
        DataIdSetPermissionError
            If the Butler may not write.
        DataIdSetSchemaError
            If the caller may not make tables, the tables are newer than this code, or there is no such role or dimension.
        """
        self._require_writeable()
        return self._installation.install(dimensions, grant_to=grant_to)

    def check(self, *, mend: bool = False, digests: bool = False) -> list[Finding]:
        """Look for rows that belong to no set, sets that lack rows, and tables that PostgreSQL does not guard.

        Parameters
        ----------
        mend : `bool`, optional
            Whether to remove what belongs to no set, and to guard the tables.
        digests : `bool`, optional
            Whether to read all rows that the caller may read, too, and hold them against the sets' digests.

        Returns
        -------
        findings : `list` [`Finding`]
            What was found. A set that lacks rows is never mended, since nobody knows what they were.

        Raises
        ------
        DataIdSetPermissionError
            If someone mends who is no administrator.
        DataIdSetSchemaError
            If the registry has no tables for sets, or newer or older ones.
        """
        findings = self._installation.check(mend=mend)
        for found in self.list() if digests else ():
            table = self.read(found)
            if len(table) == found.n_rows and (table.digest, table.reasons_digest) != (found.digest, found.reasons_digest):
                findings.append(damaged(str(found), f"{found} has other data IDs or reasons than its digest tells", len(table)))
        return findings

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
            If the Butler may not write, or the caller is no administrator.
        DataIdSetValueError
            If the name is nobody's, or the quota is negative.
        """
        self._require_writeable()
        self._headers.quotas.set(owner, max_rows)

    # ---- making sets

    def create(
        self,
        name: str,
        data_ids: DataIdTable | pa.Table | Iterable[DataCoordinate | Mapping[str, Any]],
        *,
        dimensions: DimensionGroup | Iterable[str] | None = None,
        constants: Mapping[str, int | str] | None = None,
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
            The data IDs; ``reason``, ``comment`` or ``comments`` may stand beside their dimensions.
        dimensions : `lsst.daf.butler.DimensionGroup` or iterable of `str`, optional
            Their dimensions; by default those that they name, and the constants.
        constants : mapping of `str` to `int` or `str`, optional
            Values of dimensions that they lack; with ``reason``, the reason of those without one.
        unknown : `Unknown` or `str`, optional
            What to do with data IDs that the registry has no records of: an error, leave them out, or keep them, to take effect
            when their records appear. Instruments and sky maps must exist in any case; and only exposures, visits, groups and
            days can still appear. Where nothing would be left, that is an error.
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
            If a value is wrong; all of them are named.
        UnknownDataIdsError
            If values are unknown to the registry; all of them are named.
        DataIdSetPermissionError
            If the Butler may not write, the name is another's, or a quota is used up.
        """
        self._require_writeable()
        check_name(name)
        chosen = described(self._inside, description=description, source=source, access=access, group=group, expires=expires)
        table = as_table(data_ids, universe=self.universe, dimensions=dimensions, constants=constants)
        table, n_pending = self._examined(table, choice(Unknown, unknown, where="unknown"))
        self._installation.rows(table.dimensions, create=True)
        with refusals_told(), self._inside.transaction() as connection:
            version = self._headers.next_version(connection, name)
            known = {**chosen, "n_pending": n_pending, "parents": tuple(parents), "recipe": dict(recipe or {})}
            summary = Summary(table.dimensions, len(table), table.digest, table.reasons_digest)
            set_id = self._headers.insert(connection, summary, name, version, **known)
            self._load(connection, set_id, table)
        self._analyze(table)
        return self.find(Reference(name, version))

    def _examined(self, table: DataIdTable, unknown: Unknown) -> tuple[DataIdTable, int]:
        """Hold the data IDs against the registry's records."""
        absent = absent_rows(self._inside, table)
        refused = {Unknown.ERROR: absent.others, Unknown.PENDING: absent.fixed, Unknown.DROP: Lacking(())}[unknown]
        if absent.governors or refused:
            problems = [*absent.governors.problems(), *refused.problems(), *_remedy(absent, refused)]
            raise UnknownDataIdsError(problems, absent.governors.named() | refused.named())
        if not absent.rows.any():
            return table, 0
        if unknown is Unknown.DROP:
            if absent.rows.all():
                told = f"The registry has no records of any of these {len(table):,} data IDs; nothing would be left of the set."
                remedy = "See that this is the right repository and instrument."
                raise DataIdSetValueError(Problem(code="nothing_left", message=told, remedy=remedy))
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

    def unknown(self, data_ids: DataIdTable, unknown: Unknown | str = Unknown.ERROR) -> UnknownDataIdsError | None:
        """Tell what `create` would say of data IDs that the registry has no records of.

        Parameters
        ----------
        data_ids : `DataIdTable`
            The data IDs.
        unknown : `Unknown` or `str`, optional
            As for `create`.

        Returns
        -------
        error : `UnknownDataIdsError` or `None`
            What it would raise.
        """
        try:
            self._examined(data_ids, choice(Unknown, unknown, where="unknown"))
        except UnknownDataIdsError as error:
            return error
        except DataIdSetValueError:
            return None
        return None


def _remedy(absent: Absent, refused: Lacking) -> Iterator[Problem]:
    if refused:
        remedy = "Correct them, leave them out by `--unknown drop`, or list them ahead of time by `--unknown pending`."
        if absent.fixed:
            names = " and ".join(dimension.name for dimension, _ in absent.fixed.keys)
            remedy = f"Correct them, or leave them out by `--unknown drop`; records of {names} will not appear later."
        told = f"In all, the registry does not know {len(refused):,} of these values."
        yield Problem(code="unknown_data_id", message=told, remedy=remedy)
