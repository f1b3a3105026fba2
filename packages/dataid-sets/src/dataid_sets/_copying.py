"""Rows as PostgreSQL's COPY takes them.

In binary the server has nothing to parse, which is a good part of a load; but only rows that are all as long as each other can be
laid out at once. All others go as CSV. Source: PostgreSQL's reference, COPY, *Binary Format*.
"""

from __future__ import annotations

__all__ = ("BinaryFormat", "CsvFormat", "copy_format")

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

_CSV = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = -1


class CsvFormat:
    """Rows as CSV: any rows."""

    name = "csv"
    has_constants = False

    def pieces(self, batches: Iterable[pa.Table]) -> Iterator[bytes | memoryview]:
        """Give the bytes of rows, batch by batch."""
        for batch in batches:
            text = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in batch.schema]
            out = io.BytesIO()
            pyarrow.csv.write_csv(batch.cast(pa.schema(list(zip(batch.column_names, text, strict=True)))), out, _CSV)
            yield out.getbuffer()


@dataclass(frozen=True)
class _Field:
    """One column: its type in the message, and its value if all rows share it."""

    dtype: str
    constant: int | bytes | None = None
    is_null: bool = False


class BinaryFormat:
    """Rows in binary, all as long as each other.

    Parameters
    ----------
    fields : mapping of `str` to `_Field`
        The columns, in order.
    """

    name = "binary"
    has_constants = True

    def __init__(self, fields: Mapping[str, _Field]) -> None:
        self._fields = fields
        layout = [("n", ">i2")]
        for name, field in fields.items():
            layout.append((f"{name}.length", ">i4"))
            if not field.is_null:
                layout.append((name, field.dtype))
        self._layout = np.dtype(layout)

    def pieces(self, batches: Iterable[pa.Table]) -> Iterator[bytes | memoryview]:
        """Give the bytes of rows, batch by batch; a piece is good until the next is asked for."""
        yield _HEADER
        rows = np.empty(0, self._layout)
        for batch in batches:
            if len(rows) < batch.num_rows:
                rows = self._blank(batch.num_rows)
            for name, field in self._fields.items():
                if field.constant is None and not field.is_null:
                    rows[name][: batch.num_rows] = _values(batch.column(name))
            yield rows[: batch.num_rows].view(np.uint8).data
        yield _TRAILER

    def _blank(self, n_rows: int) -> np.ndarray:
        """Give rows with all that they share."""
        rows = np.empty(n_rows, self._layout)
        rows["n"] = len(self._fields)
        for name, field in self._fields.items():
            rows[f"{name}.length"] = _NULL if field.is_null else self._layout[name].itemsize
            if field.constant is not None:
                rows[name] = field.constant
        return rows


def copy_format(table: sa.Table, arrow: pa.Table, constants: Mapping[str, int]) -> BinaryFormat | CsvFormat:
    """Choose how rows are sent.

    Parameters
    ----------
    table : `sqlalchemy.Table`
        Where they go.
    arrow : `pyarrow.Table`
        The rows.
    constants : mapping of `str` to `int`
        Columns before these, that have one value in all rows.

    Returns
    -------
    form : `BinaryFormat` or `CsvFormat`
        Binary, where each column is of numbers, of words of one length, or empty.
    """
    fields: dict[str, _Field] = {}
    for name in (*constants, *arrow.column_names):
        dtype = _integer(table.c[name].type)
        field = _Field(dtype, constants[name]) if dtype and name in constants else _field(table.c[name], arrow[name])
        if field is None:
            return CsvFormat()
        fields[name] = field
    return BinaryFormat(fields)


def _field(column: sa.Column[object], values: pa.ChunkedArray) -> _Field | None:
    if values.null_count == len(values):
        return _Field("", is_null=True)
    dtype = _integer(column.type)
    if values.null_count:
        return None
    if dtype and pa.types.is_integer(values.type):
        return _Field(dtype)
    if isinstance(column.type, sa.String) and pa.types.is_dictionary(values.type):
        unified = values.unify_dictionaries()
        listed = [word.encode() for word in unified.chunk(0).dictionary.to_pylist()]
        n_bytes = {len(word) for word in listed}
        if len(n_bytes) == 1 and listed[0]:
            dtype = f"S{n_bytes.pop()}"
            return _Field(dtype, listed[0] if len(listed) == 1 else None)
    return None


def _integer(kind: sa.types.TypeEngine[object]) -> str | None:
    """Give numpy's name of a whole number as PostgreSQL sends it, if the column is of such."""
    match kind:
        case sa.SmallInteger():
            return ">i2"
        case sa.BigInteger():
            return ">i8"
        case sa.Integer():
            return ">i4"
    return None


def _values(column: pa.ChunkedArray) -> np.ndarray:
    whole = column.combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        numbers: np.ndarray = whole.to_numpy()
        return numbers
    # Chunks may have been put together, so that the numbers of words are this batch's own.
    words = np.array([word.encode() for word in whole.dictionary.to_pylist()])
    chosen: np.ndarray = words[whole.indices.to_numpy()]
    return chosen
