"""``pipetask-sets`` on the demonstration's repository."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import Result
from demo_pipeline.repository import BRIGHT_VISIT, CHAIN, SNAP_VISIT, make_repository
from lsst.daf.butler import Butler
from lsst.daf.butler.cli.utils import LogCliRunner
from lsst.pipe.base.quantum_graph import HeaderModel, PredictedQuantumGraph

from dataid_sets import DataIdSets
from dataid_sets.pipetask import PROVENANCE_KEY
from dataid_sets.pipetask._command import cli
from dataid_sets.pipetask._recording import record_graph
from dataid_sets.pipetask._stock import stock_group

WHERE = "instrument='HSC' AND skymap='discrete/ci_hsc'"
EXECUTABLE = Path(sys.executable).parent / "pipetask-sets"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "repo"
    make_repository(root)
    with Butler.from_config(root, writeable=True) as butler:
        sets = DataIdSets(butler)
        sets.init()
        sets.create("demo/bright", [{"instrument": "HSC", "visit": BRIGHT_VISIT, "reason": "twilight"}])
        sets.create("demo/snap", [{"instrument": "HSC", "exposure": SNAP_VISIT + 1}])
        sets.create("demo/tract", [{"skymap": "discrete/ci_hsc", "tract": 0}])
    return root


def arguments(repo: Path, graph: Path, *more: str) -> list[str]:
    pipeline = "resource://demo_pipeline/pipelines/demo.yaml#step1"
    places = ["-b", str(repo), "-p", pipeline, "-i", CHAIN, "-o", "u/me", "--output-run", f"u/me/{graph.stem}"]
    return ["qgraph", *places, "-d", WHERE, "--save-qgraph", str(graph), *more]


def run(*args: str) -> Result:
    return LogCliRunner().invoke(cli, args)


def read(path: Path) -> PredictedQuantumGraph:
    with PredictedQuantumGraph.open(path) as reader:
        reader.read_thin_graph()
        return reader.finish()


def visits(graph: PredictedQuantumGraph, task: str = "measureDetector") -> set[int]:
    return {data_id["visit"] for data_id in graph.quanta_by_task[task]}


def test_the_executable_makes_a_graph_without_the_visit_and_says_so(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "bright.qg"
    done = subprocess.run(
        [EXECUTABLE, "--long-log", *arguments(repo, path, "--exclude-set", "demo/bright")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "demo/bright@1: 1 data IDs of instrument, visit" in done.stderr
    graph = read(path)
    assert BRIGHT_VISIT not in visits(graph) | visits(graph, "summarizeVisit")
    assert len(visits(graph)) == 10
    (entry,) = graph.header.metadata[PROVENANCE_KEY]
    assert (entry["name"], entry["version"], entry["role"], entry["source"]) == ("demo/bright", 1, "exclude", "registry")
    assert set(entry["fit"].values()) == {"applied"}
    assert "--exclude-set demo/bright" in graph.header.command
    with Butler.from_config(repo) as butler:
        (use,) = DataIdSets(butler).uses("demo/bright", collection="u/me/bright")
        assert (use.reference, use.graph, use.translation["fit"]) == ("demo/bright@1", str(path), entry["fit"])
        assert (use.translation["query"], use.translation["inputs"]) == (WHERE, list(graph.header.inputs))


def test_the_same_graph_is_written_down_once(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.qg"
    for _ in range(2):
        result = run(*arguments(repo, path, "--exclude-set", "demo/snap@1", "--set-visit-system", "1"))
        assert result.exit_code == 0, result.output
    graph = read(path)
    # A visit goes with any of its exposures, and with it the others, which nothing else is made of.
    exposures = {data_id["exposure"] for data_id in graph.quanta_by_task["simulateExposure"]}
    assert not exposures & {SNAP_VISIT, SNAP_VISIT + 1}
    assert SNAP_VISIT not in visits(graph)
    with Butler.from_config(repo) as butler:
        (use,) = DataIdSets(butler).uses(collection="u/me/twice")
    assert use.translation["visit_system"] == 1
    assert use.translation["path"] == ["exposure", "visit"]
    assert (use.translation["fit"]["simulateExposure"], use.translation["fit"]["summarizeVisit"]) == ("applied", "translated")


def test_rules_files_and_several_sets(repo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bad, few = tmp_path / "bad.csv", tmp_path / "few.csv"
    bad.write_text(f"visit\n{BRIGHT_VISIT}\n12345\n")
    few.write_text(f"visit,detector\n{BRIGHT_VISIT},16\n{SNAP_VISIT},4\n{SNAP_VISIT},10\n")
    given = ["--include-file", str(few), "--exclude-file", str(bad), "--exclude-set", "demo/snap", "--set-rule", "all"]
    result = run(*arguments(repo, tmp_path / "files.qg", *given, "--set-constant", "instrument=HSC"))
    assert result.exit_code == 0, result.output
    graph = read(tmp_path / "files.qg")
    assert {(data_id["visit"], data_id["detector"]) for data_id in graph.quanta_by_task["measureDetector"]} == {
        (SNAP_VISIT, 4),
        (SNAP_VISIT, 10),
    }
    found = [(entry["role"], entry["source"], entry["rule"]) for entry in graph.header.metadata[PROVENANCE_KEY]]
    assert found == [("include", str(few), "all"), ("exclude", "registry", "all"), ("exclude", str(bad), "all")]
    with Butler.from_config(repo) as butler:
        assert [use.name for use in DataIdSets(butler).uses(collection="u/me/files")] == ["demo/snap"]


def test_mistakes_are_told_at_once_and_without_a_traceback(repo: Path, tmp_path: Path) -> None:
    given = ["--exclude-set", "demo/nope", "--include-file", "nope.csv", "--set-constant", "foo=1"]
    result = run(*arguments(repo, tmp_path / "never.qg", *given))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["foo=1", "nope.csv", "demo/nope"]
    result = run(*arguments(repo, tmp_path / "never.qg", "--exclude-set", "demo/tract"))
    assert result.exit_code == 1
    assert result.output.startswith("exclude demo/tract@1: Its data IDs have skymap, tract; no task of this graph")
    assert not (tmp_path / "never.qg").exists()


def test_a_graph_that_is_made_takes_no_sets(repo: Path, tmp_path: Path) -> None:
    assert run(*arguments(repo, tmp_path / "plain.qg")).exit_code == 0
    assert PROVENANCE_KEY not in read(tmp_path / "plain.qg").header.metadata
    made = ["-b", str(repo), "-g", str(tmp_path / "plain.qg"), "--exclude-set", "demo/bright"]
    result = run("qgraph", *made)
    assert result.exit_code == 1
    assert "sets have no effect on it" in result.output


def test_stock_stays_as_it_was(repo: Path) -> None:
    assert not any(option.name == "exclude" for option in stock_group().get_command(None, "qgraph").params)
    assert import_module("lsst.ctrl.mpexec.cli.script").qgraph.__module__ == "lsst.ctrl.mpexec.cli.script.qgraph"
    assert {"build", "qgraph", "run", "run-qbb", "report"} <= set(stock_group().list_commands(None))
    helped = run("run", "--help").output
    assert "--include-set" in helped
    assert "--set-visit-system" in helped
    assert "--include-set" not in run("build", "--help").output


def test_where_nothing_can_be_written_down_there_is_a_warning(
    repo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Butler.makeRepo(str(tmp_path / "bare"))
    with Butler.from_config(repo) as butler:
        chosen = DataIdSets(butler).conditions(exclude=["demo/bright"])
    fits = [{"rule": "any", "visit_system": None, "fit": {}, "path": []}]
    header = HeaderModel(output_run="u/out", metadata={PROVENANCE_KEY: fits})
    assert not record_graph(str(tmp_path / "bare"), chosen, header, graph="a.qg")
    assert "could not be recorded in the registry; the graph's header has it" in caplog.text
