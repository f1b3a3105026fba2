"""Fixtures for all tests of the service.

``database`` runs a test twice, on SQLite and on a real PostgreSQL; ``client`` asks the application on such a database, and
``live_server`` serves it to a browser. Each test finds the database as it was made once.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI
from hypothesis import settings as hypothesis_settings

from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.gateways.clock import FixedClock
from campaigns.storage.database import Database
from campaigns.storage.migration import upgrade
from support.people import NOW_US, add_people
from support.postgres import MISSING, PostgresServer, find_programs
from support.running import Runner
from support.serving import Clients, LiveServer, serve

# Its default paints tracebacks with all their variables, which takes a minute for one error.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)])

# An example may take a while where others use the machine too, and still not for ever.
hypothesis_settings.register_profile("busy", deadline=3000)
hypothesis_settings.load_profile("busy")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what was not tested."""
    skipped = {
        str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)
    }
    for reason in sorted(skipped):
        terminalreporter.write_line(f"NOT TESTED: {reason.removeprefix('Skipped: ')}", yellow=True, bold=True)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the settings and tokens of whoever runs the tests out of them."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CAMPAIGN_{name.upper()}", raising=False)
    home = tmp_path_factory.getbasetemp() / "home"
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the SQLite database that each test gets a copy of."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    add_people(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run PostgreSQL, with a database ``tests`` whose rows each test finds as they are now."""
    programs = find_programs()
    if programs is None:
        pytest.skip(MISSING)
    server = PostgresServer(programs)
    try:
        database = Database(server.create("tests"))
        upgrade(database)
        add_people(database)
        database.close()
        server.remember("tests")
        yield server
    finally:
        server.stop()


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database with the people in it."""
    path = tmp_path / "campaigns.sqlite"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[Database]:
    """A PostgreSQL database with the people in it."""
    database = Database(postgres_server.url("tests"))
    yield database
    database.close()
    postgres_server.restore("tests")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases in turn, with the people in it."""
    found: Database = request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")
    return found


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands until the test moves it."""
    return FixedClock(NOW_US)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def app(settings: Settings, database: Database, clock: FixedClock) -> FastAPI:
    """The application, on each of the two databases in turn."""
    return create_app(settings, database, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Clients:
    """Clients of the application for each role: ``client(Role.ADMIN)``, and ``client()`` for a stranger."""
    return Clients(app)


@pytest.fixture
def live_server(settings: Settings, sqlite_database: Database) -> Iterator[LiveServer]:
    """The application on SQLite, served on a port of this machine by the machine's clock."""
    with serve(create_app(settings, sqlite_database)) as server:
        yield server


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    """Run commands of ``campaign``, with folders of their own."""
    monkeypatch.setenv("CAMPAIGN_DATA_DIR", str(tmp_path / "data"))
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    # What `serve` sets for its process is not for that of the tests.
    monkeypatch.setattr("campaigns.cli.serve.configure_logging", lambda settings: None)
    monkeypatch.setattr("campaigns.cli.serve.signal.signal", lambda number, handler: None)
    return Runner(capsys, monkeypatch)
