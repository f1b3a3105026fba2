"""Columns of many whole numbers in little memory, and rows of them sorted as one number each.

A file of ten million data IDs has few bytes of news in each row: they are kept as such, and unfolded once at the end, in order.
"""

from __future__ import annotations

__all__ = ("Column", "sorted_columns")

from collections.abc import Sequence

import numpy as np

_PART = 1 << 18


class Column:
    """Whole numbers, added array by array; each array is kept as small differences from its smallest number."""

    def __init__(self) -> None:
        self.low = self.high = 0
        self.parts: list[tuple[int, np.ndarray]] = []
        self._n_rows = 0

    def __len__(self) -> int:
        return self._n_rows

    def add(self, values: np.ndarray) -> None:
        """Add an array of integers."""
        if not len(values):
            return
        low, high = int(values.min()), int(values.max())
        self.low = min(self.low, low) if self.parts else low
        self.high = max(self.high, high) if self.parts else high
        if low == high:
            kept = np.broadcast_to(np.zeros((), np.uint8), len(values))
        else:
            # Differences of signed numbers may need all 64 bits; they are right as unsigned ones.
            kept = (values.astype(np.int64) - np.int64(low)).view(np.uint64).astype(np.min_scalar_type(high - low))
        self.parts.append((low, kept))
        self._n_rows += len(values)

    def values(self) -> np.ndarray:
        """Give all values (`numpy.ndarray` of 64-bit integers)."""
        found = np.empty(self._n_rows, dtype=np.int64)
        done = 0
        for low, kept in self.parts:
            found[done : done + len(kept)] = kept.astype(np.uint64).view(np.int64) + np.int64(low)
            done += len(kept)
        return found


def sorted_columns(columns: Sequence[Column], *, n_keys: int) -> list[np.ndarray] | None:
    """Sort rows, without repetitions.

    Parameters
    ----------
    columns : sequence of `Column`
        The columns of the key, the most significant first, and then any others.
    n_keys : `int`
        How many of them are the key.

    Returns
    -------
    columns : `list` [`numpy.ndarray`] or `None`
        The rows' columns, of integers. `None` if a row does not fit into 64 bits, or if rows have the same key and differ
        otherwise.
    """
    spans = [column.high - column.low + 1 for column in columns]
    if not len(columns[0]) or _product(spans) > 2**64 - 1:
        return None
    packed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column, span in zip(columns, spans, strict=True):
        packed *= np.uint64(span)
        _add_to(packed, column)
    packed.sort()
    differs = packed[1:] != packed[:-1]
    if not differs.all():
        packed = packed[np.concatenate(([True], differs))]
    del differs
    if _repeats(packed, _product(spans[n_keys:])):
        return None
    found = [_taken_off(packed, column.low, span) for column, span in zip(columns[:0:-1], spans[:0:-1], strict=True)]
    # What is left of the packed rows is the first column.
    first = packed.view(np.int64)
    first += np.int64(columns[0].low)
    return [first, *reversed(found)]


def _product(spans: Sequence[int]) -> int:
    total = 1
    for span in spans:
        total *= span
    return total


def _add_to(packed: np.ndarray, column: Column) -> None:
    done = 0
    for low, kept in column.parts:
        packed[done : done + len(kept)] += kept.astype(np.uint64) + np.uint64(low - column.low)
        done += len(kept)


def _repeats(packed: np.ndarray, rest: int) -> bool:
    """Tell whether sorted rows have a key twice, where `rest` is the span of what is not the key."""
    if rest == 1:
        return False
    last = None
    for begin in range(0, len(packed), _PART):
        keys = packed[begin : begin + _PART] // np.uint64(rest)
        if keys[0] == last or (keys[1:] == keys[:-1]).any():
            return True
        last = keys[-1]
    return False


def _taken_off(packed: np.ndarray, low: int, span: int) -> np.ndarray:
    """Take the least significant column off packed rows."""
    small = np.iinfo(np.int32).min <= low and low + span - 1 <= np.iinfo(np.int32).max
    found = np.empty(len(packed), dtype=np.int32 if small else np.int64)
    for begin in range(0, len(packed), _PART):
        part = packed[begin : begin + _PART]
        found[begin : begin + _PART] = (part % np.uint64(span)).view(np.int64) + np.int64(low)
        part //= np.uint64(span)
    return found
