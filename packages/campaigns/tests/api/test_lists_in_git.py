"""Campaigns that are defined wholly in a tagged repository: their lists of data IDs are looked at, and sets made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaigns.client import CampaignClient
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from support.people import NOW_US, token_of
from support.repositories import Repository
from support.running import Runner
from support.scripted_agent import API, definition
from support.serving import Clients, LiveServer, TestClient
from web.conftest import browser
from web.fake_agent import FakeAgent

BAD = [{"instrument": "HSC", "visit": 1, "reason": "clouds"}, {"instrument": "HSC", "visit": 2}]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", git_local_roots=str(tmp_path / "shared"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shared" / "dr2")
    document = definition(
        stack="w_2026_46", pipeline="drp.yaml", data_spec={"path": "exclusions"}, sets={"exclude": ["exclusions/bad"]}
    )
    made.commit(
        {"campaign.yaml": json.dumps(document), "drp.yaml": "tasks: {}\n", "exclusions/bad.json": json.dumps(BAD)}, tag="v2.0"
    )
    return made


def defined(client: TestClient, repository: Repository, tag: str = "v2.0") -> str:
    body = {"repository": str(repository.path), "reference": tag}
    answer = client.post(f"{API}/campaigns/from-repository", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "defined"
    return str(answer.json()["id"])


def start(clients: Clients, ref: str) -> Any:
    body = {"action": "start", "reason": "go", "wait_s": 0}
    return clients(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json=body)


def agent_of(clients: Clients) -> FakeAgent:
    agent = FakeAgent(clients(Role.AGENT), FixedClock(NOW_US))
    agent.hello()
    return agent


def test_specifications_are_looked_at_before_the_start_and_nothing_is_kept(client: Clients, repository: Repository) -> None:
    ref = defined(client(Role.MANAGER), repository)
    commit = repository.git("rev-parse", "v2.0^{commit}")
    told = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/specifications/look").json()
    assert (told["pinned"], {one["commit"] for one in told["items"]}, told["faults"]) == (False, {commit}, [])
    [listed] = told["lists"]
    assert (listed["path"], listed["name"], listed["data_ids"]) == ("exclusions/bad.json", "exclusions/bad", BAD)
    assert listed["named_in"] == ["sets.exclude[0]"]
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}/specifications").json()["items"] == []
    page = browser(client, Role.VIEWER).get(f"/campaigns/{ref}/specifications").text
    assert [word in page for word in (commit, "clouds", "Nothing is kept of it", "made at the start")] == [True] * 4


def test_a_list_with_half_a_letter_is_told_as_a_fault(client: Clients, repository: Repository) -> None:
    half = [{"instrument": "HSC", "visit": 1, "reason": "\ud83d"}]
    repository.commit({"exclusions/bad.json": json.dumps(half)}, tag="v2.1")
    ref = defined(client(Role.MANAGER), repository, "v2.1")
    answer = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/specifications/look")
    assert answer.status_code == 200, answer.text
    [fault] = answer.json()["faults"]
    assert (fault["code"], fault["where"]) == ("not_json", "exclusions/bad.json, data_ids[0].reason")
    assert answer.json()["lists"] == []
    page = browser(client, Role.VIEWER).get(f"/campaigns/{ref}/specifications")
    assert page.status_code == 200
    assert "cannot be kept" in page.text


def test_a_start_has_the_set_made_before_anything_is_submitted(client: Clients, repository: Repository) -> None:
    agent, ref = agent_of(client), defined(client(Role.MANAGER), repository)
    commit = repository.git("rev-parse", "v2.0^{commit}")
    assert start(client, ref).status_code == 202
    page = browser(client, Role.VIEWER).get(f"/campaigns/{ref}").text
    assert "makes of their lists what is not there of the sets exclusions/bad" in page
    assert agent.take() == [], "nothing is submitted before the set is there"
    [submit] = agent.take()
    assert [(one["name"], one["version"]) for one in submit.payload["sets"]] == [("exclusions/bad", 1)]
    entry = client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/exclusions/bad@1").json()
    assert entry["source"].startswith(f"{repository.path}@{commit}:exclusions/bad.json (order ")
    events = {one["kind"]: one for one in client(Role.VIEWER).get(f"{API}/campaigns/{ref}/events").json()["items"]}
    assert events["campaign.pinned"]["details"]["sets"][0]["list"] == f"{repository.path}@{commit}:exclusions/bad.json"
    assert events["dataid_set.created"]["details"]["source"] == f"{repository.path}@{commit}:exclusions/bad.json"
    page = browser(client, Role.VIEWER).get(f"/campaigns/{ref}/specifications").text
    assert "<code>exclusions/bad@1</code>" in page


def test_a_set_of_the_same_data_ids_is_used_and_another_makes_a_new_version(client: Clients, repository: Repository) -> None:
    agent = agent_of(client)
    agent.sets.make("exclusions/bad", BAD)
    agent.sets.make("exclusions/bad", BAD[:1])
    ref = defined(client(Role.MANAGER), repository)
    start(client, ref)
    agent.take()
    [submit] = agent.take()
    assert [one["version"] for one in submit.payload["sets"]] == [1], "the list says which, and not which is newest"
    document = json.loads((repository.path / "campaign.yaml").read_text())
    changed = json.dumps({**document, "name": "other", "output": "u/mary/other"})
    repository.commit(
        {"campaign.yaml": changed, "exclusions/bad.json": json.dumps([*BAD, {"instrument": "HSC", "visit": 3}])}, tag="v3.0"
    )
    other = defined(client(Role.MANAGER), repository, "v3.0")
    looked = browser(client, Role.OPERATOR).post(f"/campaigns/{other}/would-run")
    assert agent.take() == []
    shown = browser(client, Role.VIEWER).get(looked.headers["location"]).text
    assert "made of exclusions/bad.json at the start; exclusions/bad@2 has other data IDs" in shown
    start(client, other)
    agent.take()
    [submit] = [one for one in agent.take() if one.payload["campaign_id"] == other]
    assert [one["version"] for one in submit.payload["sets"]] == [3]
    events = client(Role.VIEWER).get(f"{API}/campaigns/{other}/events").json()["items"]
    [made] = [one for one in events if one["kind"] == "dataid_set.created"]
    assert made["summary"].endswith("3 data IDs; exclusions/bad@2 has other data IDs")


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ('[{"visit": 1},\n {"visit": }]', "exclusions/bad.json, line 2, column 12", "is not JSON"),
        ("[]", "exclusions/bad.json, data_ids", "There are no data IDs."),
    ],
)
def test_a_bad_list_starts_nothing_and_is_told_by_its_line(
    client: Clients, repository: Repository, text: str, where: str, said: str
) -> None:
    agent = agent_of(client)
    repository.commit({"exclusions/bad.json": text}, tag="bad")
    ref = defined(client(Role.MANAGER), repository, "bad")
    answer = start(client, ref)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["faults"]
    assert (fault["where"], said in fault["message"]) == (where, True)
    assert agent.take() == []
    assert where in browser(client, Role.VIEWER).get(f"/campaigns/{ref}/specifications").text


def test_what_the_site_finds_wrong_with_a_list_stands_where_the_start_is(client: Clients, repository: Repository) -> None:
    agent, ref = agent_of(client), defined(client(Role.MANAGER), repository)
    start(client, ref)
    where = "exclusions/bad.json, line 1, instrument=HSC, visit=2"
    agent.refuse_preflight({"code": "unknown_data_id", "message": "The registry has no such visit.", "where": where})
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["status"] == "defined"
    assert where in browser(client, Role.VIEWER).get(f"/campaigns/{ref}").text


def test_a_set_is_made_now_by_the_interface_and_by_the_page(client: Clients, repository: Repository) -> None:
    agent, ref = agent_of(client), defined(client(Role.MANAGER), repository)
    body = {"path": "exclusions/bad.json", "reason": "to look at it"}
    assert client(Role.VIEWER).post(f"{API}/campaigns/{ref}/specifications/sets", json=body).status_code == 403
    answer = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/specifications/sets", json=body)
    assert answer.status_code == 202, answer.text
    agent.take()
    order = client(Role.VIEWER).get(answer.headers["Location"]).json()
    assert (order["status"], order["result"]["made"], order["result"]["set"]["version"]) == ("done", True, 1)
    form = {"path": "exclusions/bad.json", "name": "", "reason": "again"}
    sent = browser(client, Role.OPERATOR).post(f"/campaigns/{ref}/specifications/upload", data=form)
    assert sent.status_code == 303
    agent.take()
    sets = client(Role.VIEWER).get(f"{API}/dataid-sets").json()["items"]
    assert [(one["name"], one["version"]) for one in sets] == [("exclusions/bad", 1)], "the same data IDs are no new version"
    wrong = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/specifications/sets", json={**body, "path": "drp.yaml"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")


def test_the_command_tells_the_same(
    live_server: LiveServer,
    run: Runner,
    monkeypatch: pytest.MonkeyPatch,
    repository: Repository,
) -> None:
    clients = Clients(live_server.app)
    agent, ref = agent_of(clients), defined(clients(Role.MANAGER), repository)
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.OPERATOR))
    shown = run("specifications", ref)
    assert shown.code == 0, shown.err
    assert "exclusions/bad.json: 2 data IDs, as a set exclusions/bad, named in sets.exclude[0]" in shown.out
    asked = CampaignClient.make_set

    def carried_out(client: CampaignClient, *arguments: Any, **named: Any) -> dict[str, Any]:
        order = asked(client, *arguments, **named)
        agent.take()
        return order

    monkeypatch.setattr(CampaignClient, "make_set", carried_out)
    made = run("make-set", ref, "exclusions/bad.json", "-m", "to look at it")
    assert (made.code, made.out) == (0, "exclusions/bad@1 was made: 2 data IDs\n"), made.err
