"""What PostgreSQL refuses to plain SQL, and what ordinary roles can do all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from lsst.daf.butler import Butler, ButlerConfig

from dataid_sets import DataIdSetPermissionError, DataIdSets, DataIdSetSchemaError, DataIdSetValueError, NoSuchDataIdSetError
from registries import Shared

pytestmark = pytest.mark.postgres

ROWS = [{"instrument": "HSC", "visit": visit, "reason": "ghost"} for visit in (903334, 903336, 903338)]
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.DatabaseError)
HEADER = (
    "INSERT INTO dataid_set (id, name, version, dimensions, n_rows, n_pending, digest, reasons_digest, owner, access, created)"
    " VALUES (nextval('dataid_set_seq_id'), %(name)s, %(version)s, 'instrument,visit', %(n_rows)s, 0, 'd', 'd', %(owner)s,"
    " 'everyone', 0) RETURNING id"
)
ROW = "INSERT INTO dataid_set_rows_visit (set_id, instrument, visit) SELECT %s, 'HSC', generate_series(1, %s)"
USE = (
    "INSERT INTO dataid_set_use (id, set_id, set_name, set_version, digest, role, kind, used, used_by)"
    " SELECT nextval('dataid_set_use_seq_id'), id, name, version, digest, 'exclude', 'run', 0, %(by)s FROM dataid_set"
    " WHERE id = %(id)s"
)


@pytest.fixture
def private(shared: Shared, name: str) -> Iterator[int]:
    """Give the number of a private set of alice's."""
    sets = shared.sets("alice")
    made = sets.create(name, ROWS, access="private")
    yield made.id
    sets.remove(made)


@pytest.fixture
def public(shared: Shared, name: str) -> Iterator[int]:
    """Give the number of alice's set that is open to everyone."""
    sets = shared.sets("alice")
    made = sets.create(f"{name}/public", ROWS)
    yield made.id
    sets.remove(made)


@pytest.fixture
def broad(shared: Shared) -> None:
    """Give everyone every right, as careless administrators do."""
    with shared.connect(autocommit=True) as connection:
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA registry TO PUBLIC")
        connection.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA registry TO PUBLIC")


@pytest.fixture(params=["narrow", "broad"])
def grants(request: pytest.FixtureRequest, shared: Shared) -> Iterator[None]:
    """Go on with the grants that an installation makes, and with every grant there is."""
    if request.param == "broad":
        request.getfixturevalue("broad")
    yield
    if request.param == "broad":
        sets = shared.sets("registrar")
        sets.init()


def count(connection: psycopg.Connection, table: str, set_id: int) -> int:
    column = "id" if table == "dataid_set" else "set_id"
    return connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [set_id]).fetchone()[0]


def own_set(connection: psycopg.Connection, name: str, role: str, n_rows: int, *, declared: int | None = None) -> int:
    """Make a set by plain SQL."""
    connection.execute("INSERT INTO dataid_set_name VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", [name, role])
    version = connection.execute(
        "UPDATE dataid_set_name SET newest = newest + 1 WHERE name = %s RETURNING newest", [name]
    ).fetchone()[0]
    header = {"name": name, "version": version, "owner": role, "n_rows": n_rows if declared is None else declared}
    set_id = connection.execute(HEADER, header).fetchone()[0]
    if n_rows:
        connection.execute(ROW, [set_id, n_rows])
    return set_id


TABLES = ("dataid_set", "dataid_set_rows_visit", "dataid_set_reason")


class TestReading:
    def test_private_sets_are_their_owners(self, shared: Shared, private: int) -> None:
        for role, seen in (("alice", [1, 3, 1]), ("bob", [0, 0, 0]), ("carol", [0, 0, 0]), ("registrar", [1, 3, 1])):
            with shared.connect(role) as connection:
                assert [count(connection, table, private) for table in TABLES] == seen, role

    def test_sets_of_a_group_are_its_members(self, shared: Shared, private: int, name: str) -> None:
        sets = shared.sets("alice")
        sets.share(name, "group", "shifters")
        for role, seen in (("alice", [1, 3, 1]), ("bob", [1, 3, 1]), ("carol", [0, 0, 0])):
            with shared.connect(role) as connection:
                assert [count(connection, table, private) for table in TABLES] == seen, role
        sets = shared.sets("bob")
        assert sets.read(name).digest == sets.find(name).digest

    def test_a_group_that_is_no_role_is_refused_and_harms_nobody(self, shared: Shared, private: int, name: str) -> None:
        sets = shared.sets("alice")
        with pytest.raises(DataIdSetValueError, match="no role nobodies"):
            sets.share(name, "group", "nobodies")
        with shared.connect("alice", autocommit=True) as connection:
            connection.execute("UPDATE dataid_set SET access = 'group', group_name = 'nobodies' WHERE id = %s", [private])
        with shared.connect("bob") as connection:
            assert count(connection, "dataid_set", private) == 0

    def test_names_and_uses_of_private_sets_do_not_show(self, shared: Shared, private: int, name: str) -> None:
        with shared.connect("alice") as mine, shared.connect("bob") as theirs:
            mine.execute(USE, {"by": "alice", "id": private})
            mine.commit()
            for connection, seen in ((mine, 1), (theirs, 0)):
                assert count(connection, "dataid_set_use", private) == seen
                assert connection.execute("SELECT count(*) FROM dataid_set_name WHERE name = %s", [name]).fetchone()[0] == seen

    def test_the_ledger_is_nobodys(self, shared: Shared) -> None:
        with shared.connect("alice") as connection, pytest.raises(REFUSED, match="permission denied"):
            connection.execute("SELECT * FROM dataid_set_ledger")

    def test_a_butler_that_may_not_write_reads_what_it_may(self, shared: Shared, private: int, public: int, name: str) -> None:
        sets = shared.sets("bob", writeable=False)
        assert [each.name for each in sets.list(name=f"{name}*")] == [f"{name}/public"]
        assert len(sets.read(f"{name}/public")) == 3
        with pytest.raises(NoSuchDataIdSetError):
            sets.find(name)
        with sets.query(exclude=[f"{name}/public"]) as query:
            assert len(list(query.data_ids(["visit"]))) == 8


@pytest.mark.usefixtures("grants")
class TestOthersSets:
    """Bob tries alice's public set."""

    STATEMENTS = {
        "drop rows": "DELETE FROM dataid_set_rows_visit WHERE set_id = %(id)s",
        "drop reasons": "DELETE FROM dataid_set_reason WHERE set_id = %(id)s",
        "drop header": "DELETE FROM dataid_set WHERE id = %(id)s",
        "change rows": "UPDATE dataid_set_rows_visit SET visit = visit + 1 WHERE set_id = %(id)s",
        "change reasons": "UPDATE dataid_set_reason SET reason = 'none' WHERE set_id = %(id)s",
        "open it": "UPDATE dataid_set SET access = 'private' WHERE id = %(id)s",
        "take it": "UPDATE dataid_set SET owner = 'bob' WHERE id = %(id)s",
        "mark it": "UPDATE dataid_set SET removed = 1 WHERE id = %(id)s",
        "add rows": "INSERT INTO dataid_set_rows_visit (set_id, instrument, visit) VALUES (%(id)s, 'HSC', 1)",
        "add reasons": "INSERT INTO dataid_set_reason VALUES (%(id)s, 99, 'forged')",
        "take its name": "UPDATE dataid_set_name SET owner = 'bob'",
        "forget its name": "DELETE FROM dataid_set_name",
        "empty rows": "TRUNCATE dataid_set_rows_visit",
        "empty headers": "TRUNCATE dataid_set",
        "give quota": "INSERT INTO dataid_set_quota VALUES ('bob', 1000000)",
        "forge a use": USE.replace("%(by)s", "'alice'"),
        "forge a digest": USE.replace(", digest, 'exclude'", ", 'other', 'exclude'").replace("%(by)s", "'bob'"),
    }

    @pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
    def test_nothing_changes(self, shared: Shared, public: int, statement: str) -> None:
        def everything() -> list[tuple]:
            with shared.connect("registrar") as connection:
                tables = (
                    "dataid_set",
                    "dataid_set_rows_visit",
                    "dataid_set_reason",
                    "dataid_set_name",
                    "dataid_set_use",
                    "dataid_set_quota",
                )
                return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in tables[:1]] + [
                    sorted(map(str, connection.execute(f"SELECT * FROM {table}").fetchall())) for table in tables[1:]
                ]

        before = everything()
        with shared.connect("bob") as connection:
            try:
                connection.execute(statement, {"id": public})
                connection.commit()
            except REFUSED:
                pass
        assert everything() == before

    def test_names_and_owners_cannot_be_forged(self, shared: Shared, public: int, name: str) -> None:
        with shared.connect("bob") as connection, pytest.raises(REFUSED, match="row-level security"):
            own_set(connection, f"{name}/forged", "alice", 1)
        header = {"name": f"{name}/public", "version": 2, "owner": "bob", "n_rows": 0}
        with shared.connect("bob") as connection, pytest.raises(REFUSED, match="row-level security"):
            connection.execute(HEADER, header)
        sets = shared.sets("bob")
        with pytest.raises(DataIdSetPermissionError, match="belongs to someone else"):
            sets.create(f"{name}/public", ROWS)


@pytest.mark.usefixtures("grants")
class TestOwnSets:
    """Alice tries to change what she made."""

    STATEMENTS = {
        "rows": "UPDATE dataid_set_rows_visit SET visit = visit + 1 WHERE set_id = %(id)s",
        "some rows": "DELETE FROM dataid_set_rows_visit WHERE set_id = %(id)s AND visit = 903334",
        "reasons": "DELETE FROM dataid_set_reason WHERE set_id = %(id)s",
        "digest": "UPDATE dataid_set SET digest = 'other' WHERE id = %(id)s",
        "size": "UPDATE dataid_set SET n_rows = 1 WHERE id = %(id)s",
        "owner": "UPDATE dataid_set SET owner = 'bob' WHERE id = %(id)s",
        "number": "UPDATE dataid_set SET version = 7 WHERE id = %(id)s",
        "header": "DELETE FROM dataid_set WHERE id = %(id)s",
        "more rows": "INSERT INTO dataid_set_rows_visit (set_id, instrument, visit) VALUES (%(id)s, 'HSC', 1)",
        "more reasons": "INSERT INTO dataid_set_reason VALUES (%(id)s, 99, 'forged')",
        "newest": "UPDATE dataid_set_name SET newest = 0",
        "newest by far": "UPDATE dataid_set_name SET newest = newest + 2",
        "strange access": "UPDATE dataid_set SET access = 'all' WHERE id = %(id)s",
    }

    @pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
    def test_they_are_immutable(self, shared: Shared, public: int, statement: str) -> None:
        with shared.connect("alice") as connection:
            try:
                assert connection.execute(statement, {"id": public}).rowcount == 0
            except REFUSED:
                return
            assert [count(connection, table, public) for table in TABLES] == [1, 3, 1]

    def test_an_update_in_the_same_transaction_opens_nothing(self, shared: Shared, public: int) -> None:
        with shared.connect("alice") as connection:
            connection.execute("UPDATE dataid_set SET description = 'mine' WHERE id = %s", [public])
            with pytest.raises(REFUSED, match="is whole"):
                connection.execute(ROW, [public, 1])

    def test_savepoints_do_not_matter(self, shared: Shared, name: str) -> None:
        sets = shared.sets("alice")
        with sets.butler._registry.transaction(), sets.butler._registry.transaction(savepoint=True):
            made = sets.create(name, ROWS)
        assert len(sets.read(made)) == 3
        sets.remove(made)
        with shared.connect("alice") as connection:
            with connection.transaction():
                set_id = own_set(connection, name, "alice", 0, declared=2)
            with connection.transaction():
                connection.execute(ROW, [set_id, 2])
            connection.commit()
            assert count(connection, "dataid_set_rows_visit", set_id) == 2

    def test_what_is_not_whole_is_not_committed(self, shared: Shared, name: str) -> None:
        with shared.connect("alice") as connection:
            own_set(connection, name, "alice", 2, declared=3)
            with pytest.raises(REFUSED, match="does not have the rows"):
                connection.commit()
        with shared.connect("alice") as connection, pytest.raises(REFUSED, match="more rows"):
            own_set(connection, name, "alice", 3, declared=2)

    def test_a_removed_set_stays_removed_and_its_number_is_not_used_again(self, shared: Shared, name: str) -> None:
        with shared.connect("alice") as connection:
            set_id = own_set(connection, name, "alice", 2)
            connection.commit()
            connection.execute("UPDATE dataid_set SET removed = 1 WHERE id = %s", [set_id])
            with pytest.raises(REFUSED, match="still has rows"), connection.transaction():
                connection.execute("DELETE FROM dataid_set WHERE id = %s", [set_id])
            with pytest.raises(REFUSED, match="cannot be changed"), connection.transaction():
                connection.execute("UPDATE dataid_set SET removed = NULL WHERE id = %s", [set_id])
            connection.execute("DELETE FROM dataid_set_rows_visit WHERE set_id = %s", [set_id])
            connection.execute("DELETE FROM dataid_set WHERE id = %s", [set_id])
            assert count(connection, "dataid_set", set_id) == 0
            header = {"name": name, "version": 1, "owner": "alice", "n_rows": 0}
            with pytest.raises(REFUSED, match="ledger"):
                connection.execute(HEADER, header)

    def test_numbers_are_the_databases(self, shared: Shared, name: str) -> None:
        with shared.connect("alice") as connection:
            connection.execute("INSERT INTO dataid_set_name VALUES (%s, 'alice', 0)", [name])
            connection.execute("UPDATE dataid_set_name SET newest = 1 WHERE name = %s", [name])
            forged = HEADER.replace("nextval('dataid_set_seq_id')", "1000000")
            header = {"name": name, "version": 1, "owner": "alice", "n_rows": 0}
            assert connection.execute(forged, header).fetchone()[0] < 1_000_000

    def test_what_was_used_keeps_its_header(self, shared: Shared, name: str) -> None:
        with shared.connect("alice", autocommit=True) as connection:
            with connection.transaction():
                set_id = own_set(connection, name, "alice", 2)
            with shared.connect("bob", autocommit=True) as other:
                other.execute(USE, {"by": "bob", "id": set_id})
            connection.execute("UPDATE dataid_set SET removed = 1 WHERE id = %s", [set_id])
            connection.execute("DELETE FROM dataid_set_rows_visit WHERE set_id = %s", [set_id])
            connection.execute("DELETE FROM dataid_set WHERE id = %s", [set_id])
            assert count(connection, "dataid_set", set_id) == 1


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


class TestQuotas:
    @pytest.fixture(autouse=True)
    def _quota(self, shared: Shared) -> Iterator[None]:
        with shared.connect(autocommit=True) as connection:
            kept = connection.execute("SELECT coalesce(sum(n_rows), 0) FROM dataid_set_ledger WHERE owner = 'bob'").fetchone()[0]
            sets = shared.sets("registrar")
            sets.set_quota("bob", int(kept) + 5)
            yield
            sets.set_quota("bob", None)
            sets.set_quota("*", None)

    def test_it_is_told_in_words(self, shared: Shared, name: str) -> None:
        sets = shared.sets("bob")
        made = sets.create(name, ROWS)
        with pytest.raises(DataIdSetPermissionError, match=r"3 more do not fit.*Remove sets"):
            sets.create(name, ROWS)
        sets.remove(made)
        sets.remove(sets.create(name, ROWS))

    @pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
    def test_the_databases_word_is_told_alike(
        self, shared: Shared, name: str, driver: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sets = shared.sets("bob", driver=driver)
        monkeypatch.setattr(type(sets._headers.quotas), "require", lambda *_: None)
        rows = [{"instrument": "HSC", "visit": visit} for visit in range(1, 7)]
        with pytest.raises(DataIdSetPermissionError, match="6 more do not fit") as raised:
            sets.create(name, rows, unknown="pending")
        assert raised.value.problems[0].code == "quota_used_up"
        assert sets.list(name=name) == []

    def test_plain_sql_cannot_pass(self, shared: Shared, name: str) -> None:
        with shared.connect("bob") as connection:
            set_id = own_set(connection, name, "bob", 3, declared=6)
            with pytest.raises(psycopg.DatabaseError) as raised:
                connection.execute("INSERT INTO dataid_set_rows_visit SELECT %s, 'HSC', generate_series(11, 13)", [set_id])
            assert raised.value.sqlstate == "DSQ01"

    def test_two_at_once_do_not_both_pass(self, shared: Shared, name: str) -> None:
        states: list[str | None] = []

        def load() -> None:
            with shared.connect("bob") as connection:
                try:
                    own_set(connection, f"{name}/second", "bob", 3)
                except psycopg.DatabaseError as error:
                    states.append(error.sqlstate)

        with shared.connect("bob") as connection:
            own_set(connection, f"{name}/first", "bob", 3)
            second = threading.Thread(target=load)
            second.start()
            second.join(0.5)
            assert second.is_alive(), "it does not wait for the first, which is not committed yet"
            connection.commit()
            second.join()
        assert states == ["DSQ01"]

    def test_a_snapshot_from_before_does_not_help(self, shared: Shared, name: str) -> None:
        with shared.connect("bob") as connection:
            connection.commit()
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(REFUSED, match="read committed"):
                own_set(connection, name, "bob", 1)

    def test_everyone_else_and_the_administrator(self, shared: Shared, name: str) -> None:
        sets = shared.sets("registrar")
        sets.set_quota("*", 0)
        sets.remove(sets.create(f"{name}/registrar", ROWS))
        theirs = shared.sets("carol")
        with pytest.raises(DataIdSetPermissionError, match="of 0 rows"):
            theirs.create(f"{name}/carol", ROWS)
        theirs = shared.sets("bob")
        theirs.remove(theirs.create(f"{name}/bob", ROWS))
        quotas = theirs._headers.quotas
        with theirs._inside.reading() as connection:
            assert quotas.limit(connection, "bob") - quotas.kept(connection, "bob") == 5


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
