"""What ran, or runs, without the service becomes a campaign; nothing of it is ever started."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.people import SITE
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"
REASON = {"reason": "because"}
ADOPT = {
    "name": "old-run",
    "title": "What ran in spring",
    "reason": "It belongs in the record",
    "site": SITE,
    "butler": "main",
    "submit_dir": "/data/submit/u/otto/spring",
}
RUN = "u/otto/spring/step1/20260301T101112Z"


def found(*tasks: dict[str, Any], **others: Any) -> dict[str, Any]:
    run = {
        "run": RUN, "submit_dir": ADOPT["submit_dir"], "bps_yaml": "pipelineYaml: a.yaml", "pipeline": "a.yaml#step1",
        "data_query": "visit = 1", "operator": "otto", "inputs": ["HSC/defaults"], "tasks": list(tasks),
        "source": "pipetask report",
        "registered": True, "started_us": 5_000_000, "ended_us": 9_000_000,
    }  # fmt: skip
    return {"kind": "done", "result": {"runs": [{**run, **others}]}}


def ask(client: Clients, **changes: Any) -> Any:
    return client(Role.MANAGER).post(f"{API}/campaigns/adopt", json={**ADOPT, **changes})


def adopt(client: Clients, report: dict[str, Any], **changes: Any) -> tuple[dict[str, Any], ScriptedAgent]:
    """Ask, and let an agent answer; gives the order as it stands then."""
    agent = ScriptedAgent(client)
    agent.hello()
    asked = ask(client, **changes)
    assert asked.status_code == 202, asked.text
    order = agent.take("inspect_run")
    agent.report(order, report)
    return dict(client(Role.VIEWER).get(f"{API}/orders/{order['id']}").json()), agent


def elsewhere(client: Clients, *steps: str) -> str:
    body = {"name": "ap", "title": "A night", "reason": "To watch it", "steps": list(steps)}
    answer = client(Role.MANAGER).post(f"{API}/campaigns/adopt", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["campaign"])


def test_finished_run_becomes_a_completed_campaign(client: Clients) -> None:
    spent = {"label": "isr", "n_read": 4, "cpu_us": 8_000_000, "run_us": 9_000_000, "max_memory_bytes": 310_000_000}
    order, agent = adopt(client, found(task("isr", 4, 4), spent=[spent]))
    assert order["status"] == "done"
    mary = client(Role.MANAGER)
    campaign = mary.get(f"{API}/campaigns/{order['result']['campaign']}").json()
    assert (campaign["status"], campaign["adopted"], campaign["owner"]) == ("completed", True, "mary")
    assert (campaign["started_us"], campaign["ended_us"]) == (5_000_000, 9_000_000)
    assert campaign["definition"]["steps"] == [{"name": "step1", "pipeline": "a.yaml#step1", "data_query": "visit = 1"}]
    assert campaign["definition"]["output"] == "u/otto/spring/step1"
    submission = mary.get(f"{API}/submissions/S-1").json()
    assert (submission["status"], submission["judgement"], submission["operator"]) == ("succeeded", "accepted", "otto")
    assert (submission["output_run"], submission["submit_dir"]) == (RUN, ADOPT["submit_dir"])
    assert submission["quanta_source"] == "pipetask report"
    assert submission["quanta"]["succeeded"] == 4
    assert submission["spent"] == [spent]
    events = mary.get(f"{API}/campaigns/C-1/events").json()["items"]
    assert [(event["kind"], event["actor"]) for event in events] == [
        ("campaign.adopted", "mary"),
        ("submission.adopted", "mary"),
    ]
    assert events[0]["reason"] == ADOPT["reason"]
    assert agent.lease() == []
    for filter_, number in (("adopted = yes", 1), ("adopted = no", 0)):
        assert len(mary.get(f"{API}/campaigns", params={"filter": filter_}).json()["items"]) == number
    for page in ("/campaigns/C-1", "/campaigns/C-1/print", "/submissions/S-1", "/campaigns"):
        assert mary.get(page).status_code == 200, page


def test_what_failed_waits_for_a_person_and_starts_nothing(client: Clients) -> None:
    failure = {"task": "isr", "status": "failed", "data_id": {"visit": 1}, "message": "no stars"}
    adopted = found(task("isr", 4, 3, failed=1), failures=[failure], n_failures=1)
    order, agent = adopt(client, adopted)
    mary = client(Role.MANAGER)
    assert mary.get(f"{API}/campaigns/{order['result']['campaign']}").json()["status"] == "running"
    assert mary.get(f"{API}/submissions/S-1/failures").json()["items"][0]["message"] == "no stars"
    for route in ("campaigns/C-1/next", "campaigns/C-1/preflight", "submissions/S-1/restart", "submissions/S-1/cancel"):
        answer = mary.post(f"{API}/{route}", json=None if route.endswith("preflight") else REASON)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_ready"), route
    for action in ("start", "pause", "resume"):
        answer = mary.post(f"{API}/campaigns/C-1/transitions", json={"action": action, "wait_s": 0, **REASON})
        assert answer.status_code == 409, action
    assert mary.post(f"{API}/submissions/S-1/accept", json=REASON).json()["judgement"] == "accepted"
    completed = mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "complete", **REASON})
    assert completed.json()["status"] == "completed"
    assert agent.lease() == []


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (found(task("isr", 4, 0, failed=4)), "failed"),
        (found(task("isr", 4, 2), registered=False), "lost_contact"),
        (found(registered=True), "lost_contact"),
        (found(task("isr", 4, 4), submit_dir=None, source="metadata and logs in the registry"), "lost_contact"),
    ],
)
def test_what_is_not_known_is_not_claimed(client: Clients, report: dict[str, Any], status: str) -> None:
    adopt(client, report)
    assert client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["status"] == status
    assert client(Role.VIEWER).get(f"{API}/campaigns/C-1").json()["status"] == "running"


def test_what_the_site_does_not_find_makes_nothing(client: Clients) -> None:
    fault = {"code": "no_submit_directory", "message": "There is no directory here.", "where": "submit_dir", "remedy": "Look."}
    order, _ = adopt(client, {"kind": "failed", "faults": [fault]})
    assert (order["status"], order["faults"]) == ("failed", [fault])
    assert client(Role.VIEWER).get(f"{API}/campaigns").json()["items"] == []


def test_same_run_is_adopted_once(client: Clients) -> None:
    adopt(client, found(task("isr", 4, 4)))
    order, _ = adopt(client, found(task("isr", 4, 4)), name="again")
    assert order["status"] == "failed"
    assert order["faults"][0]["message"] == f"{RUN} is known already, as S-1 of C-1."
    assert ask(client).json()["detail"] == "The name old-run is taken by C-1."


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"submit_dir": None}, "submit_dir"),
        ({"submit_dir": "spring"}, "submit_dir"),
        ({"butler": "other"}, "butler"),
        ({"stack": "w_9"}, "stack"),
        ({"site": "nowhere"}, "site"),
        ({"reason": " "}, "reason"),
        ({"steps": ["a"]}, "steps"),
    ],
)
def test_what_is_wrong_is_told_before_the_site_looks(client: Clients, changes: dict[str, Any], where: str) -> None:
    ScriptedAgent(client).hello()
    answer = ask(client, **changes)
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["where"] == where
    assert ask(client, name="C-7").json()["code"] == "invalid_definition"


def test_progress_is_told_by_those_who_run_it(client: Clients) -> None:
    assert elsewhere(client, "ingest", "isr") == "C-1"
    otto = client(Role.OPERATOR)
    url = f"{API}/submissions/S-1/progress"
    told = otto.post(url, json={"tasks": [task("isr", 4, 2)], "message": "visit 17"}).json()
    assert (told["status"], told["quanta"]["succeeded"], told["phase_message"]) == ("running", 2, "visit 17")
    assert told["quanta_source"] == "told by otto"
    ended = otto.post(url, json={"tasks": [task("isr", 4, 4)], "status": "succeeded", "reason": "the night is over"}).json()
    assert (ended["status"], ended["status_reason"]) == ("succeeded", "the night is over")
    event = otto.get(f"{API}/submissions/S-1/events").json()["items"][0]
    assert (event["kind"], event["actor"], event["reason"]) == ("submission.marked", "otto", "the night is over")
    assert otto.post(url.replace("S-1", "S-2"), json={"status": "failed"}).json()["where"] == "reason"
    assert otto.post(url.replace("S-1", "S-2"), json={}).json()["code"] == "invalid_input"
    wrong = {**task("isr", 4, 2), "unknown": 0}
    assert otto.post(url.replace("S-1", "S-2"), json={"tasks": [wrong]}).json()["where"] == "tasks[0]"
    assert client(Role.VIEWER).post(url, json={}).status_code == 403
    mary = client(Role.MANAGER)
    early = mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "complete", **REASON})
    assert (early.status_code, "`campaign mark S-2`" in early.json()["remedy"]) == (409, True)
    cancelled = mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "cancel", **REASON})
    assert cancelled.json()["status"] == "cancelled"
    assert mary.get(f"{API}/submissions/S-2").json()["status"] == "cancelled"
    assert otto.post(url, json={"message": "x"}).json()["code"] == "not_ready"


def test_nobody_marks_what_the_service_runs(client: Clients) -> None:
    mary = client(Role.MANAGER)
    agent = ScriptedAgent(client)
    agent.hello()
    mary.post(f"{API}/campaigns", json=definition())
    mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "start", "wait_s": 0, **REASON})
    agent.pass_preflight()
    answer = mary.post(f"{API}/submissions/S-1/progress", json={"status": "failed", "reason": "no"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert answer.json()["remedy"] == "`campaign cancel S-1` stops it."
    agent.report(agent.take("submit"), {"kind": "lost", "reason": "The machine was started anew.", "remedy": "Look."})
    lost = mary.post(f"{API}/submissions/S-1/progress", json={"status": "failed", "reason": "no"}).json()
    assert "`campaign cancel S-1` says so" in lost["remedy"]
    assert "by your word, that nothing of S-1 runs" in mary.get("/submissions/S-1").text
    # What it says can be done.
    assert mary.post(f"{API}/submissions/S-1/cancel", json=REASON).json()["status"] == "cancelled"
    assert mary.post(f"{API}/submissions/S-1/restart", json=REASON).json()["attempt"] == 2


def test_a_person_decides_what_becomes_of_lost_outputs(client: Clients) -> None:
    mary = client(Role.MANAGER)
    agent = ScriptedAgent(client)
    agent.hello()
    mary.post(f"{API}/campaigns", json=definition())
    mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "start", "wait_s": 0, **REASON})
    agent.pass_preflight()
    order = agent.take("submit")
    quanta = {
        "kind": "quanta", "source": "pipetask report", "tasks": [task("isr", 4, 3, failed=1)], "failures": [], "n_failures": 1,
        "registered": True,
    }  # fmt: skip
    agent.report(order, {"kind": "lost", "reason": "The machine was started anew.", "remedy": "Look."}, quanta)
    assert mary.get(f"{API}/submissions/S-1").json()["status"] == "lost_contact"
    assert mary.post(f"{API}/submissions/S-1/cancel", json={"reason": "nothing runs"}).json()["status"] == "cancelled"
    assert 'id="act-accept"' in mary.get("/submissions/S-1").text
    assert mary.post(f"{API}/submissions/S-1/accept", json={"reason": "enough"}).json()["judgement"] == "accepted"


def test_without_a_graph_nothing_is_called_ended(client: Clients) -> None:
    adopt(client, found(task("isr", 4, 4), submit_dir=None))
    told = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()
    assert (told["judgement"], told["quanta_final"]) == ("pending", False)
    assert "There was no quantum graph" in told["status_reason"]


def test_counts_of_what_has_ended_stand(client: Clients) -> None:
    elsewhere(client, "ingest", "isr")
    otto, url = client(Role.OPERATOR), f"{API}/submissions/S-1/progress"
    last = {"tasks": [task("isr", 4, 4)], "status": "succeeded", "reason": "the night is over"}
    for _ in range(2):
        assert otto.post(url, json=last).status_code == 200
    refused = otto.post(url, json={"tasks": [task("isr", 4, 1)]})
    assert (refused.status_code, refused.json()["where"]) == (409, "tasks")
    assert "its counts stand" in refused.json()["detail"]
    assert otto.get(f"{API}/submissions/S-1").json()["quanta"]["succeeded"] == 4


def test_wrong_mark_is_corrected_and_what_was_said_stays(client: Clients) -> None:
    elsewhere(client, "ingest", "isr")
    otto, url = client(Role.OPERATOR), f"{API}/submissions/S-1/progress"
    right = otto.post(url, json={"tasks": [task("isr", 4, 4)], "status": "succeeded", "reason": "the night is over"}).json()
    refused = otto.post(url, json={"status": "failed", "reason": "the wrong night", "tasks": [task("isr", 4, 1)]})
    assert refused.status_code == 200, refused.text
    corrected = refused.json()
    assert (corrected["status"], corrected["status_reason"], corrected["quanta"]["succeeded"]) == ("failed", "the wrong night", 1)
    assert corrected["ended_us"] == right["ended_us"]
    assert corrected["quanta_final"] is True
    told = otto.get(f"{API}/submissions/S-1/events").json()["items"]
    marks = [one["details"] for one in told if one["kind"] == "submission.marked"]
    assert {(one["from"], one["to"], one["corrects"]) for one in marks} == {
        ("running", "succeeded", False),
        ("succeeded", "failed", True),
    }
    [counted] = [one for one in told if one["kind"] == "submission.recounted"]
    assert (counted["details"]["from"]["succeeded"], counted["details"]["to"]["succeeded"]) == (4, 1)
    again = otto.post(url, json={"status": "running", "reason": "it goes on after all"}).json()
    assert (again["status"], again["ended_us"], again["quanta_final"]) == ("running", None, False)
    assert otto.post(url, json={"status": "lost_contact"}).json()["where"] == "reason"


def test_correction_takes_the_judgement_back(client: Clients) -> None:
    failure = {"task": "isr", "status": "failed", "data_id": {"visit": 1}, "message": "no stars"}
    adopt(client, found(task("isr", 4, 3, failed=1), failures=[failure], n_failures=1))
    otto = client(Role.OPERATOR)
    assert otto.post(f"{API}/submissions/S-1/accept", json=REASON).json()["judgement"] == "accepted"
    body = {"status": "cancelled", "reason": "it was stopped"}
    told = otto.post(f"{API}/submissions/S-1/progress", json=body).json()
    assert (told["status"], told["judgement"], told["judged_by"]) == ("cancelled", "pending", None)
    assert "that it was accepted no longer holds" in otto.get(f"{API}/submissions/S-1/events").json()["items"][0]["summary"]


@pytest.mark.parametrize(
    ("status", "succeeded", "asks"),
    [
        ("succeeded", 3, True),
        ("succeeded", 4, False),
        ("partly_succeeded", 4, True),
        ("partly_succeeded", 0, True),
        ("partly_succeeded", 3, False),
        ("failed", 4, True),
        ("failed", 3, False),
        ("cancelled", 4, True),
        ("lost_contact", 4, False),
    ],
)
def test_mark_against_the_counts_is_asked_about(client: Clients, status: str, succeeded: int, *, asks: bool) -> None:
    elsewhere(client, "isr")
    otto, url = client(Role.OPERATOR), f"{API}/submissions/S-1/progress"
    body = {"tasks": [task("isr", 4, succeeded)], "status": status, "reason": "so it is"}
    answer = otto.post(url, json=body)
    if asks:
        assert (answer.status_code, answer.json()["code"]) == (409, "counts_disagree")
        assert f"{succeeded} of 4 quanta succeeded" in answer.json()["detail"]
        assert otto.get(f"{API}/submissions/S-1").json()["quanta"]["expected"] == 0
        answer = otto.post(url, json={**body, "confirmed": True})
    assert (answer.status_code, answer.json()["status"]) == (200, status)


def test_what_nobody_ran_here_is_not_restarted_by_any_remedy(client: Clients) -> None:
    elsewhere(client, "isr")
    otto = client(Role.OPERATOR)
    early = otto.post(f"{API}/submissions/S-1/accept", json=REASON).json()
    assert "`campaign mark S-1`" in early["remedy"]
    otto.post(f"{API}/submissions/S-1/progress", json={"status": "succeeded", "reason": "the night is over"})
    refused = otto.post(f"{API}/submissions/S-1/accept", json=REASON).json()
    assert refused["code"] == "illegal_transition"
    assert "restart" not in refused["remedy"]
    done = client(Role.MANAGER).post(f"{API}/campaigns/C-1/transitions", json={"action": "complete", **REASON})
    assert done.json()["status"] == "completed"


def test_commands_are_told_kept_and_told_anew(client: Clients) -> None:
    body = {"name": "ap", "title": "A night", "reason": "To watch it", "steps": ["ingest", "isr"], "commands": ["make night"]}
    assert client(Role.MANAGER).post(f"{API}/campaigns/adopt", json=body).status_code == 202
    otto, url = client(Role.OPERATOR), f"{API}/submissions/S-2/progress"
    assert otto.get(f"{API}/submissions/S-1").json()["commands"] == ["make night"]
    told = ["pipetask run -b repo \\\n  -p a.yaml#isr", "butler collection-chain repo night isr"]
    assert otto.post(url, json={"commands": told, "reason": "from the shell's history"}).json()["commands"] == told
    [event] = [one for one in otto.get(f"{API}/submissions/S-2/events").json()["items"] if one["kind"] == "submission.commands"]
    assert (event["actor"], event["reason"]) == ("otto", "from the shell's history")
    assert event["details"] == {"from": ["make night"], "to": told}
    assert otto.post(url, json={"commands": told}).status_code == 200
    assert len(otto.get(f"{API}/submissions/S-2/events").json()["items"]) == 2
    assert otto.post(url, json={"commands": [""]}).status_code == 422
    mary = client(Role.MANAGER)
    mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "cancel", **REASON})
    # What ran is known when it is over, too.
    assert otto.post(url, json={"commands": told[:1]}).json()["commands"] == told[:1]
    assert otto.post(url, json={"commands": told, "message": "x"}).json()["code"] == "not_ready"


def test_commands_are_compared(client: Clients) -> None:
    mary = client(Role.MANAGER)
    for name, command in (("one", "make night"), ("two", "make NIGHT=2 night")):
        body = {"name": name, "title": "A night", "reason": "To watch it", "steps": ["isr"], "commands": [command]}
        assert mary.post(f"{API}/campaigns/adopt", json=body).status_code == 202
    found = mary.get(f"{API}/campaigns/C-1/diff/C-2").json()["commands"]
    assert found == [{"step": "isr", "differs": True, "values": [["make night"], ["make NIGHT=2 night"]]}]
    assert "make NIGHT=2 night" in mary.get("/compare?of=C-1&of=C-2").text


def test_name_of_a_hidden_campaign_tells_nothing_of_it(client: Clients) -> None:
    hidden = definition(name="old-run", team="alerts", visibility="team")
    client(Role.ADMIN).post(f"{API}/teams", json={"name": "alerts"})
    made = client(Role.ADMIN).post(f"{API}/campaigns", json=hidden)
    assert made.status_code == 201, made.text
    ScriptedAgent(client).hello()
    refused = ask(client)
    assert refused.status_code == 409
    assert refused.json()["detail"] == "The name old-run is taken by a campaign that is kept to a team."


def test_counts_of_many_tasks_may_add_up_to_more_than_one_has(client: Clients) -> None:
    ref, most = elsewhere(client, "nights", "days"), 2**31 - 1
    otto = client(Role.OPERATOR)
    for submission in ("S-1", "S-2"):
        body = {"tasks": [task("isr", most, most), task("calibrate", most, most)]}
        told = otto.post(f"{API}/submissions/{submission}/progress", json=body)
        assert told.status_code == 200, told.text
        assert told.json()["quanta"]["expected"] == 2 * most
    [listed] = otto.get(f"{API}/campaigns").json()["items"]
    assert (listed["id"], otto.get(f"/campaigns/{ref}").status_code) == (ref, 200)
    more = otto.post(f"{API}/submissions/S-1/progress", json={"tasks": [task("isr", most + 1, most)]})
    assert (more.status_code, more.json()["where"]) == (422, "body.tasks[0].expected")
