"""Which data IDs the registry has records for."""

from __future__ import annotations

__all__ = ("Absent", "Lacking", "absent_rows", "pending_condition")

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from lsst.daf.butler import Dimension, DimensionGroup, SkyPixDimension

from ._errors import Problem
from ._internals import Inside
from ._table import DataIdTable

_CHUNK = 500
"""How many keys one statement names, where the database has no arrays."""
_MANY = 20_000
"""From how many keys on it is quicker to read all that may be wanted."""
_COMING = frozenset({"exposure", "visit", "group", "day_obs"})
"""The dimensions of which there are new records every night; a detector or a patch that is not there will never be."""
_TOLD = 10_000
"""How many keys an error names."""


@dataclass(frozen=True)
class Lacking:
    """Keys without a record; there may be millions.

    Attributes
    ----------
    keys : `tuple` [`tuple` [`lsst.daf.butler.Dimension`, `pyarrow.Table`], ...]
        The keys of each dimension.
    """

    keys: tuple[tuple[Dimension, pa.Table], ...]

    def __len__(self) -> int:
        return sum(lacking.num_rows for _, lacking in self.keys)

    def named(self, most: int = _TOLD) -> dict[Problem, tuple[tuple[str, Any], ...]]:
        """Name the first keys: a problem for each, and its values with the names of their dimensions."""
        told: dict[Problem, tuple[tuple[str, Any], ...]] = {}
        for dimension, lacking in self.keys:
            for key in lacking.slice(0, most - len(told)).to_pylist():
                values = tuple((name, key[name]) for name in dimension.required.names)
                where = ", ".join(f"{name}={value}" for name, value in values)
                message = f"The registry has no such {dimension.name}."
                told[Problem(code="unknown_data_id", where=where, message=message)] = values
        return told

    def problems(self, most: int = _TOLD) -> list[Problem]:
        """Name the first keys; if there are more, a last problem says how many."""
        told = list(self.named(most))
        if len(self) > most:
            told.append(Problem(code="unknown_data_id", message=f"The registry does not know {len(self) - most:,} more."))
        return told


@dataclass(frozen=True)
class Absent:
    """Data IDs without a record.

    Attributes
    ----------
    rows : `numpy.ndarray`, shape (n,)
        Whether each row of the table lacks a record of one of its dimensions.
    governors : `Lacking`
        The keys that have none of instruments, sky maps and the like.
    fixed : `Lacking`
        Those of detectors, tracts and all else that an instrument or a sky map has from the beginning.
    coming : `Lacking`
        Those of what is still being observed: exposures, visits, groups and days.
    """

    rows: np.ndarray
    governors: Lacking
    fixed: Lacking
    coming: Lacking

    @property
    def others(self) -> Lacking:
        """All that are not of governors (`Lacking`)."""
        return Lacking(self.fixed.keys + self.coming.keys)


def absent_rows(inside: Inside, table: DataIdTable) -> Absent:
    """Look up the records of all dimensions of all rows.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    table : `DataIdTable`
        The data IDs.

    Returns
    -------
    absent : `Absent`
        Which have none.
    """
    rows = np.zeros(len(table), dtype=bool)
    governors: list[tuple[Dimension, pa.Table]] = []
    others: list[tuple[Dimension, pa.Table]] = []
    unknown: set[str] = set()
    for dimension in _stored(table.dimensions) if len(table) else ():
        if unknown & set(dimension.required.names):
            continue  # what belongs to an unknown instrument is unknown, too
        lacking = _lacking_keys(inside, table.arrow, dimension)
        if not lacking.num_rows:
            continue
        governing = dimension.name in table.dimensions.universe.governor_dimensions.names
        if governing and len(lacking) == len(_distinct(table.arrow, [dimension.name])):
            unknown.add(dimension.name)
        (governors if governing else others).append((dimension, lacking))
        rows |= _matching(table.arrow, lacking)
    for dimension in _pixels(table.dimensions) if len(table) else ():
        lacking = _pixels_that_are_none(table.arrow, dimension)
        if lacking.num_rows:
            # A pixel that its scheme does not have will never come to exist.
            governors.append((dimension, lacking))
            rows |= _matching(table.arrow, lacking)
    coming = tuple(each for each in others if each[0].name in _COMING)
    fixed = tuple(each for each in others if each[0].name not in _COMING)
    return Absent(rows, Lacking(tuple(governors)), Lacking(fixed), Lacking(coming))


def pending_condition(inside: Inside, dimensions: DimensionGroup, rows: sa.FromClause) -> sa.ColumnElement[bool]:
    """Give the condition that a row of a set's table lacks a record of one of its dimensions."""
    terms = []
    for dimension in _stored(dimensions):
        source, columns = inside.element_columns(dimension)
        source_ = source.alias() if isinstance(source, sa.Table) else source
        found = {name: source_.c[column.name] for name, column in columns.items() if name in dimension.required.names}
        terms.append(
            ~sa.exists(sa.select(sa.literal(1)).select_from(source_).where(*[found[name] == rows.c[name] for name in found]))
        )
    return sa.or_(*terms) if terms else sa.false()


def _stored(dimensions: DimensionGroup) -> Iterator[Dimension]:
    """Give the dimensions that have records, governors first."""
    found = [dimensions.universe.dimensions[name] for name in dimensions.required]
    governors = dimensions.universe.governor_dimensions.names
    for dimension in sorted(found, key=lambda each: each.name not in governors):
        if not isinstance(dimension, SkyPixDimension):
            yield dimension


def _pixels(dimensions: DimensionGroup) -> Iterator[SkyPixDimension]:
    """Give the dimensions that number pixels of the sky, which have no records."""
    for name in dimensions.required:
        dimension = dimensions.universe.dimensions[name]
        if isinstance(dimension, SkyPixDimension):
            yield dimension


def _pixels_that_are_none(arrow: pa.Table, dimension: SkyPixDimension) -> pa.Table:
    values = pc.unique(arrow.column(dimension.name)).to_numpy()
    there = np.zeros(len(values), dtype=bool)
    for begin, end in dimension.pixelization.universe():
        there |= (values >= begin) & (values < end)
    return pa.table({dimension.name: values[~there]})


def _distinct(arrow: pa.Table, names: list[str]) -> pa.Table:
    """Give the distinct keys, fast where all but one column have a single value, as is usual."""
    varied = [name for name in names if not _single(arrow.column(name))]
    if len(varied) > 1:
        plain = pa.table({name: _plain(arrow.column(name)) for name in names})
        return plain.group_by(names).aggregate([])
    values = pc.unique(arrow.column((varied or names)[0]))
    columns = {}
    for name in names:
        if name in (varied or names[:1]):
            columns[name] = _plain(values)
        else:
            columns[name] = pa.array([arrow.column(name)[0].as_py()] * len(values), pa.string())
    return pa.table(columns)


def _single(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_dictionary(column.type):
        return False
    return len(pc.unique(column)) <= 1


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _lacking_keys(inside: Inside, arrow: pa.Table, dimension: Dimension) -> pa.Table:
    names = sorted(dimension.required.names)
    wanted = _distinct(arrow, names)
    source, columns = inside.element_columns(dimension)
    select = sa.select(*[columns[name].label(name) for name in names]).select_from(source)
    found: list[Any] = []
    with inside.reading() as connection:
        for condition in _conditions(wanted, columns, dimension, arrays=inside.is_postgresql):
            found.extend(connection.execute(select.where(condition)).all())
    transposed = list(zip(*found, strict=True)) if found else [()] * len(names)
    types = {name: wanted.schema.field(name).type for name in names}
    present = pa.table({name: pa.array(values, types[name]) for name, values in zip(names, transposed, strict=True)})
    return wanted.join(present, keys=names, join_type="left anti").sort_by([(name, "ascending") for name in names])


def _conditions(
    wanted: pa.Table, columns: dict[str, Any], dimension: Dimension, *, arrays: bool
) -> Iterator[sa.ColumnElement[bool]]:
    """Give conditions that together find every key that is wanted, and perhaps others."""
    shared = [
        columns[name].in_(values)
        for name in wanted.column_names
        if len(values := pc.unique(wanted.column(name)).to_pylist()) <= 10
    ]
    own = pc.unique(wanted.column(dimension.name))
    if len(own) > _MANY and not pa.types.is_integer(own.type):
        # Not between the least and the greatest: the database may order text by a language, not by its bytes.
        yield sa.and_(sa.true(), *shared)
        return
    if len(own) > _MANY:
        limits = pc.min_max(own).as_py()
        yield sa.and_(*shared, columns[dimension.name].between(limits["min"], limits["max"]))
        return
    values, column = own.to_pylist(), columns[dimension.name]
    if arrays:
        # One parameter, where thousands would each be written into the statement.
        yield sa.and_(*shared, column == sa.any_(sa.literal(values, sa.ARRAY(column.type))))
        return
    for start in range(0, len(values), _CHUNK):
        yield sa.and_(*shared, column.in_(values[start : start + _CHUNK]))


def _matching(arrow: pa.Table, keys: pa.Table) -> np.ndarray:
    """Tell which rows have one of the keys."""
    names = keys.column_names
    numbered = pa.table({**{name: _plain(arrow.column(name)) for name in names}, "row": np.arange(arrow.num_rows)})
    hit = numbered.join(keys, keys=names, join_type="left semi").column("row").to_numpy()
    rows = np.zeros(arrow.num_rows, dtype=bool)
    rows[hit] = True
    return rows
