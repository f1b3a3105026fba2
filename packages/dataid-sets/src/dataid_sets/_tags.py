"""The two ways of putting datasets into a TAGGED collection: on the server, and by Butler's own methods."""

from __future__ import annotations

__all__ = ("ServerTags", "StockTags", "Tags")

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import sqlalchemy as sa
from lsst.daf.butler import DatasetType, ddl
from lsst.daf.butler.dimensions import addDimensionForeignKey
from lsst.daf.butler.queries import DatasetRefQueryResults
from sqlalchemy.dialects import postgresql, sqlite

from ._internals import Inside

Compared: TypeAlias = tuple[int, int, list[dict[str, Any]]]
"""How many datasets a collection has already, for how many data IDs it has another dataset, and the first of these."""


class ServerTags:
    """Datasets in a temporary table, from which the database fills a collection.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    dataset_type : `lsst.daf.butler.DatasetType`
        Their type.
    rows : `sqlalchemy.Table`
        The temporary table: ``dataset_id`` and the required dimensions.
    count : `int`
        How many there are.

    Notes
    -----
    The table is what lets the query run but once: datasets are counted, held against the collection and inserted from it.
    """

    def __init__(self, inside: Inside, dataset_type: DatasetType, rows: sa.Table, count: int) -> None:
        self.dataset_type = dataset_type
        self.count = count
        self._inside = inside
        self._rows = rows

    @classmethod
    @contextmanager
    def staged(cls, inside: Inside, dataset_type: DatasetType, select: sa.Select[Any]) -> Iterator[ServerTags]:
        """Run a query into a temporary table, which lasts for this block."""
        spec = ddl.TableSpec(fields=[ddl.FieldSpec("dataset_id", ddl.GUID, nullable=False)])
        for name in dataset_type.dimensions.required:
            addDimensionForeignKey(spec, inside.universe.dimensions[name], primaryKey=False, nullable=False, constraint=False)
        if dataset_type.isCalibration():
            select = select.distinct()  # one row comes for each of a calibration's validity ranges
        with inside.temporary_table(spec) as rows, inside.working() as connection:
            columns = [column.name for column in select.selected_columns]
            connection.execute(sa.insert(rows).from_select(columns, select))
            if inside.is_postgresql:
                inside.analyze(rows)
            count = connection.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one()
            yield cls(inside, dataset_type, rows, count)

    def compare(self, collection: str, n_shown: int) -> Compared:
        """Hold the datasets against what a collection has."""
        tags, type_id, collection_column = self._inside.tags(self.dataset_type)
        names, rows = list(self.dataset_type.dimensions.required), self._rows
        of_collection = [tags.c.dataset_type_id == type_id, tags.c[collection_column] == self._inside.collection_key(collection)]
        joined = rows.join(tags, sa.and_(*of_collection, *[tags.c[name] == rows.c[name] for name in names]))
        other = tags.c.dataset_id != rows.c.dataset_id
        counts = sa.select(sa.func.count(), sa.func.count(sa.case((other, 1)))).select_from(joined)
        shown = sa.select(*[rows.c[name] for name in names]).select_from(joined).where(other)
        with self._inside.reading() as connection:
            matched, n_conflicts = connection.execute(counts).one()
            first = connection.execute(shown.order_by(*[rows.c[name] for name in names]).limit(n_shown)) if n_conflicts else ()
            return matched - n_conflicts, n_conflicts, [dict(zip(names, row, strict=True)) for row in first]

    def insert(self, collection: str) -> None:
        """Put the datasets into a collection; those that it has stay.

        Raises
        ------
        sqlalchemy.exc.IntegrityError
            If it has another dataset of a data ID.
        """
        if not self.count:
            return
        tags, type_id, collection_column = self._inside.tags(self.dataset_type)
        names, rows = list(self.dataset_type.dimensions.required), self._rows
        with self._inside.working() as connection:
            governors = {
                name: set(connection.execute(sa.select(rows.c[name]).distinct()).scalars())
                for name in self.dataset_type.dimensions.governors
            }
            self._inside.write_summary(collection, self.dataset_type, governors)
            key = self._inside.collection_key(collection)
            keys = [rows.c[name] for name in names]
            # In the order of the unique index, so that its pages are filled one after another; and SQLite would take ON CONFLICT
            # for part of a join, were there no WHERE.
            select = sa.select(sa.literal(type_id), sa.literal(key), rows.c.dataset_id, *keys).where(sa.true()).order_by(*keys)
            columns = ["dataset_type_id", collection_column, "dataset_id", *names]
            try:
                # To look for a conflict before each row would take half as long again, on PostgreSQL.
                with connection.begin_nested(), self._checked_by_index(connection):
                    connection.execute(sa.insert(tags).from_select(columns, select))
            except sa.exc.IntegrityError:
                insert = postgresql.insert(tags) if self._inside.is_postgresql else sqlite.insert(tags)
                # Only the same dataset again is passed over; another of its data ID is an error.
                passing = insert.on_conflict_do_nothing(index_elements=["dataset_id", collection_column])
                connection.execute(passing.from_select(columns, select))

    @contextmanager
    def _checked_by_index(self, connection: sa.Connection) -> Iterator[None]:
        """Have PostgreSQL check foreign keys by an index; it would read the whole table of detectors, for each row anew."""
        if not self._inside.is_postgresql:
            yield
            return
        before = connection.execute(sa.text("SELECT current_setting('enable_seqscan')")).scalar_one()
        put = sa.text("SELECT set_config('enable_seqscan', :value, true)")
        connection.execute(put, {"value": "off"})
        yield
        connection.execute(put, {"value": before})


class StockTags:
    """Datasets that a query gave, to be associated by Butler.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    dataset_type : `lsst.daf.butler.DatasetType`
        Their type.
    results : `lsst.daf.butler.queries.DatasetRefQueryResults`
        The query.
    """

    def __init__(self, inside: Inside, dataset_type: DatasetType, results: DatasetRefQueryResults) -> None:
        self.dataset_type = dataset_type
        self._inside = inside
        self._refs = list({ref.id: ref for ref in results}.values())
        self.count = len(self._refs)

    def compare(self, collection: str, n_shown: int) -> Compared:
        """Hold the datasets against what a collection has; see `ServerTags.compare`."""
        search = self._inside.butler.query_datasets
        found = search(self.dataset_type.name, collection, find_first=False, limit=None, explain=False)
        there = {ref.dataId.required_values: ref.id for ref in found}
        others = [ref for ref in self._refs if there.get(ref.dataId.required_values, ref.id) != ref.id]
        matched = sum(ref.dataId.required_values in there for ref in self._refs)
        first = sorted(ref.dataId.required_values for ref in others)[:n_shown]
        names = list(self.dataset_type.dimensions.required)
        return matched - len(others), len(others), [dict(zip(names, values, strict=True)) for values in first]

    def insert(self, collection: str) -> None:
        """Put the datasets into a collection; see `ServerTags.insert`."""
        self._inside.butler.registry.associate(collection, self._refs)


Tags: TypeAlias = ServerTags | StockTags
