"""Gathering rows as compact columns, from whole arrays or one by one, and making the table of them."""

from __future__ import annotations

__all__ = ("Collector", "Reader")

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from lsst.daf.butler import Dimension

from .._columns import REASON
from .._errors import DataIdFileError, DataIdSetValueError
from .._table import DataIdTable
from ._compact import Column, sorted_columns
from ._layout import Layout, Options, contradiction, extra
from ._mistakes import Mistake, Mistakes
from ._values import Values, check_reason, count, halves, integers, single

Reader: TypeAlias = Callable[[Any, Dimension], Values]
"""Makes values of what a format has in a cell."""

_PIECES = 65536
_ROWS_TOGETHER = 1_000_000
_NONE = -1


class Collector:
    """Rows on their way to a `DataIdTable`, as `Gatherer` says.

    Parameters
    ----------
    layout : `Layout`
        How rows become data IDs.
    options : `Options`
        What the caller said of the file.
    mistakes : `Mistakes`
        The file's problems; good rows are kept beside them, so that these can be checked, too.

    Notes
    -----
    Whole numbers are kept as such, text as the numbers of its words; a word is checked once, however many rows have it.
    """

    wants_lines = False

    def __init__(self, layout: Layout, options: Options, mistakes: Mistakes) -> None:
        self.layout = layout
        self.used = {name: name for name in sorted(layout.present)}
        if layout.reason_from is not None:
            self.used[layout.reason_from] = REASON
        self.known = frozenset((REASON, *(name for name, _, _ in layout.columns)))
        self.n_rows = 0
        self._options = options
        self._mistakes = mistakes
        names = [name for name, _, constant in layout.columns if constant is None] + [REASON]
        self._columns = {name: Column() for name in names}
        self._pieces: dict[str, list[np.ndarray]] = {name: [] for name in names}
        self._single: dict[str, list[int]] = {name: [] for name in names}
        self._rows_in_pieces = 0
        self._words: dict[str, dict[str, int]] = {name: {} for name in names if name == REASON or not layout.is_integer(name)}

    def kind(self, name: str) -> type:
        """Give what a column holds, `int` or `str`."""
        return int if name != REASON and self.layout.is_integer(name) else str

    def unknown(self, name: str) -> Mistake:
        """Say that a row has what it may not have."""
        return extra(name, self.layout.group)

    # ---- whole columns

    def add_arrays(
        self,
        columns: Mapping[str, pa.ChunkedArray | pa.Array],
        *,
        n_rows: int,
        strip: bool = False,
        first_line: int | None = None,  # noqa: ARG002 - data IDs are sorted, and their lines forgotten
    ) -> bool:
        """Add rows from columns, if all of them are good as they are.

        Parameters
        ----------
        columns : mapping of `str` to `pyarrow.Array`
            64-bit integers without nulls, and text, by their names; ``reason`` is optional.
        n_rows : `int`
            The number of rows.
        strip : `bool`, optional
            Leave out blanks around text.
        first_line : `int`, optional
            Not needed here.

        Returns
        -------
        added : `bool`
            `False` if there is something to look at row by row; then nothing was added.
        """
        arrays: dict[str, np.ndarray] = {}
        for name, dimension, constant in self.layout.columns:
            if name not in columns:
                continue
            array = self._plain(columns[name], dimension, strip=strip)
            if array is None:
                return False
            if constant is None:
                arrays[name] = array
            elif not self._all_same(array, name, constant):
                return False
        reasons = self._coded(columns[REASON], REASON, strip=strip) if REASON in columns else np.full(n_rows, _NONE, np.int32)
        if reasons is None:
            return False
        self._count(n_rows)
        for name, array in (*arrays.items(), (REASON, reasons)):
            self._columns[name].add(array)
        return True

    def _plain(self, column: Any, dimension: Dimension, *, strip: bool) -> np.ndarray | None:
        if column.null_count:
            return None
        if dimension.primary_key.pytype is int:
            numbers: np.ndarray = column.to_numpy()
            return numbers
        return self._coded(column, dimension.name, strip=strip)

    def _all_same(self, array: np.ndarray, name: str, constant: int | str) -> bool:
        if isinstance(constant, int):
            return bool((array == constant).all())
        code = self._words_of(name).get(constant, _NONE)
        return bool((array == code).all())

    def _words_of(self, name: str) -> dict[str, int]:
        return self._words.setdefault(name, {})

    def _coded(self, column: Any, name: str, *, strip: bool) -> np.ndarray | None:
        """Give the numbers of words, or `None` if one of them is bad."""
        if isinstance(column, pa.ChunkedArray):
            parts = [np.empty(0, np.int32)]
            for chunk in column.chunks:
                part = self._coded(chunk, name, strip=strip)
                if part is None:
                    return None
                parts.append(part)
            return np.concatenate(parts)
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        try:
            codes = [self._code(word.strip(" \t") if strip and word else word, name) for word in encoded.dictionary.to_pylist()]
        except (Mistake, UnicodeDecodeError):
            return None
        places = np.array([*codes, _NONE], dtype=np.int32)
        chosen: np.ndarray = places[encoded.indices.fill_null(len(codes)).to_numpy()]
        return chosen

    def _code(self, word: str | None, name: str) -> int:
        words = self._words_of(name)
        code = words.get(word) if word is not None else None
        if code is None:
            if name == REASON:
                word = check_reason(word)
                if word is None:
                    return _NONE
            else:
                word = str(single(word, self._options.universe.dimensions[name]))
            code = words[word] = len(words)
        return code

    # ---- row by row

    def add_row(
        self,
        row: Mapping[str, Any],
        read: Reader,
        *,
        line: int | None = None,  # noqa: ARG002 - data IDs are sorted, and their lines forgotten
    ) -> list[tuple[str, Mistake]]:
        """Add a row, or all those that it stands for.

        Parameters
        ----------
        row : mapping
            What the file has for each dimension, and ``reason``. A dimension that is absent takes its constant.
        read : callable
            Makes values of that.
        line : `int`, optional
            Not needed here.

        Returns
        -------
        mistakes : `list` [`tuple` [`str`, `Mistake`]]
            What is wrong, with the columns; empty if all is well. What stands for too many data IDs has no column.

        Raises
        ------
        DataIdFileError
            If there are more rows than may be, each of which is one data ID.
        """
        wrong: list[tuple[str, Mistake]] = []
        values: dict[str, Values] = {}
        wide = False
        for name, dimension, constant in self.layout.columns:
            try:
                if name in row:
                    value = read(row[name], dimension)
                    if constant is not None:
                        _agree(name, value, constant)
                        continue
                    wide = wide or type(value) is list
                    values[name] = value
                elif constant is None:
                    remedy = f"Add it, or give it as a constant: {name}=..."
                    raise Mistake("missing_value", f"There is no value of {name}.", remedy)
            except Mistake as mistake:
                wrong.append((name, mistake))
        try:
            reason = self._code(row.get(REASON), REASON) if type(row.get(REASON)) is str else self._no_reason(row.get(REASON))
        except Mistake as mistake:
            wrong.append((REASON, mistake))
        if wide and not wrong:
            # Before anything is made of it: a short row can ask for more data IDs than there are atoms.
            wrong.extend(("", mistake) for mistake in self._too_wide(values))
        if wrong:
            return wrong
        if wide:
            self._add_product(values, reason)
        else:
            self._add_single(values, reason)
        return wrong

    def _too_wide(self, values: Mapping[str, Values]) -> Iterator[Mistake]:
        """Say that a row stands for more data IDs than a file may have, or than there is room for after the others."""
        sizes = {name: count(value) for name, value in values.items()}
        n_here, limit = math.prod(sizes.values()), self._options.limit_rows
        if self.n_rows + n_here <= limit:
            return
        factors = " × ".join(f"{size:,} of {name}" for name, size in sizes.items() if size > 1)
        told = f"This row stands for {n_here:,} data IDs ({factors})"
        told += f", after {self.n_rows:,} others" if n_here <= limit else ""
        remedy = "Check its lists and ranges, since a row stands for their product; split the file if it is meant so."
        yield Mistake("too_many_rows", f"{told}; a file may not stand for more than {limit:,}.", remedy)

    def _no_reason(self, reason: Any) -> int:
        check_reason(reason)
        return _NONE

    def _add_single(self, values: Mapping[str, Values], reason: int) -> None:
        self._count(1)
        for name, value in values.items():
            self._single[name].append(self._code(value, name) if type(value) is str else value)  # type: ignore[arg-type]
        reasons = self._single[REASON]
        reasons.append(reason)
        if len(reasons) >= _PIECES:
            self._flush()

    def _add_product(self, values: Mapping[str, Values], reason: int) -> None:
        sizes = {name: count(value) for name, value in values.items()}
        total = math.prod(sizes.values())
        if total > _ROWS_TOGETHER:
            # Numbers are kept in little memory when they are many, but not while they are being made.
            widest = max(sizes, key=lambda name: sizes[name])
            for half in halves(values[widest]):  # type: ignore[arg-type]
                self._add_product({**values, widest: half}, reason)
            return
        self._count(total)
        inner = total
        for name, value in values.items():
            inner //= sizes[name]
            listed = value if type(value) is list else [value]
            if name in self._words:
                found = np.array([self._code(word, name) for word in listed], dtype=np.int32)  # type: ignore[arg-type]
            else:
                found = integers(listed)  # type: ignore[arg-type]
            self._pieces[name].append(np.tile(np.repeat(found, inner), total // (inner * sizes[name])))
        self._pieces[REASON].append(np.full(total, reason, dtype=np.int32))
        self._rows_in_pieces += total
        if self._rows_in_pieces >= _ROWS_TOGETHER or len(self._pieces[REASON]) >= _PIECES:
            self._flush()

    def _flush(self) -> None:
        for name, column in self._columns.items():
            column.add(np.concatenate([*self._pieces[name], np.array(self._single[name], dtype=np.int64)]))
            self._pieces[name].clear()
            self._single[name].clear()
        self._rows_in_pieces = 0

    def _count(self, n_rows: int) -> None:
        self.n_rows += n_rows
        if self.n_rows > self._options.limit_rows:
            told = f"There are more than {self._options.limit_rows:,} data IDs here."
            raise self._mistakes.fail(Mistake("too_many_rows", told, "Split the file."))

    # ---- the end

    def finish(self) -> DataIdTable:
        """Make the table.

        Raises
        ------
        DataIdFileError
            If there were problems; it has the table of the good rows.
        """
        try:
            table = self._table()
        except DataIdFileError as error:
            raise DataIdFileError([*self._mistakes.problems, *error.problems]) from error
        if self._mistakes:
            raise DataIdFileError(self._mistakes.problems, good=table)
        return table

    def _table(self) -> DataIdTable:
        self._flush()
        # pyarrow keeps what it has freed, for next time.
        pa.default_memory_pool().release_unused()
        arrow = self._arrow()
        constants: dict[str, Any] = {name: constant for name, _, constant in self.layout.columns if constant is not None}
        if REASON not in arrow.column_names and self.layout.reason is not None:
            constants[REASON] = self.layout.reason
        try:
            return DataIdTable.from_arrow(
                arrow, universe=self._options.universe, dimensions=self.layout.group, constants=constants
            )
        except DataIdSetValueError as error:
            raise DataIdFileError(error.problems) from error

    def _arrow(self) -> pa.Table:
        """Give the columns; in order and without repetitions, if that is possible in little memory."""
        keys = [name for name in self._columns if name != REASON]
        if not keys:
            # Every dimension is a constant; only the number of rows is left, and reasons.
            return pa.table({REASON: self._texts(self._columns[REASON].values(), REASON)})
        names = [*keys, REASON] if self._words[REASON] else keys
        self._rank(keys)
        found = sorted_columns([self._columns[name] for name in names], n_keys=len(keys))
        if found is None:
            found = [self._columns[name].values() for name in names]
        self._columns.clear()
        arrays = {}
        for name in names:
            values = found.pop(0)
            arrays[name] = self._texts(values, name) if name in self._words else pa.array(values)
        return pa.table(arrays)

    def _rank(self, keys: list[str]) -> None:
        """Give the words of text new numbers, in their order."""
        for name in keys:
            words = self._words.get(name)
            if not words:
                continue
            ranked = sorted(words)
            ranks = np.empty(len(ranked), dtype=np.int64)
            ranks[[words[word] for word in ranked]] = np.arange(len(ranked))
            column, self._columns[name] = self._columns[name], Column()
            for low, kept in column.parts:
                self._columns[name].add(ranks[kept.astype(np.int64) + low])
            self._words[name] = {word: rank for rank, word in enumerate(ranked)}

    def _texts(self, codes: np.ndarray, name: str) -> pa.Array:
        words = list(self._words[name])
        missing = codes == _NONE
        if name == REASON and self.layout.reason is not None and missing.any():
            code = self._code(self.layout.reason, REASON)
            words = list(self._words[name])
            codes[missing] = code
            missing[:] = False
        indices = pa.array(codes.astype(np.int32, copy=False), mask=missing if missing.any() else None)
        return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _agree(name: str, value: Values, constant: int | str) -> None:
    pieces = value if type(value) is list else [value]
    for piece in pieces:
        if piece != constant and not (type(piece) is range and piece[0] == piece[-1] == constant):
            shown = f"{piece[0]}..{piece[-1]}" if type(piece) is range else piece
            raise contradiction(name, shown, constant)
