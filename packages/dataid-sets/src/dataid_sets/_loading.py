"""Putting many rows into a table at once.

PostgreSQL takes them by COPY, through either driver; SQLite by `executemany`. Both happen in the caller's transaction.
"""

from __future__ import annotations

__all__ = ("bulk_insert", "with_reason_ids")

import io
import uuid
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from lsst.daf.butler.progress import Progress, ProgressBar

from ._columns import REASON
from ._copying import copy_format

BATCH_ROWS = 100_000
_PROGRESS = Progress("lsst.dataid_sets")


def with_reason_ids(arrow: pa.Table) -> tuple[pa.Table, list[str]]:
    """Put the numbers of reasons in the place of reasons.

    Returns
    -------
    arrow : `pyarrow.Table`
        With a column ``reason_id``, from 0, in the place of ``reason``; null where there is none.
    reasons : `list` [`str`]
        The reasons, by their numbers.
    """
    place = arrow.column_names.index(REASON)
    column = arrow.column(REASON).unify_dictionaries()
    reasons = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    numbers = pa.chunked_array([chunk.indices for chunk in column.chunks], pa.int32())
    used = np.zeros(len(reasons), dtype=bool)
    for chunk in numbers.chunks:
        used[pc.unique(chunk.drop_null()).to_numpy()] = True
    if not used.all():
        # Words that no row has any more are not to be stored.
        places = pa.array(np.cumsum(used) - 1, pa.int32())
        numbers = pa.chunked_array([places.take(chunk) for chunk in numbers.chunks], pa.int32())
        reasons = [reason for reason, kept in zip(reasons, used.tolist(), strict=True) if kept]
    return arrow.set_column(place, "reason_id", numbers), reasons


def bulk_insert(
    connection: sa.Connection, table: sa.Table, arrow: pa.Table, *, constants: Mapping[str, int] = MappingProxyType({})
) -> None:
    """Insert rows.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        In a transaction.
    table : `sqlalchemy.Table`
        Has a column for each of Arrow's.
    arrow : `pyarrow.Table`
        The rows, best in the order of the table's key.
    constants : mapping of `str` to `int`, optional
        Columns that have one value in all rows.

    Notes
    -----
    PostgreSQL refuses COPY into a table whose rows it guards from the caller; there the rows go by a temporary table.
    """
    if not arrow.num_rows:
        return
    if connection.dialect.name == "postgresql" and _guarded(connection, table):
        _insert_by_way_of_temporary(connection, table, arrow, constants)
        return
    # What is empty in all rows need not be sent; the database would take its time with each.
    empty = [name for name in arrow.column_names if table.c[name].nullable and arrow[name].null_count == arrow.num_rows]
    arrow = arrow.drop_columns(empty)
    names = [*constants, *arrow.column_names]
    prepare = connection.dialect.identifier_preparer
    target = f"{prepare.format_table(table)} ({', '.join(map(prepare.quote, names))})"
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        for batch in _batches(arrow, constants):
            _execute_many(raw, f"INSERT INTO {target}", batch)
        return
    form = copy_format(table, arrow, constants)
    pieces = form.pieces(_batches(arrow, {} if form.has_constants else constants))
    statement = f"COPY {target} FROM STDIN (FORMAT {form.name})"
    with raw.cursor() as cursor:
        if connection.dialect.driver == "psycopg":
            with cursor.copy(statement) as copy:
                for piece in pieces:
                    copy.write(piece)
        else:
            cursor.copy_expert(statement, _Pieces(pieces))


def _batches(arrow: pa.Table, constants: Mapping[str, int]) -> Iterator[pa.Table]:
    """Give the rows in batches, with the constants before them, which are many bytes in all."""
    bar: ProgressBar[pa.Table]
    with _PROGRESS.bar(desc="Loading, rows", total=arrow.num_rows) as bar:
        for start in range(0, arrow.num_rows, BATCH_ROWS):
            batch = arrow.slice(start, BATCH_ROWS)
            for name, value in reversed(list(constants.items())):
                batch = batch.add_column(0, name, pa.array(np.full(batch.num_rows, value)))
            yield batch
            bar.update(batch.num_rows)


def _guarded(connection: sa.Connection, table: sa.Table) -> bool:
    """Tell whether row-level security holds for the caller."""
    if table.schema is None:
        return False  # a temporary table
    name = connection.dialect.identifier_preparer.format_table(table)
    return bool(connection.execute(sa.select(sa.func.row_security_active(name))).scalar_one())


def _insert_by_way_of_temporary(
    connection: sa.Connection, table: sa.Table, arrow: pa.Table, constants: Mapping[str, int]
) -> None:
    columns = [sa.Column(name, table.c[name].type) for name in arrow.column_names]
    staging = sa.Table(f"tmp_{uuid.uuid4().hex}", sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
    staging.create(connection)
    bulk_insert(connection, staging, arrow)
    values = [*[sa.literal(value) for value in constants.values()], *staging.c]
    connection.execute(sa.insert(table).from_select([*constants, *arrow.column_names], sa.select(*values)))
    staging.drop(connection)


def _execute_many(raw: Any, insert: str, batch: pa.Table) -> None:
    """Insert one batch into SQLite; a value that all its rows share is bound by a literal, so that Python handles it once."""
    places, columns = [], []
    for name in batch.column_names:
        column = batch.column(name).combine_chunks()
        if column.null_count == len(column):
            places.append("NULL")
        elif pa.types.is_integer(column.type) and column[0] == column[-1] and _constant(column):
            places.append(str(column[0].as_py()))
        elif pa.types.is_dictionary(column.type) and _constant(column):
            places.append("'" + str(column[0].as_py()).replace("'", "''") + "'")
        else:
            places.append("?")
            plain = pa.types.is_integer(column.type) and not column.null_count
            columns.append(column.to_numpy().tolist() if plain else column.to_pylist())
    statement = f"{insert} VALUES ({', '.join(places)})"
    rows = zip(*columns, strict=True) if columns else ((),) * batch.num_rows
    raw.executemany(statement, rows)


def _constant(column: pa.Array) -> bool:
    codes = column.indices if pa.types.is_dictionary(column.type) else column
    if codes.null_count:
        return False
    values = codes.to_numpy()
    return bool((values == values[0]).all())


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file, for psycopg2."""

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self._pieces = (memoryview(piece) for piece in pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, memoryview(b""))
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)
