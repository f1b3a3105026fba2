"""Running a campaign again: settings kept, name and output proposed, changes told first, and the line kept."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.serving import Clients, TestClient

DOCUMENT: dict[str, Any] = {
    "name": "rc2-w46",
    "title": "RC2 with the weekly of 2026-46",
    "reason": "The weekly is to be looked at.",
    "kind": "integration",
    "site": "here",
    "stack": "w_2026_46",
    "butler": "main",
    "instrument": "HSC",
    "inputs": ["HSC/defaults", "HSC/raw"],
    "output": "HSC/runs/rc2-w46/DM-1",
    "pipeline": "DRP.yaml",
    "data_query": "instrument = 'HSC'",
    "sets": {"exclude": ["demo/bad"]},
    "bps": {"requestMemory": 2048},
    "steps": [{"name": "step1"}, {"name": "step2", "needs": ["step1"], "bps": {"requestMemory": 4096}}],
    "links": [{"title": "Metrics", "url": "https://example.org/a"}],
}


@pytest.fixture
def mary(client: Clients) -> TestClient:
    """A manager's client, of a server with one campaign."""
    found = client(Role.MANAGER)
    answer = found.post("/api/v1/campaigns", json=DOCUMENT)
    assert answer.status_code == 201, answer.text
    return found


def rerun(client: TestClient, ref: str = "C-1", *, status: int = 201, query: str = "", **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/campaigns/{ref}/rerun{query}", json={"reason": "again", **body})
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def where(told: dict[str, Any]) -> list[str]:
    return [one["where"] for one in told["differences"]]


def test_all_settings_are_copied_but_name_and_output(mary: TestClient) -> None:
    told = rerun(mary)
    made = told["campaign"]
    assert made["id"] == "C-2"
    assert made["status"] == "defined"
    changed = {"name": "rc2-w46-r2", "output": "HSC/runs/rc2-w46-r2/DM-1", "reason": "again"}
    assert made["definition"] == {**mary.get("/api/v1/campaigns/C-1").json()["definition"], **changed}
    assert where(told) == ["name", "reason", "output"]
    assert told["relation"] == "same"


def test_dry_run_makes_nothing(mary: TestClient) -> None:
    told = rerun(mary, status=200, query="?dry_run=true", patch={"stack": "w_2026_47"})
    assert told["campaign"] is None
    [stack] = [one for one in told["differences"] if one["where"] == "stack"]
    assert (stack["before"], stack["after"], stack["group"]) == ("w_2026_46", "w_2026_47", "software")
    assert told["relation"] == "other_processing"
    assert [one["id"] for one in mary.get("/api/v1/campaigns").json()["items"]] == ["C-1"]


def test_patch_and_places_change_it(mary: TestClient) -> None:
    told = rerun(
        mary,
        patch={"bps": {"requestMemory": None, "requestCpus": 2}, "data_query": "instrument = 'HSC' AND tract = 9813"},
        set={"steps[step2].gate.accept": "person", "sets.exclude[demo/bad]": "demo/bad@3", "links[Metrics]": None},
    )
    definition = told["campaign"]["definition"]
    assert definition["bps"] == {"requestCpus": 2}
    assert definition["steps"][1]["gate"] == {"accept": "person"}
    assert definition["sets"]["exclude"] == ["demo/bad@3"]
    assert "links" not in definition
    assert told["relation"] == "both_differ"
    assert {*where(told)} == {
        *("bps.requestMemory", "bps.requestCpus", "name", "reason", "output", "data_query", "sets.exclude[demo/bad]"),
        *("steps[step2].gate.accept", "links[Metrics]"),
    }


def test_shared_outputs_keep_their_form(mary: TestClient) -> None:
    shared = {**DOCUMENT, "name": "shared", "output": "HSC/runs/RC2/w_2026_46/DM-1", "ticket": "DM-1"}
    assert mary.post("/api/v1/campaigns", json=shared).status_code == 201
    outputs = [
        rerun(mary, "shared", patch=patch)["campaign"]["definition"]["output"]
        for patch in ({}, {}, {"stack": "w_2026_47"}, {"stack": "w_2026_47"}, {"ticket": "DM-2", "name": "x"})
    ]
    assert outputs == [
        "HSC/runs/RC2/w_2026_46-r2/DM-1",
        "HSC/runs/RC2/w_2026_46-r3/DM-1",
        "HSC/runs/RC2/w_2026_47/DM-1",
        "HSC/runs/RC2/w_2026_46-r4/DM-1",
        "HSC/runs/RC2/w_2026_46/DM-2",
    ]


def test_proposals_collide_with_nothing(mary: TestClient) -> None:
    assert mary.post("/api/v1/campaigns", json={**DOCUMENT, "name": "rc2-w46-r2", "output": "u/x"}).status_code == 201
    taken = {**DOCUMENT, "name": "other", "output": "HSC/runs/rc2-w46-r3/DM-1/below"}
    assert mary.post("/api/v1/campaigns", json=taken).status_code == 201
    first = rerun(mary)["campaign"]["definition"]
    assert (first["name"], first["output"]) == ("rc2-w46-r3", "HSC/runs/rc2-w46/DM-1-r2")
    second = rerun(mary, "rc2-w46-r3")["campaign"]["definition"]
    assert (second["name"], second["output"]) == ("rc2-w46-r4", "HSC/runs/rc2-w46/DM-1-r3")


def test_a_taken_output_is_refused(mary: TestClient) -> None:
    told = rerun(mary, status=409, patch={"output": DOCUMENT["output"]})
    assert told["where"] == "output"
    assert rerun(mary, status=409, patch={"name": "rc2-w46"})["where"] == "name"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"reason": " "}, "reason"),
        ({"set": {"steps[nope].bps": {}}}, "set.steps[nope].bps"),
        ({"set": {"a..b": 1}}, "set"),
        ({"set": {"title.x": 1}}, "set.title.x"),
        ({"patch": {"kind": "nonsense"}}, "kind"),
        ({"patch": {"setps": []}}, "setps"),
    ],
)
def test_mistakes_are_told_with_their_places(mary: TestClient, body: dict[str, Any], place: str) -> None:
    told = rerun(mary, status=422, **body)
    assert place in [told.get("where"), *(fault["where"] for fault in told.get("faults", []))]


def test_all_places_that_are_not_there_are_told_at_once(mary: TestClient) -> None:
    places = {"steps[nope].title": "x", "kind": "nonsense", "steps[none].title": "x"}
    told = rerun(mary, status=422, set=places)
    assert [fault["where"] for fault in told["faults"]] == ["set.steps[nope].title", "set.steps[none].title", "kind"]
    assert all(fault["remedy"] for fault in told["faults"])


def test_it_derives_from_a_revision(mary: TestClient) -> None:
    revised = {**DOCUMENT, "stack": "w_2026_47"}
    answer = mary.post("/api/v1/campaigns/C-1/revisions?reason=newer", json=revised, headers={"If-Match": '"1"'})
    assert answer.status_code == 201
    told = rerun(mary, revision=1)
    assert told["campaign"]["definition"]["stack"] == "w_2026_46"
    assert told["parent_revision"] == 1
    rerun(mary, status=404, revision=9)


def test_events_tell_who_why_and_from_which_revision(mary: TestClient) -> None:
    rerun(mary, reason="The first one read stale calibrations.")
    for ref in ("C-1", "C-2"):
        events = [e for e in mary.get(f"/api/v1/campaigns/{ref}/events").json()["items"] if e["kind"] == "campaign.rerun"]
        [event] = events
        assert event["actor"] == mary.get("/api/v1/users/me").json()["name"]
        assert event["reason"] == "The first one read stale calibrations."
        assert event["details"]["from"] == "C-1"
        assert event["details"]["revision"] == 1


def test_the_line_is_kept(mary: TestClient, client: Clients) -> None:
    rerun(mary, patch={"data_query": "instrument = 'HSC' AND visit = 1"})
    rerun(mary, "C-2", patch={"stack": "w_2026_47"})
    rerun(mary, "C-1")
    for ref in ("C-1", "C-2", "C-3"):
        line = client(Role.VIEWER).get(f"/api/v1/campaigns/{ref}/lineage").json()
        told = {one["id"]: (one["parent"], one["relation"]) for one in line["items"]}
        assert told["C-1"] == (None, None)
        assert told["C-2"] == ("C-1", "other_data")
        assert told["C-3"] == ("C-2", "other_processing")
        assert line["of"] == ref
        assert line["is_whole"]
    assert "C-4" in {one["id"] for one in client(Role.VIEWER).get("/api/v1/campaigns/C-1/lineage").json()["items"]}
    found = client(Role.VIEWER).get("/api/v1/campaigns", params={"filter": "parent = C-1", "sort": "id"}).json()["items"]
    assert [one["id"] for one in found] == ["C-2", "C-4"]
    found = client(Role.VIEWER).get("/api/v1/campaigns", params={"filter": "root = C-1", "sort": "id"}).json()["items"]
    assert [one["id"] for one in found] == ["C-2", "C-3", "C-4"]


def test_it_is_a_managers(mary: TestClient, client: Clients) -> None:
    assert client(Role.OPERATOR).post("/api/v1/campaigns/C-1/rerun", json={"reason": "x"}).status_code == 403


def test_sent_twice_it_is_made_once(mary: TestClient) -> None:
    headers = {"Idempotency-Key": "k"}
    answers = [mary.post("/api/v1/campaigns/C-1/rerun", json={"reason": "x"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(mary.get("/api/v1/campaigns").json()["items"]) == 2


def test_a_rerun_for_a_team_is_not_told_of_to_all(client: Clients, mary: TestClient) -> None:
    assert client(Role.ADMIN).post("/api/v1/teams", json={"name": "alerts"}).status_code == 201
    made = rerun(mary, patch={"visibility": "team", "team": "alerts", "name": "secret"})["campaign"]
    vera = client(Role.VIEWER)
    assert vera.get(f"/api/v1/campaigns/{made['id']}").status_code == 404
    event = vera.get("/api/v1/campaigns/C-1/events").json()["items"][-1]
    assert (event["kind"], event["summary"]) == ("campaign.rerun", "Another campaign derives from C-1 revision 1")
    assert (event["details"], event["reason"]) == ({}, None)
    assert "secret" in mary.get(f"/api/v1/campaigns/{made['id']}/events").text
