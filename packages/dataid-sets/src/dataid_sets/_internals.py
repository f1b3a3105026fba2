"""Every use of a name that Butler keeps to itself.

Butler has no public way to add tables to its registry, to load rows in bulk, or to add a condition to a query. What this package
needs of its inside is here, and nowhere else; the tests of this module are the contract, to be run against each new Butler.
"""

from __future__ import annotations

__all__ = ("Inside", "first_columns", "mistakes_told")

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from lsst.daf.butler import Butler, ButlerUserError, CollectionType, DatasetType, DimensionElement, DimensionUniverse, ddl
from lsst.daf.butler.direct_butler import DirectButler
from lsst.daf.butler.direct_query_driver import DirectQueryDriver
from lsst.daf.butler.queries import DataCoordinateQueryResults, DatasetRefQueryResults, Query
from lsst.daf.butler.registry import CollectionSummary, MissingCollectionError, MissingDatasetTypeError, RegistryError
from sqlalchemy.dialects.postgresql import aggregate_order_by

from ._errors import DataIdSetError, DataIdSetValueError, Problem, UnsupportedButlerError
from ._order import REASONS_BETWEEN

D = TypeVar("D", bound=DirectQueryDriver)


class Inside:
    """The inside of a Butler whose registry is a database within reach.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The Butler.

    Raises
    ------
    UnsupportedButlerError
        If it is no direct Butler. A remote one has no database; sets are used where its server runs.
    """

    def __init__(self, butler: Butler) -> None:
        if not isinstance(butler, DirectButler):
            raise UnsupportedButlerError(
                f"A {type(butler).__name__} has no registry database that could hold DataId sets.",
                remedy="Open the repository itself, not through a Butler server.",
            )
        self.butler = butler
        self._registry = butler._registry
        self.db = butler._registry._db
        # Their private names are on no base class that type checkers see.
        self.managers: Any = butler._registry._managers

    @property
    def universe(self) -> DimensionUniverse:
        """The dimensions there are (`lsst.daf.butler.DimensionUniverse`)."""
        return self.butler.dimensions

    @property
    def is_postgresql(self) -> bool:
        """Whether the registry is PostgreSQL; else it is SQLite (`bool`)."""
        return self.db.dialect.name == "postgresql"

    @property
    def namespace(self) -> str | None:
        """The schema of the registry's tables in PostgreSQL (`str` or `None`)."""
        return self.db.namespace

    @property
    def writeable(self) -> bool:
        """Whether this Butler may write (`bool`)."""
        return self.db.isWriteable()

    # ---- tables

    def create_table(self, name: str, spec: ddl.TableSpec) -> sa.Table:
        """Make a table if there is none, outside any transaction.

        Raises
        ------
        sqlalchemy.exc.DatabaseError
            If the database refuses.

        Notes
        -----
        Butler's `ensureTableExists` gives a table even where CREATE was refused, so the database is asked again.
        """
        table = self.db.ensureTableExists(name, spec)
        if not self.has_table(name):
            with self.transaction() as connection:
                table.create(connection)
        return table

    def table(self, name: str, spec: ddl.TableSpec) -> sa.Table | None:
        """Give a table that exists, or `None`."""
        found = self.db.getExistingTable(name, spec)
        return found if found is not None and self.has_table(name) else None

    def has_table(self, name: str) -> bool:
        """Ask the database whether a table exists."""
        with self.reading() as connection:
            return sa.inspect(connection).has_table(name, schema=self.namespace)

    def table_names(self, prefix: str) -> list[str]:
        """Give the names of the registry's tables that begin so, sorted."""
        with self.reading() as connection:
            return sorted(
                name for name in sa.inspect(connection).get_table_names(schema=self.namespace) if name.startswith(prefix)
            )

    @contextmanager
    def temporary_table(self, spec: ddl.TableSpec) -> Iterator[sa.Table]:
        """Make a table that lasts for this block, even in a read-only Butler."""
        with self.db.temporary_table(spec) as table:
            yield table

    def analyze(self, table: sa.Table) -> None:
        """Bring the planner's statistics of a table up to date, where the caller may."""
        name = self.db.dialect.identifier_preparer.format_table(table)
        with self.transaction() as connection:
            connection.execute(sa.text(f"ANALYZE {name}"))

    # ---- connections

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction, or join the one that is open."""
        with self.db._transaction() as (_, connection):
            yield connection

    @contextmanager
    def working(self) -> Iterator[sa.Connection]:
        """Open a transaction that may make temporary tables, even in a read-only Butler."""
        with self.db._transaction(for_temp_tables=True) as (_, connection):
            yield connection

    @contextmanager
    def atomic(self) -> Iterator[sa.Connection]:
        """Open a transaction, or a savepoint in the one that is open: an error undoes all of the block, and no more."""
        with self.db._transaction(savepoint=True, for_temp_tables=True) as (_, connection):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection for reading."""
        with self.db._session() as connection:
            if connection.in_transaction():
                yield connection
            else:
                with self.db._transaction() as (_, inner):
                    yield inner

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open (`bool`)."""
        return self.db.isInTransaction()

    # ---- what the registry knows

    def attribute(self, name: str) -> str | None:
        """Give one of the registry's attributes."""
        value: str | None = self.managers.attributes.get(name)
        return value

    def set_attribute(self, name: str, value: str) -> None:
        """Set one of the registry's attributes."""
        self.managers.attributes.set(name, value, force=True)

    def element_columns(self, element: DimensionElement, fields: Set[str] = frozenset()) -> tuple[sa.FromClause, dict[str, Any]]:
        """Give a dimension element's table and its columns.

        Returns
        -------
        from_clause : `sqlalchemy.FromClause`
            The table, or the subquery that stands for it.
        columns : `dict` [`str`, `sqlalchemy.ColumnElement`]
            The keys of all its required and implied dimensions by the dimension's name, and the fields by theirs.
        """
        joins = self.managers.dimensions.make_joins_builder(element, fields)
        columns: dict[str, Any] = {name: keys[0] for name, keys in joins.dimension_keys.items()}
        columns.update(joins.fields[element.name] if fields else {})
        return joins.from_clause, columns

    @property
    def has_obscore(self) -> bool:
        """Whether the registry keeps an ObsCore table beside its datasets (`bool`)."""
        return self.managers.obscore is not None

    # ---- TAGGED collections

    def collection_type(self, name: str) -> CollectionType | None:
        """Give a collection's type, or `None` where there is no such collection."""
        try:
            found: CollectionType = self.managers.collections.find(name).type
        except MissingCollectionError:
            return None
        return found

    def tags(self, dataset_type: DatasetType) -> tuple[sa.Table, int, str]:
        """Give the table that holds a dataset type's place in TAGGED collections.

        Returns
        -------
        table : `sqlalchemy.Table`
            Its columns are ``dataset_type_id``, ``dataset_id``, the collection's key, and the required dimensions.
        dataset_type_id : `int`
            The dataset type's number.
        collection_column : `str`
            The name of the column of the collection's key.
        """
        datasets = self.managers.datasets
        storage = datasets._find_storage(dataset_type.name)
        if storage is None:
            raise MissingDatasetTypeError(f"There is no dataset type {dataset_type.name}.")
        return datasets._get_tags_table(storage.dynamic_tables), storage.dataset_type_id, self._collection_column

    @property
    def _collection_column(self) -> str:
        name: str = self.managers.collections.getCollectionForeignKeyName()
        return name

    def collection_key(self, name: str) -> Any:
        """Give the key of a collection that exists."""
        return self.managers.collections.find(name).key

    @property
    def collections(self) -> sa.Table:
        """The table of all collections: ``collection_id``, which PostgreSQL gives but once, and ``name`` (`sqlalchemy.Table`)."""
        table: sa.Table = self.managers.collections._tables.collection
        return table

    def write_summary(self, collection: str, dataset_type: DatasetType, governors: Mapping[str, set[str]]) -> None:
        """Note that a collection has datasets of a type, with these values of instrument and the like.

        This comes before the datasets, whose rows refer to it.
        """
        summary = CollectionSummary()
        summary.dataset_types.add(dataset_type)
        summary.governors.update(governors)
        record = self.managers.collections.find(collection)
        self.managers.datasets._summaries.update(record, [self.tags(dataset_type)[1]], summary)

    def forget_summary(self, collection: str) -> None:
        """Let a caching context look again at what a collection has.

        Notes
        -----
        Butler's own `associate` leaves the summary stale; it has no way of forgetting one.
        """
        cache = self.managers.caching_context.collection_summaries
        if cache is not None:
            cache._cache.pop(self.collection_key(collection), None)

    # ---- text, by its bytes, whatever order the database's language has

    def extremes(self, text: sa.ColumnElement[str]) -> tuple[sa.ColumnElement[str], sa.ColumnElement[str]]:
        """Give the least and the greatest text of a group."""
        ordered = sa.collate(text, "C" if self.is_postgresql else "BINARY")
        return sa.func.min(ordered), sa.func.max(ordered)

    def joined(self, connection: sa.Connection, text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
        """Give the texts of a group, which are distinct, sorted and put one after another.

        Notes
        -----
        SQLite's own function has an order only since version 3.44, so that it gets another one for this connection.
        """
        if self.is_postgresql:
            order = sa.collate(text, "C")
            return sa.func.string_agg(text, aggregate_order_by(sa.literal(REASONS_BETWEEN), order))
        raw = connection.connection.driver_connection
        if raw is not None:
            raw.create_aggregate("dataid_set_joined", 1, _Joined)
        return sa.func.dataid_set_joined(text, type_=sa.Text)

    # ---- queries

    def datasets_select(self, results: DatasetRefQueryResults) -> sa.Select[Any] | None:
        """Give the SQL of a query for datasets.

        Returns
        -------
        select : `sqlalchemy.Select` or `None`
            Its columns are ``dataset_id`` and the required dimensions. `None` if Butler would drop some of its rows in Python.
        """
        spec, driver = results._spec, results._driver
        columns = spec.get_result_columns()
        if not isinstance(driver, DirectQueryDriver):
            raise TypeError("the query is not one that was opened here")
        builder = driver.build_query(results._tree, columns, find_first_dataset=spec.find_first_dataset)
        if builder.postprocessing:
            return None
        rows = builder.finish_select()[0].subquery()
        dataset_id = builder.final_columns.get_qualified_name(spec.dataset_type_name, "dataset_id")
        return sa.select(rows.c[dataset_id].label("dataset_id"), *[rows.c[name] for name in spec.dimensions.required])

    @contextmanager
    def query_driver(self, kind: type[D], **kwargs: Any) -> Iterator[D]:
        """Open a query driver of another class, set up as Butler sets up its own."""
        with self.managers.caching_context_manager():
            driver = kind(
                self.db,
                self.universe,
                self.managers,
                self._registry.dimension_record_cache,
                default_collections=self._registry.defaults.collections,
                default_data_id=self._registry.defaults.dataId,
                **kwargs,
            )
            with driver:
                yield driver

    def selected_data_ids(self, query: Query, results: DataCoordinateQueryResults) -> sa.Subquery | None:
        """Give a Butler query's data IDs as SQL, without running it.

        Parameters
        ----------
        query : `lsst.daf.butler.queries.Query`
            A query that is open.
        results : `lsst.daf.butler.queries.DataCoordinateQueryResults`
            Its results.

        Returns
        -------
        subquery : `sqlalchemy.Subquery` or `None`
            With a column for each dimension, implied ones among them; `None` where Butler filters in Python what the database
            gives.
        """
        driver: Any = query._driver
        spec = results._spec
        columns = spec.get_result_columns()
        columns.restore_dimension_keys()
        builder = driver.build_query(results._tree, columns)
        if builder.postprocessing:
            return None
        found: sa.Select[Any] = builder.finish_select()[0]
        return found.distinct().subquery()


def first_columns(available: Any) -> dict[str, Any]:
    """Give one column for each dimension of a query that is being built."""
    return {name: columns[0] for name, columns in available.items()}


class _Joined:
    """SQLite's aggregate of texts, sorted and put one after another."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def step(self, text: str) -> None:
        """Take one more."""
        self._texts.add(text)

    def finalize(self) -> str:
        """Give them all."""
        return REASONS_BETWEEN.join(sorted(self._texts))


@contextmanager
def mistakes_told(*, where: str, remedy: str) -> Iterator[None]:
    """Say of a mistake that Butler finds where it is, and what to do.

    Raises
    ------
    DataIdSetValueError
        If Butler finds one in what the user gave.
    """
    try:
        yield
    except DataIdSetError:
        raise
    except (ButlerUserError, RegistryError) as error:
        # The text of a KeyError is the representation of what it was given.
        told = " ".join(str(error.args[0] if error.args else error).split())
        raise DataIdSetValueError(Problem(code="butler", where=where, message=told, remedy=remedy)) from error
