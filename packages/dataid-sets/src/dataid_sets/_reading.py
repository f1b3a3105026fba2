"""Reading the rows of sets, and listing what there is."""

from __future__ import annotations

__all__ = ("SetReading",)

from collections.abc import Iterable

import sqlalchemy as sa

from . import _schema as schema
from ._columns import group_of
from ._existence import pending_condition
from ._part import SetsPart
from ._record import DataIdSet, Reference
from ._rows import read_rows
from ._table import DataIdTable


class SetReading(SetsPart):
    """The reading of sets; `DataIdSets` has it."""

    def _named(self, column: sa.ColumnElement[str], pattern: str) -> sa.ColumnElement[bool]:
        """Give the condition that a name fits a pattern; letters are not taken for their capitals."""
        if "*" not in pattern:
            return column == pattern
        if not self._inside.is_postgresql:  # whose LIKE does
            return column.op("GLOB", is_comparison=True)(pattern.replace("[", "[[]").replace("?", "[?]"))
        escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
        return column.like(escaped, escape="\\")

    def read(self, reference: str | Reference | DataIdSet, *, limit: int | None = None) -> DataIdTable:
        """Give a set's data IDs and reasons.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            The set.
        limit : `int`, optional
            How many of the first are enough.

        Returns
        -------
        table : `DataIdTable`
            All of them, or the first, in their order.

        Raises
        ------
        NoSuchDataIdSetError
            If there is none that the caller may read, or its rows were removed.
        """
        found = self.find(reference)
        rows = self._installation.rows(found.dimensions)
        return read_rows(self._inside, rows, found, self._headers.reasons(found.id), limit=limit)

    def pending(self, reference: str | Reference | DataIdSet, *, limit: int | None = None) -> DataIdTable:
        """Give those of a set's data IDs that the registry still has no records of.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            The set.
        limit : `int`, optional
            How many of the first are enough.

        Returns
        -------
        table : `DataIdTable`
            These data IDs with their reasons, in their order.

        Raises
        ------
        NoSuchDataIdSetError
            If there is none that the caller may read, or its rows were removed.
        """
        found = self.find(reference)
        rows = self._installation.rows(found.dimensions)
        lacking = pending_condition(self._inside, found.dimensions, rows)
        return read_rows(self._inside, rows, found, self._headers.reasons(found.id), lacking, limit=limit)

    def count_pending(self, reference: str | Reference | DataIdSet) -> int:
        """Count the data IDs that `pending` gives.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            The set.

        Returns
        -------
        n_pending : `int`
            How many there are now; of a set that had none when it was made there are none.

        Raises
        ------
        NoSuchDataIdSetError
            If there is none that the caller may read, or its rows were removed.
        """
        found = self.find(reference)
        if not found.n_pending:
            return 0
        rows = self._installation.rows(found.dimensions)
        lacking = pending_condition(self._inside, found.dimensions, rows)
        with self._inside.reading() as connection:
            count = sa.select(sa.func.count()).select_from(rows).where(rows.c.set_id == found.id, lacking)
            return int(connection.execute(count).scalar_one())

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

        Returns
        -------
        found : `list` [`DataIdSet`]
            Their headers, by name and version.

        Raises
        ------
        DataIdSetSchemaError
            If the registry has no tables for sets, or newer or older ones.
        DataIdSetValueError
            If there is no such dimension.
        """
        header = self._installation.table(schema.HEADER)
        terms = []
        if name is not None:
            terms.append(self._named(header.c.name, name))
        if dimensions is not None:
            terms.append(header.c.dimensions == ",".join(group_of(dimensions, [], self.universe).required))
        return self._headers.list(*terms, removed=removed)
