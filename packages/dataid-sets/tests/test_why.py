"""Why a data ID is not in an output, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from demo_pipeline.repository import CHAIN, TRAILED_VISIT
from demo_pipeline.repository import make_repository as make_demo
from lsst.daf.butler import Butler, CollectionType, DatasetRef
from lsst.daf.butler.cli.butler import cli as butler_cli
from lsst.daf.butler.cli.utils import LogCliRunner
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphReader

from dataid_sets import DataIdSets, DataIdSetValueError
from dataid_sets.files import read_data_ids
from dataid_sets.pipetask import SetQuantumGraphBuilder
from dataid_sets.pipetask._command import cli
from dataid_sets.pipetask._recording import record_graph
from dataid_sets.why import Explanation
from pipetask.graphs import CAM, INPUTS, PAIR, WARPS, define_cam_exposures, fill, pipeline
from registries import BACKENDS, make_repository

WHERE = "instrument='Cam1' AND skymap='SkyMap1' AND NOT (visit = 1 AND detector = 4)"
CAM1 = {"instrument": "Cam1"}

Made = tuple[PredictedQuantumGraph, str]


@pytest.fixture(scope="module", params=BACKENDS)
def cam_root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a repository whose inputs lack detector 3 of visit 1."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres").create("why")
    root = make_repository(tmp_path_factory.mktemp("repo"), url=url, driver=request.param, files=CAM)
    define_cam_exposures(root)
    fill(root, {"raw_in": PAIR}, "instrument='Cam1' AND skymap='SkyMap1' AND NOT (visit = 1 AND detector = 3)")
    return root


@pytest.fixture(scope="module")
def cam(cam_root: Path) -> Iterator[Butler]:
    """Give a Butler of this repository."""
    with Butler.from_config(cam_root, writeable=True) as butler:
        yield butler


@pytest.fixture
def make(cam: Butler, cam_root: Path, name: str, tmp_path: Path) -> Callable[..., Made]:
    """Give a maker of saved graphs, which says in the registry what it did."""

    def make(
        tasks: Mapping[str, Any] = WARPS,
        *,
        run: str = "1",
        where: str = WHERE,
        saved: bool = True,
        begun: bool = True,
        **chosen: Any,
    ) -> Made:
        sets, run = DataIdSets(cam), f"{name}/{run}"
        conditions = sets.conditions(**chosen)
        stock = {"where": where, "input_collections": [INPUTS], "output_run": run}
        builder = SetQuantumGraphBuilder(pipeline(tasks), cam, conditions=conditions, **stock)
        components = builder.finish(name, metadata={"data_query": where}, attach_datastore_records=False)
        path = str(tmp_path / f"{run.rpartition('/')[2]}.qg")
        components.write(path)
        if conditions:
            assert record_graph(str(cam_root), conditions, components.header, graph=path if saved else None)
        if not begun:
            return components.assemble(), path
        cam.collections.register(run)
        if cam.collections.register(name, CollectionType.CHAINED):
            cam.collections.redefine_chain(name, [INPUTS])
        cam.collections.prepend_chain(name, run)
        return components.assemble(), path

    return make


def pretend(butler: Butler, graph: PredictedQuantumGraph, task: str, keeps: Callable[[Any], bool], left: str = "") -> None:
    """Register what quanta would have left: all of it, or only datasets whose types end so."""
    ids = [number for data_id, number in graph.quanta_by_task[task].items() if keeps(data_id)]
    refs: list[DatasetRef] = []
    for quantum in graph.build_execution_quanta(ids).values():
        for listed in quantum.outputs.values():
            refs += [ref for ref in listed if ref.datasetType.name.endswith(left)]
    for dataset_type in {ref.datasetType for ref in refs}:
        butler.registry.registerDatasetType(dataset_type)
    butler.registry._importDatasets(refs)


def why(butler: Butler, collection: str, given: Mapping[str, Any], **kwargs: Any) -> Explanation:
    found = DataIdSets(butler).explain(collection, given, **kwargs)
    assert json.loads(json.dumps(found.to_dict()))["verdict"] == found.verdict
    assert str(found).startswith(f"{found.verdict}: ")
    return found


def test_what_never_came_into_the_graph(cam: Butler, make: Callable[..., Made], name: str) -> None:
    sets = DataIdSets(cam)
    bad = sets.create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1, "reason": "clouds"}])
    make(exclude=[bad])
    found = why(cam, name, {**CAM1, "visit": 3})
    assert found.verdict == "unknown_data_id"
    found = why(cam, name, {**CAM1, "visit": 1, "detector": 3})
    assert (found.verdict, found.message) == ("not_in_inputs", "The inputs have no raw_in of detector=3, visit=1.")
    found = why(cam, name, {**CAM1, "visit": 1, "detector": 4})
    assert found.verdict == "not_in_query"
    assert WHERE in found.message
    found = why(cam, name, {**CAM1, "visit": 2, "detector": 1})
    assert found.verdict == "excluded"
    assert f"{bad}, of {bad.owner}, made {bad.created:%Y-%m-%d} excludes detector=1, visit=2 (clouds)." == found.message
    assert found.evidence[0].facts["rows"] == [{**CAM1, "detector": 1, "visit": 2, "reason": "clouds"}]
    found = why(cam, name, {**CAM1, "visit": 2})
    assert found.verdict == "not_run"
    assert any(each.what == "set" and "clouds" in each.message for each in found.evidence)


def test_sets_that_stand_for_others(cam: Butler, make: Callable[..., Made], name: str) -> None:
    sets = DataIdSets(cam)
    snap = sets.create(f"{name}/snap", [{**CAM1, "exposure": 22, "reason": "wind"}])
    graph, path = make({"isr": WARPS["isr"]}, exclude=[snap], where="instrument='Cam1'")
    assert {data_id["visit"] for data_id in graph.quanta_by_task["isr"]} == {1}
    for given in ({"visit": 2}, {"exposure": 21}, {"exposure": 22}, {"visit": 2, "detector": 2}):
        found = why(cam, name, {**CAM1, **given})
        assert found.verdict == "excluded", given
        assert "exposure=22 (wind); exposures stand for visits by the rule `any`" in found.message
    assert why(cam, f"{name}/1", {**CAM1, "exposure": 11}, graph=path).verdict == "not_run"


def test_sets_that_include_and_sets_of_files(cam: Butler, make: Callable[..., Made], name: str, tmp_path: Path) -> None:
    sets = DataIdSets(cam)
    good = sets.create(f"{name}/good", [{**CAM1, "visit": 1}])
    make(include=[good])
    found = why(cam, name, {**CAM1, "visit": 2})
    assert found.verdict == "not_included"
    assert "has no data ID of it" in found.message
    file = tmp_path / "tracts.csv"
    file.write_text("visit,tract,skymap\n2,0,SkyMap1\n1,0,SkyMap1\n")
    table = read_data_ids(file, universe=cam.dimensions, constants=CAM1)
    graph, path = make(run="2", exclude=[(str(file), table)])
    assert {data_id["visit"] for data_id in graph.quanta_by_task["warp"]} == {2}
    found = why(cam, f"{name}/2", {**CAM1, "visit": 1}, graph=path)
    assert found.verdict == "excluded"
    assert f"{file} excludes tract=0, visit=1" in found.message
    file.write_text("visit,tract,skymap\n2,0,SkyMap1\n")
    found = why(cam, f"{name}/2", {**CAM1, "visit": 1}, graph=path)
    assert found.verdict == "set_gone"
    assert found.message == f"{file} (exclude) is a file that was changed or removed; whether it kept visit=1 out cannot be told."


def test_a_graph_that_nobody_saved(cam: Butler, make: Callable[..., Made], name: str) -> None:
    sets = DataIdSets(cam)
    bad = sets.create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1, "reason": "clouds"}])
    make({"isr": WARPS["isr"]}, exclude=[bad], where="instrument='Cam1' AND visit = 2", saved=False)
    for collection in (name, f"{name}/1"):
        found = why(cam, collection, {**CAM1, "visit": 1, "detector": 2})
        assert found.verdict == "not_in_query"
        assert found.message == "The data query `instrument='Cam1' AND visit = 2` does not select detector=2, visit=1."
        assert why(cam, collection, {**CAM1, "visit": 1, "detector": 3}).verdict == "not_in_inputs"
        assert why(cam, collection, {**CAM1, "visit": 2, "detector": 1}).verdict == "excluded"
        assert why(cam, collection, {**CAM1, "visit": 2, "detector": 2}).verdict == "not_run"
    # A second attempt, with another query.
    make({"isr": WARPS["isr"]}, exclude=[bad], where="instrument='Cam1' AND visit = 1", saved=False, run="2")
    assert why(cam, name, {**CAM1, "visit": 1, "detector": 2}).verdict == "not_run"
    assert why(cam, f"{name}/1", {**CAM1, "visit": 1, "detector": 2}).verdict == "not_in_query"


@pytest.mark.parametrize("saved", [True, False])
def test_a_set_that_was_removed(cam: Butler, make: Callable[..., Made], name: str, saved: bool) -> None:
    sets = DataIdSets(cam)
    bad = sets.create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1, "reason": "clouds"}])
    make({"isr": WARPS["isr"]}, exclude=[bad], saved=saved)
    removed = sets.remove(bad).removed
    assert removed is not None
    found = why(cam, name, {**CAM1, "visit": 2, "detector": 1})
    assert found.verdict == "set_gone"
    told = f"{bad} of {bad.owner} (exclude) was removed on {removed:%Y-%m-%d}; whether it kept detector=1, visit=2 out"
    assert found.message == f"{told} cannot be told."
    assert found.evidence[0].facts["removed"][:10] == f"{removed:%Y-%m-%d}"


def test_a_graph_that_was_not_begun(cam: Butler, make: Callable[..., Made], name: str) -> None:
    bad = DataIdSets(cam).create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1, "reason": "clouds"}])
    _, path = make({"isr": WARPS["isr"]}, exclude=[bad], begun=False)
    for collection in (name, f"{name}/1"):
        assert why(cam, collection, {**CAM1, "visit": 2, "detector": 1}).verdict == "excluded"
        assert why(cam, collection, {**CAM1, "visit": 1, "detector": 4}).verdict == "not_in_query"
        found = why(cam, collection, {**CAM1, "visit": 2, "detector": 2})
        assert (found.verdict, "has not run" in found.message) == ("not_run", True)
    Path(path).unlink()
    assert why(cam, name, {**CAM1, "visit": 1, "detector": 4}).verdict == "not_in_query"
    with pytest.raises(DataIdSetValueError, match="no graph for it is known"):
        why(cam, f"{name}2", {**CAM1, "visit": 2})


def test_what_became_of_quanta(cam: Butler, make: Callable[..., Made], name: str) -> None:
    graph, path = make()
    pretend(cam, graph, "isr", lambda data_id: data_id["visit"] == 1)
    pretend(cam, graph, "isr", lambda data_id: data_id["visit"] == 2 and data_id["detector"] != 3)
    pretend(cam, graph, "isr", lambda data_id: data_id["visit"] == 2 and data_id["detector"] == 3, "_log")
    pretend(cam, graph, "consolidate", lambda data_id: data_id["visit"] == 1, "_metadata")
    pretend(cam, graph, "warp", lambda data_id: data_id["visit"] == 1)
    known = {"graph": path}
    found = why(cam, name, {**CAM1, "visit": 2}, **known)
    assert (found.verdict, found.evidence[0].facts["data_id"]) == ("failed", {**CAM1, "visit": 2, "detector": 3})
    assert found.message.startswith("isr failed for detector=3, visit=2: its log cannot be read")
    found = why(cam, name, {**CAM1, "visit": 2}, dataset_type="summary", **known)
    assert found.verdict == "blocked"
    assert "consolidate could not run for visit=2: isr failed for detector=3, visit=2" in found.message
    found = why(cam, name, {**CAM1, "visit": 2}, dataset_type="src", **known)
    assert found.verdict == "failed"
    assert "(1 of 4 quanta)" in found.message
    assert why(cam, name, {**CAM1, "visit": 1}, dataset_type="summary", **known).verdict == "no_work"
    found = why(cam, name, {**CAM1, "visit": 1}, dataset_type="warp", **known)
    assert (found.verdict, found.message) == ("present", f"visit=1 is in {name}: it has warp.")
    assert why(cam, name, {**CAM1, "visit": 1, "detector": 1}, **known).verdict == "present"
    assert why(cam, name, {**CAM1, "visit": 2, "detector": 1}, **known).verdict == "present"
    found = why(cam, name, {"skymap": "SkyMap1", "tract": 1}, **known)
    assert found.verdict == "blocked"
    # The runs alone tell of failures, too.
    assert why(cam, name, {**CAM1, "visit": 2}).verdict == "failed"
    assert why(cam, name, {**CAM1, "visit": 1}).verdict == "present"


def test_a_later_attempt_counts(cam: Butler, make: Callable[..., Made], name: str) -> None:
    bad = DataIdSets(cam).create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1}])
    first, _ = make({"isr": WARPS["isr"]}, exclude=[bad], run="1")
    pretend(cam, first, "isr", lambda data_id: True, "_log")
    assert why(cam, name, {**CAM1, "visit": 2}).verdict == "failed"
    second, _ = make({"isr": WARPS["isr"]}, exclude=[bad], run="2")
    pretend(cam, second, "isr", lambda data_id: True)
    found = why(cam, name, {**CAM1, "visit": 2})
    assert found.verdict == "present"
    assert why(cam, f"{name}/1", {**CAM1, "visit": 2}).verdict == "failed"


def test_what_nobody_has_run_yet(cam: Butler, make: Callable[..., Made], name: str) -> None:
    _, path = make()
    found = why(cam, name, {**CAM1, "visit": 1, "detector": 2}, graph=path, dataset_type="src")
    assert found.verdict == "not_run"
    assert "final job" in str(found)


def test_a_tagged_collection_knows_its_sets(cam: Butler, name: str) -> None:
    sets = DataIdSets(cam)
    bad = sets.create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1, "reason": "clouds"}])
    sets.tag(name, dataset_types="raw_in", collections=INPUTS, exclude=[bad])
    assert why(cam, name, {**CAM1, "visit": 2}).verdict == "present"
    found = why(cam, name, {**CAM1, "visit": 2, "detector": 1}, inputs=INPUTS)
    assert found.verdict == "excluded"
    assert "(clouds)" in found.message
    assert why(cam, name, {**CAM1, "visit": 1, "detector": 3}, inputs=INPUTS).verdict == "not_in_inputs"


def test_mistakes(cam: Butler, make: Callable[..., Made], name: str) -> None:
    with pytest.raises(DataIdSetValueError, match="There is no collection nowhere"):
        why(cam, "nowhere", {**CAM1, "visit": 1})
    make()
    for given, told in (({"visit": 1}, "instrument"), ({"instrumant": "Cam1"}, "no dimension"), ({}, "empty")):
        with pytest.raises(DataIdSetValueError, match=told):
            why(cam, name, given)
    with pytest.raises(DataIdSetValueError, match="no dataset type nothing"):
        why(cam, name, {**CAM1, "visit": 1}, dataset_type="nothing")
    with pytest.raises(DataIdSetValueError, match=r"There is no file nowhere\.qg"):
        why(cam, name, {**CAM1, "visit": 1}, graph="nowhere.qg")


def test_damaged_graphs(cam: Butler, make: Callable[..., Made], name: str) -> None:
    bad = DataIdSets(cam).create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1}])
    graph, path = make(exclude=[bad])
    pretend(cam, graph, "isr", lambda data_id: True)
    whole = Path(path).read_bytes()
    halves = (whole[: len(whole) // 2], b"", b"no graph", whole[:1000] + bytes(len(whole) - 2000) + whole[-1000:])
    for content in halves:
        Path(path).write_bytes(content)
        with pytest.raises(DataIdSetValueError, match=r"graph: The graph .* cannot be read: .*\. See that it is") as caught:
            why(cam, name, {**CAM1, "visit": 1}, graph=path)
        (problem,) = caught.value.problems
        assert (problem.code, problem.where) == ("unreadable_graph", "graph")
        found = why(cam, name, {**CAM1, "visit": 1})
        assert found.verdict == "present"
        assert any(each.what == "graph" and "cannot be read" in each.message for each in found.evidence)


def test_a_graph_of_which_a_part_is_damaged(
    cam: Butler, make: Callable[..., Made], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = DataIdSets(cam).create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1}])
    graph, path = make(exclude=[bad])
    pretend(cam, graph, "isr", lambda data_id: True)

    def fail(*_: Any) -> None:
        raise EOFError("too short")

    monkeypatch.setattr(PredictedQuantumGraphReader, "read_quantum_datasets", fail)
    with pytest.raises(DataIdSetValueError, match="too short"):
        why(cam, name, {**CAM1, "visit": 1}, graph=path)
    assert "too short" in str(why(cam, name, {**CAM1, "visit": 1}))


def test_a_notebook_shows_an_explanation(cam: Butler, make: Callable[..., Made], name: str) -> None:
    bad = DataIdSets(cam).create(f"{name}/bad", [{**CAM1, "visit": 2, "detector": 1, "reason": "<b>clouds"}])
    make(exclude=[bad])
    shown = why(cam, name, {**CAM1, "visit": 2, "detector": 1})._repr_html_()
    assert "excluded: " in shown
    assert "(&lt;b&gt;clouds)" in shown


def test_a_real_run_says_why_it_failed(tmp_path: Path) -> None:
    make_demo(tmp_path / "repo")
    with Butler.from_config(tmp_path / "repo", writeable=True) as butler:
        DataIdSets(butler).init()
        pairs = [{"instrument": "HSC", "visit": TRAILED_VISIT, "detector": detector} for detector in (4, 10)]
        DataIdSets(butler).create("demo/few", pairs)
    names = ["-b", str(tmp_path / "repo"), "-p", "resource://demo_pipeline/pipelines/demo.yaml#step1", "-i", CHAIN, "-o", "u/me"]
    given = ["--include-set", "demo/few", "--save-qgraph", str(tmp_path / "graph.qg"), "-d", "instrument='HSC'"]
    result = LogCliRunner().invoke(cli, ["run", *names, "--register-dataset-types", *given])
    assert result.exit_code == 1
    with Butler.from_config(tmp_path / "repo") as butler:
        found = why(butler, "u/me", {"instrument": "HSC", "visit": TRAILED_VISIT})
        assert found.verdict == "failed"
        assert "measureDetector failed for detector=4" in found.message
        assert "NoStarsError: no stars found: " in found.message
        found = why(butler, "u/me", {"instrument": "HSC", "visit": TRAILED_VISIT}, dataset_type="demo_visit_summary")
        assert found.verdict == "blocked"
        found = why(butler, "u/me", {"instrument": "HSC", "visit": 903334})
        assert found.verdict == "not_included"
        assert why(butler, "u/me", {"instrument": "HSC", "exposure": TRAILED_VISIT}, dataset_type="demo_raw").verdict == "present"
    asked = ["explain-missing-dataid", str(tmp_path / "repo"), "u/me", "--data-id", f"instrument=HSC,visit={TRAILED_VISIT}"]
    told = LogCliRunner().invoke(butler_cli, asked)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("failed: measureDetector failed for detector=4")
    assert "NoStarsError: no stars found: " in told.stdout.splitlines()[0]
