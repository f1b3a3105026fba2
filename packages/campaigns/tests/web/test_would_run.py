"""The page of what would run: what was meant beside what graphs have, while they are built and afterwards."""

from __future__ import annotations

import re

import pytest

from campaigns.domain.identity import Role
from support.found import found
from support.serving import Clients, TestClient
from web.conftest import browser
from web.examples import definition
from web.fake_agent import AGENT_ID, FakeAgent, SubmitOrder


@pytest.fixture
def agent(clients: Clients) -> FakeAgent:
    agent = FakeAgent(clients(Role.AGENT), clients.clock)
    agent.hello()
    return agent


def _asked(clients: Clients, agent: FakeAgent) -> tuple[TestClient, str, SubmitOrder]:
    manager = browser(clients, Role.MANAGER)
    ref = clients(Role.MANAGER).post("/api/v1/campaigns", json=definition("would", output="u/mary/trial")).json()["id"]
    page = manager.post(f"/campaigns/{ref}/would-run").headers["location"].partition("?")[0]
    client = clients(Role.AGENT)
    orders = client.post(f"/api/v1/agents/{AGENT_ID}/lease", json={"wait_s": 0}).json()["orders"]
    order = next(one for one in orders if (one["payload"].get("trial") or {}).get("campaign_id") == ref)
    client.post(f"/api/v1/orders/{order['id']}/begin", json={"agent_id": AGENT_ID, "token": order["token"]})
    return manager, page, SubmitOrder(order["id"], order["token"], order["payload"])


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_graphs_are_shown_as_they_are_built(clients: Clients, agent: FakeAgent) -> None:
    manager, page, order = _asked(clients, agent)
    progress = {"now": "step1 g2", "done": 1, "total": 2, "message": "Resolving dataset types"}
    agent.report(order, {"kind": "findings", "result": {**found(), "progress": progress}})
    shown = manager.get(page).text
    assert "building quantum graphs: 1 of 2 done, now step1 g2" in shown
    assert "Resolving dataset types" in shown
    assert 'data-wait-s="2"' in shown
    assert "≤ 17 → 7 in 1 of 3 graphs" in _words(shown)


def test_what_graphs_have_stands_beside_what_was_meant(clients: Clients, agent: FakeAgent) -> None:
    manager, page, order = _asked(clients, agent)
    result = found()
    result["steps"][0]["groups"][1:] = []
    agent.report(order, {"kind": "done", "result": {**result, "progress": None}})
    shown = manager.get(page).text
    words = _words(shown)
    assert "Graphs of 1 of 2 submissions were built, and thrown away." in words
    assert "measure ≤ 10 → 7" in words
    assert "not built: reads catalog, which step1 makes" in words
    assert "data-wait-s" not in shown


def test_a_graph_that_cannot_be_built_is_told_with_what_pipetask_wrote(clients: Clients, agent: FakeAgent) -> None:
    manager, page, order = _asked(clients, agent)
    fault = {
        "code": "empty_quantum_graph",
        "message": "The quantum graph of step1 g2 cannot be built: empty.",
        "where": "steps[0]",
    }
    agent.report(order, {"kind": "findings", "result": found()}, {"kind": "failed", "faults": [fault]})
    shown = manager.get(page).text
    assert "It could not run: 1 problem." in shown
    assert "ERROR: no rows" in shown
    assert "not built: g3: the site builds 2 graphs at most" in _words(shown)
    assert "measure ≤ 17 →" not in _words(shown), "of some groups' graphs no sum is made by task"
