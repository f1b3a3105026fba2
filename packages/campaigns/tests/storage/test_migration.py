"""Migrations and models say the same, on both databases."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, text

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


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_rows_of_before_stay_when_sets_come(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """From the first tables with a submission in them to those of sets, and on."""
    if backend == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    else:
        database = Database(request.getfixturevalue("postgres_server").create("migrated"))
    with open_for_changes(database) as connection:
        config = migration_config(connection)
        command.upgrade(config, "0001")
        metadata = MetaData()
        metadata.reflect(connection, only=["campaign", "submission", "agent_order"])
        # What the rows refer to does not matter here.
        _fill(connection, metadata.tables["campaign"], id=UUID(int=1))
        _fill(connection, metadata.tables["submission"], id=UUID(int=2), campaign_id=UUID(int=1))
        _fill(connection, metadata.tables["agent_order"], id=UUID(int=3), campaign_id=UUID(int=1), submission_id=UUID(int=2))
        command.upgrade(config, "0002")
        assert json.loads(connection.scalar(text("SELECT CAST(sets AS TEXT) FROM submission"))) == []
        command.upgrade(config, "head")
        assert connection.execute(text("SELECT dismissed_us FROM agent_order")).one() == (None,)
        command.downgrade(config, "0001")
        assert connection.scalar(text("SELECT COUNT(*) FROM submission")) == 1
    database.close()


def _fill(connection: Connection, table: Table, **given: UUID) -> None:
    """Write a row with something in each column that needs it."""
    values: dict[str, object] = {
        name: value.hex if connection.dialect.name == "sqlite" else value for name, value in given.items()
    }
    for column in table.columns:
        if column.name not in values and not column.nullable:
            kind = str(column.type).upper()
            values[column.name] = {} if "JSON" in kind else False if "BOOL" in kind else 0 if "INT" in kind else "x"
    connection.execute(table.insert().values(values))
