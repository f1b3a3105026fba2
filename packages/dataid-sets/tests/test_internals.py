"""What this package needs of Butler's inside: to be run against each new Butler."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from lsst.daf.butler import Butler, DimensionUniverse, ddl
from lsst.daf.butler.direct_query_driver import DirectQueryDriver
from lsst.daf.butler.queries import Query

from dataid_sets import DataIdSets, UnsupportedButlerError
from dataid_sets._internals import Inside


@pytest.fixture
def inside(butler: Butler) -> Inside:
    return Inside(butler)


def test_a_butler_without_a_database_is_refused() -> None:
    class Remote:
        """Stands for a Butler that is a client of a server."""

    with pytest.raises(UnsupportedButlerError, match="Remote has no registry database"):
        DataIdSets(Remote())  # type: ignore[arg-type]


def test_tables_are_made_once_and_found_again(inside: Inside) -> None:
    spec = ddl.TableSpec(fields=[ddl.FieldSpec("id", sa.BigInteger, primaryKey=True)])
    assert inside.table("contract_test", spec) is None
    inside.create_table("contract_test", spec)
    inside.create_table("contract_test", spec)
    assert inside.has_table("contract_test")
    assert "contract_test" in inside.table_names("contract_")
    with inside.transaction() as connection:
        sa.Table("contract_test", sa.MetaData(), schema=inside.namespace).drop(connection)
    inside.db._metadata.remove_table("contract_test")


def test_an_aborted_transaction_leaves_nothing_and_a_nested_one_joins(inside: Inside, name: str) -> None:
    def interrupted() -> None:
        with inside.transaction() as outer:
            inside.set_attribute(name, "1")
            with inside.transaction() as inner:
                assert inner is outer
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert inside.attribute(name) is None
    assert not inside.in_transaction


def test_collections_have_numbers_and_names(inside: Inside, name: str) -> None:
    inside.butler.collections.register(name)
    table = inside.collections
    with inside.reading() as connection:
        key = connection.execute(sa.select(table.c.collection_id).where(table.c.name == name)).scalar_one()
    assert (table.name, key) == ("collection", inside.collection_key(name))


def test_dimension_elements_give_their_keys(inside: Inside) -> None:
    universe: DimensionUniverse = inside.universe
    for element, expected in {
        "visit": {"instrument", "visit", "physical_filter", "day_obs"},
        "visit_definition": {"instrument", "exposure", "visit"},
        "visit_system_membership": {"instrument", "visit", "visit_system"},
        "band": {"band"},
    }.items():
        source, columns = inside.element_columns(universe[element])
        assert expected <= columns.keys()
        with inside.reading() as connection:
            connection.execute(sa.select(*columns.values()).select_from(source).limit(1)).all()


def test_temporary_tables_are_allowed_to_readers(hsc_root) -> None:
    with Butler.from_config(hsc_root, writeable=False) as butler:
        inside = Inside(butler)
        spec = ddl.TableSpec(fields=[ddl.FieldSpec("id", sa.BigInteger, primaryKey=True)])
        with inside.temporary_table(spec) as table, inside.working() as connection:
            connection.execute(sa.insert(table).values(id=1))
            assert connection.execute(sa.select(table.c.id)).scalar_one() == 1


def test_the_query_driver_has_the_hook_that_adds_conditions(inside: Inside) -> None:
    seen = []

    class Watching(DirectQueryDriver):
        def apply_missing_dimension_joins(self, select_builder, joins_analysis) -> None:
            super().apply_missing_dimension_joins(select_builder, joins_analysis)
            seen.append(set(select_builder.joins.dimension_keys))

    with inside.query_driver(Watching) as driver:
        list(Query(driver).data_ids(["visit"]))
    assert seen == [{"instrument", "visit", "band", "physical_filter", "day_obs"}]
    with inside.butler.query() as query:
        selected = inside.selected_data_ids(query, query.data_ids(["visit"]))
        assert selected is not None
        assert {"instrument", "visit"} <= set(selected.c.keys())
