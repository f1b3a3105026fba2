"""Finding the lines of a file that have certain data IDs: read once more, since those that read it first forget its lines."""

from __future__ import annotations

__all__ = ("Key", "Lines", "Wanted")

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from .._columns import REASON
from ._collector import Collector, Reader
from ._layout import Layout, Options
from ._mistakes import Mistake, Mistakes
from ._target import DataIds
from ._values import Values

Key: TypeAlias = "tuple[tuple[str, int | str], ...]"
"""The values of some dimensions, with their names."""

_TOLD = 3
"""How many lines are named of one key."""


@dataclass
class _Alike:
    """Keys of the same dimensions, and where each was found."""

    names: tuple[str, ...]
    places: dict[tuple[int | str, ...], list[str]] = field(default_factory=dict)
    more: dict[tuple[int | str, ...], int] = field(default_factory=dict)

    def note(self, values: tuple[int | str, ...], kind: str, number: int) -> None:
        """Note that a row has one of the keys."""
        if len(self.places[values]) < _TOLD:
            self.places[values].append(f"{kind} {number}")
        else:
            self.more[values] = self.more.get(values, 0) + 1

    def told(self, values: tuple[int | str, ...]) -> str:
        """Tell where a key was found; empty if nowhere."""
        more = self.more.get(values)
        return ", ".join(self.places[values]) + (f" and {more:,} more" if more else "")


class Wanted:
    """The keys that are looked for, and where they were found.

    Parameters
    ----------
    keys : iterable of `tuple`
        The values of some dimensions.
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self._listed = list(keys)
        found: dict[tuple[str, ...], _Alike] = {}
        for key in self._listed:
            names, values = _apart(key)
            found.setdefault(names, _Alike(names)).places[values] = []
        self._alike = found
        self.alike = tuple(found.values())

    def places(self) -> dict[Key, str]:
        """Tell for each key that was found its first lines, as ``line 4, line 9``."""
        told = {key: self._alike[_apart(key)[0]].told(_apart(key)[1]) for key in self._listed}
        return {key: place for key, place in told.items() if place}


def _apart(key: Key) -> tuple[tuple[str, ...], tuple[int | str, ...]]:
    return tuple(name for name, _ in key), tuple(value for _, value in key)


@dataclass(frozen=True)
class Lines(DataIds):
    """Looks for keys, where `DataIds` makes a table.

    Parameters
    ----------
    options : `Options`
        What the caller said of the file.
    wanted : `Wanted`
        The keys.
    """

    wanted: Wanted

    def begin(self, names: Sequence[str], mistakes: Mistakes, *, place: str = "header") -> Collector:
        """Begin with a table of these columns."""
        return _Finder(super().begin(names, mistakes, place=place).layout, self.options, mistakes, self.wanted.alike)

    def with_document(self, dimensions: Sequence[str] | None, constants: Mapping[str, Any], mistakes: Mistakes) -> DataIds:
        """Add what a JSON document says of itself."""
        return replace(self, options=super().with_document(dimensions, constants, mistakes).options)


class _Finder(Collector):
    """Rows on their way to nowhere; where one has a key, its line is noted."""

    wants_lines = True

    def __init__(self, layout: Layout, options: Options, mistakes: Mistakes, wanted: Sequence[_Alike]) -> None:
        super().__init__(layout, options, mistakes)
        self._constants = {name: constant for name, _, constant in layout.columns if constant is not None}
        # What is constant has no line.
        self._told_by_rows = [each for each in wanted if not set(each.names) <= set(self._constants)]

    def add_arrays(
        self,
        columns: Mapping[str, pa.ChunkedArray | pa.Array],
        *,
        n_rows: int,
        strip: bool = False,
        first_line: int | None = None,
    ) -> bool:
        """Look through whole columns."""
        if any(column.null_count for name, column in columns.items() if name != REASON):
            return False
        kind, first = ("row", self.n_rows + 1) if first_line is None else ("line", first_line)
        arrays = {name: _stripped(column) if strip else column for name, column in columns.items() if name != REASON}
        for each in self._told_by_rows:
            mask: Any = None
            for place, name in enumerate(each.names):
                values = {values[place] for values in each.places}
                if name not in arrays:
                    if self._constants.get(name) not in values:
                        mask = pa.array([False] * n_rows)
                    continue
                hit = pc.is_in(_plain(arrays[name]), pa.array(sorted(values)))
                mask = hit if mask is None else pc.and_(mask, hit)
            for row in pc.indices_nonzero(mask).to_pylist():
                key = tuple(arrays[name][row].as_py() if name in arrays else self._constants[name] for name in each.names)
                if key in each.places:
                    each.note(key, kind, first + row)
        self.n_rows += n_rows
        return True

    def add_row(self, row: Mapping[str, Any], read: Reader, *, line: int | None = None) -> list[tuple[str, Mistake]]:
        """Look at a row; what is wrong with it has been said."""
        self.n_rows += 1
        values: dict[str, Values] = dict(self._constants)
        try:
            for name, dimension, constant in self.layout.columns:
                if constant is None:
                    values[name] = read(row[name], dimension)
        except (Mistake, KeyError):
            return []
        where = ("row", self.n_rows) if line is None else ("line", line)
        for each in self._told_by_rows:
            chosen = [values[name] for name in each.names]
            plain = tuple(value for value in chosen if not isinstance(value, list))
            if len(plain) < len(chosen):
                for key in each.places:
                    if all(_has(value, one) for value, one in zip(chosen, key, strict=True)):
                        each.note(key, *where)
            elif plain in each.places:
                each.note(plain, *where)
        return []


def _plain(column: Any) -> Any:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _stripped(column: Any) -> Any:
    plain = _plain(column)
    return pc.utf8_trim(plain, " \t") if pa.types.is_string(plain.type) else plain


def _has(values: Values, value: int | str) -> bool:
    if not isinstance(values, list):
        return values == value
    return any(value in piece if isinstance(piece, range) else piece == value for piece in values)
