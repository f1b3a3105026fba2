"""Asking what would run: what the site is asked, what it has found so far, what it found in the end."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.found import found
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients

API = "/api/v1"
EMPTY = {"code": "empty_quantum_graph", "message": "The graph is empty.", "where": "steps[0].data_queries[1]", "remedy": "Look."}


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    agent = ScriptedAgent(client)
    agent.hello()
    client(Role.MANAGER).post(f"{API}/campaigns", json=definition())
    return agent


def _ask(client: Clients, **changes: Any) -> dict[str, Any]:
    answer = client(Role.OPERATOR).post(f"{API}/campaigns/trial/preflight", params={"wait_s": 0, **changes})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def _order(client: Clients, order_id: str) -> dict[str, Any]:
    return dict(client(Role.VIEWER).get(f"{API}/orders/{order_id}").json())


def test_who_asks_what_would_run_has_graphs_built(client: Clients, agent: ScriptedAgent) -> None:
    asked = _ask(client)
    order = agent.take("preflight")
    assert (order["id"], asked["status"]) == (asked["order"], "open")
    trial = order["payload"]["trial"]
    assert (trial["campaign_id"], trial["campaign_name"], trial["revision"]) == ("C-1", "trial", 1)
    assert trial["operator"]
    first, second = order["payload"]["steps"]
    assert (first["groups"], first["needs"], second["needs"]) == (["all"], [], ["step1"])
    agent.report(order, {"kind": "done"})
    _ask(client, graphs=False)
    assert agent.take("preflight")["payload"]["trial"] is None


def test_a_start_builds_none(client: Clients, agent: ScriptedAgent) -> None:
    body = {"action": "start", "reason": "Go", "wait_s": 0}
    assert client(Role.MANAGER).post(f"{API}/campaigns/C-1/transitions", json=body).status_code == 202
    assert agent.take("preflight")["payload"]["trial"] is None


def test_what_was_found_so_far_is_told_and_stays_beside_what_is_wrong(client: Clients, agent: ScriptedAgent) -> None:
    asked = _ask(client)
    order = agent.take("preflight")
    progress = {"now": "step1 g1", "done": 0, "total": 2, "message": "Building"}
    agent.report(order, {"kind": "findings", "result": {**found(), "progress": progress}})
    seen = _order(client, asked["order"])
    assert (seen["status"], seen["result"]["progress"]["now"]) == ("begun", "step1 g1")
    agent.report(order, {"kind": "findings", "result": {"progress": None}}, {"kind": "failed", "faults": [EMPTY]})
    seen = _order(client, asked["order"])
    assert (seen["status"], seen["result"]["progress"], seen["faults"][0]["where"]) == ("failed", None, "data_query")
    assert seen["result"]["steps"] == found()["steps"]
    assert client(Role.VIEWER).get(f"{API}/campaigns/C-1").json()["status"] == "defined"


def test_an_order_of_another_campaign_is_not_shown_as_its_own(client: Clients, agent: ScriptedAgent) -> None:
    client(Role.MANAGER).post(f"{API}/campaigns", json=definition(name="other", output="u/mary/other"))
    order_id = _ask(client)["order"]
    page = client(Role.VIEWER)
    assert page.get(f"/campaigns/C-1/would-run/{order_id}").status_code == 200
    assert page.get(f"/campaigns/C-2/would-run/{order_id}").status_code == 404
