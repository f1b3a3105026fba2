"""A synthetic registry of LSSTCam: 189 detectors, any number of exposures and visits, and calexps of the first of them.

A few records are made by Butler, as patterns; the others are copies of these, made in the database, since one by one they would
take many minutes.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import astropy.time
import astropy.units as u
import numpy as np
import psycopg
import sqlalchemy as sa
from lsst.daf.butler import Butler, Config, DatasetType, Timespan

from dataid_sets import DataIdSets
from dataid_sets._internals import Inside

if TYPE_CHECKING:
    from support.postgres import PostgresServer

INSTRUMENT = "LSSTCam"
N_DETECTORS = 189
VISITS_A_DAY = 800
RUN = "LSSTCam/runs/bench"
ORDINARY = "somebody"
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}
"""As a server has that does work; autovacuum alone stays off, since it would come at any moment."""


@dataclass(frozen=True)
class Registry:
    """A repository for measuring.

    Attributes
    ----------
    backend : `str`
        ``PostgreSQL`` or ``SQLite``.
    root : `pathlib.Path`
        Its folder.
    ordinary : `pathlib.Path` or `None`
        The same repository for a role that owns nothing; PostgreSQL only.
    url : `str` or `None`
        The database; PostgreSQL only.
    visits : `numpy.ndarray`
        All visits, which are exposures as well, in order.
    """

    backend: str
    root: Path
    ordinary: Path | None
    url: str | None
    visits: np.ndarray

    def open(self, *, ordinary: bool = False) -> Butler:
        """Open the repository, for writing."""
        return Butler.from_config(str(self.ordinary if ordinary else self.root), writeable=True)

    def pairs(self, n_rows: int, *, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Give detectors and visits of the first so many pairs, in the order of detector and visit, which is that of the key."""
        n_visits = -(-n_rows // N_DETECTORS)
        chosen = self.visits[first : first + n_visits]
        return np.repeat(np.arange(N_DETECTORS), n_visits)[:n_rows], np.tile(chosen, N_DETECTORS)[:n_rows]

    def vacuum(self) -> None:
        """Bring statistics up to date and take away what was removed, so that no measurement pays for the one before."""
        if self.url is not None:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")
        else:
            with self.open() as butler, Inside(butler).transaction() as connection:
                connection.execute(sa.text("ANALYZE"))


def make_registry(folder: Path, *, server: PostgresServer | None, n_visits: int, n_with_datasets: int) -> Registry:
    """Make a repository on PostgreSQL, if there is a server, or else on SQLite."""
    config, url = Config(), None
    if server is not None:
        url = server.create("bench")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION btree_gist")
            connection.execute("CREATE SCHEMA registry")
        config["registry", "db"] = url.replace("postgresql:", "postgresql+psycopg:")
        config["registry", "namespace"] = "registry"
    root = folder / ("sqlite" if server is None else "postgresql")
    Butler.makeRepo(str(root), config=config)
    ordinary = None
    with Butler.from_config(str(root), writeable=True) as butler:
        visits, tags = _patterns(butler, n_visits)
        DataIdSets(butler).init()
    _bulk(url, root, tags, visits, n_with_datasets)
    if url is not None:
        ordinary = _ordinary_role(url, root)
    registry = Registry("SQLite" if server is None else "PostgreSQL", root, ordinary, url, visits)
    registry.vacuum()
    return registry


def _patterns(butler: Butler, n_visits: int) -> tuple[np.ndarray, str]:
    """Make all that there are few of, and the first exposure, visit and calexp.

    Returns the visits there are to be, and the table of calexps.
    """
    insert = butler.registry.insertDimensionData
    limits = {"visit_max": 9 * 10**13, "exposure_max": 9 * 10**13, "detector_max": 1000, "visit_system": 0}
    insert("instrument", {"name": INSTRUMENT, "class_name": "lsst.obs.lsst.LsstCam", **limits})
    rafts = [(f"R{number // 9:02d}", f"S{number % 9 // 3}{number % 3}") for number in range(N_DETECTORS)]
    detectors = [
        {"id": number, "full_name": f"{raft}_{slot}", "raft": raft, "name_in_raft": slot, "purpose": "SCIENCE"}
        for number, (raft, slot) in enumerate(rafts)
    ]
    insert("detector", *({"instrument": INSTRUMENT, **each} for each in detectors))
    insert("physical_filter", {"instrument": INSTRUMENT, "name": "r_03", "band": "r"})
    insert("visit_system", {"instrument": INSTRUMENT, "id": 0, "name": "one-to-one"})
    noon = astropy.time.Time("2026-01-01T12:00:00", scale="tai")
    days = [datetime.date(2026, 1, 1) + datetime.timedelta(days=number) for number in range(-(-n_visits // VISITS_A_DAY))]
    numbers = [int(f"{day:%Y%m%d}") for day in days]
    spans = [Timespan(noon + number * u.day, noon + (number + 1) * u.day) for number in range(len(days))]
    insert(
        "day_obs", *({"instrument": INSTRUMENT, "id": day, "timespan": span} for day, span in zip(numbers, spans, strict=True))
    )
    visits = np.array([day * 100_000 + seq for day in numbers for seq in range(1, VISITS_A_DAY + 1)])[:n_visits]
    first = int(visits[0])
    known = {"instrument": INSTRUMENT, "id": first, "day_obs": numbers[0], "physical_filter": "r_03", "seq_num": 1}
    known |= {"exposure_time": 30.0, "timespan": Timespan(noon, noon + 30 * u.s)}
    insert("group", {"instrument": INSTRUMENT, "name": f"g{first}"})
    insert("exposure", {**known, "obs_id": f"MC_O_{first}", "group": f"g{first}", "observation_type": "science"})
    insert("visit", {**known, "name": f"MC_O_{first}"})
    insert("visit_definition", {"instrument": INSTRUMENT, "exposure": first, "visit": first})
    insert("visit_system_membership", {"instrument": INSTRUMENT, "visit_system": 0, "visit": first})
    calexp = DatasetType("calexp", ["visit", "detector"], "StructuredDataDict", universe=butler.dimensions)
    butler.registry.registerDatasetType(calexp)
    butler.collections.register(RUN)
    butler.registry.insertDatasets(calexp, [{"instrument": INSTRUMENT, "visit": first, "detector": 0}], run=RUN)
    return visits, Inside(butler).tags(calexp)[0].name


def _copies(connection: sa.Connection, visits: np.ndarray) -> None:
    """Copy the first exposure and visit for all others."""
    number, day, seq, text = "numbers.id", "numbers.id / 100000", "numbers.id % 100000", "'{}' || numbers.id"
    changed = {
        "group": {"name": text.format("g")},
        "exposure": {"id": number, "day_obs": day, "seq_num": seq, "obs_id": text.format("MC_O_"), "group": text.format("g")},
        "visit": {"id": number, "day_obs": day, "seq_num": seq, "name": text.format("MC_O_")},
        "visit_definition": {"exposure": number, "visit": number},
        "visit_system_membership": {"visit": number},
    }
    connection.execute(sa.text("CREATE TEMPORARY TABLE numbers (id BIGINT)"))
    connection.execute(sa.text("INSERT INTO numbers VALUES (:id)"), [{"id": int(visit)} for visit in visits[1:]])
    for name, values in changed.items():
        quote = connection.dialect.identifier_preparer.quote
        columns = [quote(column["name"]) for column in sa.inspect(connection).get_columns(name)]
        taken = [values.get(column.strip('"'), f"pattern.{column}") for column in columns]
        named = quote(name)
        copied = f"INSERT INTO {named} ({', '.join(columns)}) SELECT {', '.join(taken)} FROM {named} pattern, numbers"
        connection.execute(sa.text(copied))


def _datasets(connection: sa.Connection, tags: str, visits: np.ndarray) -> None:
    """Copy the first calexp for each detector of these visits."""
    new_id = "gen_random_uuid()" if connection.dialect.name == "postgresql" else "lower(hex(randomblob(16)))"
    first, last = int(visits[0]), int(visits[-1])
    for statement in (
        f"CREATE TEMPORARY TABLE made AS SELECT {new_id} AS id, visit.instrument, visit.id AS visit, detector.id AS detector "
        "FROM visit JOIN detector ON detector.instrument = visit.instrument "
        f"WHERE visit.id <= {last} AND NOT (visit.id = {first} AND detector.id = 0)",
        "INSERT INTO dataset (id, dataset_type_id, ingest_date, run_id) "
        "SELECT made.id, p.dataset_type_id, p.ingest_date, p.run_id FROM made, (SELECT * FROM dataset LIMIT 1) p",
        f"INSERT INTO {tags} (dataset_type_id, dataset_id, collection_id, instrument, visit, detector) "
        "SELECT p.dataset_type_id, made.id, p.collection_id, made.instrument, made.visit, made.detector "
        f"FROM made, (SELECT * FROM {tags} LIMIT 1) p ORDER BY made.instrument, made.detector, made.visit",
    ):
        connection.execute(sa.text(statement))


def _bulk(url: str | None, root: Path, tags: str, visits: np.ndarray, n_with_datasets: int) -> None:
    """Make all copies, which are right, in a connection that does not look whether they are."""
    engine = sa.create_engine(
        f"sqlite:///{root}/gen3.sqlite3" if url is None else url.replace("postgresql:", "postgresql+psycopg:")
    )
    with engine.begin() as connection:
        if url is not None:
            connection.execute(sa.text("SET LOCAL search_path = registry"))
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        _copies(connection, visits)
        _datasets(connection, tags, visits[:n_with_datasets])
    engine.dispose()


def _ordinary_role(url: str, root: Path) -> Path:
    """Make a role that owns nothing, and a copy of the repository's configuration with its name."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ORDINARY} LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA registry TO PUBLIC")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'registry' AND tablename !~ '^dataid_set'"
        )
        for (table,) in tables.fetchall():
            connection.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON registry."{table}" TO PUBLIC')
    config = Config(str(root / "butler.yaml"))
    config["registry", "db"] = str(config["registry", "db"]).replace("//campaigns@", f"//{ORDINARY}@")
    other = root.with_name(f"{root.name}-ordinary")
    other.mkdir()
    config.dumpToUri(str(other / "butler.yaml"))
    return other
