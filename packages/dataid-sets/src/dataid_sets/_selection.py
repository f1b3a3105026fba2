"""Filling a new set from rows that are on the server already."""

from __future__ import annotations

__all__ = ("Selection", "fill")

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from ._rows import in_order

_FETCHED = 50_000
_GREATEST = "greatest_reason"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The data IDs of a new set, with their reasons.

    Attributes
    ----------
    rows : `sqlalchemy.Select`
        Gives a column for each required dimension, in alphabetical order, then ``reason``.
    repeats : `bool`
        Whether a data ID may come several times.
    at_least : `int`
        How many times a data ID must come.
    may_be_pending : `bool`
        Whether any of them may lack a record.
    """

    rows: sa.Select[Any]
    repeats: bool = True
    at_least: int = 1
    may_be_pending: bool = True


def fill(
    inside: Inside,
    installation: Installation,
    headers: Headers,
    connection: sa.Connection,
    name: str,
    dimensions: DimensionGroup,
    selection: Selection,
    known: Mapping[str, Any],
) -> int:
    """Make the next version of a name from a selection, in the caller's transaction.

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
    selection : `Selection`
        The data IDs. One that comes several times has all its reasons, sorted and put one after another, as in `sorted_distinct`.
    known : mapping
        What else the header has.

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
        _stage(inside, connection, staging, names, selection)
        summary, reasons = _summary(connection, staging, dimensions)
        lacking = sa.select(sa.func.count()).select_from(staging).where(pending_condition(inside, dimensions, staging))
        n_pending = connection.execute(lacking).scalar_one() if selection.may_be_pending else 0
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
    return ddl.TableSpec(fields=[*fields, ddl.FieldSpec(REASON, sa.Text), ddl.FieldSpec(_GREATEST, sa.Text)])


def _stage(inside: Inside, connection: sa.Connection, staging: sa.Table, names: list[str], selection: Selection) -> None:
    """Put the data IDs into the temporary table, each once."""
    if not selection.repeats:
        connection.execute(sa.insert(staging).from_select([*names, REASON], selection.rows))
        return
    rows = selection.rows.subquery()
    keys, (least, greatest) = [rows.c[each] for each in names], inside.extremes(rows.c[REASON])
    grouped = sa.select(*keys, least, sa.func.nullif(greatest, least)).group_by(*keys)
    if selection.at_least > 1:
        grouped = grouped.having(sa.func.count() >= selection.at_least)
    connection.execute(sa.insert(staging).from_select([*names, REASON, _GREATEST], grouped))
    several = staging.c[_GREATEST].is_not(None)
    if connection.execute(sa.select(sa.literal(1)).select_from(staging).where(several).limit(1)).first() is not None:
        # Only few data IDs have several reasons, as a rule; so only theirs are put together.
        same = sa.and_(several, *[staging.c[each] == rows.c[each] for each in names])
        pairs = sa.select(*keys, rows.c[REASON]).select_from(rows.join(staging, same)).where(rows.c[REASON].is_not(None))
        told = pairs.distinct().subquery()
        ours = [told.c[each] for each in names]
        joined = sa.select(*ours, inside.joined(connection, told.c[REASON]).label(REASON)).group_by(*ours).subquery()
        this = [staging.c[each] == joined.c[each] for each in names]
        connection.execute(sa.update(staging).values({REASON: joined.c[REASON]}).where(*this))


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
    order = in_order({each: staging.c[each] for each in names}, types, is_postgresql=connection.dialect.name == "postgresql")
    select = sa.select(*[staging.c[each] for each in (*names, REASON)]).order_by(*order)
    with connection.execute(select, execution_options={"stream_results": True, "yield_per": _FETCHED}) as result:
        for part in result.partitions(_FETCHED):
            columns = zip(*part, strict=True)
            arrays = [
                pa.array(column, pa.int64()) if type_ == pa.int64() else pa.array(column, pa.string()).dictionary_encode()
                for column, type_ in zip(columns, types.values(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, list(types))
