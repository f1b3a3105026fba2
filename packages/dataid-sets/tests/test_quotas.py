"""How many rows an owner may keep, whatever SQL they use."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from lsst.daf.butler import CollectionType

from dataid_sets import DataIdSetPermissionError
from plain_sql import REFUSED, ROWS, TAGGED, own_set
from registries import Shared

pytestmark = pytest.mark.postgres


class TestQuotas:
    @pytest.fixture(autouse=True)
    def _quota(self, shared: Shared) -> Iterator[None]:
        with shared.connect(autocommit=True) as connection:
            kept = connection.execute("SELECT dataid_set_kept('bob')").fetchone()[0]
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

    @pytest.mark.usefixtures("grants")
    def test_what_was_tagged_counts_until_the_collection_goes(self, shared: Shared, public: int, name: str) -> None:
        collections = shared.sets("registrar").butler.collections
        collections.register(name, CollectionType.TAGGED)
        use = {"id": public, "collection": name, "n_rows": 4, "by": "bob"}
        for wrong, state in (({"n_rows": 6}, "DSQ01"), ({"n_rows": -1}, "42501"), ({"by": "alice"}, "42501")):
            with shared.connect("bob") as connection, pytest.raises(psycopg.DatabaseError) as raised:
                connection.execute(TAGGED, {**use, **wrong})
            assert raised.value.sqlstate == state
        with shared.connect("bob") as connection:
            connection.execute(TAGGED, use)
            connection.commit()
        for statement in ("UPDATE dataid_set_use SET n_rows = 0", "DELETE FROM dataid_set_use"):
            with shared.connect("bob") as connection:
                try:
                    assert connection.execute(statement).rowcount == 0
                except REFUSED:
                    continue
        sets = shared.sets("bob")
        with pytest.raises(DataIdSetPermissionError, match="3 more do not fit"):
            sets.create(f"{name}/bob", ROWS)
        with shared.connect("bob") as connection, pytest.raises(psycopg.DatabaseError, match="would keep"):
            own_set(connection, f"{name}/bob", "bob", 3)
        collections.x_remove(name)
        sets.remove(sets.create(f"{name}/bob", ROWS))
        # The number is that of the collection that is gone, whatever comes by its name.
        collections.register(name, CollectionType.TAGGED)
        sets.remove(sets.create(f"{name}/bob", ROWS))
        collections.x_remove(name)
