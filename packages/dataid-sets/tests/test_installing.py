"""What ordinary roles can do, and what it takes to install."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from lsst.daf.butler import Butler, ButlerConfig

from dataid_sets import DataIdSetPermissionError, DataIdSets, DataIdSetSchemaError
from plain_sql import ROWS
from registries import Shared

pytestmark = pytest.mark.postgres


class TestOrdinaryRoles:
    @pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
    def test_they_load_by_either_driver(self, shared: Shared, name: str, driver: str) -> None:
        rows = [{"instrument": "HSC", "visit": visit, "reason": f"reason {visit % 3}"} for visit in range(1, 2001)]
        sets = shared.sets("carol", driver=driver)
        made = sets.create(name, rows, unknown="pending")
        assert sets.read(made).digest == made.digest
        again = sets.union(f"{name}/union", [made, made])
        assert again.digest == made.digest
        assert {each.owner for each in sets.list(name=f"{name}*")} == {"carol"}

    def test_they_make_no_tables(self, shared: Shared, name: str) -> None:
        sets = shared.sets("alice")
        with pytest.raises(DataIdSetSchemaError, match="as registrar"):
            sets.init()
        rows = [{"instrument": "HSC", "physical_filter": "HSC-R"}]
        with pytest.raises(DataIdSetSchemaError, match="no table for sets of instrument"):
            sets.create(name, rows)
        with pytest.raises(DataIdSetPermissionError, match="Only the registry's owner"):
            sets.set_quota("alice", None)
        with pytest.raises(DataIdSetPermissionError, match="Only the registry's owner"):
            sets.check(mend=True)
        sets = shared.sets("registrar")
        made = sets.create(name, rows)
        assert sets.check() == []
        sets.remove(made)
        sets = shared.sets("bob")
        assert sets.create(f"{name}/bob", rows).n_rows == 1

    def test_a_table_that_another_made_is_not_used(self, shared: Shared, name: str) -> None:
        with shared.connect() as connection:
            connection.execute("GRANT CREATE ON SCHEMA registry TO carol")
            connection.commit()
            with shared.connect("carol", autocommit=True) as other:
                other.execute(
                    "CREATE TABLE dataid_set_rows_band (set_id bigint NOT NULL, band varchar(32) NOT NULL, reason_id bigint,"
                    " PRIMARY KEY (set_id, band))"
                )
                other.execute("GRANT ALL ON dataid_set_rows_band TO PUBLIC")
            try:
                sets = shared.sets("alice")
                with pytest.raises(DataIdSetSchemaError, match="not guarded by the owner"):
                    sets.create(name, [{"band": "r"}])
            finally:
                connection.execute("DROP TABLE dataid_set_rows_band")
                connection.execute("REVOKE CREATE ON SCHEMA registry FROM carol")
                connection.commit()


class TestInstalling:
    @pytest.fixture
    def fresh(self, make_hsc) -> Iterator[Shared]:
        root = make_hsc("psycopg")
        with Shared(root, ButlerConfig(str(root))["registry", "db"].replace("+psycopg", "")).closing() as made:
            yield made

    def test_twice_and_two_at_once(self, fresh: Shared, people) -> None:
        errors: list[Exception] = []

        def install() -> None:
            try:
                with Butler.from_config(fresh.root, writeable=True) as butler:
                    DataIdSets(butler).init()
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=install) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        with Butler.from_config(fresh.root, writeable=True) as butler:
            sets = DataIdSets(butler)
            assert sets.check() == []
            sets.init()
            assert sets.check() == []

    def test_an_ordinary_role_leaves_nothing(self, fresh: Shared, people) -> None:
        with fresh.connect(autocommit=True) as connection:
            connection.execute("GRANT ALL ON SCHEMA registry TO PUBLIC")
            connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA registry TO PUBLIC")
            sets = fresh.sets("alice")
            with pytest.raises(DataIdSetSchemaError, match="Only the owner"):
                sets.init()
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'dataid%'").fetchone() == (0,)

    def test_guards_that_were_taken_away_are_told_and_mended(self, fresh: Shared, people) -> None:
        with Butler.from_config(fresh.root, writeable=True) as butler, fresh.connect(autocommit=True) as connection:
            sets = DataIdSets(butler)
            sets.init()
            connection.execute("DROP POLICY dataid_sets_select ON dataid_set")
            connection.execute("ALTER TABLE dataid_set_rows_visit DISABLE ROW LEVEL SECURITY")
            connection.execute("DROP TRIGGER dataid_sets_added ON dataid_set_rows_tract")
            connection.execute("CREATE POLICY open ON dataid_set_reason USING (true)")
            wrong = ["dataid_set", "dataid_set_reason", "dataid_set_rows_tract", "dataid_set_rows_visit"]
            assert sorted(finding.where for finding in sets.check()) == wrong
            assert all(finding.mended for finding in sets.check(mend=True))
            assert sets.check() == []

    def test_writing_can_be_given_to_a_role(self, fresh: Shared, people) -> None:
        with fresh.connect(autocommit=True) as connection, Butler.from_config(fresh.root, writeable=True) as butler:
            connection.execute("GRANT USAGE ON SCHEMA registry TO PUBLIC")
            connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA registry TO PUBLIC")
            sets = DataIdSets(butler)
            with pytest.raises(DataIdSetSchemaError, match="no role nobodies"):
                sets.init(grant_to="nobodies")
            sets.init(grant_to="shifters")
            sets.init()  # keeps what was said
            mine = fresh.sets("alice")
            mine.create("of-a-shifter", ROWS)
            theirs = fresh.sets("carol")
            assert theirs.read("of-a-shifter").digest
            with pytest.raises(DataIdSetPermissionError, match="permission denied"):
                theirs.create("of-another", ROWS)
