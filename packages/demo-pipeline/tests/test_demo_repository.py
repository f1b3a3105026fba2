"""What the repository holds, and how it comes to be."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from demo_pipeline import repository
from demo_pipeline.repository import (
    BRIGHT_VISIT,
    CHAIN,
    INPUT_RUN,
    REFERENCE_RUN,
    SKYMAP,
    SNAP_VISIT,
    TRAILED_VISIT,
    RepositoryPlaceError,
    make_repository,
)


def test_it_has_the_visits_and_their_exposures(butler: Butler) -> None:
    visits = butler.query_dimension_records("visit")
    exposures = butler.query_dimension_records("exposure")
    members = Counter(record.visit for record in butler.query_dimension_records("visit_definition"))

    assert len(visits) == 11
    assert len(exposures) == 12
    assert len(butler.query_dimension_records("detector")) == 16
    assert members == {visit.id: 2 if visit.id == SNAP_VISIT else 1 for visit in visits}
    assert {TRAILED_VISIT, BRIGHT_VISIT, SNAP_VISIT} <= {visit.id for visit in visits}


def test_a_visit_is_as_long_as_its_exposures(butler: Butler) -> None:
    visits = {visit.id: visit for visit in butler.query_dimension_records("visit")}
    times = Counter[int]()
    for definition in butler.query_dimension_records("visit_definition"):
        [exposure] = butler.query_dimension_records("exposure", exposure=definition.exposure)
        visit = visits[definition.visit]
        times[visit.id] += exposure.exposure_time
        assert visit.timespan.contains(exposure.timespan)
        assert exposure.group == visit.name
        assert exposure.physical_filter == visit.physical_filter
    assert times == {visit.id: visit.exposure_time for visit in visits.values()}


def test_a_visit_of_two_exposures_belongs_to_groups_only(butler: Butler) -> None:
    systems = {key: set() for key in (SNAP_VISIT, TRAILED_VISIT)}
    for record in butler.query_dimension_records("visit_system_membership"):
        if record.visit in systems:
            systems[record.visit].add(record.visit_system)
    assert systems == {SNAP_VISIT: {1}, TRAILED_VISIT: {0, 1}}


def test_every_region_has_inputs(butler: Butler) -> None:
    regions = butler.query_dimension_records("visit_detector_region")
    inputs = butler.query_datasets("demo_conditions", collections=INPUT_RUN)
    assert len(regions) == 33
    assert len(inputs) == 33 + sum(region.visit == SNAP_VISIT for region in regions) == 36
    assert set(butler.collections.get_info(CHAIN).children) == {INPUT_RUN, REFERENCE_RUN}


def test_nothing_is_left_of_the_records_origin(butler: Butler) -> None:
    assert set(butler.collections.query("*")) == {CHAIN, INPUT_RUN, REFERENCE_RUN}
    assert {each.name for each in butler.registry.queryDatasetTypes()} == {"demo_conditions", "demo_reference"}


def test_visits_lie_in_the_tract(butler: Butler) -> None:
    with butler.query() as query:
        found = query.where(skymap=SKYMAP, tract=0).data_ids(["visit", "tract"])
        assert found.count(discard=True) == 11


def test_a_second_make_leaves_it_alone(repo: Path) -> None:
    before = (repo / "butler.yaml").stat().st_mtime_ns
    run = subprocess.run(
        [sys.executable, "-m", "demo_pipeline.repository", str(repo)], capture_output=True, text=True, check=True
    )
    assert "already there" in run.stdout
    assert (repo / "butler.yaml").stat().st_mtime_ns == before


def test_an_interrupted_make_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(repository, "_put_reference", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_repository(tmp_path / "repo")
    assert list(tmp_path.iterdir()) == []


def test_it_never_takes_another_folders_place(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RepositoryPlaceError, match="clear it or name another place"):
        make_repository(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
