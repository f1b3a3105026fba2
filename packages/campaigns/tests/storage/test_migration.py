"""Migrations and models say the same, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from campaigns.domain.errors import NotReady
from campaigns.storage.database import Database
from campaigns.storage.migration import (
    COUNTERS,
    DatabaseState,
    database_state,
    known_revisions,
    migration_config,
    open_for_changes,
    require_current,
    upgrade,
)


def test_tables_are_what_the_models_say(database: Database) -> None:
    with open_for_changes(database) as connection:
        command.check(migration_config(connection))


def test_revisions_are_numbered_one_after_the_other() -> None:
    scripts = ScriptDirectory.from_config(migration_config())
    alembics = [script.revision for script in scripts.walk_revisions()][::-1]
    assert known_revisions() == alembics == [f"{number:04d}" for number in range(1, len(alembics) + 1)]


def test_empty_database_is_brought_up_to_date_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert database_state(database) is DatabaseState.EMPTY
    with pytest.raises(NotReady, match="not up to date"):
        require_current(database)
    assert upgrade(database)
    require_current(database)
    assert not upgrade(database)
    with database.read() as session:
        assert sorted(session.scalars(text("SELECT name FROM counter"))) == list(COUNTERS)
    database.close()


def test_newer_database_is_refused(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert database_state(database) is DatabaseState.AHEAD
    for refuse in (require_current, upgrade):
        with pytest.raises(NotReady, match="newer than this version"):
            refuse(database)


def test_foreign_keys_hold_after_a_migration(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    upgrade(database)
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()
