"""Registries for the tests: one of SQLite, and one of PostgreSQL for each of its drivers, all with the same real records."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from lsst.daf.butler import Butler

from dataid_sets import DataIdSets
from plain_sql import ROWS
from registries import BACKENDS, HSC_FILES, Shared, make_repository
from support.postgres import MISSING, PostgresServer, find_programs

# An example may take a while where others use the machine too, and still not for ever.
settings.register_profile("busy", deadline=3000)
settings.load_profile("busy")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Give a PostgreSQL server for the whole run."""
    programs = find_programs()
    if programs is None:
        pytest.skip(MISSING)
    server = PostgresServer(programs)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def make_hsc(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Give a maker of repositories with the records of eleven real HSC visits; it takes the backend's name.

    Each backend's first one is made; the others are copies.
    """
    made = iter(range(1000))

    @cache
    def template(backend: str) -> tuple[Path, str | None]:
        name = None if backend == "sqlite" else f"{backend}_template"
        url = None if name is None else request.getfixturevalue("postgres").create(name)
        root = tmp_path_factory.mktemp(f"hsc-{backend}-template-")
        return make_repository(root, url=url, driver=backend, files=HSC_FILES), name

    def make(backend: str) -> Path:
        whole, database = template(backend)
        root = tmp_path_factory.mktemp(f"hsc-{backend}-")
        shutil.copytree(whole, root, dirs_exist_ok=True)
        if database is not None:
            name = f"{backend}_{next(made)}"
            with psycopg.connect(request.getfixturevalue("postgres").url("postgres"), autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database}"')
            config = root / "butler.yaml"
            config.write_text(config.read_text().replace(f"/{database}", f"/{name}"))
        return root

    return make


@pytest.fixture(scope="session", params=BACKENDS)
def hsc_root(request: pytest.FixtureRequest, make_hsc) -> Path:
    """Give the root of a repository on each backend, with the tables of sets; tests share it, so names must be their own."""
    root = make_hsc(request.param)
    with Butler.from_config(root, writeable=True) as butler:
        DataIdSets(butler).init()
    return root


@pytest.fixture(scope="session")
def hsc_butler(hsc_root: Path) -> Iterator[Butler]:
    """Open a Butler that may write, on each backend; only to be cloned."""
    with Butler.from_config(hsc_root, writeable=True) as opened:
        yield opened


@pytest.fixture
def butler(hsc_butler: Butler) -> Iterator[Butler]:
    """Give a Butler that may write, on each backend: one of the test's own, cloned, which is quicker than to open one."""
    with hsc_butler.clone() as own:
        yield own


@pytest.fixture
def sets(butler: Butler) -> DataIdSets:
    """Give the sets of a registry, on each backend."""
    return DataIdSets(butler)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Give a name for sets that no other test has."""
    return "t/" + "".join(letter if letter.isalnum() else "-" for letter in request.node.name)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real data, or skip."""
    folder = Path(os.environ.get("CAMPAIGN_TEST_DATA", Path(__file__).parents[3] / "../shared/data")).resolve()
    if not (folder / "LSSTCam-bad.ecsv").is_file():
        pytest.skip("the real data is not here; CAMPAIGN_TEST_DATA names its folder")
    return folder


@pytest.fixture(scope="session")
def people(postgres: PostgresServer) -> tuple[str, ...]:
    """Give roles of the PostgreSQL server: the registry's owner, three persons, and a group of two of them."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE shifters")
        for role in ("registrar", "alice", "bob", "carol"):
            connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute("GRANT shifters TO alice, bob")
    return ("registrar", "alice", "bob", "carol")


@pytest.fixture(scope="session")
def shared(postgres: PostgresServer, people, tmp_path_factory) -> Iterator[Shared]:
    """Give a repository on PostgreSQL that several persons use.

    Its owner is no superuser. Its grants are as broad as careless administrators make them.
    """
    url = postgres.create("shared")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE shared OWNER TO registrar")
    root = tmp_path_factory.mktemp("shared-")
    make_repository(root, url=url.replace("campaigns@", "registrar@"), driver="psycopg", files=HSC_FILES)
    with psycopg.connect(url.replace("campaigns@", "registrar@"), autocommit=True) as connection:
        connection.execute("GRANT USAGE ON SCHEMA registry TO PUBLIC")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA registry TO PUBLIC")
        connection.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA registry GRANT ALL ON TABLES TO carol")
    with Shared(root, url).closing() as made:
        made.sets("registrar").init()
        yield made


@pytest.fixture
def private(shared: Shared, name: str) -> Iterator[int]:
    """Give the number of a private set of alice's."""
    sets = shared.sets("alice")
    made = sets.create(name, ROWS, access="private")
    yield made.id
    sets.remove(made)


@pytest.fixture
def public(shared: Shared, name: str) -> Iterator[int]:
    """Give the number of alice's set that is open to everyone."""
    sets = shared.sets("alice")
    made = sets.create(f"{name}/public", ROWS)
    yield made.id
    sets.remove(made)


@pytest.fixture(scope="class")
def broad(shared: Shared) -> None:
    """Give everyone every right, as careless administrators do."""
    with shared.connect(autocommit=True) as connection:
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA registry TO PUBLIC")
        connection.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA registry TO PUBLIC")


@pytest.fixture(scope="class", params=["narrow", "broad"])
def grants(request: pytest.FixtureRequest, shared: Shared) -> Iterator[None]:
    """Go on with the grants that an installation makes, and with every grant there is."""
    if request.param == "broad":
        request.getfixturevalue("broad")
    yield
    if request.param == "broad":
        sets = shared.sets("registrar")
        sets.init()
