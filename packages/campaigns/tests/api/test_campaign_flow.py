"""A campaign from its definition to its end, over REST, with an agent that says what happened."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    """An agent that has said hello."""
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def _post(client: Clients, path: str, body: Any, *, role: Role = Role.MANAGER, **more: Any) -> Any:
    return client(role).post(f"{API}/{path}", json=body, **more)


def _started(client: Clients, agent: ScriptedAgent, **changes: Any) -> str:
    """Define a campaign, start it, and let the site find nothing wrong."""
    made = _post(client, "campaigns", definition(**changes))
    assert made.status_code == 201, made.text
    ref = str(made.json()["id"])
    asked = _post(client, f"campaigns/{ref}/transitions", {"action": "start", "reason": "Go", "wait_s": 0})
    assert asked.status_code == 202, asked.text
    assert asked.json()["status"] == "defined"
    assert asked.json()["starting"] is True
    agent.pass_preflight()
    return ref


def _show(client: Clients, path: str) -> dict[str, Any]:
    answer = client(Role.VIEWER).get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _events(client: Clients, ref: str) -> list[dict[str, Any]]:
    return list(_show(client, f"campaigns/{ref}/events?limit=500")["items"])


def test_whole_campaign(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    assert _show(client, f"campaigns/{ref}")["status"] == "running"

    first = agent.take("submit")
    assert first["payload"]["input_collections"] == ["HSC/defaults"]
    assert first["payload"]["pipeline"] == "resource://a_package/a.yaml#step1"
    agent.run(first, task("measure", 10, 9, failed=1))
    campaign = _show(client, f"campaigns/{ref}")
    assert campaign["status"] == "paused"
    assert [wait["kind"] for wait in campaign["waits"]] == ["judge"]
    submission = _show(client, "submissions/S-1")
    assert (submission["status"], submission["judgement"]) == ("partly_succeeded", "pending")
    assert submission["launcher"]["exit_code"] == 0
    assert submission["workflow"]["state"] == "SUCCEEDED"
    assert agent.lease() == [], "nothing is chained and nothing starts before the decision"

    accepted = _post(client, "submissions/S-1/accept", {"reason": "One visit is trailed"}, role=Role.OPERATOR)
    assert accepted.status_code == 200, accepted.text
    orders = sorted(agent.lease(), key=lambda order: str(order["kind"]))
    assert [order["kind"] for order in orders] == ["chain", "submit"]
    chain, second = orders
    assert chain["payload"]["collections"] == [first["payload"]["output_run"], "HSC/defaults"]
    assert second["payload"]["input_collections"] == [first["payload"]["output_run"], "HSC/defaults"]
    assert second["payload"]["operator"] == first["payload"]["operator"]
    for order in orders:
        agent.begin(order)
    agent.report(chain, {"kind": "done"})
    agent.run(second, task("combine", 1, 1))
    assert _show(client, f"campaigns/{ref}")["status"] == "running", "accepted by rule, but not chained yet"
    assert agent.chain()["collections"][0] == second["payload"]["output_run"]
    campaign = _show(client, f"campaigns/{ref}")
    assert campaign["status"] == "completed"
    assert campaign["waits"] == []

    events = _events(client, ref)
    numbers = [event["number"] for event in events]
    assert numbers == sorted(set(numbers))
    told = {event["kind"]: event for event in events}
    assert told["campaign.start"]["actor"] == "mary"
    assert told["submission.accepted"]["actor"] == "system"
    decided = next(event for event in events if event["kind"] == "submission.accepted" and event["actor"] == "otto")
    assert decided["reason"] == "One visit is trailed"


def test_rejecting_and_restarting(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    agent.run(agent.take("submit"), task("measure", 4, 4))
    assert _post(client, "submissions/S-1/reject", {"reason": "Wrong reference"}).status_code == 200
    waits = _show(client, f"campaigns/{ref}")["waits"]
    assert [wait["kind"] for wait in waits] == ["recover"]
    restarted = _post(client, "submissions/S-1/restart", {"reason": "Corrected"}, role=Role.OPERATOR)
    assert restarted.status_code == 201
    attempt = restarted.json()
    assert (attempt["attempt"], attempt["recovers"], attempt["operator"]) == (2, "S-1", "otto")
    order = agent.take("submit")
    assert order["payload"]["output_run"] != _show(client, "submissions/S-1")["output_run"]
    agent.run(order, task("measure", 4, 4))
    stale = _post(client, "submissions/S-1/accept", {"reason": "After all"})
    assert (stale.status_code, stale.json()["code"]) == (409, "illegal_transition")
    assert "S-2" in stale.json()["remedy"]
    assert _post(client, "submissions/S-2/accept", {"reason": "Good"}).status_code == 200


def test_only_quanta_decide(client: Clients, agent: ScriptedAgent) -> None:
    """Launcher and workflow system say all is well; the quanta do not."""
    ref = _started(client, agent)
    agent.run(agent.take("submit"), task("measure", 4, 0, failed=4))
    assert _show(client, "submissions/S-1")["status"] == "failed"
    refused = _post(client, "submissions/S-1/accept", {"reason": "Never mind"})
    assert refused.status_code == 409
    assert [wait["kind"] for wait in _show(client, f"campaigns/{ref}")["waits"]] == ["recover"]
    failures = _show(client, "submissions/S-1/failures")["items"]
    assert [failure["data_id"] for failure in failures] == [{"visit": number} for number in range(4)]


def test_preflight_that_finds_problems_starts_nothing(client: Clients, agent: ScriptedAgent) -> None:
    made = _post(client, "campaigns", definition())
    ref = made.json()["id"]
    _post(client, f"campaigns/{ref}/transitions", {"action": "start", "reason": "Go", "wait_s": 0})
    fault = {"code": "pipeline_not_found", "message": "There is no pipeline.", "where": "pipeline", "remedy": "Correct it."}
    other = {"code": "no_such_visit", "message": "There is no visit.", "where": "steps[step1].data_query", "remedy": None}
    assert _show(client, f"campaigns/{ref}")["refusal"] == []
    agent.report(agent.take("preflight"), {"kind": "failed", "faults": [fault, other]})
    campaign = _show(client, f"campaigns/{ref}")
    assert (campaign["status"], campaign["starting"]) == ("defined", False)
    assert campaign["refusal"] == [fault, other]
    assert _show(client, f"campaigns/{ref}/submissions")["items"] == []
    refused = next(event for event in _events(client, ref) if event["kind"] == "campaign.start_refused")
    assert refused["details"]["faults"] == [fault, other]
    assert refused["reason"] == "There is no pipeline. There is no visit."
    client(Role.MANAGER).post(
        f"/api/v1/campaigns/{ref}/revisions?reason=better", json=definition(title="New"), headers={"If-Match": '"1"'}
    ).raise_for_status()
    assert _show(client, f"campaigns/{ref}")["refusal"] == []


def test_what_is_told_beside_a_campaign(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    _post(client, f"campaigns/{ref}/notes", {"body": "First"})
    _post(client, f"campaigns/{ref}/notes", {"body": "On it", "submission": "S-1"})
    assert (
        client(Role.MANAGER).post(f"/api/v1/campaigns/{ref}/sign-off", json={"revision": 1, "comment": "Read"}).status_code == 201
    )
    campaign = _show(client, f"campaigns/{ref}")
    assert campaign["operators"] == [_show(client, "submissions/S-1")["operator"]]
    assert (campaign["n_notes"], campaign["signed"], campaign["parent"]) == (2, True, None)
    made = client(Role.MANAGER).post(f"/api/v1/campaigns/{ref}/rerun", json={"reason": "Again"}).json()["campaign"]
    again = _show(client, f"campaigns/{made['id']}")
    assert again["parent"] == {"id": ref, "uuid": campaign["uuid"], "name": campaign["name"], "revision": 1}
    assert (again["operators"], again["n_notes"], again["signed"]) == ([], 0, False)


def test_what_the_server_knows_is_checked_at_once(client: Clients, agent: ScriptedAgent) -> None:
    made = _post(client, "campaigns", definition(stack="w_9", butler="other"))
    answer = _post(client, f"campaigns/{made.json()['id']}/transitions", {"action": "start", "reason": "Go"})
    assert answer.status_code == 422
    faults = {fault["where"]: fault for fault in answer.json()["faults"]}
    assert faults["stack"]["code"] == "unknown_stack"
    assert "w_1" in faults["stack"]["remedy"]
    assert faults["butler"]["code"] == "unknown_butler"
    assert agent.lease() == []


def test_a_site_without_an_agent(client: Clients) -> None:
    made = _post(client, "campaigns", definition())
    answer = _post(client, f"campaigns/{made.json()['id']}/transitions", {"action": "start", "reason": "Go"})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["code"] == "unknown_site"


def test_pausing_queues_and_next_goes_on(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent, steps=[{"name": "step1"}, {"name": "step2", "needs": ["step1"]}])
    order = agent.take("submit")
    paused = _post(client, f"campaigns/{ref}/transitions", {"action": "pause", "reason": "Disk"}, role=Role.OPERATOR)
    assert (paused.json()["status"], paused.json()["held"]) == ("paused", True)
    agent.run(order, task("measure", 2, 2))
    agent.chain()
    assert agent.lease() == [], "nothing new starts while it is held"
    following = _post(client, f"campaigns/{ref}/next", {"reason": "One more"}, role=Role.OPERATOR)
    assert (following.status_code, following.json()["step"]) == (201, "step2")
    assert _show(client, f"campaigns/{ref}")["status"] == "paused", "still held"
    agent.run(agent.take("submit"), task("combine", 1, 1))
    agent.chain()
    assert _show(client, f"campaigns/{ref}")["status"] == "completed"


def test_resume_says_what_is_waited_for(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    agent.run(agent.take("submit"), task("measure", 2, 2))
    answer = _post(client, f"campaigns/{ref}/transitions", {"action": "resume", "reason": "Go on"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert "S-1" in answer.json()["remedy"]


def test_cancelling_before_and_after_an_agent_began(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    withdrawn = _post(client, "submissions/S-1/cancel", {"reason": "Not now"}, role=Role.OPERATOR)
    assert withdrawn.json()["status"] == "cancelled"
    assert agent.lease() == []
    _post(client, "submissions/S-1/restart", {"reason": "Now"})
    order = agent.take("submit")
    agent.report(order, {"kind": "launched", "pid": 7, "host": "h", "boot_id": "b", "started_us": 5})
    asked = _post(client, "submissions/S-2/cancel", {"reason": "Wrong data"})
    assert asked.json()["status"] == "acquiring", "it is cancelled when the agent says so"
    stop = agent.take("cancel")
    assert stop["payload"]["submit_order_id"] == order["id"]
    agent.report(stop, {"kind": "done"})
    agent.report(order, {"kind": "launcher", "signal": 15, "ended_us": 9}, {"kind": "done", "cancelled": True})
    assert _show(client, "submissions/S-2")["status"] == "cancelled"
    assert _show(client, f"campaigns/{ref}")["status"] == "paused"


def test_lost_contact_waits_for_a_person_and_may_come_back(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    order = agent.take("submit")
    agent.report(order, {"kind": "lost", "reason": "The host was restarted.", "remedy": "Look at the queue."})
    submission = _show(client, "submissions/S-1")
    assert (submission["status"], submission["status_remedy"]) == ("lost_contact", "Look at the queue.")
    assert _show(client, f"campaigns/{ref}")["waits"][0]["kind"] == "recover"
    agent.run(order, task("measure", 2, 2))
    assert _show(client, "submissions/S-1")["status"] == "succeeded"


def test_outputs_that_are_not_registered_are_not_accepted(client: Clients, agent: ScriptedAgent) -> None:
    _started(client, agent, steps=[{"name": "step1"}])
    agent.run(agent.take("submit"), task("measure", 2, 2), registered=False)
    assert _show(client, "submissions/S-1")["status"] == "failed"
    assert _post(client, "submissions/S-1/accept", {"reason": "Well"}).status_code == 409


def test_a_chain_that_fails_asks_again(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent, steps=[{"name": "step1", "gate": {"accept": "person"}}])
    agent.run(agent.take("submit"), task("measure", 2, 2))
    _post(client, "submissions/S-1/accept", {"reason": "Good"})
    fault = {"code": "read_only", "message": "The repository is read-only."}
    agent.report(agent.take("chain"), {"kind": "failed", "faults": [fault]})
    submission = _show(client, "submissions/S-1")
    assert submission["judgement"] == "pending"
    assert "read-only" in submission["status_reason"]
    assert _show(client, f"campaigns/{ref}")["status"] == "paused"
    _post(client, "submissions/S-1/accept", {"reason": "Good, again"})
    agent.chain()
    assert _show(client, f"campaigns/{ref}")["status"] == "completed"


def test_two_campaigns_cannot_have_one_output(client: Clients, agent: ScriptedAgent) -> None:
    _started(client, agent)
    other = _post(client, "campaigns", definition(name="other")).json()["id"]
    answer = _post(client, f"campaigns/{other}/transitions", {"action": "start", "reason": "Go"})
    assert (answer.status_code, answer.json()["where"]) == (409, "output")


def test_operators_do_and_managers_modify(client: Clients, agent: ScriptedAgent) -> None:
    assert _post(client, "campaigns", definition(), role=Role.OPERATOR).status_code == 403
    ref = _started(client, agent)
    refused = _post(client, f"campaigns/{ref}/transitions", {"action": "cancel", "reason": "No"}, role=Role.OPERATOR)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert _post(client, f"campaigns/{ref}/transitions", {"action": "cancel", "reason": "No"}).status_code == 200
    assert _show(client, "submissions/S-1")["status"] == "cancelled"


def test_cancelling_what_was_lost_tells_the_agent(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    order = agent.take("submit")
    agent.report(order, {"kind": "lost", "reason": "The host was restarted.", "remedy": "Look."})
    cancelled = _post(client, "submissions/S-1/cancel", {"reason": "It is gone"}, role=Role.OPERATOR)
    assert cancelled.json()["status"] == "cancelled"
    assert agent.take("cancel")["payload"]["submit_order_id"] == order["id"]
    assert _show(client, f"campaigns/{ref}")["waits"][0]["kind"] == "recover"
    agent.report(order, {"kind": "done", "cancelled": True})
    assert _show(client, "submissions/S-1")["status"] == "cancelled"


def test_restarting_what_was_lost_stops_it_first(client: Clients, agent: ScriptedAgent) -> None:
    _started(client, agent)
    order = agent.take("submit")
    agent.report(order, {"kind": "lost", "reason": "The host was restarted.", "remedy": "Look."})
    assert _post(client, "submissions/S-1/restart", {"reason": "Again"}).status_code == 201
    assert sorted(given["kind"] for given in agent.lease()) == ["cancel", "submit"]


def test_many_attempts_within_a_second_have_runs_of_their_own(client: Clients, agent: ScriptedAgent) -> None:
    ref = _started(client, agent)
    for number in range(1, 5):
        assert _post(client, f"submissions/S-{number}/cancel", {"reason": "No"}).status_code == 200
        assert _post(client, f"submissions/S-{number}/restart", {"reason": "Yes"}).status_code == 201
    listed = _show(client, f"campaigns/{ref}/submissions")["items"]
    assert len({item["output_run"] for item in listed}) == 5


def test_many_groups_start_quickly(client: Clients, agent: ScriptedAgent) -> None:
    steps = [{"name": "step1", "split": {"dimension": "visit", "values": list(range(200))}}]
    ref = _started(client, agent, steps=steps)
    listed = _show(client, f"campaigns/{ref}/submissions")["items"]
    assert len(listed) == 200
    assert {item["status"] for item in listed} == {"queued"}


def test_long_and_odd_texts_do_not_hold_up_a_report(client: Clients, agent: ScriptedAgent) -> None:
    """They are cut to what is kept: were the report refused, nobody would hear of the end."""
    _started(client, agent)
    order = agent.take("submit")
    long = "x" * 500
    failure = {
        "task": long, "status": "failed", "data_id": {"visit": 1, "physical_filter": "a\x00b"}, "message": "m\x00",
        "exception": long, "quantum_id": long, "log": long,
    }  # fmt: skip
    quanta = {"kind": "quanta", "source": long, "tasks": [task(long, 1, 0, failed=1)], "failures": [failure], "n_failures": 1}
    agent.report(order, {**quanta, "registered": True}, {"kind": "done"})
    (told,) = _show(client, "submissions/S-1/failures")["items"]
    assert (told["exception"], told["message"]) == ("x" * 200, "m\N{REPLACEMENT CHARACTER}")
    assert _show(client, "submissions/S-1")["status"] == "failed"


def test_starting_a_draft_defines_it_and_so_is_the_managers(client: Clients, agent: ScriptedAgent) -> None:
    _post(client, "campaigns?draft=true", definition())
    start = {"action": "start", "reason": "Go", "wait_s": 0}
    refused = _post(client, "campaigns/C-1/transitions", start, role=Role.OPERATOR)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert _post(client, "campaigns/C-1/transitions", start).status_code == 202


def test_an_agent_that_never_comes_back_holds_nothing_up(client: Clients, agent: ScriptedAgent, clock: Any) -> None:
    ref = _started(client, agent)
    agent.take("submit")
    asked = _post(client, "submissions/S-1/cancel", {"reason": "Stop"})
    assert asked.json()["status"] == "queued", "the agent was heard just now: it is asked"
    clock.advance(seconds=601)
    ended = _post(client, "submissions/S-1/cancel", {"reason": "The host is gone"})
    assert ended.json()["status"] == "cancelled"
    assert _show(client, f"campaigns/{ref}")["waits"][0]["kind"] == "recover"


def test_a_start_can_be_asked_again_when_who_looked_is_gone(client: Clients, agent: ScriptedAgent, clock: Any) -> None:
    ref = _post(client, "campaigns", definition()).json()["id"]
    body = {"action": "start", "reason": "Go", "wait_s": 0}
    _post(client, f"campaigns/{ref}/transitions", body)
    agent.take("preflight")
    clock.advance(seconds=601)
    successor = ScriptedAgent(client)
    successor.hello()
    assert _post(client, f"campaigns/{ref}/transitions", body).status_code == 202
    successor.pass_preflight()
    assert _show(client, f"campaigns/{ref}")["status"] == "running"


def test_an_order_the_agent_does_not_know_is_lost(client: Clients, agent: ScriptedAgent) -> None:
    _started(client, agent)
    agent.take("submit")
    _post(client, "submissions/S-1/cancel", {"reason": "Stop"})
    fault = {"code": "unknown_order", "message": "This agent never had it."}
    agent.report(agent.take("cancel"), {"kind": "failed", "faults": [fault]})
    assert _show(client, "submissions/S-1")["status"] == "lost_contact"
    assert _post(client, "submissions/S-1/cancel", {"reason": "Gone"}).json()["status"] == "cancelled"
