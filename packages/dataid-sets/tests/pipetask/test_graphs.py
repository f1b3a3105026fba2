"""Quantum graphs under sets, against sums done by hand, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import QuantumGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from dataid_sets import DataIdSetConflictError, DataIdSetDimensionsError, DataIdSets, DataIdTable
from dataid_sets._conditions import Fitness
from dataid_sets.pipetask import PROVENANCE_KEY, SetQuantumGraphBuilder
from pipetask.graphs import (
    CAM,
    INPUTS,
    PAIR,
    WARPS,
    build,
    define_cam_exposures,
    edges,
    fill,
    pipeline,
    quanta,
)
from registries import BACKENDS, make_repository

RC2 = "instrument='HSC' AND skymap='hsc_rings_v1'"
WHERE = "instrument='Cam1' AND skymap='SkyMap1'"
CAM_ROW = {"instrument": "Cam1", "skymap": "SkyMap1"}


def make(request: pytest.FixtureRequest, factory: pytest.TempPathFactory, files: tuple[object, ...]) -> Path:
    backend = request.param
    url = None if backend == "sqlite" else request.getfixturevalue("postgres").create(f"graphs_{factory.mktemp('n').name}")
    return make_repository(factory.mktemp("repo"), url=url, driver=backend, files=files)


@pytest.fixture(scope="module", params=BACKENDS)
def rc2(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Iterator[Butler]:
    root = make(request, tmp_path_factory, (real_data / "hsc-rc2-subset.yaml",))
    fill(root, {"raw_in": ("visit", "detector")}, RC2)
    with Butler.from_config(root, writeable=True) as butler:
        yield butler


@pytest.fixture(scope="module", params=BACKENDS)
def cam(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    root = make(request, tmp_path_factory, CAM)
    define_cam_exposures(root)
    fill(root, {"raw_in": ("visit", "detector"), "shot_in": ("exposure", "detector")}, WHERE)
    with Butler.from_config(root, writeable=True) as butler:
        yield butler


def test_real_records_give_what_brute_force_gives(rc2: Butler) -> None:
    """HSC RC2: 1132 detectors of 160 visits that overlap two patches."""
    with rc2.query() as query:
        found = query.where(RC2).data_ids(["visit", "detector", "patch"])
        rows = [((row["detector"], row["visit"]), (row["tract"], row["patch"], row["visit"])) for row in found]
    chance, sets = random.Random(2), DataIdSets(rc2)
    pairs, triples = sorted({pair for pair, _ in rows}), sorted({triple for _, triple in rows})
    assert len(pairs) == 1132
    some_pairs, some_triples = set(chance.sample(pairs, 200)), set(chance.sample(triples, 40))
    of_pairs = [{"instrument": "HSC", "detector": detector, "visit": visit} for detector, visit in some_pairs]
    key = {"instrument": "HSC", "skymap": "hsc_rings_v1"}
    of_triples = [{**key, "tract": tract, "patch": patch, "visit": visit} for tract, patch, visit in some_triples]
    p, t = sets.create("rc2/pairs", of_pairs), sets.create("rc2/triples", of_triples)
    cases = [
        ({"exclude": [p, t]}, lambda pair, triple: pair not in some_pairs and triple not in some_triples),
        ({"include": [t], "exclude": [p]}, lambda pair, triple: triple in some_triples and pair not in some_pairs),
    ]
    for conditions, keeps in cases:
        graph = build(rc2, pipeline(WARPS), where=RC2, **conditions)
        kept = [(pair, triple) for pair, triple in rows if keeps(pair, triple)]
        assert quanta(graph, "isr", "detector", "visit") == {pair for pair, _ in kept}, conditions
        assert quanta(graph, "consolidate", "visit") == {(pair[1],) for pair, _ in kept}
        assert quanta(graph, "warp", "tract", "patch", "visit") == {triple for _, triple in kept}
        expected = {(*triple, pair[0]) for pair, triple in kept}
        assert edges(graph, "warp", ("tract", "patch", "visit"), ("detector",)) == expected
        assert edges(graph, "consolidate", ("visit",), ("detector",)) == {(pair[1], pair[0]) for pair, _ in kept}


def test_of_two_tracts_that_a_visit_overlaps_one_may_be_excluded(cam: Butler) -> None:
    everything = build(cam, pipeline(WARPS), where=WHERE)
    assert quanta(everything, "warp", "visit", "tract") == {(1, 0), (2, 0), (2, 1)}
    graph = build(cam, pipeline(WARPS), where=WHERE, exclude=[[{**CAM_ROW, "visit": 2, "tract": 0}]])
    assert quanta(graph, "warp", "visit", "tract") == {(1, 0), (2, 1)}
    assert quanta(graph, "isr", "visit", "detector") == quanta(everything, "isr", "visit", "detector")
    assert quanta(graph, "consolidate", "visit") == {(1,), (2,)}
    both = [{**CAM_ROW, "visit": 2, "tract": tract} for tract in (0, 1)]
    assert quanta(build(cam, pipeline(WARPS), where=WHERE, exclude=[both]), "consolidate", "visit") == {(1,)}


TWO_PARTS = {
    "isr": (PAIR, {"raw_in": PAIR}, {"src": PAIR}),
    "stack": (("detector",), {"shot_in": ("exposure", "detector")}, {"stacked": ("detector",)}),
}


def test_each_independent_part_is_judged_for_itself(cam: Butler, name: str) -> None:
    visits = DataIdSets(cam).create(name, [{"instrument": "Cam1", "visit": 2}])
    graph = build(cam, pipeline(TWO_PARTS), where="instrument='Cam1'", exclude=[visits])
    assert quanta(graph, "isr", "visit") == {(1,)}
    assert edges(graph, "stack", ("detector",), ("exposure",)) == {(1, 11), (2, 11), (3, 11), (4, 11)}
    (entry,) = graph.header.metadata[PROVENANCE_KEY]
    assert entry["fit"] == {"isr": "applied", "stack": "translated"}
    assert entry["path"] == ["visit", "exposure"]
    detectors = [{"instrument": "Cam1", "detector": 4}]
    tracts = [{"skymap": "SkyMap1", "tract": 1}]
    graph = build(cam, pipeline({**TWO_PARTS, "warp": WARPS["warp"]}), where=WHERE, exclude=[detectors, tracts])
    assert quanta(graph, "stack", "detector") == {(1,), (2,), (3,)}
    assert quanta(graph, "warp", "tract") == {(0,)}
    assert [entry["fit"] for entry in graph.header.metadata[PROVENANCE_KEY]] == [
        {"isr": "applied", "stack": "applied", "warp": "applied"},
        {"isr": "applied", "stack": "not_applicable", "warp": "applied"},
    ]


def test_exposures_stand_for_visits(cam: Butler, name: str) -> None:
    snap = DataIdSets(cam).create(name, [{"instrument": "Cam1", "exposure": 22}])
    tasks = {"isr": TWO_PARTS["isr"]}
    one = "instrument='Cam1'"
    assert quanta(build(cam, pipeline(tasks), where=one, exclude=[snap]), "isr", "visit") == {(1,)}
    assert quanta(build(cam, pipeline(tasks), where=one, exclude=[snap], rule="all"), "isr", "visit") == {(1,), (2,)}
    assert quanta(build(cam, pipeline(tasks), where=one, include=[snap]), "isr", "visit") == {(2,)}
    # An expression that brings the exposures in does not make one row of them stand for the visit.
    joined = build(cam, pipeline(tasks), where=f"{one} AND exposure > 0", exclude=[snap])
    assert quanta(joined, "isr", "visit") == {(1,)}
    assert joined.header.metadata[PROVENANCE_KEY][0]["fit"] == {"isr": "translated"}


SNAPS = {
    "shoot": (("exposure", "detector"), {"shot_in": ("exposure", "detector")}, {"shot": ("exposure", "detector")}),
    "combine": (PAIR, {"shot": ("exposure", "detector")}, {"combined": PAIR}),
    "consolidate": (("visit",), {"combined": PAIR}, {"summary": ("visit",)}),
}


@pytest.mark.parametrize(
    ("given", "exposures", "visits"),
    [
        ({"exclude": [[{"instrument": "Cam1", "exposure": 22}]]}, {11}, {1}),
        ({"exclude": [[{"instrument": "Cam1", "exposure": 22}]], "rule": "all"}, {11, 21}, {1, 2}),
        ({"exclude": [[{"instrument": "Cam1", "exposure": each} for each in (21, 22)]], "rule": "all"}, {11}, {1}),
        ({"exclude": [[{"instrument": "Cam1", "group": "g2"}]]}, {11}, {1}),
        ({"include": [[{"instrument": "Cam1", "exposure": 22}]]}, {22}, {2}),
        ({"include": [[{"instrument": "Cam1", "exposure": each} for each in (11, 22)]], "rule": "all"}, {11}, {1}),
    ],
)
def test_a_visit_holds_to_the_set_where_its_exposures_are_in_the_graph_too(
    cam: Butler, given: dict[str, Any], exposures: set[int], visits: set[int]
) -> None:
    with cam.query() as query:
        exposures_of = sorted((row["visit"], row["exposure"]) for row in query.data_ids(["visit", "exposure"]))
    assert exposures_of == [(1, 11), (2, 21), (2, 22)]
    graph = build(cam, pipeline(SNAPS), where="instrument='Cam1'", **given)
    assert quanta(graph, "shoot", "exposure") == {(each,) for each in exposures}
    assert quanta(graph, "combine", "visit") == quanta(graph, "consolidate", "visit") == {(each,) for each in visits}
    (entry,) = graph.header.metadata[PROVENANCE_KEY]
    assert entry["path"][-1] == "visit"
    assert entry["fit"] == {"shoot": "applied", "combine": "translated", "consolidate": "translated"}


def test_a_band_alone_relates_no_visits_to_a_set_of_tracts(cam: Butler) -> None:
    bands = [{"skymap": "SkyMap1", "tract": 0, "band": "r"}]
    pairs = [{"instrument": "Cam1", "visit": 2, "detector": 1}]
    graph = build(cam, pipeline({"isr": TWO_PARTS["isr"], **SNAPS}), where="instrument='Cam1'", exclude=[pairs])
    assert len(graph)
    with pytest.raises(DataIdSetDimensionsError) as caught:
        build(cam, pipeline({"isr": TWO_PARTS["isr"]}), where="instrument='Cam1'", exclude=[bands])
    assert [problem.code for problem in caught.value.problems] == ["set_without_effect"]
    conditions = DataIdSets(cam).conditions(exclude=[("bands", bands)])
    (band,) = conditions
    assert band.fit({"skymap", "tract"}).fitness is Fitness.UNFIT
    assert band.fit({"instrument", "visit", "band", "physical_filter", "day_obs"}).fitness is Fitness.NOT_APPLICABLE
    nights = DataIdSets(cam).conditions(exclude=[("nights", [{"instrument": "Cam1", "day_obs": 20210909, "detector": 1}])])
    assert nights[0].fit({"instrument", "visit", "band", "physical_filter", "day_obs"}).fitness is Fitness.UNFIT


def test_sets_that_do_not_fit_are_errors_that_name_the_tasks(cam: Butler, name: str) -> None:
    sets = DataIdSets(cam)
    pairs = sets.create(name, [{"instrument": "Cam1", "visit": 1, "detector": 2}])
    tasks = {**TWO_PARTS, "plot": (("visit",), {"other_in": ("visit",)}, {"plot": ("visit",)})}
    with pytest.raises(DataIdSetDimensionsError) as caught:
        build(cam, pipeline({"plot": tasks["plot"]}), where=WHERE, exclude=[pairs])
    (problem,) = caught.value.problems
    assert problem.where == f"exclude {pairs}"
    assert "the tasks plot have" in problem.message
    assert problem.message.endswith("and lack detector.")
    patches = [{"skymap": "SkyMap1", "tract": 0, "patch": 1}]
    with pytest.raises(DataIdSetDimensionsError, match="no task of this graph has to do with them: stack") as caught:
        build(cam, pipeline({"stack": tasks["stack"]}), where=WHERE, exclude=[("patches.csv", patches)])
    assert caught.value.problems[0].code == "set_without_effect"


def test_an_empty_graph_says_what_the_query_was(cam: Butler, caplog: pytest.LogCaptureFixture) -> None:
    everything = [{"instrument": "Cam1", "visit": visit} for visit in (1, 2)]
    graph = build(cam, pipeline({"isr": TWO_PARTS["isr"]}), where="instrument='Cam1'", exclude=[everything])
    assert len(graph) == 0
    assert "Initial data ID query returned no rows" in caplog.text


def test_the_header_tells_of_the_sets_in_a_saved_graph(cam: Butler, name: str, tmp_path: Path) -> None:
    sets = DataIdSets(cam)
    made = sets.create(name, [{"instrument": "Cam1", "visit": 2, "detector": 3, "reason": "clouds"}])
    table = DataIdTable.from_rows([{"instrument": "Cam1", "visit": 1}], universe=cam.dimensions)
    chosen = sets.conditions(include=[("some.csv", table)], exclude=[name])
    stock = {"where": "instrument='Cam1'", "input_collections": [INPUTS], "output_run": "u/out"}
    builder = SetQuantumGraphBuilder(pipeline({"isr": TWO_PARTS["isr"]}), cam, conditions=chosen, **stock)
    components = builder.finish(metadata={"comment": "kept"}, attach_datastore_records=False)
    components.write(tmp_path / "graph.qg")
    with PredictedQuantumGraph.open(tmp_path / "graph.qg") as reader:
        metadata = reader.header.metadata
    rest = {"rule": "any", "visit_system": None, "fit": {"isr": "applied"}, "path": []}
    assert metadata["comment"] == "kept"
    assert metadata[PROVENANCE_KEY] == [
        {
            "name": "some.csv",
            "version": None,
            "digest": table.digest,
            "reasons_digest": table.reasons_digest,
            "rows": 1,
            "dimensions": ["instrument", "visit"],
            "role": "include",
            "source": "some.csv",
            **rest,
        },
        {
            "name": name,
            "version": 1,
            "digest": made.digest,
            "reasons_digest": made.reasons_digest,
            "rows": 1,
            "dimensions": ["instrument", "detector", "visit"],
            "role": "exclude",
            "source": "registry",
            **rest,
        },
    ]
    components.write(tmp_path / "graph.qgraph")
    old = QuantumGraph.loadUri(tmp_path / "graph.qgraph", cam.dimensions)
    assert old.metadata[PROVENANCE_KEY] == metadata[PROVENANCE_KEY]


def test_a_butler_that_may_not_write_will_do(cam: Butler, name: str) -> None:
    made = DataIdSets(cam).create(name, [{"instrument": "Cam1", "visit": 2}])
    with Butler.from_config(cam._config, writeable=False) as reader:
        graph = build(
            reader, pipeline(TWO_PARTS), where="instrument='Cam1'", exclude=[made, [{"instrument": "Cam1", "detector": 1}]]
        )
    assert quanta(graph, "isr", "visit", "detector") == {(1, 2), (1, 3), (1, 4)}


def test_a_set_that_is_removed_meanwhile_makes_no_graph(cam: Butler, name: str) -> None:
    sets = DataIdSets(cam)
    made = sets.create(name, [{"instrument": "Cam1", "visit": 2, "detector": 3}])
    stock = {"where": "instrument='Cam1'", "input_collections": [INPUTS], "output_run": "u/out"}
    chosen = sets.conditions(exclude=[name])
    builder = SetQuantumGraphBuilder(pipeline({"isr": TWO_PARTS["isr"]}), cam, conditions=chosen, **stock)
    sets.remove(made)
    with pytest.raises(DataIdSetConflictError, match=f"{name}@1 was removed while it was in use"):
        builder.finish(attach_datastore_records=False)
