"""The demonstration to its end: what it prints, what it leaves in the repository, and what it does not leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from campaigns.agent.stack import INSTACK
from campaigns.domain.identity import SYSTEM
from campaigns.domain.submission import Submission
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from campaigns.storage.dataidsets import DataIdSetStore, PinStore
from campaigns.storage.submissions import SubmissionStore
from support.under_fire import STACK

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not (STACK / ".ready").exists(), reason="there is no demo stack: `make setup` makes it"),
]

COUNTS = {"expected", "succeeded", "caveats", "failed", "blocked", "unknown"}
TRAILED, BRIGHT, GOOD = 903342, 903986, 903334

LOOK_INSIDE = """
import json, sys
from lsst.daf.butler import Butler
butler = Butler.from_config(sys.argv[1])
chain = butler.collections.get_info("u/demo/first-light")
found = {name: len(butler.query_datasets(name, "u/demo/first-light", explain=False, limit=None)) for name in sys.argv[2:]}
visits = [ref.dataId["visit"] for ref in butler.query_datasets("demo_visit_summary", "u/demo/first-light")]
print(json.dumps({"chain": list(chain.children), "found": found, "visits": visits}))
"""

FIND_OUTPUTS = """
import json, sys
from campaigns_instack.looking import find_outputs
repository, asked = sys.argv[1], json.loads(sys.argv[2])
print(json.dumps(find_outputs(repository, **asked)))
"""


def _submissions(folder: Path) -> list[Submission]:
    """Give the demonstration's submissions, as the service has them."""
    database = Database(f"sqlite:///{folder / 'campaigns.sqlite'}")
    with database.read() as session:
        found = [SubmissionStore(session, SYSTEM).find(f"S-{number}") for number in (1, 2, 3)]
    database.close()
    return [submission for submission in found if submission is not None]


def _left_behind(folder: Path) -> list[str]:
    """Find processes that have to do with a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in words:
                found.append(words.replace("\0", " "))
    return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demonstration, run once."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    command = [
        sys.executable,
        "-m",
        "campaigns.cli.main",
        "demo",
        "--once",
        "--json",
        "--data",
        str(folder),
        "--stack",
        str(STACK),
    ]
    return folder, subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_it_completes_and_prints_one_object(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, process = ran
    assert process.returncode == 0, process.stderr[-3000:]
    told: dict[str, Any] = json.loads(process.stdout)
    assert set(told) == {"campaign", "submissions"}
    assert (told["campaign"]["name"], told["campaign"]["status"]) == ("first-light", "completed")
    for submission in told["submissions"]:
        assert set(submission) == {"id", "step", "group", "attempt", "status", "quanta"}
        assert set(submission["quanta"]) == COUNTS
    by_step = {submission["step"]: submission for submission in told["submissions"]}
    assert len(told["submissions"]) == len(by_step) == 3
    assert {step: item["status"] for step, item in by_step.items()} == {
        "step1": "partly_succeeded",
        "step2": "succeeded",
        "step3": "succeeded",
    }
    quanta = by_step["step1"]["quanta"]
    assert [quanta[name] for name in ("expected", "succeeded", "failed", "blocked", "unknown")] == [71, 67, 3, 1, 0]
    assert f"accepted: visit {TRAILED} is trailed" in process.stderr


def test_only_the_trailed_visit_failed(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = ran
    database = Database(f"sqlite:///{folder / 'campaigns.sqlite'}")
    with database.read() as session:
        store = SubmissionStore(session, SYSTEM)
        submission = store.find("S-1")
        assert submission is not None
        failures = store.failures(submission, limit=100)
    database.close()
    assert [(failure.task, failure.status) for failure in failures if failure.status == "failed"] == [
        ("measureDetector", "failed")
    ] * 3
    assert {failure.data_id["visit"] for failure in failures} == {TRAILED}
    assert all("no stars found" in failure.message for failure in failures if failure.status == "failed")


def test_what_quanta_took_is_known_of_each_task(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = ran
    submissions = _submissions(folder)
    assert len(submissions) == 3
    for submission in submissions:
        counts = {task.label: task.succeeded for task in submission.tasks if task.succeeded}
        assert {one.label: one.n_read for one in submission.spent} == counts
        assert all(one.cpu_us > 0 and one.run_us > 0 and (one.max_memory_bytes or 0) > 0 for one in submission.spent)


def test_the_outputs_are_in_the_recorded_collections(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = ran
    names = ["demo_sources", "demo_tract_visits", "demo_depth_map", "demo_seeing_plot", "demo_visits_plot", "demo_depth_plot"]
    looked = subprocess.run(
        [STACK / "bin" / "python", "-c", LOOK_INSIDE, folder / "repo", *names], capture_output=True, text=True, check=True
    )
    inside = json.loads(looked.stdout)
    steps = [run.split("/")[3] for run in inside["chain"][:3]]
    assert steps == ["step3", "step2", "step1"]
    assert inside["chain"][3:] == ["HSC/demo/defaults"]
    assert inside["found"] == dict(zip(names, (26, 1, 2, 1, 1, 2), strict=True))
    assert len(inside["visits"]) == 9
    assert not {TRAILED, BRIGHT} & set(inside["visits"])


def test_what_was_combined_from_a_visit_is_found_by_the_graphs(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = ran
    submissions = _submissions(folder)
    runs = [submission.output_run for submission in submissions]
    ran_in = [{"run": submission.output_run, "submit_dir": submission.submit_dir} for submission in submissions]

    def found(visit: int, *, submissions: list[dict[str, str | None]]) -> dict[str, Any]:
        asked = {"collections": runs, "data_ids": [{"instrument": "HSC", "visit": visit}], "submissions": submissions}
        command = [STACK / "bin" / "python", "-c", FIND_OUTPUTS, folder / "repo", json.dumps(asked)]
        environment = os.environ | {"PYTHONPATH": str(INSTACK)}
        looked = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        told: dict[str, Any] = json.loads(looked.stdout)
        return told

    combined = {"demo_tract_visits", "demo_depth_map"}
    good = found(GOOD, submissions=ran_in)
    assert (good["n_graphs"], good["unread"]) == (3, [])
    assert combined <= {one["dataset_type"] for one in good["outputs"]}
    pairs = [(one["collection"], one["dataset_type"]) for one in good["outputs"]]
    assert len(pairs) == len(set(pairs)), "what has the data ID and was made from it is counted once"
    trailed = found(TRAILED, submissions=ran_in)["outputs"]
    assert {one["collection"] for one in trailed} == {runs[0]}, "it was left out from step2 on"
    damaged = folder / "damaged"
    damaged.mkdir()
    (damaged / "cut.qg").write_bytes(next(Path(ran_in[0]["submit_dir"] or "").glob("*.qg")).read_bytes()[:1000])
    lost = [{"run": "gone", "submit_dir": "/no/such"}, {"run": "never", "submit_dir": None}]
    without = found(GOOD, submissions=[*lost, {"run": "cut", "submit_dir": str(damaged)}])
    assert (without["n_graphs"], without["unread"]) == (0, ["gone", "never", "cut"])
    assert not combined & {one["dataset_type"] for one in without["outputs"]}


def test_the_sets_were_applied_pinned_and_recorded(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, process = ran
    database = Database(f"sqlite:///{folder / 'campaigns.sqlite'}")
    with database.read() as session:
        campaign = CampaignStore(session, SYSTEM).find("C-1")
        submissions = [SubmissionStore(session, SYSTEM).find(f"S-{number}") for number in (1, 2, 3)]
        pins = PinStore(session, SYSTEM).of_campaign(campaign.uuid if campaign else "")
        entries = DataIdSetStore(session, SYSTEM).listed(limit=10)
    database.close()
    assert campaign is not None
    assert campaign.revision == 2
    assert [step.sets.exclude for step in campaign.definition.steps] == [[], ["demo/bad@1"], ["demo/bad@1"]]
    assert {(str(pin), pin.revision, pin.rows) for pin in pins.values()} == {("demo/bright@1", 1, 1), ("demo/bad@1", 2, 1)}
    used = [[(str(use), use.outcome) for use in submission.sets] for submission in submissions if submission]
    both = [("demo/bright@1", "applied"), ("demo/bad@1", "applied")]
    assert used == [both[:1], both, both]
    assert {str(entry): entry.reasons[0].reason.partition(":")[0] for entry in entries} == {
        "demo/bad@1": "trailed",
        "demo/bright@1": "bright background",
    }
    looked = subprocess.run(
        [STACK / "bin" / "butler", "query-dataid-sets", folder / "repo"], capture_output=True, text=True, check=True
    )
    assert "demo/bad" in looked.stdout
    assert "demo/bright" in looked.stdout
    assert re.search(r"Already in: u/demo/first-light/step1/\w+ \(12 datasets\)", process.stderr)


def test_it_leaves_no_process(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = ran
    assert _left_behind(folder) == []
