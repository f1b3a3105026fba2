"""Rows of sets on their way out of the registry, and whatever people call data IDs on its way in."""

from __future__ import annotations

__all__ = ("as_table", "in_order", "read_rows")

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import DataCoordinate, DimensionGroup, DimensionUniverse

from ._columns import REASON, column_type
from ._errors import DataIdSetValueError
from ._internals import Inside
from ._record import DataIdSet
from ._table import DataIdTable

_FETCHED = 50_000


def as_table(
    data_ids: Any,
    *,
    universe: DimensionUniverse,
    dimensions: DimensionGroup | Iterable[str] | None = None,
    constants: Mapping[str, int | str] | None = None,
) -> DataIdTable:
    """Take data IDs in any of their forms: a `DataIdTable`, an Arrow or Astropy table, or an iterable of data IDs."""
    known: dict[str, Any] = {"universe": universe, "dimensions": dimensions, "constants": constants}
    if isinstance(data_ids, DataIdTable):
        if dimensions is not None or constants:
            where = "constants" if constants else "dimensions"
            raise DataIdSetValueError("A DataIdTable has its dimensions and values.", where=where, remedy="Leave this out.")
        return data_ids
    if isinstance(data_ids, pa.Table | pa.RecordBatch):
        return DataIdTable.from_arrow(data_ids, **known)
    if hasattr(data_ids, "colnames"):
        return DataIdTable.from_astropy(data_ids, **known)
    rows: Iterable[DataCoordinate | Mapping[str, Any]] = data_ids
    return DataIdTable.from_rows(rows, **known)


def read_rows(
    inside: Inside,
    rows: sa.FromClause,
    found: DataIdSet,
    reasons: Mapping[int, str],
    *terms: sa.ColumnElement[bool],
    limit: int | None = None,
) -> DataIdTable:
    """Read a set's rows in their order.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    rows : `sqlalchemy.FromClause`
        The table that holds them.
    found : `DataIdSet`
        The set.
    reasons : mapping of `int` to `str`
        Its reasons.
    *terms : `sqlalchemy.ColumnElement`
        Conditions on the rows.
    limit : `int`, optional
        How many of the first rows are enough.
    """
    names = sorted(found.dimensions.required)
    select = sa.select(*[rows.c[name] for name in names], rows.c.reason_id).where(rows.c.set_id == found.id, *terms)
    if limit is not None:
        # All rows are sorted here; only where few are wanted the database has to know their order.
        types = {name: column_type(found.dimensions, name) for name in names}
        select = select.order_by(
            *in_order({name: rows.c[name] for name in names}, types, is_postgresql=inside.is_postgresql)
        ).limit(limit)
    batches = list(_batches(inside, select, found, names))
    schema = pa.schema([*((name, column_type(found.dimensions, name)) for name in names), ("reason_id", pa.int32())])
    arrow = pa.Table.from_batches(batches, schema)
    numbers = sorted(reasons)
    words = pa.array([reasons[number] for number in numbers], pa.string())
    place = np.full(max(numbers, default=0) + 1, -1, np.int32)
    place[numbers] = np.arange(len(numbers), dtype=np.int32)
    chunks = [_reasons(chunk, place, words) for chunk in arrow.column("reason_id").chunks]
    arrow = arrow.set_column(len(names), REASON, pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string())))
    return DataIdTable.from_arrow(arrow, universe=inside.universe, dimensions=found.dimensions)


def in_order(
    columns: Mapping[str, sa.ColumnElement[Any]],
    types: Mapping[str, pa.DataType],
    *,
    is_postgresql: bool,
) -> list[sa.ColumnElement[Any]]:
    """Give what rows are ordered by: text by its bytes, whatever order the database's language has."""
    collation = "C" if is_postgresql else "BINARY"
    return [column if types[name] == pa.int64() else sa.collate(column, collation) for name, column in columns.items()]


def _batches(inside: Inside, select: sa.Select[Any], found: DataIdSet, names: list[str]) -> Iterator[pa.RecordBatch]:
    with inside.reading() as connection:
        result = connection.execute(select, execution_options={"stream_results": True, "yield_per": _FETCHED})
        for part in result.partitions(_FETCHED):
            columns = list(zip(*part, strict=True))
            arrays = [pa.array(columns[index], _plain(column_type(found.dimensions, name))) for index, name in enumerate(names)]
            arrays = [array.dictionary_encode() if pa.types.is_string(array.type) else array for array in arrays]
            yield pa.RecordBatch.from_arrays([*arrays, pa.array(columns[-1], pa.int32())], [*names, "reason_id"])


def _plain(type_: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(type_) else type_


def _reasons(numbers: pa.Array, place: np.ndarray, words: pa.Array) -> pa.DictionaryArray:
    codes = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    return pa.DictionaryArray.from_arrays(pa.array(place[codes], mask=numbers.is_null().to_numpy(zero_copy_only=False)), words)
