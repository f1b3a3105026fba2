"""The connection to SQLite or PostgreSQL, and the two kinds of session: reading and writing.

All differences between the databases that are not SQL are in this module. A write session is one short transaction: it is
committed by whoever opened it (a request, a command), and numbers its events just before, under the counter's lock.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, create_engine, event, func, make_url, select, update
from sqlalchemy.orm import Session

from campaigns.domain.errors import InvalidInput
from campaigns.domain.events import EventDraft
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.counter import CounterRow
from campaigns.schema.event import EventRow
from campaigns.storage.bell import Bell
from campaigns.storage.inserting import put_rows

__all__ = ("Database", "WriteSession")

BUSY_TIMEOUT_S = 20.0
"""How long a SQLite writer waits for another process's write."""

ANALYSIS_LIMIT = 400
"""How many rows of an index SQLite looks at, so that it takes no long time however many there are."""

MANY_CAMPAIGNS = 5000
"""With fewer campaigns, SQLite plans without statistics."""

_COUNTER: Final = CounterRow.table().c
_TAKE: Final = (
    update(CounterRow.table())
    .where(_COUNTER.name == bindparam("counter"))
    .values(value=_COUNTER.value + bindparam("count"))
    .returning(_COUNTER.value)
)
"""Made once, since making a statement takes longer than carrying it out."""


class WriteSession(Session):
    """A session that may write; collects the events of its transaction."""

    def __init__(self, bind: Engine) -> None:
        super().__init__(bind=bind, expire_on_commit=False, autoflush=True)
        self._drafts: list[EventDraft] = []

    def record(self, draft: EventDraft) -> None:
        """Keep an event; it is numbered and written when the transaction commits."""
        self._drafts.append(draft)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Open a part of the transaction that is undone by itself if it fails, with the events that it kept."""
        n_drafts = len(self._drafts)
        try:
            with self.begin_nested():
                yield
        except BaseException:
            del self._drafts[n_drafts:]
            raise

    def next_number(self, counter: str, *, count: int = 1) -> int:
        """Take numbers from a counter, holding its lock until the transaction ends.

        Parameters
        ----------
        counter : `str`
            The counter's name.
        count : `int`, optional
            How many numbers to take.

        Returns
        -------
        first : `int`
            The first of them.
        """
        last: int = self.connection().execute(_TAKE, {"counter": counter, "count": count}).scalar_one()
        return last - count + 1

    def write_events(self) -> None:
        """Give numbers to the events kept so far, and write them."""
        if not self._drafts:
            return
        # Other rows go first, since events refer to them.
        self.flush()
        first = self.next_number("event", count=len(self._drafts))
        rows = [
            {
                "number": number,
                "campaign_id": draft.campaign_id,
                "submission_id": draft.submission_id,
                "at_us": draft.at_us,
                "actor": draft.actor,
                "kind": draft.kind,
                "summary": draft.summary,
                "reason": draft.reason,
                "details": draft.details,
            }
            for number, draft in enumerate(self._drafts, start=first)
        ]
        put_rows(self, EventRow, rows)
        self._drafts.clear()


class Database:
    """The service's database.

    Parameters
    ----------
    url : `str`
        ``sqlite:///path`` or ``postgresql+psycopg://…``; plain ``postgresql://`` means psycopg 3.

    Raises
    ------
    InvalidInput
        If the URL is of another kind of database.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.bell = Bell()
        self.backend = parsed.get_backend_name()
        self._write_lock = threading.Lock()
        match self.backend:
            case "sqlite" if not parsed.database or parsed.database == ":memory:":
                raise InvalidInput(
                    "A SQLite database needs a file.",
                    where="CAMPAIGN_DATABASE_URL",
                    remedy="Give sqlite:///path/to/file; an absolute path has four slashes.",
                )
            case "sqlite":
                Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
                self._writer = _sqlite_engine(parsed, writing=True)
                self._reader = self._looker = _sqlite_engine(parsed, writing=False)
            case "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
                # More than all the requests that may hold one at once: see campaigns.api.dependencies.
                self._writer = create_engine(parsed, pool_size=8, max_overflow=48, pool_pre_ping=True)
                self._reader = self._writer.execution_options(postgresql_readonly=True)
                self._looker = self._writer.execution_options(isolation_level="AUTOCOMMIT")
            case other:
                raise InvalidInput(
                    f"{other} is not a database that campaigns can be kept in.",
                    where="CAMPAIGN_DATABASE_URL",
                    remedy="Give sqlite:///path/to/file or postgresql://user@host/name.",
                )

    @property
    def engine(self) -> Engine:
        """The engine that may write (`sqlalchemy.Engine`)."""
        return self._writer

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that cannot write; the database itself refuses."""
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Open a connection for one statement that reads; PostgreSQL need not open and end a transaction for it.

        Unlike `read`, it does not have PostgreSQL refuse to write.
        """
        with self._looker.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Open a transaction that writes; commits when the block ends well, and rolls back otherwise."""
        # SQLite has one writer: queueing here is fair, its own busy handler is not.
        if self.backend == "sqlite":
            with self._write_lock:
                yield from self._transaction()
        else:
            yield from self._transaction()
        self.bell.ring()

    def _transaction(self) -> Iterator[WriteSession]:
        with WriteSession(self._writer) as session:
            yield session
            session.write_events()
            session.commit()

    def gather_statistics(self) -> None:
        """Have SQLite look at what is in its tables, by which it plans its queries; PostgreSQL does so by itself.

        Notes
        -----
        Where there is little, it does not: statistics of small tables mislead once they have grown, more than none.
        """
        if self.backend != "sqlite":
            return
        with self._write_lock, self._writer.begin() as connection:
            if (connection.scalar(select(func.count()).select_from(CampaignRow)) or 0) < MANY_CAMPAIGNS:
                return
            connection.exec_driver_sql(f"PRAGMA analysis_limit = {ANALYSIS_LIMIT}")
            connection.exec_driver_sql("ANALYZE")

    def close(self) -> None:
        """Let go of all connections and wake those who wait."""
        self.bell.close()
        self._writer.dispose()
        if self._reader is not self._writer:
            self._reader.dispose()


def _sqlite_engine(url: Any, *, writing: bool) -> Engine:
    engine = create_engine(url, pool_size=8, max_overflow=32, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transaction handling would begin late and without IMMEDIATE.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        connection.execute("PRAGMA foreign_keys = ON")
        if writing:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
