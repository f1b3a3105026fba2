"""Reading Parquet, a batch of rows at a time."""

from __future__ import annotations

__all__ = ("read_parquet",)

from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ._layout import printable
from ._mistakes import Mistake, Mistakes
from ._source import Source, too_large
from ._target import Gatherer, Target
from ._values import single

_BATCH_ROWS = 1 << 17
_ERRORS = (pa.ArrowException, OSError, ValueError, MemoryError, TypeError, LookupError, NotImplementedError)
"""What pyarrow raises for files that are damaged or made to do damage."""


def read_parquet(source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
    """Read a Parquet file, as `FormatReader` says."""
    with ExitStack() as stack:
        stream = source.seekable(stack)
        try:
            file = stack.enter_context(pq.ParquetFile(stream, page_checksum_verification=True))
            schema = file.schema_arrow
            names = [name if isinstance(name, str) else str(name) for name in schema.names]
        except _ERRORS as error:
            raise _damaged(error) from None
        gatherer = target.begin(names, mistakes, place="columns")
        used = {name: gatherer.used[name] for name in names if name in gatherer.used}
        _check_types(schema, used, gatherer, mistakes)
        n_rows = file.metadata.num_rows
        if n_rows > target.limit_rows:
            told = f"There are more than {target.limit_rows:,} data IDs here."
            raise Mistake("too_many_rows", told, "Split the file.")
        _check_size(file, source.limit_bytes)
        text = [name for name in used if _is_text(_plain_type(schema.field(name).type))]
        batches = _open_batches(file, stream, used, text)
        first = 1
        while (batch := _next(batches)) is not None:
            _add(batch, used, first, gatherer, mistakes)
            first += batch.num_rows
            source.went_on((first - 1) / max(n_rows, 1))
        return gatherer


def _open_batches(file: pq.ParquetFile, stream: Any, used: dict[str, str], text: list[str]) -> Any:
    try:
        stream.seek(0)
        # Text is kept as dictionaries: a page of one long word may stand for millions of them.
        again = pq.ParquetFile(stream, read_dictionary=text, page_checksum_verification=True)
        columns = list(used) or file.schema_arrow.names[:1]
        return again.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False)
    except _ERRORS as error:
        raise _damaged(error) from None


def _next(batches: Any) -> pa.RecordBatch | None:
    try:
        return next(batches, None)
    except _ERRORS as error:
        raise _damaged(error) from None


def _damaged(error: BaseException) -> Mistake:
    told = str(error).partition("\n")[0].rstrip(".")[:200]
    return Mistake(
        "unreadable",
        f"This Parquet file cannot be read: {printable(told) or type(error).__name__}.",
        "Check that it is complete.",
    )


def _plain_type(type_: pa.DataType) -> pa.DataType:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _is_text(type_: pa.DataType) -> bool:
    return any(is_text(type_) for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _check_types(schema: pa.Schema, used: dict[str, str], gatherer: Gatherer, mistakes: Mistakes) -> None:
    for column, name in used.items():
        kind = gatherer.kind(name)
        type_ = _plain_type(schema.field(column).type)
        whole = kind is int
        # A column without any value has no type of its own; the rows tell what is missing.
        if kind is not None and not (pa.types.is_null(type_) or (pa.types.is_integer(type_) if whole else _is_text(type_))):
            noun = "whole numbers" if whole else "text"
            remedy = f"Convert the column to {'int64' if whole else 'string'}."
            mistakes.add(Mistake("wrong_type", f"{column} takes {noun}, not {type_}.", remedy), column)
    mistakes.check()


def _check_size(file: pq.ParquetFile, limit_bytes: int) -> None:
    """See that the file does not unpack to more than may be."""
    try:
        total = sum(file.metadata.row_group(index).total_byte_size for index in range(file.metadata.num_row_groups))
    except _ERRORS as error:
        raise _damaged(error) from None
    if total > limit_bytes:
        raise too_large(limit_bytes)


def _add(batch: pa.RecordBatch, used: dict[str, str], first: int, gatherer: Gatherer, mistakes: Mistakes) -> None:
    columns: dict[str, Any] = {}
    for column, name in used.items():
        try:
            columns[name] = _brought(batch.column(column)) if gatherer.kind(name) else batch.column(column)
        except _ERRORS:
            # An unsigned number may be too large; the rows tell which.
            break
    else:
        if gatherer.add_arrays(columns, n_rows=batch.num_rows):
            return
    try:
        listed = {name: batch.column(column).to_pylist() for column, name in used.items()}
    except _ERRORS as error:
        raise _damaged(error) from None
    for index in range(batch.num_rows):
        row = {name: values[index] for name, values in listed.items()}
        for name, mistake in gatherer.add_row(row, single):
            mistakes.add(mistake, f"row {first + index}", name)


def _brought(column: pa.Array) -> pa.Array:
    """Bring a column to 64-bit integers or text."""
    type_ = _plain_type(column.type)
    if pa.types.is_integer(type_):
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        return pc.cast(plain, pa.int64())
    if pa.types.is_dictionary(column.type) or pa.types.is_string(type_):
        return column
    return pc.cast(column, pa.string())
