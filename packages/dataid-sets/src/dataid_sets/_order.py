"""Sorting rows by their keys and joining repeated ones, in little memory."""

from __future__ import annotations

__all__ = ("REASONS_BETWEEN", "repeated", "sorted_distinct")

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

REASONS_BETWEEN = "; "
"""What stands between the reasons of one data ID: all distinct ones, sorted by their bytes, wherever several meet."""
_REASON = "reason"
_PART = 1 << 18
"""How many rows are handled at once, so that what is made in between stays small."""


def sorted_distinct(arrow: pa.Table, names: Sequence[str]) -> pa.Table:
    """Sort rows by integer and dictionary columns, and join rows with the same key.

    Parameters
    ----------
    arrow : `pyarrow.Table`
        Columns of 64-bit integers or dictionary text; the last one is ``reason``.
    names : sequence of `str`
        The columns of the key.

    Returns
    -------
    arrow : `pyarrow.Table`
        Sorted, text by its UTF-8 bytes. Reasons of joined rows are put one after another, sorted, without repetitions. Rows that
        are in order already come back as they are.

    Notes
    -----
    Keys whose ranges fit together into 64 bits, as data IDs do, are packed into one integer for each row, with the number of the
    reason, sorted as that and unpacked. Ten million rows then need two columns of 64 bits besides those given.
    """
    arrow = arrow.unify_dictionaries()
    if arrow.num_rows == 0:
        return arrow.combine_chunks()
    fields = [_field(arrow.column(name), name) for name in names]
    if _product(fields) >= 2**64:
        return _sorted_by_index(arrow, fields)
    if _increases(arrow, fields):
        return arrow
    reasons = _words(arrow.column(_REASON))
    # A reason's number counts from 1; 0 stands for none.
    reason = _Field(_REASON, -1, len(reasons) + 1)
    if _product([*fields, reason]) >= 2**64:
        return _sorted_by_index(arrow, fields)
    packed = np.empty(arrow.num_rows, dtype=np.uint64)
    done = 0
    for part in _packed(arrow, [*fields, reason]):
        packed[done : done + len(part)] = part
        done += len(part)
    # Rows that were cast are not needed any more; they are large.
    del arrow, part
    packed.sort()
    packed = _distinct(packed)
    if not reasons:
        return _unpacked(packed, fields, repeated(_reason_array(None, []), len(packed)))
    codes = _taken_off(packed, reason, np.int32)
    packed, chosen = _joined(packed, codes, reasons)
    return _unpacked(packed, fields, pa.chunked_array([chosen]))


def repeated(one: pa.Array, n_rows: int) -> pa.ChunkedArray:
    """Repeat a single value, in chunks that are one and the same piece of memory."""
    whole = one.take(pa.array(np.zeros(min(n_rows, _PART), dtype=np.int64)))
    chunks = [whole] * (n_rows // _PART) + ([whole.slice(0, n_rows % _PART)] if n_rows % _PART else [])
    return pa.chunked_array(chunks, one.type)


@dataclass(frozen=True)
class _Field:
    """One column of the rows' keys.

    Attributes
    ----------
    name : `str`
        The column.
    low, span : `int`
        Its least number, and how many numbers there are from it to the greatest.
    ranks : `numpy.ndarray` or `None`
        The rank of each word of its dictionary, if it is text.
    words : `tuple` [`str`, ...]
        These words, in order.
    """

    name: str
    low: int
    span: int
    ranks: np.ndarray | None = None
    words: tuple[str, ...] = ()


def _field(column: pa.ChunkedArray, name: str) -> _Field:
    if not pa.types.is_dictionary(column.type):
        limits = pc.min_max(column).as_py()
        return _Field(name, limits["min"], limits["max"] - limits["min"] + 1)
    words = _words(column)
    used = sorted(set(words))
    place = {word: index for index, word in enumerate(used)}
    return _Field(name, 0, len(used), np.array([place[word] for word in words], dtype=np.int64), tuple(used))


def _words(column: pa.ChunkedArray) -> list[str]:
    words: list[str] = column.chunk(0).dictionary.to_pylist()
    return words


def _product(fields: Sequence[_Field]) -> int:
    total = 1
    for field in fields:
        total *= field.span
    return total


def _numbers(column: pa.Array, field: _Field) -> np.ndarray:
    """Give a column's numbers, from 0; of text, the ranks of its words; of reasons, the words' places in the dictionary."""
    numbers: np.ndarray
    if field.name == _REASON:
        numbers = column.indices.fill_null(-1).to_numpy().astype(np.int64) + 1
    elif field.ranks is not None:
        numbers = field.ranks[column.indices.to_numpy()]
    else:
        numbers = column.to_numpy() - np.int64(field.low)
    return numbers


def _packed(arrow: pa.Table, fields: Sequence[_Field]) -> Iterator[np.ndarray]:
    """Pack the rows into one integer each, part by part."""
    for batch in arrow.to_batches(max_chunksize=_PART):
        if not batch.num_rows:
            continue
        packed = np.zeros(batch.num_rows, dtype=np.uint64)
        for field in fields:
            packed *= np.uint64(field.span)
            if field.span > 1:
                # Differences of signed numbers may need all 64 bits; they are right as unsigned ones.
                packed += _numbers(batch.column(field.name), field).view(np.uint64)
        yield packed


def _increases(arrow: pa.Table, fields: Sequence[_Field]) -> bool:
    """Tell whether every row is greater than the one before."""
    last: np.uint64 | None = None
    for part in _packed(arrow, fields):
        if (last is not None and part[0] <= last) or (part[1:] <= part[:-1]).any():
            return False
        last = part[-1]
    return True


def _distinct(packed: np.ndarray) -> np.ndarray:
    """Leave repetitions out of sorted integers."""
    differs = packed[1:] != packed[:-1]
    return packed if differs.all() else packed[np.concatenate(([True], differs))]


def _taken_off(packed: np.ndarray, field: _Field, type_: type[np.signedinteger]) -> np.ndarray:
    """Take the least significant column off packed rows."""
    found = np.empty(len(packed), dtype=type_)
    for begin in range(0, len(packed), _PART):
        part = packed[begin : begin + _PART]
        found[begin : begin + _PART] = (part % np.uint64(field.span)).view(np.int64) + np.int64(field.low)
        part //= np.uint64(field.span)
    return found


def _unpacked(packed: np.ndarray, fields: Sequence[_Field], reasons: pa.ChunkedArray) -> pa.Table:
    """Take sorted packed keys apart; what is left of them at last is the first column."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {_REASON: reasons}
    for place, field in reversed(list(enumerate(fields))):
        words = None if field.ranks is None else pa.array(field.words, pa.string())
        if field.span == 1:
            one = pa.array([field.low]) if words is None else pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), words)
            columns[field.name] = repeated(one, len(packed))
        elif words is not None:
            columns[field.name] = pa.DictionaryArray.from_arrays(pa.array(_taken_off(packed, field, np.int32)), words)
        elif place == 0:
            values = packed.view(np.int64)
            values += np.int64(field.low)
            columns[field.name] = pa.array(values)
        else:
            columns[field.name] = pa.array(_taken_off(packed, field, np.int64))
    return pa.table({name: columns[name] for name in (*(field.name for field in fields), _REASON)})


def _reason_array(codes: np.ndarray | None, words: list[str]) -> pa.DictionaryArray:
    indices = pa.nulls(1, pa.int32()) if codes is None else pa.array(codes, mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _joined(packed: np.ndarray, codes: np.ndarray, words: list[str]) -> tuple[np.ndarray, pa.DictionaryArray]:
    """Make one row of all with the same key; its reason is all that they gave."""
    begins = np.concatenate(([True], packed[1:] != packed[:-1]))
    if begins.all():
        return packed, _reason_array(codes, words)
    first = np.flatnonzero(begins)
    ends = np.append(first[1:], len(packed))
    chosen = codes[first]
    kept, known = list(words), {word: code for code, word in enumerate(words)}
    for index in np.flatnonzero(ends - first > 1).tolist():
        given = sorted({words[code] for code in codes[first[index] : ends[index]].tolist() if code >= 0})
        text = REASONS_BETWEEN.join(given)
        if given and text not in known:
            known[text] = len(kept)
            kept.append(text)
        chosen[index] = known[text] if given else -1
    # Words that no row has any more are not to be stored.
    used, numbers = np.unique(chosen, return_inverse=True)
    none = int(used[0] < 0)
    return packed[first], _reason_array((numbers - none).astype(np.int32), [kept[code] for code in used[none:].tolist()])


# ---- keys that do not fit into 64 bits


def _sorted_by_index(arrow: pa.Table, fields: Sequence[_Field]) -> pa.Table:
    arrow = arrow.combine_chunks()
    columns = [arrow.column(field.name).chunk(0) for field in fields]
    keys = [
        column.to_numpy() if field.ranks is None else field.ranks[column.indices.to_numpy()]
        for field, column in zip(fields, columns, strict=True)
    ]
    order = np.lexsort(keys[::-1])
    differs = np.zeros(len(order), dtype=bool)
    for key in keys:
        placed = key[order]
        differs[1:] |= placed[1:] != placed[:-1]
    reasons = arrow.column(_REASON).chunk(0)
    codes = reasons.indices.fill_null(-1).to_numpy()[order]
    # The rows' groups stand for their keys.
    _, chosen = _joined(np.cumsum(differs).astype(np.uint64), codes, reasons.dictionary.to_pylist())
    first = np.flatnonzero(np.concatenate(([True], differs[1:])))
    rows = arrow.take(pa.array(order[first]))
    return rows.set_column(rows.num_columns - 1, _REASON, pa.chunked_array([chosen]))
