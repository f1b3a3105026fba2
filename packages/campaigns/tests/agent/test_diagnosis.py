"""Reading the launcher's log: how far it is, what id the run has, why nothing ran."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.agent.diagnosis import diagnose
from campaigns.agent.launcherlog import LauncherLog, tail

from .making import SUBMITTING


def line(message: str, *, name: str = "lsst.ctrl.bps.drivers", level: str = "INFO") -> str:
    return f"{level} 2026-11-22T15:03:43.524+00:00 {name} ()(drivers.py:333) - {message}\n"


def test_phases_are_told_from_the_log(tmp_path: Path) -> None:
    path = tmp_path / "launcher.log"
    log = LauncherLog(path)
    log.read_on()
    path.write_text(line("DISCLAIMER: All values are approximate") + line("Creating quantum graph"))
    log.read_on()
    assert (log.message, log.is_submitting) == ("Creating quantum graph", False)
    inner = line("Iterating over data ID query results.", name="lsst.pipe.base.quantum_graph_builder").rstrip()
    with path.open("a") as stream:
        stream.write(line(inner) + SUBMITTING[:20])
    log.read_on()
    assert (log.message, log.is_submitting) == ("Iterating over data ID query results.", False)
    with path.open("a") as stream:
        stream.write(SUBMITTING[20:] + "\n")
    log.read_on()
    assert log.is_submitting


@pytest.mark.parametrize(("printed", "run_id"), [("Run Id: 12.0\n", "12.0"), ("Run Id: None\n", None), ("", None)])
def test_run_id(printed: str, run_id: str | None, tmp_path: Path) -> None:
    path = tmp_path / "launcher.log"
    path.write_text(f"Submit dir: /a\n{printed}Run Name: b\n")
    assert LauncherLog(path).run_id() == run_id


def test_tail_begins_with_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("first line\nsecond line\nthird\n")
    assert tail(path, 14) == "third\n"
    assert tail(path, 1000) == "first line\nsecond line\nthird\n"
    assert tail(tmp_path / "none", 10) == ""


TRACEBACK = 'Traceback (most recent call last):\n  File "/a/b.py", line 1, in c\n    raise it\n'


@pytest.mark.parametrize(
    ("generation", "code", "said"),
    [
        (
            line("Initial data ID query returned no rows, so QuantumGraph will be empty.", level="ERROR")
            + "Error: QuantumGraph was empty; ERROR logs above should provide details.\n",
            "empty_quantum_graph",
            "Initial data ID query returned no rows",
        ),
        (
            TRACEBACK + "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/x.yaml'\n",
            "pipeline_not_found",
            "/nowhere",
        ),
        (
            TRACEBACK + "ValueError: Not all supplied labels are in the pipeline definition, extra labels: {'x'}\n",
            "pipeline_invalid",
            "'x'",
        ),
        (
            TRACEBACK + "lsst.daf.butler.MissingCollectionError: No collection with name 'nope' found.\n",
            "collection_not_found",
            "nope",
        ),
        (TRACEBACK + "lsst.daf.butler.InvalidQueryError: Unrecognized identifier 'vist'.\n", "data_query_invalid", "vist"),
        (TRACEBACK + "FileNotFoundError: Config location file:///x does not exist.\n", "butler_unreachable", "file:///x"),
        (TRACEBACK + "sqlalchemy.exc.OperationalError: (psycopg.OperationalError) refused\n", "butler_unreachable", "refused"),
        (TRACEBACK + "ModuleNotFoundError: No module named 'demo'\n", "task_not_found", "demo"),
        (TRACEBACK + "ZeroDivisionError: division by zero\n", "bps_failed", "division by zero"),
    ],
)
def test_causes_while_the_graph_is_built(generation: str, code: str, said: str, tmp_path: Path) -> None:
    # The command itself is in the log too, and must not be taken for a complaint about what it names.
    (tmp_path / "quantumGraphGeneration.out").write_text(f"pipetask qgraph --pipeline /a/x.yaml#step1\n\n{generation}")
    (tmp_path / "launcher.log").write_text(line("Unable to import eups", level="WARNING") + "Generating quantum graph failed\n")
    fault = diagnose(tmp_path / "launcher.log", tmp_path, how="exit code 1")
    assert (fault.code, said in fault.message) == (code, True), fault
    assert fault.remedy
    assert fault.where is not None


def test_causes_in_bps_itself(tmp_path: Path) -> None:
    (tmp_path / "launcher.log").write_text(TRACEBACK + "ModuleNotFoundError: Unable to import 'a.b.C'\nSubmit dir: /a\n")
    fault = diagnose(tmp_path / "launcher.log", tmp_path / "submit", how="exit code 1")
    assert (fault.code, fault.where) == ("bps_setting_invalid", str(tmp_path / "launcher.log"))


def test_launcher_that_wrote_nothing(tmp_path: Path) -> None:
    fault = diagnose(tmp_path / "launcher.log", tmp_path / "submit", how="signal 9")
    assert fault.code == "bps_failed"
    assert "with signal 9: it wrote nothing" in fault.message
