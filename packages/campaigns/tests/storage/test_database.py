"""Events, counters and sessions, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from campaigns.domain.errors import InvalidInput
from campaigns.domain.events import EventDraft
from campaigns.domain.identity import SYSTEM
from campaigns.schema.event import EventRow
from campaigns.storage.database import Database
from campaigns.storage.events import EventStore


def _draft(summary: str) -> EventDraft:
    return EventDraft(kind="test", summary=summary, actor="tests", at_us=1)


def _numbers(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(EventRow.number).order_by(EventRow.number)))


def test_numbers_have_no_gaps_whatever_fails(database: Database) -> None:
    def write(number: int) -> None:
        try:
            with database.write() as session:
                session.record(_draft(str(number)))
                session.record(_draft(f"{number} again"))
                if number % 3 == 0:
                    raise RuntimeError
        except RuntimeError:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(60)))
    assert _numbers(database) == list(range(1, 81))


def test_a_reader_who_follows_the_numbers_misses_none(database: Database) -> None:
    """Others write at the same time, some of them slowly: a number is only seen when all before it are."""
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        while True:
            last_look = done.is_set()
            with database.read() as session:
                after = seen[-1] if seen else 0
                seen.extend(event.number for event in EventStore(session, SYSTEM).after(after, campaign_uuid=None, limit=7))
            if last_look and len(seen) >= 100:
                return

    def write(number: int) -> None:
        with database.write() as session:
            session.record(_draft(str(number)))
            session.execute(text("SELECT 1"))

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(100)))
    done.set()
    reader.join(timeout=30)
    assert seen == list(range(1, 101))


def test_a_read_session_cannot_write(database: Database) -> None:
    with database.read() as session, pytest.raises(DatabaseError, match=r"read-?only"):
        session.execute(text("UPDATE counter SET value = 99"))


def test_counters_are_given_once(database: Database) -> None:
    def take(_: int) -> int:
        with database.write() as session:
            return session.next_number("submission")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(40))) == list(range(1, 41))


def test_the_bell_wakes_who_waits(database: Database) -> None:
    before = database.bell.count
    woken: list[int] = []
    waiter = threading.Thread(target=lambda: woken.append(database.bell.wait(since=before, timeout_s=20)))
    waiter.start()
    with database.write() as session:
        session.record(_draft("ring"))
    waiter.join(timeout=10)
    assert woken == [before + 1]


def test_other_databases_are_refused() -> None:
    with pytest.raises(InvalidInput, match="mysql"):
        Database("mysql://somewhere/else")


def test_sqlite_is_set_up_as_decided(sqlite_database: Database) -> None:
    with sqlite_database.engine.connect() as connection:
        for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 20_000)):
            assert connection.scalar(text(f"PRAGMA {pragma}")) == wanted


def test_statistics_are_gathered_where_there_is_much(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered = text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
    sqlite_database.gather_statistics()
    with sqlite_database.read() as session:
        assert not session.scalar(gathered)
    monkeypatch.setattr("campaigns.storage.database.MANY_CAMPAIGNS", 0)
    sqlite_database.gather_statistics()
    with sqlite_database.read() as session:
        assert session.scalar(gathered)


def test_each_look_sees_what_was_committed_last(database: Database) -> None:
    with database.look() as connection:
        assert connection.scalar(text("SELECT count(*) FROM event")) == 0
    with database.write() as session:
        session.record(_draft("made"))
    with database.look() as connection:
        assert connection.scalar(text("SELECT count(*) FROM event")) == 1
