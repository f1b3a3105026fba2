"""The catalogue of sets, where two tell of the same at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

from campaigns.domain.dataidsets import DataIdSetEntry, ReasonCount
from campaigns.domain.identity import SYSTEM
from campaigns.storage.database import Database
from campaigns.storage.dataidsets import DataIdSetStore

ENTRY = DataIdSetEntry(
    uuid=str(uuid4()), site="here", butler="main", name="demo/bad", version=1, digest="d1", dimensions=("visit",), n_rows=3,
    n_pending=0, owner="o", description="", source="", created_us=1, seen_us=1,
    reasons=(ReasonCount("bright", 2), ReasonCount("", 1)), n_reasons=2, rows_sha256="a" * 64,
)  # fmt: skip


def _found(database: Database) -> DataIdSetEntry:
    with database.read() as session:
        entry = DataIdSetStore(session, SYSTEM).find("here", "main", "demo/bad", 1)
    assert entry is not None
    return entry


def _put(database: Database, entry: DataIdSetEntry) -> None:
    with database.write() as session:
        DataIdSetStore(session, SYSTEM).put(entry)


def test_two_tell_of_the_same_set_at_once(database: Database) -> None:
    start = threading.Barrier(2)

    def tell(number: int) -> None:
        for name in range(20):
            start.wait(10)
            _put(database, replace(ENTRY, uuid=str(uuid4()), name=f"set/{name}", seen_us=number))

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(tell, number) for number in (1, 2)]:
            future.result()
    with database.read() as session:
        assert len(DataIdSetStore(session, SYSTEM).listed(limit=100)) == 20


def test_less_is_not_written_over_more_unless_it_is_another(database: Database) -> None:
    _put(database, ENTRY)
    short = replace(ENTRY, uuid=str(uuid4()), reasons=(), n_reasons=None, rows_sha256=None, seen_us=2, description="changed")
    _put(database, short)
    found = _found(database)
    assert (found.reasons, found.n_reasons, found.rows_sha256) == (ENTRY.reasons, 2, ENTRY.rows_sha256)
    assert (found.uuid, found.seen_us, found.description) == (ENTRY.uuid, 2, "changed")
    _put(database, replace(short, digest="d2"))
    found = _found(database)
    assert (found.reasons, found.n_reasons, found.rows_sha256, found.digest) == ((), None, None, "d2")


def test_what_was_told_after_the_question_is_not_forgotten(database: Database) -> None:
    _put(database, ENTRY)
    _put(database, replace(ENTRY, uuid=str(uuid4()), version=2, seen_us=9))
    with database.write() as session:
        store = DataIdSetStore(session, SYSTEM)
        assert store.known("here", "main", limit=1) == [("demo/bad", store.listed(limit=1)[0].version, "d1")]
        store.keep_only("here", "main", [], asked_us=5)
        assert [one.version for one in store.listed(limit=9)] == [2]
