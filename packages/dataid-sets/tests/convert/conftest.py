"""Registries of two made-up instruments, in which keys are less simple than in the real records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from convert.cameras import CAMERAS
from dataid_sets import DataIdSets
from registries import make_repository


@pytest.fixture(scope="session", params=("sqlite", pytest.param("psycopg", marks=pytest.mark.postgres)))
def cameras_root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the root of a repository with the records of `CAMERAS`, on each backend."""
    root = tmp_path_factory.mktemp(f"cameras-{request.param}-")
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres").create("cameras")
    make_repository(root, url=url, driver=request.param, files=())
    with Butler.from_config(root, writeable=True) as butler:
        for element, records in CAMERAS.items():
            butler.registry.insertDimensionData(element, *records)
    return root


@pytest.fixture(scope="session")
def cameras(cameras_root: Path) -> Iterator[DataIdSets]:
    """Give the sets of that registry; it is only read."""
    with Butler.from_config(cameras_root) as butler:
        yield DataIdSets(butler)
