"""Filling a new set from rows that are on the server already."""

from __future__ import annotations

__all__ = ("fill",)

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup, ddl

from . import _schema as schema
from ._columns import REASON, column_type
from ._digest import Digester
from ._existence import pending_condition
from ._headers import Headers, Summary
from ._installation import Installation
from ._internals import Inside

_FETCHED = 50_000


def fill(
    inside: Inside,
    installation: Installation,
    headers: Headers,
    connection: sa.Connection,
    name: str,
    dimensions: DimensionGroup,
    select: sa.Select[Any],
    known: Mapping[str, Any],
    *,
    may_be_pending: bool,
) -> int:
    """Make the next version of a name from a SELECT, in the caller's transaction.

    Parameters
    ----------
    inside, installation, headers : `Inside`, `Installation`, `Headers`
        The registry.
    connection : `sqlalchemy.Connection`
        In a transaction.
    name : `str`
        The name.
    dimensions : `lsst.daf.butler.DimensionGroup`
        The new set's dimensions.
    select : `sqlalchemy.Select`
        Gives a column for each required dimension, in alphabetical order, then ``reason``; no data ID twice.
    known : mapping
        What else the header has.
    may_be_pending : `bool`
        Whether any of these data IDs may lack a record.

    Returns
    -------
    version : `int`
        The new version.

    Notes
    -----
    The rows are put into a temporary table first, since the header, which has their digest, comes before them.
    """
    names = sorted(dimensions.required)
    with inside.temporary_table(_spec(dimensions)) as staging:
        connection.execute(sa.insert(staging).from_select([*names, REASON], select))
        summary, reasons = _summary(connection, staging, dimensions)
        lacking = sa.select(sa.func.count()).select_from(staging).where(pending_condition(inside, dimensions, staging))
        n_pending = connection.execute(lacking).scalar_one() if may_be_pending else 0
        version = headers.next_version(connection, name)
        set_id = headers.insert(connection, summary, name, version, n_pending=n_pending, **known)
        if reasons:
            listed = [{"set_id": set_id, "reason_id": number, "reason": reason} for number, reason in enumerate(reasons)]
            connection.execute(sa.insert(installation.table(schema.REASON_TABLE)), listed)
        # Set apart, since SQLite would look through all of the set's reasons for each row.
        told = installation.table(schema.REASON_TABLE)
        own = sa.select(told.c.reason_id, told.c.reason).where(told.c.set_id == set_id)
        numbers = own.cte("numbers").prefix_with("MATERIALIZED")
        source = staging.outerjoin(numbers, numbers.c.reason == staging.c[REASON])
        values = sa.select(sa.literal(set_id), *[staging.c[each] for each in names], numbers.c.reason_id).select_from(source)
        connection.execute(sa.insert(installation.rows(dimensions)).from_select(["set_id", *names, "reason_id"], values))
    return version


def _spec(dimensions: DimensionGroup) -> ddl.TableSpec:
    fields = [field for field in schema.rows_spec(dimensions).fields if field.name in dimensions.required]
    return ddl.TableSpec(fields=[*fields, ddl.FieldSpec(REASON, sa.Text)])


def _summary(connection: sa.Connection, staging: sa.Table, dimensions: DimensionGroup) -> tuple[Summary, list[str]]:
    """Count and digest the rows in their order, and collect the reasons."""
    digester, n_rows, reasons = Digester(dimensions), 0, set()
    for batch in _ordered(connection, staging, dimensions):
        digester.add(batch)
        n_rows += batch.num_rows
        reasons.update(batch.column(REASON).dictionary.to_pylist())
    digest, reasons_digest = digester.finish()
    return Summary(dimensions, n_rows, digest, reasons_digest), sorted(reasons)


def _ordered(connection: sa.Connection, staging: sa.Table, dimensions: DimensionGroup) -> Iterator[pa.RecordBatch]:
    names = sorted(dimensions.required)
    types = {each: column_type(dimensions, each) for each in names} | {REASON: pa.dictionary(pa.int32(), pa.string())}
    # Text is ordered by its bytes, whatever order the database's language has.
    collation = "C" if connection.dialect.name == "postgresql" else "BINARY"
    order = [staging.c[each] if types[each] == pa.int64() else sa.collate(staging.c[each], collation) for each in names]
    select = sa.select(*[staging.c[each] for each in (*names, REASON)]).order_by(*order)
    with connection.execute(select, execution_options={"stream_results": True, "yield_per": _FETCHED}) as result:
        for part in result.partitions(_FETCHED):
            columns = zip(*part, strict=True)
            arrays = [
                pa.array(column, pa.int64()) if type_ == pa.int64() else pa.array(column, pa.string()).dictionary_encode()
                for column, type_ in zip(columns, types.values(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, list(types))
