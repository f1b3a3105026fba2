"""Comparing two sets."""

from __future__ import annotations

__all__ = ("Comparison",)

from functools import cached_property
from typing import Any

import sqlalchemy as sa

from ._html import html_paragraph, html_table
from ._internals import Inside
from ._record import DataIdSet
from ._rows import read_rows
from ._table import DataIdTable


class Comparison:
    """What differs between two sets of the same dimensions; counted on the server, and given as rows when asked.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    rows, reasons : `sqlalchemy.Table`
        The table of both sets' rows, and that of reasons.
    a, b : `DataIdSet`
        The sets.
    """

    def __init__(self, inside: Inside, rows: sa.Table, reasons: sa.Table, a: DataIdSet, b: DataIdSet) -> None:
        self.a, self.b = a, b
        self._inside, self._rows, self._reasons = inside, rows, reasons

    @property
    def equal(self) -> bool:
        """Whether the sets have the same data IDs (`bool`)."""
        return self.a.digest == self.b.digest

    @property
    def equal_with_reasons(self) -> bool:
        """Whether the sets have the same data IDs for the same reasons (`bool`)."""
        return self.a.reasons_digest == self.b.reasons_digest

    @cached_property
    def n_both(self) -> int:
        """How many data IDs are in both (`int`)."""
        other = self._rows.alias()
        select = sa.select(sa.func.count()).select_from(self._rows.join(other, self._same(other)))
        return self._count(select.where(self._rows.c.set_id == self.a.id, other.c.set_id == self.b.id))

    @property
    def n_only_in_a(self) -> int:
        """How many data IDs are in `a` alone (`int`)."""
        return self.a.n_rows - self.n_both

    @property
    def n_only_in_b(self) -> int:
        """How many data IDs are in `b` alone (`int`)."""
        return self.b.n_rows - self.n_both

    @cached_property
    def n_reasons_differ(self) -> int:
        """How many data IDs are in both for different reasons (`int`)."""
        select = sa.select(sa.func.count()).select_from(self._rows)
        return self._count(select.where(self._rows.c.set_id == self.a.id, self._differs(self.b)))

    def only_in_a(self) -> DataIdTable:
        """Give the data IDs that are in `a` alone, with their reasons (`DataIdTable`)."""
        return self._read(self.a, self._absent(self.b))

    def only_in_b(self) -> DataIdTable:
        """Give the data IDs that are in `b` alone, with their reasons (`DataIdTable`)."""
        return self._read(self.b, self._absent(self.a))

    def reasons_differ(self) -> tuple[DataIdTable, DataIdTable]:
        """Give the data IDs that are in both for different reasons: with the reasons of `a`, and with those of `b`."""
        return self._read(self.a, self._differs(self.b)), self._read(self.b, self._differs(self.a))

    def to_dict(self) -> dict[str, Any]:
        """Give the counts as JSON has them (`dict`)."""
        return {
            "a": str(self.a),
            "b": str(self.b),
            "equal": self.equal,
            "equal_with_reasons": self.equal_with_reasons,
            "both": self.n_both,
            "only_in_a": self.n_only_in_a,
            "only_in_b": self.n_only_in_b,
            "reasons_differ": self.n_reasons_differ,
        }

    def __repr__(self) -> str:
        return (
            f"Comparison({self.a} and {self.b}: {self.n_both:,} in both, {self.n_only_in_a:,} only in {self.a}, "
            f"{self.n_only_in_b:,} only in {self.b}, {self.n_reasons_differ:,} for different reasons)"
        )

    def _repr_html_(self) -> str:
        told = f"They have the same data IDs for {'the same' if self.equal_with_reasons else 'different'} reasons."
        rows = [
            ("in both", self.n_both),
            (f"only in {self.a}", self.n_only_in_a),
            (f"only in {self.b}", self.n_only_in_b),
            ("for different reasons", self.n_reasons_differ),
        ]
        head = f"{self.a} and {self.b}. {told if self.equal else 'They differ.'}"
        return html_paragraph(head) + html_table(("", "data IDs"), rows)

    def _same(self, other: sa.FromClause) -> sa.ColumnElement[bool]:
        return sa.and_(*[self._rows.c[name] == other.c[name] for name in self.a.dimensions.required])

    def _absent(self, elsewhere: DataIdSet) -> sa.ColumnElement[bool]:
        other = self._rows.alias()
        return ~sa.exists(sa.select(sa.literal(1)).select_from(other).where(other.c.set_id == elsewhere.id, self._same(other)))

    def _differs(self, elsewhere: DataIdSet) -> sa.ColumnElement[bool]:
        other, here, there = self._rows.alias(), self._reasons.alias(), self._reasons.alias()
        joined = other.outerjoin(there, sa.and_(there.c.set_id == other.c.set_id, there.c.reason_id == other.c.reason_id))
        mine = sa.select(here.c.reason).where(here.c.set_id == self._rows.c.set_id, here.c.reason_id == self._rows.c.reason_id)
        differs = there.c.reason.is_distinct_from(mine.correlate(self._rows).scalar_subquery())
        select = sa.select(sa.literal(1)).select_from(joined)
        return sa.exists(select.where(other.c.set_id == elsewhere.id, self._same(other), differs).correlate(self._rows))

    def _count(self, select: sa.Select[Any]) -> int:
        with self._inside.reading() as connection:
            return int(connection.execute(select).scalar_one())

    def _read(self, found: DataIdSet, term: sa.ColumnElement[bool]) -> DataIdTable:
        with self._inside.reading() as connection:
            select = sa.select(self._reasons.c.reason_id, self._reasons.c.reason).where(self._reasons.c.set_id == found.id)
            reasons = {number: reason for number, reason in connection.execute(select)}
        return read_rows(self._inside, self._rows, found, reasons, term)
