"""Making Butler repositories for tests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from lsst.daf.butler import Butler, ButlerConfig, Config
from lsst.resources import ResourcePath

from dataid_sets import DataIdSets

CHOSEN = os.environ.get("DATAID_SETS_BACKENDS", "sqlite psycopg").split()
"""The databases, and for PostgreSQL the drivers, to test with; `make test` has psycopg2 beside the older SQLAlchemy."""

BACKENDS = tuple(pytest.param(name, marks=[] if name == "sqlite" else [pytest.mark.postgres]) for name in CHOSEN)

HSC_FILES = ("ci_hsc-subset.yaml", "ci_hsc-subset-skymap.yaml")
"""Real records that Butler's own wheel carries: 11 visits, 16 detectors, 33 of their regions and 33 calexp, 1 tract."""

SNAPS_VISIT = 904010


def make_repository(root: Path, *, url: str | None, driver: str, files: Iterable[str | Path]) -> Path:
    """Make a repository and import records into it.

    Parameters
    ----------
    root : `pathlib.Path`
        An empty folder.
    url : `str` or `None`
        A PostgreSQL database; by default it is SQLite.
    driver : `str`
        The driver for PostgreSQL.
    files : iterable of `str` or `pathlib.Path`
        Exports, by name where Butler's wheel carries them.
    """
    config = Config()
    if url is not None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION btree_gist")
            connection.execute("CREATE SCHEMA registry")
        config["registry", "db"] = url.replace("postgresql:", f"postgresql+{driver}:")
        config["registry", "namespace"] = "registry"
    Butler.makeRepo(str(root), config=config)
    carried = ResourcePath("resource://lsst.daf.butler/tests/registry_data", forceDirectory=True)
    with Butler.from_config(root, writeable=True) as butler:
        for file in files:
            butler.import_(filename=carried.join(file) if isinstance(file, str) else str(file), without_datastore=True)
        if tuple(files) == HSC_FILES:
            define_exposures(butler)
    return root


def define_exposures(butler: Butler) -> None:
    """Give each visit of HSC an exposure of its own number, and `SNAPS_VISIT` a second one, which only visit system 1 knows."""
    insert = butler.registry.insertDimensionData
    insert(
        "visit_system", *({"instrument": "HSC", "id": key, "name": name} for key, name in enumerate(("one-to-one", "by-group")))
    )
    for visit in list(butler.query_dimension_records("visit", instrument="HSC")):
        snaps = [visit.id, visit.id + 1] if visit.id == SNAPS_VISIT else [visit.id]
        insert("group", {"instrument": "HSC", "name": f"group-{visit.id}"})
        for exposure in snaps:
            known = {"day_obs": visit.day_obs, "physical_filter": visit.physical_filter, "timespan": visit.timespan}
            facts = {"obs_id": f"HSCA{exposure:08d}", "seq_num": exposure, "exposure_time": 30.0, "observation_type": "science"}
            insert("exposure", {"instrument": "HSC", "id": exposure, "group": f"group-{visit.id}", **known, **facts})
            insert("visit_definition", {"instrument": "HSC", "exposure": exposure, "visit": visit.id})
        for system in (1,) if len(snaps) > 1 else (0, 1):
            insert("visit_system_membership", {"instrument": "HSC", "visit": visit.id, "visit_system": system})


@dataclass(frozen=True)
class Shared:
    """A repository on PostgreSQL that several roles use.

    Attributes
    ----------
    root : `pathlib.Path`
        Its root.
    url : `str`
        The database's URL, for the superuser.
    """

    root: Path
    url: str

    _open: dict[tuple[str, str, bool], DataIdSets] = field(default_factory=dict)

    def sets(self, role: str, *, driver: str = "psycopg", writeable: bool = True) -> DataIdSets:
        """Open the sets as a role; they stay open, since opening takes long."""
        key = (role, driver, writeable)
        if key not in self._open:
            config = ButlerConfig(str(self.root))
            config["registry", "db"] = self.url.replace("postgresql:", f"postgresql+{driver}:").replace("campaigns@", f"{role}@")
            self._open[key] = DataIdSets(Butler.from_config(config, writeable=writeable))
        return self._open[key]

    @contextmanager
    def closing(self) -> Iterator[Shared]:
        """Close all Butlers at the end."""
        yield self
        for sets in self._open.values():
            sets.butler.close()

    @contextmanager
    def connect(self, role: str = "campaigns", **options: Any) -> Iterator[psycopg.Connection[Any]]:
        """Connect to the database as a role, for plain SQL that is undone at the end, as far as nobody commits it."""
        with psycopg.connect(self.url.replace("campaigns@", f"{role}@"), **options) as connection:
            connection.execute("SET search_path = registry")
            yield connection
            connection.rollback()
