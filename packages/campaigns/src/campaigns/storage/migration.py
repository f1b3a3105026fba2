"""Bringing a database up to date, and telling how far behind it is.

Telling needs no Alembic, which takes a while to import: most starts find the database as it should be.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, MetaData, insert, inspect, select, text

import campaigns.migrations
import campaigns.schema
from campaigns.domain.errors import NotReady
from campaigns.schema.base import Base
from campaigns.schema.counter import CounterRow
from campaigns.storage.database import Database

__all__ = (
    "COUNTERS",
    "DatabaseState",
    "all_tables",
    "database_state",
    "known_revisions",
    "migration_config",
    "open_for_changes",
    "require_current",
    "upgrade",
)

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS: Final = Path(campaigns.migrations.__path__[0])

COUNTERS: Final = ("campaign", "event", "submission")
"""The counters that the stores use; each begins at 0."""

LOCK_KEY: Final = 0x52_75_62_69
"""The advisory lock under which PostgreSQL is brought up to date: two servers may start at once."""


class DatabaseState(StrEnum):
    """How a database's tables stand to this version of the code."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"


def all_tables() -> MetaData:
    """Give the tables of all modules in `campaigns.schema`."""
    for module in pkgutil.iter_modules(campaigns.schema.__path__):
        importlib.import_module(f"{campaigns.schema.__name__}.{module.name}")
    return Base.metadata


def migration_config(connection: Connection | None = None) -> Config:
    """Give Alembic's configuration; there is no file for it.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`, optional
        What to work on.
    """
    from alembic.config import Config  # noqa: PLC0415  (see above)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def database_state(database: Database) -> DatabaseState:
    """Tell how a database stands to this version of the code.

    Parameters
    ----------
    database : `Database`
        The database.

    Returns
    -------
    state : `DatabaseState`
        It is ``ahead`` if it has a revision that this version does not know.
    """
    with database.engine.connect() as connection:
        found: str | None = None
        if inspect(connection).has_table("alembic_version"):
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    known = known_revisions()
    if found is None:
        return DatabaseState.EMPTY
    if found not in known:
        return DatabaseState.AHEAD
    return DatabaseState.CURRENT if found == known[-1] else DatabaseState.BEHIND


def known_revisions() -> list[str]:
    """List the revisions that this version of the code knows, oldest first: they are numbered, and so are their files."""
    return sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))


def require_current(database: Database) -> None:
    """Make sure that the code can work with a database.

    Raises
    ------
    NotReady
        If the database is not up to date, or newer than the code.
    """
    match database_state(database):
        case DatabaseState.CURRENT:
            return
        case DatabaseState.AHEAD:
            raise _newer()
        case DatabaseState.EMPTY | DatabaseState.BEHIND:
            raise NotReady("The database is not up to date.", where="CAMPAIGN_DATABASE_URL", remedy="Run: campaign admin migrate")


def upgrade(database: Database) -> bool:
    """Bring a database up to date, in one transaction.

    Parameters
    ----------
    database : `Database`
        The database, empty or older.

    Returns
    -------
    changed : `bool`
        Whether there was something to do.

    Raises
    ------
    NotReady
        If the database is newer than the code.
    """
    before = database_state(database)
    if before is DatabaseState.AHEAD:
        raise _newer()
    if before is DatabaseState.CURRENT:
        return False
    from alembic import command  # noqa: PLC0415  (see above)

    with open_for_changes(database) as connection:
        command.upgrade(migration_config(connection), "head")
        _add_counters(connection)
    return True


@contextmanager
def open_for_changes(database: Database) -> Iterator[Connection]:
    """Open a transaction in which tables may be changed; other processes wait."""
    with database.engine.connect() as connection:
        if database.backend == "sqlite":
            # Copying a table drops the old one, which with foreign keys would empty those that refer to it. Not possible later:
            # within a transaction SQLite passes over this.
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            if database.backend == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            yield connection
            if database.backend == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
                raise RuntimeError("the migration would break references between tables")
        # The pool must not hand out a connection without foreign keys.
        connection.invalidate()


def _add_counters(connection: Connection) -> None:
    # Counters are not structure but rows that the code needs, so that they belong to no one revision.
    present = set(connection.scalars(select(CounterRow.name)))
    missing = [{"name": name, "value": 0} for name in COUNTERS if name not in present]
    if missing:
        connection.execute(insert(CounterRow), missing)


def _newer() -> NotReady:
    return NotReady(
        "The database is newer than this version of the program.",
        where="CAMPAIGN_DATABASE_URL",
        remedy="Install the version that wrote it, or a newer one; going back is not possible.",
    )
