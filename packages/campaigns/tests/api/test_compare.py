"""Comparing campaigns: only the differences, of definitions, sets, outcomes and metrics, in a fixed number of statements."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, select

from api.test_rerun import DOCUMENT, rerun
from campaigns.cli.compared import comparison_text
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.schema.agent_order import AgentOrderRow
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.quantum_failure import QuantumFailureRow
from campaigns.schema.revision import RevisionRow
from campaigns.schema.stored_file import StoredFileRow
from campaigns.schema.submission import SubmissionRow
from campaigns.schema.task_counts import TaskCountsRow
from campaigns.services.factory import Factory
from campaigns.storage.database import Database
from campaigns.storage.files import FileFolder
from support.counting import counted
from support.people import NOW_US, identity_of
from support.serving import Clients, TestClient
from web.fake_agent import FakeAgent

MINUTE_US = 60_000_000


@pytest.fixture
def mary(client: Clients) -> TestClient:
    """A manager's client, of a server with a campaign and its rerun."""
    found = client(Role.MANAGER)
    assert found.post("/api/v1/campaigns", json=DOCUMENT).status_code == 201
    rerun(found, patch={"stack": "w_2026_47"}, set={"sets.exclude[demo/bad]": "demo/bad@2"})
    return found


def submission(campaign: str, number: int, uuid: str, **fields: Any) -> dict[str, Any]:
    told = {
        "id": uuid, "number": number, "campaign_id": campaign, "revision": 1, "step": "step1", "group_name": f"g{number}",
        "attempt": 1, "recovers": None, "superseded": False, "status": "succeeded", "status_reason": None, "status_remedy": None,
        "phase_message": "", "judgement": "accepted", "judged_by": None, "judged_reason": None, "judged_us": None,
        "chained_us": None, "operator": "otto", "order_id": None, "cancel_requested_by": None, "site": "here",
        "stack": "w_2026_46", "repository": "main", "pipeline": "p", "input_collections": [], "output": "o",
        "output_run": f"run/{number}", "data_query": "", "bps": {}, "sets": [], "command": [], "bps_yaml": "", "submit_dir": None,
        "launcher": {}, "workflow": {}, "quanta_source": None, "quanta_final": True, "registered": True, "n_failures": 0,
        "faults": [], "created_us": NOW_US, "updated_us": NOW_US, "acquiring_us": NOW_US, "running_us": NOW_US,
        "ended_us": NOW_US + MINUTE_US,
    }  # fmt: skip
    return {**told, **fields}


def fill(database: Database, *, each: int, failed: int = 1) -> None:
    """Give the second campaign failures that the first has not, each campaign so many submissions."""
    with database.write() as session:
        uuids = dict(session.execute(select(CampaignRow.number, CampaignRow.id)).all())
        for number, uuid in uuids.items():
            names = [f"{number:08d}-0000-0000-0000-{index:012d}" for index in range(each)]
            rows = [submission(uuid, 10_000 * number + index, name) for index, name in enumerate(names)]
            session.execute(insert(SubmissionRow), rows)
            counts = {"expected": 3, "caveats": 0, "blocked": 0, "unknown": 0}
            bad = failed if number == 2 else 0
            tasks = [
                {"submission_id": name, "position": 0, "label": "isr", **counts, "succeeded": 3 - bad, "failed": bad}
                for name in names
            ]
            session.execute(insert(TaskCountsRow), tasks)
            failures = [
                {
                    "submission_id": name, "position": index, "task": "isr", "status": "failed", "data_id": {}, "quantum_id": "",
                    "message": f"No flat for exposure {index}", "exception": "lsst.NoFlat", "log": "",
                }
                for name in names for index in range(bad)
            ]  # fmt: skip
            if failures:
                session.execute(insert(QuantumFailureRow), failures)


def diff(client: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/campaigns/{path}", params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_only_the_differences_unless_all_is_asked_for(mary: TestClient) -> None:
    told = diff(mary, "C-1/diff/C-2")
    fields = {row["where"]: row["values"] for row in told["fields"]}
    assert fields["stack"] == ["w_2026_46", "w_2026_47"]
    assert fields["sets.exclude[demo/bad]"] == ["demo/bad", "demo/bad@2"]
    assert set(fields) == {"stack", "sets.exclude[demo/bad]", "name", "reason", "output"}
    assert told["relations"] == ["same", "both_differ"]
    everything = diff(mary, "C-1/diff/C-2", all=True)
    assert len(everything["fields"]) == len(fields) + told["same"]
    assert diff(mary, "C-1/diff/C-1")["fields"] == []


def test_outcomes_side_by_side(mary: TestClient, database: Database) -> None:
    fill(database, each=4)
    told = diff(mary, "C-1/diff/C-2")
    assert [one["failed"] for one in told["totals"]] == [0, 4]
    [task] = told["tasks"]
    assert [cell["succeeded"] for cell in task["values"]] == [12, 8]
    [failure] = told["failures"]
    assert (failure["pattern"], failure["error"], failure["values"]) == ("No flat for exposure <n>", "NoFlat", [0, 4])
    [first, _] = told["efforts"]
    assert (first["n_groups"], first["wall_us"], first["run_us"]) == (4, MINUTE_US, 4 * MINUTE_US)
    assert told["outputs"]["possible"]


def test_revisions_of_one_campaign(mary: TestClient, database: Database) -> None:
    document = {**DOCUMENT, "title": "Another"}
    answer = mary.post("/api/v1/campaigns/C-1/revisions?reason=x", json=document, headers={"If-Match": '"1"'})
    assert answer.status_code == 201
    fill(database, each=2)
    told = diff(mary, "C-1@1/diff/C-1@2", **{"and": ["C-2"]})
    assert [one["values"] for one in told["fields"] if one["where"] == "title"] == [
        [DOCUMENT["title"], "Another", DOCUMENT["title"]]
    ]
    assert [one["expected"] for one in told["totals"]] == [6, 0, 6]


def test_a_thousand_submissions_take_no_more_statements(mary: TestClient, database: Database) -> None:
    with counted() as before:
        diff(mary, "C-1/diff/C-2")
    fill(database, each=1000, failed=2)
    with counted() as after:
        told = diff(mary, "C-1/diff/C-2")
    assert [one["n_groups"] for one in told["efforts"]] == [1000, 1000]
    assert [one["values"] for one in told["failures"]] == [[0, 2000]]
    reads = [one for one in after if "submission.campaign_id" in one]
    assert len(reads) <= 9
    assert len(after) <= len(before) + 1


def test_metrics_side_by_side(mary: TestClient, database: Database, settings: Settings) -> None:
    fill(database, each=1)
    folder = FileFolder(settings.data_dir / "files")
    with database.write() as session:
        for number, value in ((1, 20.0), (2, 25.0)):
            bundle = {
                "astrometry": [
                    {"metric": "analysis_tools.AM1", "value": value, "unit": "mas"},
                    {"metric": "AA1", "value": 1.5, "unit": "mas"},
                    {"metric": "bad", "value": float("nan"), "unit": ""},
                ],
                "timestamp_version": "explicit",
            }
            content = json.dumps(bundle).encode()
            wrong = b"{"
            rows = [("m.json", content), ("wrong.json", wrong)]
            for name, data in rows:
                session.add(
                    StoredFileRow(
                        submission_id=f"{number:08d}-0000-0000-0000-{0:012d}", name=name, kind="metrics", title="tract 9813",
                        content_type="application/json", size=len(data), sha256=folder.put(data), created_us=NOW_US,
                    )
                )  # fmt: skip
    told = diff(mary, "C-1/diff/C-2")
    [metric] = told["metrics"]
    assert (metric["name"], metric["values"], metric["base"]) == ("AM1", [20.0, 25.0], 0)
    assert (metric["changes"], metric["relatives"]) == ([None, 5.0], [None, 0.25])
    assert len(told["metrics_left_out"]) == 2
    page = mary.get("/compare?of=C-1&of=C-2").text
    assert "+5 (+25.00 %)" in page
    assert "25 +5 (+25.00 %)" in comparison_text(told)
    assert "not compared: wrong.json of S-10000: it is no bundle of metrics that can be read" in comparison_text(told)
    assert [row["name"] for row in diff(mary, "C-1/diff/C-2", all=True)["metrics"]] == ["AM1", "AA1"]


def test_what_of_the_metrics_is_not_compared_is_said(
    mary: TestClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.storage.comparing.MAX_FILES", 2)
    fill(database, each=1)
    data = json.dumps({"astrometry": [{"metric": "AM1", "value": 1, "unit": "mas"}], "odd": {"a": 1}}).encode()
    sha256 = FileFolder(settings.data_dir / "files").put(data)
    submission_id, order_id = f"{1:08d}-0000-0000-0000-{0:012d}", f"{9:08d}-0000-0000-0000-{0:012d}"
    with database.write() as session:
        for index in range(6):
            session.add(
                StoredFileRow(
                    submission_id=submission_id, name=f"m{index}.json", kind="metrics", title=f"tract {index}",
                    content_type="application/json", size=len(data), sha256=sha256, created_us=NOW_US,
                )
            )  # fmt: skip
        session.add(
            AgentOrderRow(
                id=order_id, site="here", kind="submit", status="done", payload={}, actor="mary", token=1, next_seq=1, faults=[],
                result={"metrics_left": 37, "metrics_brought": 200, "plots_left": 5, "files_left_out": ["big.log"]},
                created_us=NOW_US,
            )
        )  # fmt: skip
        session.get_one(SubmissionRow, submission_id).order_id = order_id
    left_out = diff(mary, "C-1/diff/C-2", all=True)["metrics_left_out"]
    assert left_out[0] == "37 bundles of S-10000: they are still at the site, which brought the first 200 of the run"
    assert left_out[1] == "m0.json of S-10000: odd: no measurements as they are known here"
    assert left_out[-1] == "2 more files: at most 4 are read for so many campaigns"
    page = mary.get("/submissions/S-10000").text
    assert "5</span> more plots" in page
    assert "37</span> more bundles of metrics" in page
    assert "big.log" in page


def test_a_site_compares_datasets(mary: TestClient, client: Clients, database: Database) -> None:
    refused = client(Role.OPERATOR).post("/api/v1/campaigns/C-1/diff/C-2/outputs", json={})
    assert refused.status_code == 409
    assert "no outputs" in refused.json()["detail"]
    fill(database, each=1)
    assert client(Role.VIEWER).post("/api/v1/campaigns/C-1/diff/C-2/outputs", json={}).status_code == 403
    agent = FakeAgent(client(Role.AGENT), FixedClock(NOW_US))
    agent.hello()
    otto = client(Role.OPERATOR)
    order = otto.post("/api/v1/campaigns/C-1/diff/C-2/outputs", json={})
    assert order.status_code == 201, order.text
    assert otto.post("/api/v1/campaigns/C-1/diff/C-2/outputs", json={}).json()["id"] == order.json()["id"]
    assert diff(mary, "C-1/diff/C-2")["outputs"]["status"] == "open"
    with database.write() as session:
        row = session.get_one(AgentOrderRow, order.json()["id"])
        assert (row.payload["before"], row.payload["after"]) == (["run/10000"], ["run/20000"])
        told = {"dataset_type": "calexp", "only_before": 2, "only_after": 0, "both": 7, "first_before": [{"visit": 1}]}
        row.status, row.result = "done", {"types": [told]}
    [found] = diff(mary, "C-1/diff/C-2")["outputs"]["types"]
    assert (found["dataset_type"], found["only_before"], found["first_before"]) == ("calexp", 2, [{"visit": 1}])


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [("C-1/diff/C-9", 404, "C-9"), ("C-1@9/diff/C-2", 404, "C-1"), ("C-1@x/diff/C-2", 422, "of")],
)
def test_mistakes(mary: TestClient, path: str, status: int, where: str) -> None:
    answer = mary.get(f"/api/v1/campaigns/{path}")
    assert (answer.status_code, answer.json()["where"]) == (status, where)


def test_last_good_one_of_the_same_sort(mary: TestClient, client: Clients, database: Database) -> None:
    rerun(mary, "C-2", patch={"instrument": "LSSTCam"})
    rerun(mary, "C-2")
    with database.write() as session:
        for row in session.scalars(select(CampaignRow)):
            row.status = "completed"
    with database.read() as session:
        factory = Factory(session, identity=identity_of(Role.VIEWER), clock=FixedClock(NOW_US), settings=Settings())
        found = {ref: factory.lineage().last_good(ref) for ref in ("C-1", "C-2", "C-3", "C-4")}
    assert {ref: kin.id if kin else None for ref, kin in found.items()} == {"C-1": None, "C-2": "C-1", "C-3": None, "C-4": "C-2"}


def test_what_is_found_of_a_teams_datasets_stays_with_the_team(mary: TestClient, client: Clients, database: Database) -> None:
    fill(database, each=1)
    FakeAgent(client(Role.AGENT), FixedClock(NOW_US)).hello()
    path, admin = "/api/v1/campaigns/C-1/diff/C-2/outputs", client(Role.ADMIN)
    keep(database, {2: "alerts"})
    order = admin.post(path, json={}).json()["id"]
    assert client(Role.VIEWER).get(f"/api/v1/orders/{order}").status_code == 404
    assert admin.post(path, json={}).json()["id"] == order
    assert diff(admin, "C-1/diff/C-2")["outputs"]["status"] == "open"
    keep(database, {1: "others", 2: "alerts"})
    refused = admin.post(path, json={})
    assert refused.status_code == 409
    assert "C-1 and C-2 are kept to different teams (others and alerts)" in refused.json()["detail"]


def keep(database: Database, teams: dict[int, str]) -> None:
    """Keep campaigns, by their numbers, to teams."""
    with database.write() as session:
        for campaign in session.scalars(select(CampaignRow).where(CampaignRow.number.in_(teams))):
            team = campaign.visible_to = teams[campaign.number]
            for revision in session.scalars(select(RevisionRow).where(RevisionRow.campaign_id == campaign.id)):
                revision.document = {**revision.document, "team": team, "visibility": "team"}
