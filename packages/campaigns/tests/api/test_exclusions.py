"""Taking exclusions back: withdrawn while their sets are still to be made, and dropped from steps afterwards."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from api.test_dataid_sets import API, BAD, SetAgent, _define, _exclude, _failed_campaign, _post, _start
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.schema.agent_order import AgentOrderRow
from campaigns.storage.database import Database
from support.scripted_agent import definition, task
from support.serving import Clients

WHY = {"reason": "It is good after all"}


@pytest.fixture
def agent(client: Clients) -> SetAgent:
    return SetAgent(client)


def _get(client: Clients, path: str) -> Any:
    answer = client(Role.VIEWER).get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _withdraw(client: Clients, ref: str, order: str, status: int = 200, role: Role = Role.MANAGER) -> dict[str, Any]:
    return _post(client, role, f"campaigns/{ref}/exclusions/{order}/withdraw", WHY, status)


def _drop(client: Clients, ref: str, reference: str, status: int = 200, **others: Any) -> dict[str, Any]:
    return _post(client, Role.MANAGER, f"campaigns/{ref}/dataid-sets/drop", {"set": reference, **WHY, **others}, status)


def _begun(agent: SetAgent) -> dict[str, Any]:
    """Begin all orders there are, and give the one that makes a set."""
    orders = agent.lease()
    for order in orders:
        agent.begin(order)
    return next(order for order in orders if order["kind"] == "upload_set")


def _accepted(client: Clients, agent: SetAgent) -> dict[str, Any]:
    """Accept what the first step made, chain it, and give the order of the second, begun."""
    _post(client, Role.OPERATOR, "submissions/S-1/accept", {"reason": "Good enough"}, 200)
    orders = {order["kind"]: order for order in agent.lease()}
    for order in orders.values():
        agent.begin(order)
    agent.report(orders["chain"], {"kind": "done"})
    return orders["submit"]


def test_an_exclusion_is_withdrawn_before_an_agent_takes_it(client: Clients, agent: SetAgent) -> None:
    ref = _failed_campaign(client, agent)
    order = _exclude(client)
    _post(client, Role.OPERATOR, "submissions/S-1/accept", {"reason": "Good enough"}, 200)
    [waiting] = _get(client, f"campaigns/{ref}/exclusions")["items"]
    assert (waiting["id"], waiting["name"], waiting["n_data_ids"]) == (order["id"], "demo/bad", 1)
    assert (waiting["steps"], waiting["actor"], waiting["reason"], waiting["taken_up"]) == (["step2"], "mary", "Trailed", False)
    assert waiting["waits_for"] == "The agent at here has not taken it up yet."
    _withdraw(client, ref, order["id"], 403, role=Role.OPERATOR)
    withdrawn = _withdraw(client, ref, order["id"])
    assert withdrawn["status"] == "withdrawn"
    assert _get(client, f"campaigns/{ref}/exclusions")["items"] == []
    told = _get(client, f"campaigns/{ref}/events?limit=500")["items"]
    [event] = [one for one in told if one["kind"] == "campaign.exclude_withdrawn"]
    assert (event["actor"], event["reason"], event["details"]["steps"]) == ("mary", WHY["reason"], ["step2"])
    # The step no longer waits, and takes the data in.
    orders = {one["kind"]: one for one in agent.lease()}
    assert "upload_set" not in orders
    agent.begin(orders["chain"])
    agent.report(orders["chain"], {"kind": "done"})
    submit = orders.get("submit") or agent.take("submit")
    assert (submit["payload"]["step"], submit["payload"]["sets"]) == ("step2", [])


def test_what_a_silent_agent_says_later_changes_nothing(client: Clients, agent: SetAgent, clock: FixedClock) -> None:
    ref = _failed_campaign(client, agent)
    order = _exclude(client)
    taken = _begun(agent)
    clock.advance(seconds=700)
    [waiting] = _get(client, f"campaigns/{ref}/exclusions")["items"]
    assert waiting["waits_for"] == "The agent at here began it and is silent."
    assert not waiting["served"]
    assert "campaign agent --site here" in waiting["remedy"]
    _withdraw(client, ref, order["id"])
    report, rows = agent.sets.carry_out(taken["payload"], mark="m", now_us=1)
    url = f"{API}/orders/{order['id']}/files/rows.json"
    assert agent.client.put(url, params={"token": taken["token"]}, json=rows).status_code == 409
    agent.report(taken, report)
    assert _get(client, f"campaigns/{ref}")["revision"] == 1
    assert _get(client, f"orders/{order['id']}")["status"] == "withdrawn"
    assert not _get(client, f"campaigns/{ref}")["held"]
    refused = _withdraw(client, ref, order["id"], 409)
    assert "was withdrawn" in refused["detail"]


def test_what_is_made_is_dropped_and_not_withdrawn(client: Clients, agent: SetAgent) -> None:
    ref = _failed_campaign(client, agent)
    order = _exclude(client)
    agent.make_sets()
    refused = _withdraw(client, ref, order["id"], 409)
    assert "is made and excluded" in refused["detail"]
    assert "`campaign drop`" in refused["remedy"]
    assert _withdraw(client, ref, str(uuid4()), 404)["where"]
    key = {"Idempotency-Key": "k"}
    body = {"set": "demo/bad@1", **WHY}
    url = f"{API}/campaigns/{ref}/dataid-sets/drop"
    first = client(Role.MANAGER).post(url, json=body, headers=key)
    assert (first.status_code, first.json()["revision"]) == (200, 3)
    assert "sets" not in first.json()["definition"]["steps"][1]
    assert client(Role.MANAGER).post(url, json=body, headers=key).json() == first.json()
    [newest, *_] = _get(client, f"campaigns/{ref}/revisions")["items"]
    assert (newest["number"], newest["author"], newest["reason"]) == (3, "mary", WHY["reason"])
    assert _drop(client, ref, "demo/bad@1", 422)["where"] == "set"
    assert _accepted(client, agent)["payload"]["sets"] == []


def test_a_set_that_does_not_fit_is_dropped_from_the_step_it_blocks(client: Clients, agent: SetAgent) -> None:
    ref = _failed_campaign(client, agent)
    _exclude(client)
    agent.make_sets()
    fault = {"code": "set_does_not_fit", "message": "The task coadd lacks visit.", "where": "demo/bad@1"}
    agent.report(_accepted(client, agent), {"kind": "failed", "faults": [fault]})
    assert _get(client, "submissions/S-2")["status"] == "failed"
    _drop(client, ref, "demo/bad@1", steps=["step2"])
    _post(client, Role.OPERATOR, "submissions/S-2/restart", {"reason": "Without the set"}, 201)
    submit = agent.take("submit")
    assert submit["payload"]["sets"] == []
    assert submit["payload"]["revision"] == 3


def test_what_was_submitted_with_a_set_keeps_it(client: Clients, agent: SetAgent) -> None:
    agent.sets.make("demo/bad", BAD)
    ref = _define(client, sets={"exclude": ["demo/bad"]})
    _drop(client, ref, "demo/bad", 409)
    _start(client, ref)
    agent.carry_out("preflight")
    agent.run(agent.take("submit"), task("measure", 9, 7, failed=2))
    refused = _drop(client, ref, "demo/bad", 422, steps=["step1"])
    assert refused["detail"] == "step1 of C-1 was submitted without the data of demo/bad."
    assert refused["remedy"] == "Possible: step2."
    dropped = _drop(client, ref, "demo/bad")
    # What held for all steps holds for the others, by their own names of it.
    assert dropped["definition"].get("sets", {}) == {}
    assert dropped["definition"]["steps"][0]["sets"] == {"exclude": ["demo/bad"]}
    assert "sets" not in dropped["definition"]["steps"][1]
    [used] = _get(client, f"campaigns/{ref}/dataid-sets")["items"]
    assert (used["steps"], used["version"]) == (["step1"], 1)


@pytest.mark.parametrize("action", ["cancel", "complete", "fail"])
def test_a_campaign_ends_while_its_exclusion_is_made(client: Clients, agent: SetAgent, action: str) -> None:
    ref = _failed_campaign(client, agent)
    order = _exclude(client)
    taken = _begun(agent)
    _post(client, Role.MANAGER, f"campaigns/{ref}/transitions", {"action": action, "reason": "Enough"}, 200)
    before = _get(client, f"campaigns/{ref}")
    agent.report(taken, agent.sets.carry_out(taken["payload"], mark="m", now_us=1)[0])
    after = _get(client, f"campaigns/{ref}")
    assert (after["status"], after["revision"], after["held"]) == (before["status"], 1, before["held"])
    assert _get(client, f"orders/{order['id']}")["status"] == "done"
    told = _get(client, f"campaigns/{ref}/events?limit=500")["items"]
    [event] = [one for one in told if one["kind"] == "campaign.exclude_failed"]
    assert event["reason"].startswith("The set demo/bad@1 is made, and not excluded: C-1 is ")


def test_the_pipelines_are_sent_and_what_was_not_looked_at_is_told(client: Clients, agent: SetAgent) -> None:
    ref = _failed_campaign(client, agent)
    _exclude(client)
    taken = _begun(agent)
    pipeline = definition()["pipeline"]
    assert [(one["step"], one["pipeline"].startswith(pipeline)) for one in taken["payload"]["fit_to"]] == [("step2", True)]
    report, _ = agent.sets.carry_out(taken["payload"], mark="m", now_us=1)
    fits = [{"step": "step2", "outcome": "not_known", "detail": "The pipeline cannot be read: no such file"}]
    agent.report(taken, {**report, "result": {**report["result"], "fits": fits}})
    told = _get(client, f"campaigns/{ref}/events?limit=500")["items"]
    [event] = [one for one in told if one["kind"] == "campaign.excluded"]
    assert event["summary"].endswith("whether it fits step2 could not be looked at")
    assert event["details"]["fits"] == fits


def test_failures_are_told_until_dismissed_or_done_again(client: Clients, agent: SetAgent) -> None:
    look = {"site": "here", "butler": "main"}
    fault = {"code": "sets_not_usable", "message": "No tables."}
    failed = _post(client, Role.OPERATOR, "dataid-sets/look", look)
    _post(client, Role.OPERATOR, f"orders/{failed['id']}/dismiss", WHY, 409)
    agent.report(agent.take("list_sets"), {"kind": "failed", "faults": [fault]})
    assert _post(client, Role.OPERATOR, f"orders/{failed['id']}/dismiss", WHY, 200)["status"] == "failed"
    _post(client, Role.OPERATOR, f"orders/{uuid4()}/dismiss", WHY, 404)


def test_an_agent_is_told_which_sets_are_known(client: Clients, agent: SetAgent) -> None:
    agent.sets.make("demo/bad", BAD)
    look = {"site": "here", "butler": "main"}
    _post(client, Role.OPERATOR, "dataid-sets/look", look)
    assert agent.carry_out("list_sets")["known"] == []
    key = {"Idempotency-Key": "look"}
    answers = [client(Role.OPERATOR).post(f"{API}/dataid-sets/look", json=look, headers=key).json() for _ in range(2)]
    assert answers[0] == answers[1]
    taken = agent.take("list_sets")
    [known] = taken["payload"]["known"]
    assert (known["name"], known["version"]) == ("demo/bad", 1)
    told = {key: value for key, value in agent.sets.find("demo/bad").items() if "reasons" not in key}
    agent.report(taken, {"kind": "done", "result": {"sets": [told], "n_sets": 1}})
    [listed] = _get(client, "dataid-sets")["items"]
    assert (listed["reasons"], listed["n_reasons"]) == ([{"reason": "trailed", "rows": 1}], 1)


def test_sets_are_sorted_and_searched(client: Clients, agent: SetAgent) -> None:
    for number, name in enumerate(["b/one", "a/two", "c/three"]):
        agent.sets.make(name, BAD * (number + 1), now_us=number * 1_000_000)
    _post(client, Role.OPERATOR, "dataid-sets/look", {"site": "here", "butler": "main"})
    agent.carry_out("list_sets")

    def names(**params: Any) -> list[str]:
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            answer = client(Role.VIEWER).get(f"{API}/dataid-sets", params={**params, "limit": 2, **cursor})
            assert answer.status_code == 200, answer.text
            found += [one["name"] for one in answer.json()["items"]]
            if answer.json()["next"] is None:
                return found
            cursor = {"cursor": answer.json()["next"]}

    assert names() == names(sort="-created") == ["c/three", "a/two", "b/one"]
    assert names(sort="name") == ["a/two", "b/one", "c/three"]
    assert names(sort="-name") == ["c/three", "b/one", "a/two"]
    assert names(sort="rows") == ["b/one", "a/two", "c/three"]
    assert names(sort="-rows", filter="O campaigns") == ["a/two", "b/one"]
    refused = client(Role.VIEWER).get(f"{API}/dataid-sets", params={"sort": "size"})
    assert refused.status_code == 422


def test_what_the_page_shows_of_a_failure_is_in_the_interface(client: Clients, agent: SetAgent) -> None:
    _failed_campaign(client, agent)
    found = _get(client, "submissions/S-1/exclude")
    assert (found["steps"], found["begun"]) == (["step2"], ["step1"])
    assert len(found["runs"]) == 1


def test_a_step_that_waits_for_its_set_cannot_be_taken_away(client: Clients, agent: SetAgent, database: Database) -> None:
    ref = _failed_campaign(client, agent)
    order = _exclude(client)
    _post(client, Role.MANAGER, f"campaigns/{ref}/transitions", {"action": "pause", "reason": "Look"}, 200)
    steps = definition()["steps"]
    renamed = definition(steps=[steps[0], {**steps[1], "name": "step9"}])
    manager, headers = client(Role.MANAGER), {"If-Match": '"1"'}
    refused = manager.post(f"{API}/campaigns/{ref}/revisions", params={"reason": "why"}, json=renamed, headers=headers)
    assert refused.status_code == 422
    [fault] = refused.json()["faults"]
    assert (fault["code"], "step2" in fault["message"]) == ("step_gone", True)
    # If the step is gone all the same, the campaign is held, and nothing counts as excluded.
    with database.write() as session:
        row = session.get_one(AgentOrderRow, order["id"])
        row.payload = {**row.payload, "exclude_from": ["step9"]}
    agent.make_sets()
    assert _get(client, f"campaigns/{ref}")["revision"] == 1
    told = _get(client, f"campaigns/{ref}/events?limit=500")["items"]
    [event] = [one for one in told if one["kind"] == "campaign.exclude_failed"]
    assert event["reason"] == "The set demo/bad@1 is made, and not excluded: C-1 has no step step9 any more."
