"""Butler queries with sets as conditions, on the server."""

from __future__ import annotations

__all__ = ("SetQueryDriver", "open_query", "staged")

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup, ddl
from lsst.daf.butler.direct_query_driver import DirectQueryDriver
from lsst.daf.butler.queries import Query

from . import _schema as schema
from ._columns import REASON
from ._conditions import SetCondition
from ._internals import Inside, first_columns
from ._loading import bulk_insert
from ._table import DataIdTable


class SetQueryDriver(DirectQueryDriver):
    """Butler's query driver, with sets that every query's data IDs must be in, or must not be in.

    Notes
    -----
    Sets are conditions (``EXISTS`` and ``NOT EXISTS``), not joins: they add no dimension to a query and repeat no row, they do
    not suppress the spatial joins as uploaded data IDs do, and a listed data ID that has no record brings none into being.
    """

    conditions: Sequence[SetCondition] = ()
    inside: Inside

    def apply_missing_dimension_joins(self, select_builder: Any, joins_analysis: Any) -> None:
        """Add the sets when all of a query's dimensions have their columns."""
        super().apply_missing_dimension_joins(select_builder, joins_analysis)
        keys = first_columns(select_builder.joins.dimension_keys)
        for condition in self.conditions:
            fit = condition.require_fit(keys.keys())
            select_builder.joins.where(condition.sql(self.inside, fit, keys))


@contextmanager
def open_query(inside: Inside, conditions: Sequence[SetCondition]) -> Iterator[Query]:
    """Open a Butler query under conditions.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    conditions : sequence of `SetCondition`
        Sets of the registry, and data IDs that are not in it, which become temporary tables.
    """
    with inside.query_driver(SetQueryDriver) as driver, ExitStack() as stack:
        driver.inside = inside
        driver.conditions = [
            condition
            if condition.table is None
            else replace(condition, rows=stack.enter_context(staged(inside, condition.table)))
            for condition in conditions
        ]
        yield Query(driver)


@contextmanager
def staged(inside: Inside, table: DataIdTable) -> Iterator[sa.Table]:
    """Put data IDs into a temporary table for this block; a read-only Butler may, too."""
    with inside.temporary_table(_temporary_spec(table.dimensions)) as rows, inside.working() as connection:
        bulk_insert(connection, rows, table.arrow.drop_columns([REASON]))
        yield rows


def _temporary_spec(dimensions: DimensionGroup) -> ddl.TableSpec:
    spec = schema.rows_spec(dimensions)
    kept: Iterable[ddl.FieldSpec] = [field for field in spec.fields if field.name in dimensions.required]
    return ddl.TableSpec(fields=kept)
