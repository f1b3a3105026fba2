"""Finding campaigns over REST and on the page, saved queries, and moving many at once; on both databases."""

from __future__ import annotations

import base64
import csv
import io
import xml.etree.ElementTree as ET

import pytest

from campaigns.domain.identity import Role
from support.people import token_of
from support.serving import Clients, TestClient

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def mary(client: Clients) -> TestClient:
    """A manager, who has made three campaigns."""
    mary = client(Role.MANAGER)
    for name, kind, title in (
        ("alpha", "integration", "Weekly run, one visit trailed"),
        ("beta", "integration", "=Weekly run"),
        ("gamma", "commissioning", "Moonlight"),
    ):
        document = {"name": name, "title": title, "kind": kind, "reason": "to find them", "labels": [f"Of {name}"]}
        assert mary.post("/api/v1/campaigns", json=document).status_code == 201
    return mary


def found(client: TestClient, **params: object) -> list[str]:
    answer = client.get("/api/v1/campaigns", params=params)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_filter_sort_and_count(mary: TestClient) -> None:
    assert found(mary) == ["gamma", "beta", "alpha"]
    assert found(mary, sort="name") == ["alpha", "beta", "gamma"]
    assert found(mary, filter='kind = integration and "trailed"') == ["alpha"]
    assert found(mary, filter="label = 'of BETA' or moon", sort="title") == ["beta", "gamma"]
    assert found(mary, filter="owner = me and created > -1d and not alpha", sort="-name") == ["gamma", "beta"]
    answer = mary.get("/api/v1/campaigns", params={"filter": "kind = integration", "limit": 1, "count": True}).json()
    assert (answer["count"], len(answer["items"])) == (2, 1)
    assert "count" not in mary.get("/api/v1/campaigns").json() or mary.get("/api/v1/campaigns").json()["count"] is None


def test_what_a_release_board_asks_for(mary: TestClient) -> None:
    document = {
        "name": "whole",
        "title": "DR2",
        "kind": "data_release",
        "reason": "Release two",
        "description": "All of *it*",
        "inputs": ["LSSTCam/defaults"],
        "pipeline": "$DRP_PIPE_DIR/DRP.yaml",
        "data_query": "tract in (1..9)",
        "skymap": "lsst_cells_v1",
        "visibility": "team",
        "processing_spec": {"repository": "https://example.org/specs.git", "reference": "v2"},
        "steps": [{"name": "step1"}, {"name": "step2", "data_query": "band = 'r'", "pipeline": "/b/Own.yaml#last"}],
    }
    made = mary.post("/api/v1/campaigns", json=document)
    assert made.status_code == 201, made.text
    for wanted in (
        'reason ~ "release t"',
        "description ~ *it*",
        f"uuid = {made.json()['uuid']}",
        made.json()["uuid"],
        "input = lsstcam/DEFAULTS",
        "pipeline ~ drp.yaml",
        "pipeline = /b/Own.yaml",
        "data_query ~ tract",
        "data_query ~ band",
        "skymap = lsst_cells_v1",
        "visibility = team",
        "spec ~ specs.git",
        "spec = v2",
        "whole quanta = 0 failed = 0 succeeded = 0 submissions = 0",
    ):
        assert found(mary, filter=wanted) == ["whole"], wanted
    assert "whole" not in found(mary, filter="input is empty")
    revised = {**document, "inputs": [], "processing_spec": None, "description": ""}
    answer = mary.post("/api/v1/campaigns/whole/revisions", params={"reason": "less"}, json=revised, headers={"If-Match": '"1"'})
    assert answer.status_code == 201, answer.text
    for wanted in ("input is not empty", "spec ~ specs", "description ~ it"):
        assert found(mary, filter=wanted) == [], wanted


def test_whoever_made_a_campaign_leads_it_unless_another_is_named(mary: TestClient) -> None:
    named = {"name": "other", "title": "-", "kind": "other", "reason": "-", "lead": "otto"}
    assert mary.post("/api/v1/campaigns", json=named).json()["lead"] == "otto"
    assert found(mary, filter="lead = me") == ["gamma", "beta", "alpha"]
    assert found(mary, filter="lead = otto") == ["other"]
    assert found(mary, filter="lead is empty") == []
    assert found(mary, filter="mary", sort="name") == ["alpha", "beta", "gamma"]
    assert mary.get("/api/v1/campaigns/alpha").json()["lead"] == "mary"
    listed = mary.get("/campaigns.csv", params={"columns": "id,lead", "sort": "id"}).text.split()
    assert listed == ["id,lead", "C-1,mary", "C-2,mary", "C-3,mary", "C-4,otto"]
    assert "lead mary" in mary.get("/campaigns/alpha").text
    assert "lead otto" in mary.get("/campaigns/other").text


def test_a_filter_that_is_none_is_refused_in_the_same_words_everywhere(mary: TestClient) -> None:
    answer = mary.get("/api/v1/campaigns", params={"filter": "kin = integration"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["where"]) == (422, "invalid_filter", "filter, column 1")
    page = mary.get("/campaigns", params={"filter": "kin = integration"})
    assert page.status_code == 422
    assert "Did you mean <code>kind</code>?" in page.text
    assert problem["remedy"] == "Did you mean `kind`?"
    assert "<mark>kin = integration</mark>" in page.text
    assert mary.get("/api/v1/campaigns", params={"sort": "nothing"}).json()["where"] == "sort"
    assert mary.get("/api/v1/campaigns", params={"cursor": "x"}).json()["where"] == "cursor"


@pytest.mark.parametrize(
    ("wanted", "column"),
    [
        (f"id in ({','.join(['1'] * 1989)})", 408),
        (" or ".join(["note ~ a"] * 200), 121),
        (" ".join(["ab"] * 200), 61),
        ("x" * 3960, 1),
    ],
)
def test_a_filter_that_is_too_much_is_refused(mary: TestClient, wanted: str, column: int) -> None:
    answer = mary.get("/api/v1/campaigns", params={"filter": wanted})
    assert (answer.status_code, answer.json()["where"]) == (422, f"filter, column {column}")
    body = {"filter": wanted, "action": "cancel", "reason": "over", "expected": 3}
    assert mary.post("/api/v1/campaigns/bulk", json=body).status_code == 422


def test_a_saved_query_that_is_refused_by_now_shows_why(mary: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("campaigns.domain.filtering.parsing.MAX_SEARCHED", 4000)
        uuid = mary.post("/api/v1/queries", json={"name": "long", "filter": "x" * 201}).json()["uuid"]
    page = mary.get(f"/queries/{uuid}", follow_redirects=True)
    assert page.status_code == 422
    assert "Give a shorter piece of it." in page.text
    assert mary.get("/queries").status_code == 200
    assert mary.get(f"/api/v1/queries/{uuid}").json()["filter"] == "x" * 201
    feed = mary.get(f"/queries/{uuid}/feed.atom")
    assert feed.status_code == 422
    assert mary.delete(f"/api/v1/queries/{uuid}").status_code == 204


def test_a_cursor_is_good_only_for_its_order(mary: TestClient) -> None:
    first = mary.get("/api/v1/campaigns", params={"sort": "name", "limit": 1}).json()
    assert found(mary, sort="name", cursor=first["next"], limit=1) == ["beta"]
    refused = mary.get("/api/v1/campaigns", params={"sort": "title", "cursor": first["next"]})
    assert (refused.status_code, refused.json()["where"]) == (422, "cursor")


def test_saved_queries(mary: TestClient, client: Clients) -> None:
    otto = client(Role.OPERATOR)
    body = {"name": "my weeklies", "filter": "kind = integration", "sort": "name", "columns": ["id", "campaign"]}
    made = mary.post("/api/v1/queries", json=body)
    assert made.status_code == 201
    uuid = made.json()["uuid"]
    assert [query["name"] for query in mary.get("/api/v1/queries").json()["items"]] == ["my weeklies"]
    assert mary.get("/api/v1/queries/my weeklies").json()["filter"] == "kind = integration"
    assert otto.get("/api/v1/queries").json()["items"] == []
    assert otto.get(f"/api/v1/queries/{uuid}").status_code == 404
    shared = mary.put(f"/api/v1/queries/{uuid}", json={**body, "name": "weeklies", "shared": "everyone"})
    assert shared.status_code == 200, shared.text
    assert [query["name"] for query in otto.get("/api/v1/queries").json()["items"]] == ["weeklies"]
    assert otto.put(f"/api/v1/queries/{uuid}", json=body).status_code == 403
    assert otto.delete(f"/api/v1/queries/{uuid}").status_code == 403
    page = otto.get(f"/queries/{uuid}", follow_redirects=True)
    assert "alpha" in page.text
    assert "gamma" not in page.text
    assert "Ticket" not in page.text.partition("<thead>")[2].partition("</thead>")[0]
    assert mary.delete(f"/api/v1/queries/{uuid}").status_code == 204
    assert mary.get(f"/queries/{uuid}").status_code == 404


def test_queries_of_others_are_called_by_name(mary: TestClient, client: Clients) -> None:
    otto, ada = client(Role.OPERATOR), client(Role.ADMIN)
    body = {"name": "weekly", "filter": "kind = integration", "shared": "everyone"}
    mary.post("/api/v1/queries", json=body)
    for name in ("weekly", "mary/weekly"):
        assert otto.get(f"/api/v1/queries/{name}").json()["owner"] == "mary"
    ada.post("/api/v1/queries", json=body)
    several = otto.get("/api/v1/queries/weekly")
    assert (several.status_code, several.json()["remedy"]) == (409, "Say which: ada/weekly, mary/weekly.")
    assert otto.get("/api/v1/queries/mary/weekly").json()["owner"] == "mary"
    assert ada.get("/api/v1/queries/weekly").json()["owner"] == "ada"
    ada.post("/api/v1/queries", json={"name": "own"})
    assert otto.get("/api/v1/queries/ada/own").status_code == 404
    ada.post("/api/v1/queries", json={**body, "name": "mary/weekly"})
    assert otto.get("/api/v1/queries/mary/weekly").json()["owner"] == "mary", "another's name does not stand in its way"


def test_the_history_tells_of_no_query_that_is_not_shared_with_everyone(client: Clients) -> None:
    mary, ada = client(Role.MANAGER), client(Role.ADMIN)
    ada.post("/api/v1/teams", json={"name": "kestrels"})
    ada.post("/api/v1/teams/kestrels/members", json={"user": "mary"})
    for name, shared in (("falcon", "team:kestrels"), ("heron", "private"), ("wren", "everyone")):
        made = mary.post("/api/v1/queries", json={"name": name, "filter": f"name = {name}", "shared": shared})
        assert made.status_code == 201, made.text
    told = [(one["summary"], one["details"].get("filter")) for one in client(Role.VIEWER).get("/api/v1/events").json()["items"]]
    assert told[:3] == [
        ("saved query wren of mary made", "name = wren"),
        ("a private query of mary made", None),
        ("a team's query of mary made", None),
    ]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"filter": "kin = x"}, "filter, column 1"),
        ({"sort": "nothing"}, "sort"),
        ({"columns": ["nothing"]}, "columns"),
        ({"shared": "nobody"}, "shared"),
        ({"name": "  "}, "name"),
    ],
)
def test_queries_that_are_refused(mary: TestClient, changes: dict[str, object], where: str) -> None:
    answer = mary.post("/api/v1/queries", json={"name": "one", **changes})
    assert (answer.status_code, answer.json()["where"]) == (422, where)
    assert mary.get("/api/v1/queries").json()["items"] == []


def test_the_feed_of_a_query(mary: TestClient, client: Clients) -> None:
    uuid = mary.post("/api/v1/queries", json={"name": "weeklies", "filter": "kind = integration"}).json()["uuid"]
    packed = base64.b64encode(f"anyone:{token_of(Role.MANAGER)}".encode()).decode()
    answer = client().get(f"/queries/{uuid}/feed.atom", headers={"Authorization": f"Basic {packed}"})
    assert answer.status_code == 200
    feed = ET.fromstring(answer.text)
    assert feed.findtext(f"{ATOM}title") == "Campaigns: weeklies"
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["C-2 beta: draft", "C-1 alpha: draft"]
    assert client().get(f"/queries/{uuid}/feed.atom", headers={"Authorization": "Basic eA=="}).status_code in (303, 401)


def test_lists_as_files(mary: TestClient) -> None:
    answer = mary.get("/campaigns.csv", params={"sort": "name", "columns": "id,campaign,quanta,labels"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["campaign"] for row in rows] == ["alpha", "beta", "gamma"]
    assert list(rows[0]) == ["id", "campaign", "title", "expected", "succeeded", "failed", "blocked", "labels"]
    listed = mary.get("/campaigns.json", params={"filter": "moon"}).json()
    assert [item["name"] for item in listed] == ["gamma"]
    assert mary.get("/campaigns.json", params={"filter": '"nothing of it"'}).json() == []
    assert mary.get("/campaigns.csv", params={"filter": "kin = x"}).status_code == 422


def test_moving_all_that_match(mary: TestClient, client: Clients) -> None:
    body = {"filter": "kind = integration", "action": "cancel", "reason": "the weeklies are over", "expected": 2}
    wrong = mary.post("/api/v1/campaigns/bulk", json={**body, "expected": 3})
    assert (wrong.status_code, wrong.json()["where"]) == (409, "expected")
    assert client(Role.OPERATOR).post("/api/v1/campaigns/bulk", json=body).json()["done"] == []
    answer = mary.post("/api/v1/campaigns/bulk", json=body, headers={"Idempotency-Key": "once"})
    assert (answer.status_code, answer.json()) == (200, {"action": "cancel", "done": ["C-1", "C-2"], "refused": []})
    assert mary.post("/api/v1/campaigns/bulk", json=body, headers={"Idempotency-Key": "once"}).json() == answer.json()
    again = mary.post("/api/v1/campaigns/bulk", json=body).json()
    assert again["done"] == []
    assert [fault["where"] for fault in again["refused"]] == ["C-1", "C-2"]
    events = mary.get("/api/v1/campaigns/C-1/events").json()["items"]
    assert [event["reason"] for event in events] == ["to find them", "the weeklies are over"]


def test_the_form_for_all_that_match(mary: TestClient) -> None:
    page = mary.get("/campaigns", params={"filter": "kind = integration"}).text
    assert "all 2 that match" in page
    form = {"filter": "kind = integration", "action": "cancel", "reason": "over", "expected": "2", "once": "a-key"}
    for _ in range(2):
        answer = mary.post("/campaigns/bulk", data=form)
        assert answer.status_code == 303
    assert found(mary, filter="status = cancelled", sort="id") == ["alpha", "beta"]


def test_queries_of_a_team_and_of_others(mary: TestClient, client: Clients) -> None:
    ada, otto, vera = client(Role.ADMIN), client(Role.OPERATOR), client(Role.VIEWER)
    body = {"name": "ours", "filter": "kind = integration", "shared": "team:shift"}
    assert mary.post("/api/v1/queries", json=body).json()["where"] == "shared"
    made = mary.post("/api/v1/queries", json={**body, "shared": "private"}).json()
    assert "integration" not in vera.get("/api/v1/events", params={"filter": "query"}).text
    assert "ours" not in vera.get("/history").text
    changed = ada.put(f"/api/v1/queries/{made['uuid']}", json={**body, "shared": "everyone"})
    assert changed.status_code == 404  # what is private is not even an administrator's to see
    assert ada.post("/api/v1/teams", json={"name": "shift", "description": "those on shift"}).status_code == 201
    for member in ("mary", "otto"):
        assert ada.post("/api/v1/teams/shift/members", json={"user": member}).status_code < 300
    shared = mary.put(f"/api/v1/queries/{made['uuid']}", json=body)
    assert shared.status_code == 200, shared.text
    assert [query["name"] for query in otto.get("/api/v1/queries").json()["items"]] == ["ours"]
    assert vera.get("/api/v1/queries").json()["items"] == []
