"""Two at a time: managers, operators and agents, on both databases. One wins, nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.racing import at_once
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    """An agent that has said hello."""
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def _post(client: Clients, path: str, body: Any, role: Role = Role.MANAGER) -> Callable[[], Any]:
    caller = client(role)
    return lambda: caller.post(f"{API}/{path}", json=body)


def _running(client: Clients, agent: ScriptedAgent) -> str:
    ref = str(client(Role.MANAGER).post(f"{API}/campaigns", json=definition()).json()["id"])
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    return ref


def test_one_name_is_given_once(client: Clients) -> None:
    answers = at_once(*[_post(client, "campaigns", definition()) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"conflict"}


def test_of_revisions_made_to_one_only_the_first_stands(client: Clients) -> None:
    manager = client(Role.MANAGER)
    for name in ("one", "two", "three"):
        ref = manager.post(f"{API}/campaigns", json=definition(name=name)).json()["id"]
        url, seen = f"{API}/campaigns/{ref}/revisions?reason=Better", {"If-Match": '"1"'}
        revise = partial(manager.post, url, json=definition(name=name, title="Another"), headers=seen)
        answers = at_once(*[revise for _ in range(4)])
        assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]


def test_chains_of_one_campaign_do_not_overtake_each_other(client: Clients, agent: ScriptedAgent) -> None:
    step = {"name": "measure", "split": {"dimension": "visit", "values": [1, 2]}}
    ref = str(client(Role.MANAGER).post(f"{API}/campaigns", json=definition(steps=[step])).json()["id"])
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    for order in agent.lease():
        agent.begin(order)
        agent.run(order, task("measure", 1, 1))
    first = agent.chain()
    second = agent.chain()
    assert set(first["collections"]) < set(second["collections"]), "one at a time, and the later one has it all"


def test_one_judgement_stands(client: Clients, agent: ScriptedAgent) -> None:
    _running(client, agent)
    agent.run(agent.take("submit"), task("measure", 2, 2))
    answers = at_once(*[_post(client, "submissions/S-1/accept", {"reason": f"Good {n}"}) for n in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert sorted(order["kind"] for order in agent.lease()) == ["chain", "submit"], "chained once, followed once"


def test_one_restart_is_made(client: Clients, agent: ScriptedAgent) -> None:
    ref = _running(client, agent)
    agent.run(agent.take("submit"), task("measure", 2, 0, failed=2))
    answers = at_once(*[_post(client, "submissions/S-1/restart", {"reason": "Again"}) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    listed = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/submissions").json()["items"]
    assert [item["id"] for item in listed] == ["S-1", "S-2"]


def test_one_start_asks_once(client: Clients, agent: ScriptedAgent) -> None:
    ref = str(client(Role.MANAGER).post(f"{API}/campaigns", json=definition()).json()["id"])
    body = {"action": "start", "reason": "Go", "wait_s": 0}
    answers = at_once(*[_post(client, f"campaigns/{ref}/transitions", body) for _ in range(4)])
    assert {answer.status_code for answer in answers} == {202}
    agent.pass_preflight()
    assert [order["kind"] for order in agent.lease()] == ["submit"]


def test_an_order_goes_to_one_agent(client: Clients, agent: ScriptedAgent) -> None:
    _running(client, agent)
    other = ScriptedAgent(client)
    other.hello()
    leased = at_once(agent.lease, other.lease)
    assert sum(len(orders) for orders in leased) == 1


def test_an_order_that_never_arrived_is_given_again_at_once(client: Clients, agent: ScriptedAgent) -> None:
    _running(client, agent)
    (order,) = agent.lease()
    assert agent.lease(holding=[order["id"]]) == []
    (again,) = agent.lease()
    assert (again["id"], again["token"]) == (order["id"], order["token"] + 1)


def test_a_report_that_comes_twice_counts_once(client: Clients, agent: ScriptedAgent) -> None:
    _running(client, agent)
    order = agent.take("submit")
    lost = {"kind": "lost", "reason": "Gone", "remedy": "Look"}
    answers = at_once(*[lambda: agent.send(order, lost, first=1) for _ in range(4)])
    assert {answer.status_code for answer in answers} == {200}
    events = client(Role.VIEWER).get(f"{API}/submissions/S-1/events").json()["items"]
    assert [event["kind"] for event in events].count("submission.lost_contact") == 1


def test_a_gap_in_the_reports_is_refused(client: Clients, agent: ScriptedAgent) -> None:
    _running(client, agent)
    order = agent.take("submit")
    answer = agent.send(order, {"kind": "done"}, first=3)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["status"] == "queued"


def test_a_lease_that_ran_out_is_fenced_off(client: Clients, agent: ScriptedAgent, clock: Any) -> None:
    _running(client, agent)
    (order,) = agent.lease()
    clock.advance(seconds=31)
    other = ScriptedAgent(client)
    other.hello()
    (again,) = other.lease()
    assert (again["id"], again["token"]) == (order["id"], order["token"] + 1)
    late = agent.client.post(f"{API}/orders/{order['id']}/begin", json={"agent_id": agent.id, "token": order["token"]})
    assert (late.status_code, late.json()["code"]) == (409, "stale_lease")
    other.begin(again)
    assert agent.send(order, {"kind": "done"}).status_code == 409


def test_a_begun_order_belongs_to_its_agent(client: Clients, agent: ScriptedAgent, clock: Any) -> None:
    _running(client, agent)
    order = agent.take("submit")
    clock.advance(seconds=86_400)
    other = ScriptedAgent(client)
    other.hello()
    assert other.lease() == []
    back = ScriptedAgent(client, agent_id=agent.id).hello()
    assert [begun["id"] for begun in back["begun"]] == [order["id"]]


def test_an_agent_of_another_site_is_refused(client: Clients, agent: ScriptedAgent) -> None:
    answer = agent.client.post(
        f"{API}/agents",
        json={
            "site": "elsewhere", "agent_id": agent.id, "host": "h", "boot_id": "b", "pid": 1, "version": "0",
            "document": {"stacks": [], "repositories": [], "workflow_system": ""},
        },
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_of_two_campaigns_with_one_output_one_starts(client: Clients, agent: ScriptedAgent) -> None:
    """Both are asked to start before either has: the second is told when the site has answered."""
    refs = []
    for name in ("one", "two"):
        ref = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(name=name)).json()["id"]
        body = {"action": "start", "reason": "Go", "wait_s": 0}
        assert client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json=body).status_code == 202
        refs.append(ref)
    for order in agent.lease():
        agent.begin(order)
        agent.report(order, {"kind": "done"})
    statuses = [client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["status"] for ref in refs]
    assert sorted(statuses) == ["defined", "running"]
    late = refs[statuses.index("defined")]
    events = client(Role.VIEWER).get(f"{API}/campaigns/{late}/events").json()["items"]
    refused = next(event for event in events if event["kind"] == "campaign.start_refused")
    assert refused["details"]["faults"][0]["code"] == "output_taken"


def test_a_killed_agents_long_poll_swallows_nothing(client: Clients, agent: ScriptedAgent, clock: Any) -> None:
    """The process that asked is gone, its request still waits; its successor has said hello and must get the order."""
    ref = str(client(Role.MANAGER).post(f"{API}/campaigns", json=definition()).json()["id"])
    with ThreadPoolExecutor(1) as pool:
        left_behind = pool.submit(agent.client.post, f"{API}/agents/{agent.id}/lease", json={"wait_s": 20})
        bell = client.app.state.database.bell
        # The successor comes only once the request waits: what it records would wake it otherwise too early to tell.
        while not bell.has_waiters:
            pass
        clock.advance(seconds=1)
        successor = ScriptedAgent(client, agent_id=agent.id)
        successor.hello()
        body = {"action": "start", "reason": "Go", "wait_s": 0}
        assert client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json=body).status_code == 202
        assert left_behind.result(timeout=30).json()["orders"] == []
    assert [order["kind"] for order in successor.lease()] == ["preflight"]
