"""Migrations and models say the same, on both databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, text

from campaigns.domain.errors import NotReady
from campaigns.domain.filtering import Text
from campaigns.domain.identity import Role
from campaigns.storage.campaignlist import CampaignListStore
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
from support.people import identity_of


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


# SQLite's indexes on expressions cannot be reflected, and need not be here.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_what_was_there_before_is_found_by_more(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if backend == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    else:
        database = Database(request.getfixturevalue("postgres_server").create("found"))
    names = ("campaign", "revision", "submission", "task_counts", "spec_pin", "sign_off", "campaign_word")
    one, two, ada = UUID(int=1), UUID(int=2), "Ada"
    with open_for_changes(database) as connection:
        config = migration_config(connection)
        command.upgrade(config, "0009")
        metadata = MetaData()
        metadata.reflect(connection, only=names)
        tables = metadata.tables
        waits = [{"kind": "judge", "step": "Step1", "group": "all", "submission": None, "text": "step1 waits"}]
        _fill(
            connection, tables["campaign"], id=one, number=1, name="a", owner=ada, revision=1, waits=waits, search_text="c-1\na"
        )
        _fill(connection, tables["campaign"], id=two, number=2, name="b", owner="ann", lead="bob", revision=1, signed_revision=1)
        spec = {"repository": "https://example.org/Specs", "reference": "v1"}
        whole = {"inputs": ["A/B"], "pipeline": "/p.yaml", "skymap": "rings", "description": "More", "processing_spec": spec}
        steps = [{"name": "one", "data_query": "visit = 1"}, {"name": "two", "pipeline": "/Q.yaml#two"}]
        _fill(connection, tables["revision"], campaign_id=one, number=1, document={**whole, "data_query": "x", "steps": steps})
        _fill(connection, tables["revision"], campaign_id=two, number=1, document={})
        for number, superseded in ((3, True), (4, False)):
            told = {"campaign_id": one, "number": number, "attempt": number, "superseded": superseded, "output_run": f"r{number}"}
            _fill(connection, tables["submission"], id=UUID(int=number), **told)
            counts = {"expected": 9, "succeeded": 7, "failed": 2}
            _fill(connection, tables["task_counts"], submission_id=UUID(int=number), position=0, **counts)
        _fill(connection, tables["spec_pin"], campaign_id=one, revision=1, commit="c0ffee")
        _fill(connection, tables["sign_off"], id=UUID(int=9), campaign_id=two, revision=1, signed_by="cai")
        command.upgrade(config, "head")
        told = "lead, n_quanta, n_succeeded, n_failed, n_submissions, skymap, description, data_query"
        rows = connection.execute(text(f"SELECT {told} FROM campaign ORDER BY number")).all()
        assert rows == [("Ada", 9, 7, 2, 2, "rings", "More", "x\nvisit = 1"), ("bob", 0, 0, 0, 0, None, None, None)]
        words = connection.execute(text("SELECT kind, word FROM campaign_word ORDER BY kind, word")).all()
        assert words == [
            ("commit", "c0ffee"),
            ("input", "a/b"),
            ("pipeline", "/p.yaml"),
            ("pipeline", "/q.yaml"),
            ("signed_by", "cai"),
            ("spec", "https://example.org/specs"),
            ("spec", "v1"),
            ("waits_for", "judge"),
            ("waits_for", "step1"),
        ]
    with database.read() as session:
        store = CampaignListStore(session, identity_of(Role.ADMIN))
        assert [store.count(Text(word)) for word in ("ada", "cai", "c-1")] == [1, 0, 1]
    with open_for_changes(database) as connection:
        command.downgrade(migration_config(connection), "0009")
        assert connection.scalar(text("SELECT COUNT(*) FROM campaign_word")) == 0
    database.close()


def _fill(connection: Connection, table: Table, **given: Any) -> None:
    """Write a row with something in each column that needs it."""
    values: dict[str, object] = {
        name: value.hex if isinstance(value, UUID) and connection.dialect.name == "sqlite" else value
        for name, value in given.items()
    }
    for column in table.columns:
        if column.name not in values and not column.nullable:
            kind = str(column.type).upper()
            values[column.name] = {} if "JSON" in kind else False if "BOOL" in kind else 0 if "INT" in kind else "x"
    connection.execute(table.insert().values(values))
