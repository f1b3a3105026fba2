"""The page of what would run in a browser: graphs appear as they are built, without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Served
from browser.test_specifications import picture
from campaigns.domain.identity import Role
from support.found import found
from web.examples import definition
from web.fake_agent import AGENT_ID, SubmitOrder

pytestmark = pytest.mark.browser

EMPTY = {
    "code": "empty_quantum_graph",
    "message": "The quantum graph of step1 g2 cannot be built: QuantumGraph will be empty.",
    "where": "steps[0].data_queries[1]",
    "remedy": "Look at the data query and the input collections: nothing in them fits the pipeline.",
}


@pytest.mark.parametrize("width", [1280, 420])
def test_graphs_appear_as_they_are_built(served: Served, width: int) -> None:
    manager, agent = served.clients(Role.MANAGER), served.clients(Role.AGENT)
    ref = manager.post("/api/v1/campaigns", json=definition("would", output="u/mary/trial")).json()["id"]
    order_id = manager.post(f"/api/v1/campaigns/{ref}/preflight", params={"wait_s": 0}).json()["order"]
    orders = agent.post(f"/api/v1/agents/{AGENT_ID}/lease", json={"wait_s": 0}).json()["orders"]
    order = next(SubmitOrder(one["id"], one["token"], one["payload"]) for one in orders if one["id"] == order_id)
    agent.post(f"/api/v1/orders/{order.id}/begin", json={"agent_id": AGENT_ID, "token": order.token})
    page = served.open(f"/campaigns/{ref}/would-run/{order_id}", width=width)
    expect(page.locator("#looking")).to_contain_text("is looking")
    page.evaluate("window.stays = true")
    progress = {"now": "step1 g2", "done": 1, "total": 2, "message": "Resolving dataset types"}
    served.agent.report(order, {"kind": "findings", "result": {**found(), "progress": progress}})
    expect(page.locator("#looking")).to_contain_text("1 of 2 done, now step1 g2", timeout=10_000)
    assert page.evaluate("window.stays"), "the page was not loaded again"
    picture(page, f"would-run-building-{width}")
    served.agent.report(order, {"kind": "findings", "result": {"progress": None}}, {"kind": "failed", "faults": [EMPTY]})
    expect(page.locator("#found-faults")).to_contain_text("1 problem", timeout=10_000)
    expect(page.locator("#would-steps")).to_contain_text("the site builds 2 graphs at most")
    picture(page, f"would-run-{width}")
