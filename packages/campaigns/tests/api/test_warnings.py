"""What the server knows to be wrong with a definition: told at once, in the words of the start, when it is saved or shown."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients

API = "/api/v1"
FOUND = {
    "name": "bad/visits", "version": 1, "digest": "d", "dimensions": ["instrument", "visit"], "rows": 1, "pending": 0,
    "owner": "o", "description": "", "source": "",
    "created": "2026-01-01T00:00:00+00:00", "access": "everyone", "reasons": [], "n_reasons": 0,
}  # fmt: skip


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def _define(client: Clients, **changes: Any) -> dict[str, Any]:
    answer = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _codes(made: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["where"]) for one in made["warnings"]]


def test_nothing_is_told_of_what_is_as_it_should_be(client: Clients, agent: ScriptedAgent) -> None:
    assert _define(client, output="u/mary/trial")["warnings"] == []


def test_what_the_site_does_not_have_is_told_as_by_the_start(client: Clients, agent: ScriptedAgent) -> None:
    made = _define(client, output="u/mary/a", stack="w_9", butler="other")
    assert _codes(made) == [("unknown_stack", "stack"), ("unknown_butler", "butler")]
    body = {"action": "start", "reason": "Go", "wait_s": 0}
    refused = client(Role.MANAGER).post(f"{API}/campaigns/{made['id']}/transitions", json=body).json()
    assert [fault["message"] for fault in refused["faults"]] == [one["message"] for one in made["warnings"]]
    elsewhere = _define(client, name="elsewhere", output="u/mary/b", site="moon")
    assert _codes(elsewhere) == [("unknown_site", "site")]
    assert "Sites are: here" in elsewhere["warnings"][0]["remedy"]
    assert client(Role.VIEWER).get(f"{API}/campaigns/elsewhere").json()["warnings"] == elsewhere["warnings"]


def test_people_and_teams_that_there_are_not_are_told(client: Clients, agent: ScriptedAgent) -> None:
    made = _define(client, output="u/mary/a", lead="nobody", team="none")
    assert _codes(made) == [("unknown_user", "lead"), ("unknown_team", "team")]
    hidden = _define(client, name="hidden", output="u/mary/b", visibility="team")
    assert _codes(hidden) == [("no_team", "visibility")]


def test_outputs_of_others_are_told(client: Clients, agent: ScriptedAgent) -> None:
    assert _codes(_define(client, name="others", output="u/somebody/x")) == [("others_output", "output")]
    assert _codes(_define(client, name="led", output="u/somebody/y", lead="somebody")) == [("unknown_user", "lead")]
    first = _define(client, name="first", output="u/mary/same")
    second = _define(client, name="second", output="u/mary/same")
    assert (first["warnings"], _codes(second)) == ([], [("output_named", "output")])
    assert first["id"] in second["warnings"][0]["message"]
    body = {"action": "start", "reason": "Go", "wait_s": 0}
    client(Role.MANAGER).post(f"{API}/campaigns/first/transitions", json=body)
    agent.pass_preflight()
    [taken] = client(Role.MANAGER).get(f"{API}/campaigns/second").json()["warnings"]
    refused = client(Role.MANAGER).post(f"{API}/campaigns/second/transitions", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (409, taken["message"])
    assert client(Role.VIEWER).get(f"{API}/campaigns/first").json()["warnings"] == []


def test_sets_that_the_site_does_not_have_are_told_once_it_was_asked(client: Clients, agent: ScriptedAgent) -> None:
    sets = {"exclude": ["bad/visits", "bad/visits@2", "worse"]}
    assert _define(client, output="u/mary/a", sets=sets)["warnings"] == [], "nobody has asked the site"
    asked = client(Role.OPERATOR).post(f"{API}/dataid-sets/look", json={"site": "here", "butler": "main"})
    assert asked.status_code == 202, asked.text
    agent.report(agent.take("list_sets"), {"kind": "done", "result": {"sets": [FOUND], "n_sets": 1}})
    told = client(Role.VIEWER).get(f"{API}/campaigns/trial").json()
    assert _codes(told) == [("unknown_set", "sets.exclude[1]"), ("unknown_set", "sets.exclude[2]")]
    assert "There is no DataId set worse in main at here" in told["warnings"][1]["message"]
    listed = {"repository": "https://git.example.org/data.git", "reference": "v1"}
    told = _define(client, name="listed", output="u/mary/b", sets=sets, data_spec=listed)
    assert _codes(told) == [("unknown_set", "sets.exclude[1]")], "a list in git may stand for a name without a version"
