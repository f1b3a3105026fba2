"""Rows whose columns stay what they are, by any names: files of keys, such as the names of observations."""

from __future__ import annotations

__all__ = ("AnyColumns", "ColumnCollector", "Columns")

from collections.abc import KeysView, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ._layout import printable, repeated
from ._mistakes import Mistake, Mistakes
from ._values import check_characters, shown

_ROWS_TOGETHER = 65536
_KINDS = {str: "text", int: "a number", float: "a number", bool: "a truth value"}
_LOW, _HIGH = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Columns:
    """What a file of any columns has.

    Attributes
    ----------
    data : `pyarrow.Table`
        The rows, as the file has them. Empty text is null, and columns of CSV, ECSV and plain text are all text.
    lines : `numpy.ndarray`, shape (n,), or `None`
        The line of each row; `None` of formats that have no lines.
    constants : mapping of `str` to `int` or `str`
        What a JSON document says of all rows.
    dimensions : `tuple` [`str`, ...] or `None`
        The dimensions that a JSON document names.
    """

    data: pa.Table
    lines: np.ndarray | None = None
    constants: Mapping[str, int | str] = field(default_factory=dict)
    dimensions: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class AnyColumns:
    """Takes rows as they are.

    Attributes
    ----------
    limit_rows : `int`
        The most rows.
    ignore : `frozenset` [`str`]
        Columns to leave out.
    column : `str` or `None`
        What the column of a plain text is called.
    constants : mapping
        What the file says of all rows.
    dimensions : `tuple` [`str`, ...] or `None`
        The dimensions that the file names.
    """

    limit_rows: int
    ignore: frozenset[str] = frozenset()
    column: str | None = None
    constants: Mapping[str, int | str] = field(default_factory=dict)
    dimensions: tuple[str, ...] | None = None

    def begin(self, names: Sequence[str], mistakes: Mistakes, *, place: str = "header") -> ColumnCollector:
        """Begin with a table of these columns."""
        used = [name for name in names if name not in self.ignore]
        for mistake in repeated(used):
            mistakes.add(mistake, place)
        for name in used:
            try:
                _check_name(name)
            except Mistake as mistake:
                mistakes.add(mistake, place)
        mistakes.check()
        return ColumnCollector(used, self, mistakes)

    def begin_objects(
        self,
        names: Sequence[str],  # noqa: ARG002 - each row may have others
        mistakes: Mistakes,
        *,
        place: str,  # noqa: ARG002 - rows have places of their own
    ) -> ColumnCollector:
        """Begin with objects."""
        return ColumnCollector((), self, mistakes)

    def begin_nothing(self, mistakes: Mistakes) -> ColumnCollector:
        """Begin with objects, of which there are none."""
        return ColumnCollector((), self, mistakes)

    def begin_text(self, mistakes: Mistakes) -> tuple[ColumnCollector, str]:
        """Begin with a text of one column."""
        if self.column is None:
            raise Mistake("no_column", "The column of a text file has no name.", "Name it, as --column obs_id.")
        return self.begin([self.column], mistakes), self.column

    def named(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        """Leave out what is to be ignored."""
        return {str(name): value for name, value in row.items() if name not in self.ignore}

    def with_document(self, dimensions: Sequence[str] | None, constants: Mapping[str, Any], mistakes: Mistakes) -> AnyColumns:
        """Add what a JSON document says of all its rows."""
        told: dict[str, int | str] = {}
        for name, value in constants.items():
            try:
                if type(value) not in {int, str}:
                    raise Mistake("wrong_type", f"A constant is a whole number or text, not {shown(value)}.")
                told[name] = _checked(value, name)
            except Mistake as mistake:
                mistakes.add(mistake, f"constants.{printable(name)}")
        mistakes.check()
        return replace(self, constants=told, dimensions=None if dimensions is None else tuple(dimensions))


class ColumnCollector:
    """Rows on their way to `Columns`.

    Parameters
    ----------
    names : sequence of `str`
        The columns; rows that come one by one may have more.
    target : `AnyColumns`
        What is known of the file.
    mistakes : `Mistakes`
        The file's problems; once there is one, rows are checked but not kept.
    """

    wants_lines = True

    def __init__(self, names: Sequence[str], target: AnyColumns, mistakes: Mistakes) -> None:
        self.used = {name: name for name in names}
        self.n_rows = 0
        self._target = target
        self._mistakes = mistakes
        self._kinds: dict[str, str] = {}
        self._tables: list[pa.Table] = []
        self._rows: dict[str, list[Any]] = {name: [] for name in names}
        self._n_pending = 0
        self._lines: list[np.ndarray] | None = []
        self._pending_lines: list[int] = []

    @property
    def known(self) -> KeysView[str]:
        """What a row may have: what others had (`collections.abc.KeysView`, which grows)."""
        return self._rows.keys()

    def kind(self, name: str) -> None:
        """Say that a column may hold anything."""

    def unknown(self, name: str) -> Mistake:
        """Say that a row has what it may not have."""
        return Mistake("unknown_column", f"{printable(name)} is no column.", "Leave it out, or have it ignored.")

    def add_arrays(self, columns: Mapping[str, Any], *, n_rows: int, strip: bool = False, first_line: int | None = None) -> bool:
        """Add rows from whole columns, if all of them are good as they are.

        Parameters
        ----------
        columns : mapping of `str` to `pyarrow.Array`
            Values of any type, by the columns' names.
        n_rows : `int`
            The number of rows.
        strip : `bool`, optional
            Leave out blanks around text.
        first_line : `int`, optional
            The line of the first row; each has one.

        Returns
        -------
        added : `bool`
            `False` if there is something to look at row by row; then nothing was added.
        """
        arrays = {}
        for name, column in columns.items():
            arrays[name] = column
            if pa.types.is_string(column.type):
                if pc.any(pc.match_substring(column, "\0")).as_py():
                    return False
                text = pc.utf8_trim(column, " \t") if strip else column
                arrays[name] = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        self._count(n_rows)
        self._flush()
        if not self._mistakes:
            self._tables.append(pa.table(arrays))
            if first_line is None:
                self._lines = None
            elif self._lines is not None:
                self._lines.append(np.arange(first_line, first_line + n_rows))
        return True

    def add_row(
        self,
        row: Mapping[str, Any],
        read: Any,  # noqa: ARG002 - values stay what they are
        *,
        line: int | None = None,
    ) -> list[tuple[str, Mistake]]:
        """Add a row.

        Parameters
        ----------
        row : mapping
            Its values; a column that is absent has none.
        read : callable
            Not needed here.
        line : `int`, optional
            Its line.

        Returns
        -------
        mistakes : `list` [`tuple` [`str`, `Mistake`]]
            What is wrong, with the columns; empty if all is well.
        """
        wrong: list[tuple[str, Mistake]] = []
        values: dict[str, Any] = {}
        for name in row:
            if name not in self._rows:
                try:
                    _check_name(name)
                except Mistake as mistake:
                    return [(printable(name), mistake)]
                self._rows[name] = [None] * self._n_pending
        for name, value in row.items():
            try:
                values[name] = self._value(value, name)
            except Mistake as mistake:
                wrong.append((printable(name), mistake))
        if wrong or self._mistakes:
            return wrong
        self._count(1)
        for name, column in self._rows.items():
            column.append(values.get(name))
        self._n_pending += 1
        if line is None:
            self._lines = None
        elif self._lines is not None:
            self._pending_lines.append(line)
        if self._n_pending >= _ROWS_TOGETHER:
            self._flush()
        return wrong

    def _value(self, value: Any, name: str) -> Any:
        if value is None or (type(value) is str and not value):
            return None
        kind = _KINDS.get(type(value))
        if kind is None:
            told = f"{printable(name)} takes a number or text, not {shown(value)}."
            raise Mistake("wrong_type", told, "Leave it out, or have the column ignored.")
        before = self._kinds.setdefault(name, kind)
        if before != kind:
            told = f"{printable(name)} is {kind} here, and {before} above: {shown(value)}."
            raise Mistake("wrong_type", told, "Write all values of a column alike.")
        checked: int | float | str | bool = _checked(value, name)
        return checked

    def _count(self, n_rows: int) -> None:
        self.n_rows += n_rows
        if self.n_rows > self._target.limit_rows:
            told = f"There are more than {self._target.limit_rows:,} rows here."
            raise self._mistakes.fail(Mistake("too_many_rows", told, "Split the file."))

    def _flush(self) -> None:
        if not self._n_pending:
            return
        arrays = {}
        for name, column in self._rows.items():
            values = [float(value) if value is not None else None for value in column] if _mixed(column) else column
            arrays[name] = pa.array(values)
            column.clear()
        self._tables.append(pa.table(arrays))
        if self._lines is not None:
            self._lines.append(np.array(self._pending_lines, dtype=np.int64))
        self._pending_lines.clear()
        self._n_pending = 0

    def finish(self) -> Columns:
        """Give the rows.

        Raises
        ------
        DataIdFileError
            If there were problems.
        """
        self._mistakes.check()
        self._flush()
        tables = self._tables or [pa.table({name: pa.nulls(0, pa.string()) for name in self._rows})]
        data = pa.concat_tables(tables, promote_options="permissive")
        lines = None if self._lines is None or not data.num_columns else np.concatenate([np.empty(0, np.int64), *self._lines])
        return Columns(data, lines, self._target.constants, self._target.dimensions)


def _check_name(name: str) -> None:
    check_characters(name, f"The name {printable(name)!r}")


def _mixed(column: list[Any]) -> bool:
    kinds = {type(value) for value in column}
    return float in kinds and int in kinds


def _checked(value: Any, name: str) -> Any:
    """See that a registry could hold a value."""
    if type(value) is int and not _LOW <= value <= _HIGH:
        raise Mistake("too_large", f"The value of {printable(name)} does not fit into 64 bits.")
    if type(value) is str:
        check_characters(value, f"The value of {printable(name)}")
    return value
