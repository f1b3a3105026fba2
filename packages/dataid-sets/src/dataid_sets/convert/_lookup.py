"""Finding the records that keys belong to: one query for each dimension, and a join of whole columns."""

from __future__ import annotations

__all__ = ("Encoded", "Found", "Key", "encode", "look_up")

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from lsst.daf.butler import Dimension

from .._internals import Inside

_CHUNK = 500
"""How many keys one statement names."""
_MANY = 20_000
"""From how many keys on it is quicker to read the table, or the part between the least and the greatest."""
_FETCHED = 50_000
_RADIX = 1 << 62


@dataclass(frozen=True)
class Encoded:
    """A column as the numbers of its words.

    Attributes
    ----------
    words : `pyarrow.Array`
        Distinct values.
    codes : `numpy.ndarray`, shape (n,)
        The place of each row's value among them; -1 where it has none.
    """

    words: pa.Array
    codes: np.ndarray

    def texts(self, rows: np.ndarray) -> pa.Array:
        """Give some rows' values as text, null where there are none."""
        codes = self.codes[rows]
        return pc.take(self.words.cast(pa.string()), pa.array(codes, mask=codes < 0))


def encode(array: pa.Array) -> Encoded:
    """Give a column as the numbers of its words."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    return Encoded(encoded.dictionary, encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False))


@dataclass(frozen=True)
class Key:
    """One part of the key by which records are found.

    Attributes
    ----------
    column : `str`
        What the data call it.
    field : `str`
        What the registry calls it: a field, or a dimension.
    given : `Encoded`, `int` or `str`
        What the data have, or a constant.
    """

    column: str
    field: str
    given: Encoded | int | str

    @property
    def is_constant(self) -> bool:
        """Whether all rows have the same (`bool`)."""
        return not isinstance(self.given, Encoded)


@dataclass(frozen=True)
class Found:
    """The records of each row.

    Attributes
    ----------
    ids : `pyarrow.Array`
        Primary keys, those of the same key together, in order.
    starts, counts : `numpy.ndarray`, shape (n,)
        Where each row's begin among them, and how many they are. A row without a whole key has none.
    complete : `numpy.ndarray`, shape (n,)
        Whether a row has a whole key.
    """

    ids: pa.Array
    starts: np.ndarray
    counts: np.ndarray
    complete: np.ndarray


def look_up(inside: Inside, dimension: Dimension, keys: Sequence[Key], n_rows: int) -> Found:
    """Find the records of a dimension that rows mean.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    dimension : `lsst.daf.butler.Dimension`
        The dimension.
    keys : sequence of `Key`
        The parts of the key.
    n_rows : `int`
        The number of rows.

    Returns
    -------
    found : `Found`
        The records.

    Notes
    -----
    The words of the data are looked up among those of the registry, once each. The numbers that both then have are put
    together into one per row and per record, and rows find records by counting: there is no hashing of whole rows.
    """
    varied = [key for key in keys if not key.is_constant]
    records = _fetch(inside, dimension, keys)
    ids = records[dimension.name]
    given, stored, n_codes = np.zeros(n_rows, np.int64), np.zeros(len(ids), np.int64), 1
    complete = np.ones(n_rows, dtype=bool)
    for key in varied:
        known = encode(records[key.field])
        own, n_words = _translated(key.given, known), max(len(known.words), 1)  # type: ignore[arg-type]
        complete &= key.given.codes >= 0  # type: ignore[union-attr]
        if n_codes * n_words >= _RADIX:
            given, stored, n_codes = _narrowed(given, stored)
        given = _appended(given, own, n_words)
        stored = _appended(stored, known.codes, n_words)
        n_codes *= n_words
    if n_codes > 4 * len(ids) + 1_000_000:
        given, stored, n_codes = _narrowed(given, stored)
    return _counted(given, stored, n_codes, ids, complete)


def _translated(given: Encoded, known: Encoded) -> np.ndarray:
    """Give the number that each row's word has in the registry, or -1."""
    places = pc.index_in(given.words, known.words).fill_null(-1).to_numpy(zero_copy_only=False)
    # The last one is what the code -1 finds.
    found: np.ndarray = np.append(places, np.int32(-1))[given.codes]
    return found


def _appended(codes: np.ndarray, part: np.ndarray, n_words: int) -> np.ndarray:
    joined = codes * n_words
    joined += part
    joined[(part < 0) | (codes < 0)] = -1
    return joined


def _narrowed(given: np.ndarray, stored: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Give the keys that the registry has new numbers, without gaps."""
    words, numbers = np.unique(stored, return_inverse=True)
    if not len(words):
        return np.full(len(given), -1, np.int64), stored, 1
    places = np.minimum(np.searchsorted(words, given), len(words) - 1)
    numbers = np.where(stored < 0, -1, numbers)
    return np.where((words[places] == given) & (given >= 0), places, -1), numbers, len(words)


def _counted(given: np.ndarray, stored: np.ndarray, n_codes: int, ids: pa.Array, complete: np.ndarray) -> Found:
    order = np.argsort(stored, kind="stable")
    order = order[np.searchsorted(stored[order], 0) :]
    # One more for rows that found nothing, whose code is -1.
    counts = np.bincount(stored[order], minlength=n_codes + 1)
    counts[n_codes] = 0
    starts = np.cumsum(counts) - counts
    return Found(ids.take(pa.array(order)), starts[given], counts[given], complete)


def _fetch(inside: Inside, dimension: Dimension, keys: Sequence[Key]) -> dict[str, pa.Array]:
    """Read the records that may be meant, in the order of their primary keys."""
    own = {field.name for field in dimension.schema.remainder}
    source, columns = inside.element_columns(dimension, {key.field for key in keys if key.field in own})
    names = list(dict.fromkeys((dimension.name, *(key.field for key in keys if not key.is_constant))))
    select = sa.select(*[columns[name].label(name) for name in names]).select_from(source)
    parts: list[list[pa.Array]] = [[] for _ in names]
    with inside.reading() as connection:
        for condition in _conditions(keys, columns):
            for rows in _driver_rows(connection, select.where(condition)):
                for index, part in enumerate(parts):
                    part.append(pa.array([row[index] for row in rows]))
    integers = {name: isinstance(columns[name].type, sa.Integer) for name in names}
    arrays = [_array(part, pa.int64() if integers[name] else pa.string()) for name, part in zip(names, parts, strict=True)]
    order = pc.sort_indices(arrays[0])
    return {name: array.take(order) for name, array in zip(names, arrays, strict=True)}


def _driver_rows(connection: sa.Connection, select: sa.Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Give rows as the driver has them: numbers and text need nothing done, and SQLAlchemy's rows take four times as long."""
    result = connection.execute(select)
    # There is none where nothing was found.
    cursor: Any = result.cursor
    while cursor is not None and (rows := cursor.fetchmany(_FETCHED)):
        yield rows
    result.close()


def _array(parts: list[pa.Array], type_: pa.DataType) -> pa.Array:
    return pa.concat_arrays([part.cast(type_) for part in parts]) if parts else pa.array([], type_)


def _conditions(keys: Sequence[Key], columns: dict[str, Any]) -> Iterator[sa.ColumnElement[bool]]:
    """Give conditions that together find every record that is meant, each once, and perhaps others."""
    terms = [columns[key.field] == key.given for key in keys if key.is_constant]
    varied = sorted((key for key in keys if not key.is_constant), key=lambda key: len(key.given.words))  # type: ignore[union-attr]
    split = None
    for key in varied:
        words = _possible(key.given.words)  # type: ignore[union-attr]
        column = columns[key.field]
        if len(words) <= _CHUNK:
            terms.append(column.in_(words.to_pylist()))
        elif split is None and len(words) <= _MANY:
            split = (column, words.to_pylist())
        elif pa.types.is_integer(words.type):
            limits = pc.min_max(words).as_py()
            terms.append(column.between(limits["min"], limits["max"]))
    if split is None:
        yield sa.and_(sa.true(), *terms)
        return
    column, values = split
    for start in range(0, len(values), _CHUNK):
        yield sa.and_(*terms, column.in_(values[start : start + _CHUNK]))


def _possible(words: pa.Array) -> pa.Array:
    """Leave out what PostgreSQL cannot even be asked for."""
    return words.filter(pc.invert(pc.match_substring(words, "\0"))) if pa.types.is_string(words.type) else words
