"""What PostgreSQL refuses to plain SQL."""

from __future__ import annotations

import pytest

from dataid_sets import DataIdSetPermissionError, DataIdSetValueError, NoSuchDataIdSetError
from plain_sql import HEADER, REFUSED, ROW, ROWS, TABLES, USE, count, own_set
from registries import Shared

pytestmark = pytest.mark.postgres


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
