"""Operators, sign-offs, teams and who sees what, over REST."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def make(client: Clients, **changes: Any) -> str:
    answer = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def ref(client: Clients, agent: ScriptedAgent) -> str:
    """A campaign whose first submission is queued; mary started it."""
    ref = make(client)
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    return ref


# ---- operators -------------------------------------------------------------------------------------------------------


def test_operators_are_assigned_and_their_history_is_kept(client: Clients, ref: str, clock: FixedClock) -> None:
    otto, path = client(Role.OPERATOR), f"{API}/submissions/S-1/operators"
    (first,) = otto.get(path).json()["items"]
    record = otto.get(f"{API}/submissions/S-1").json()["operator"]
    assert (first["operator"], first["until_us"]) == (record, None)
    began = clock.now_us()
    clock.advance(seconds=60)
    assert otto.post(path, json={"operator": "otto", "reason": "Shift began"}).status_code == 201
    assert otto.post(path, json={"operator": "otto", "reason": "Again"}).status_code == 409
    found = otto.get(f"{API}/campaigns?filter=operator = me").json()["items"]
    assert [(one["id"], one["operators"]) for one in found] == [(ref, ["mary", "otto"])]
    clock.advance(seconds=60)
    removed = otto.post(f"{path}/mary/remove", json={"reason": "Went home"})
    assert removed.status_code == 200, removed.text
    mary = removed.json()["items"][0]
    assert (mary["ended_by"], mary["ended_reason"], mary["until_us"]) == ("otto", "Went home", clock.now_us())
    at = {
        moment: [one["operator"] for one in otto.get(f"{path}?at={moment}").json()["items"]] for moment in (began, clock.now_us())
    }
    assert at == {began: ["mary"], clock.now_us(): ["otto"]}
    assert otto.get(f"{API}/submissions/S-1").json()["operator"] == record
    assert otto.post(f"{path}/otto/remove", json={"reason": "Alone"}).status_code == 409
    assert otto.post(f"{path}/mary/remove", json={"reason": "Again"}).status_code == 404
    kinds = [event["kind"] for event in otto.get(f"{API}/campaigns/{ref}/events").json()["items"]]
    assert kinds[-2:] == ["submission.assigned", "submission.unassigned"]


@pytest.mark.parametrize(("operator", "status"), [("nobody", 404), ("vera", 422), ("gone", 422)])
def test_only_those_who_may_operate_are_assigned(client: Clients, ref: str, operator: str, status: int) -> None:
    client(Role.ADMIN).post(f"{API}/users", json={"name": "gone", "role": "operator"})
    client(Role.ADMIN).patch(f"{API}/users/gone", json={"disabled": True})
    answer = client(Role.OPERATOR).post(f"{API}/submissions/S-1/operators", json={"operator": operator, "reason": "x"})
    assert (answer.status_code, answer.json()["where"]) == (status, "operator")
    assert (
        client(Role.OPERATOR).post(f"{API}/submissions/S-1/operators", json={"operator": "ada", "reason": " "}).status_code == 422
    )


def test_a_restart_has_an_operator_of_its_own(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    agent.run(agent.take("submit"), task("a", 5, 0, failed=5), registered=False)
    assert client(Role.OPERATOR).post(f"{API}/submissions/S-1/restart", json={"reason": "Again"}).status_code == 201
    (one,) = client(Role.VIEWER).get(f"{API}/submissions/S-2/operators").json()["items"]
    assert (one["operator"], one["assigned_by"]) == ("otto", "otto")
    assert len(client(Role.OPERATOR).get(f"{API}/campaigns?filter=operator = me").json()["items"]) == 1


# ---- sign-off --------------------------------------------------------------------------------------------------------


def sign(client: Clients, ref: str, revision: int, role: Role = Role.MANAGER) -> Any:
    return client(role).post(f"{API}/campaigns/{ref}/sign-off", json={"revision": revision, "comment": "Looked at all of it"})


def test_a_definition_is_signed_off_until_it_changes(client: Clients) -> None:
    ref = make(client)
    assert sign(client, ref, 1, Role.OPERATOR).status_code == 403
    assert sign(client, ref, 2).status_code == 412
    signed = sign(client, ref, 1)
    assert (signed.status_code, signed.json()["signed_by"], signed.json()["is_author"]) == (201, "mary", True)
    assert sign(client, ref, 1, Role.ADMIN).status_code == 409
    for wanted in ("signed = yes", "signed_by = mary"):
        assert len(client(Role.VIEWER).get(f"{API}/campaigns?filter={wanted}").json()["items"]) == 1
    revised = client(Role.MANAGER).post(
        f"{API}/campaigns/{ref}/revisions?reason=Other", json=definition(title="Another"), headers={"If-Match": '"1"'}
    )
    assert revised.status_code in (200, 201), revised.text
    for wanted in ("signed = yes", "signed_by is not empty"):
        assert client(Role.VIEWER).get(f"{API}/campaigns?filter={wanted}").json()["items"] == []
    (history,) = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/sign-off").json()["items"]
    assert (history["undone_by"], history["undone_us"] is not None) == ("mary", True)
    kinds = [event["kind"] for event in client(Role.VIEWER).get(f"{API}/campaigns/{ref}/events").json()["items"]]
    assert kinds.count("campaign.signed") == kinds.count("campaign.sign_off_undone") == 1
    again = sign(client, ref, 2, Role.ADMIN).json()
    assert (again["is_author"], again["revision"]) == (False, 2)
    undone = client(Role.MANAGER).post(f"{API}/campaigns/{ref}/sign-off/undo", json={"reason": "A fault was found"})
    assert undone.json()["items"][0]["undone_reason"] == "A fault was found"
    assert client(Role.MANAGER).post(f"{API}/campaigns/{ref}/sign-off/undo", json={"reason": "x"}).status_code == 409


def test_a_start_that_pins_nothing_new_leaves_the_sign_off(client: Clients, agent: ScriptedAgent) -> None:
    ref = make(client)
    sign(client, ref, 1)
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    assert len(client(Role.VIEWER).get(f"{API}/campaigns?filter=signed = yes").json()["items"]) == 1


def test_a_draft_and_what_has_ended_are_not_signed(client: Clients) -> None:
    draft = {"name": "draft", "title": "D", "reason": "R", "kind": "other"}
    ref = str(client(Role.MANAGER).post(f"{API}/campaigns", json=draft).json()["id"])
    assert sign(client, ref, 1).json()["code"] == "not_ready"
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "cancel", "reason": "No"})
    assert sign(client, ref, 1).json()["code"] == "illegal_transition"


# ---- teams and visibility --------------------------------------------------------------------------------------------


def make_team(client: Clients, *members: str) -> None:
    assert client(Role.ADMIN).post(f"{API}/teams", json={"name": "alerts"}).status_code == 201
    for member in members:
        assert client(Role.ADMIN).post(f"{API}/teams/alerts/members", json={"user": member}).status_code == 200


def test_teams_are_looked_after_by_administrators(client: Clients) -> None:
    make_team(client, "otto")
    assert client(Role.MANAGER).post(f"{API}/teams", json={"name": "x"}).status_code == 403
    assert client(Role.ADMIN).post(f"{API}/teams", json={"name": "alerts"}).status_code == 409
    assert client(Role.ADMIN).post(f"{API}/teams/alerts/members", json={"user": "otto"}).status_code == 409
    assert client(Role.ADMIN).post(f"{API}/teams/alerts/members", json={"user": "nobody"}).status_code == 404
    (team,) = client(Role.VIEWER).get(f"{API}/teams").json()["items"]
    assert [member["user"] for member in team["members"]] == ["otto"]
    assert client(Role.ADMIN).delete(f"{API}/teams/alerts/members/otto").json()["members"] == []
    assert client(Role.ADMIN).delete(f"{API}/teams/alerts/members/otto").status_code == 404
    kinds = [event["kind"] for event in client(Role.ADMIN).get(f"{API}/events?kind=team").json()["items"]]
    assert kinds == ["team.member_removed", "team.member_added", "team.created"]
    assert client(Role.VIEWER).get(f"{API}/events?kind=team").json()["items"] == []


def test_a_stranger_sees_nothing_of_a_teams_campaign(client: Clients, agent: ScriptedAgent) -> None:
    make_team(client, "otto")
    ref = make(client, team="alerts", visibility="team")
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    note = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes", json={"body": "Secret, @vera"}).json()["root"]
    sent = [("files", ("a.txt", b"text", "text/plain"))]
    client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes/{note}/files", files=sent)
    order = agent.take("submit")
    params = {"kind": "plot", "order": order["id"], "token": order["token"], "title": "t"}
    agent.client.put(f"{API}/submissions/S-1/files/a.png", params=params, content=b"x", headers={"Content-Type": "image/png"})
    campaign, submission = f"{API}/campaigns/{ref}", f"{API}/submissions/S-1"
    paths = [
        campaign,
        *(f"{campaign}/{part}" for part in ("revisions", "submissions", "notes", "links", "events", "sign-off")),
        *(f"{campaign}/notes/{note}/{part}" for part in ("versions", "files/a.txt")),
        submission,
        *(f"{submission}/{part}" for part in ("attempts", "failures", "events", "files", "files/a.png", "operators", "links")),
        f"{API}/orders/{order['id']}",
        f"{API}/events/file?format=csv&campaign={ref}",
        f"{API}/events?campaign={ref}",
        *(f"/campaigns/{ref}?tab={tab}" for tab in ("submissions", "notes", "history", "definition")),
        f"/campaigns/{ref}/notes/{note}/edit",
        f"/campaigns/{ref}/notes/{note}/files/a.txt",
        "/submissions/S-1",
        "/submissions/S-1/files/a.png",
        "/submissions/S-1/raw/a.png",
    ]
    for role, expected in ((Role.VIEWER, 404), (Role.OPERATOR, 200), (Role.MANAGER, 200), (Role.ADMIN, 200)):
        for path in paths:
            assert client(role).get(path).status_code == expected, (role, path)
    seen: dict[Role, tuple[int, ...]] = {}
    for role in (Role.VIEWER, Role.OPERATOR):
        ask = client(role)
        listed = ask.get(f"{API}/campaigns?count=true").json()
        events = [event for event in ask.get(f"{API}/events?limit=500").json()["items"] if event["campaign_id"]]
        followed = [event for event in ask.get(f"{API}/events?after=0&limit=500").json()["items"] if event["campaign_id"]]
        orders = ask.get(f"{API}/orders").json()["items"]
        found = ask.get(f"{API}/campaigns?filter=note ~ secret").json()["items"]
        counts = (len(listed["items"]), listed["count"], len(events), len(followed), len(orders), len(found))
        seen[role] = tuple(min(number, 1) for number in counts)
    assert seen == {Role.VIEWER: (0,) * 6, Role.OPERATOR: (1,) * 6}


def test_what_a_stranger_may_not_see_cannot_be_changed_or_found_by_its_name(client: Clients) -> None:
    make_team(client)
    made = client(Role.ADMIN).post(f"{API}/campaigns", json=definition(team="alerts", visibility="team"))
    ref = made.json()["id"]
    mary = client(Role.MANAGER)
    for path, body in (
        ("notes", {"body": "x"}),
        ("links", {"title": "x", "url": "https://example.org"}),
        ("sign-off", {"revision": 1, "comment": "x"}),
        ("transitions", {"action": "cancel", "reason": "x"}),
        ("next", {"reason": "x"}),
    ):
        assert mary.post(f"{API}/campaigns/{ref}/{path}", json=body).status_code == 404, path
    taken = mary.post(f"{API}/campaigns", json=definition())
    assert (taken.status_code, ref in taken.text) == (409, False)


def test_an_operator_must_be_able_to_see_the_campaign(client: Clients, agent: ScriptedAgent) -> None:
    make_team(client)
    ref = make(client, team="alerts", visibility="team")
    client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    path, body = f"{API}/submissions/S-1/operators", {"operator": "otto", "reason": "Shift"}
    assert client(Role.MANAGER).post(path, json=body).status_code == 422
    client(Role.ADMIN).post(f"{API}/teams/alerts/members", json={"user": "otto"})
    assert client(Role.MANAGER).post(path, json=body).status_code == 201


# ---- history ---------------------------------------------------------------------------------------------------------


def test_the_history_is_filtered_followed_and_written_into_files(client: Clients, ref: str) -> None:
    viewer = client(Role.VIEWER)
    client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes", json={"body": "=1+1"})
    whole, cursor = [], ""
    while True:
        answer = viewer.get(f"{API}/events?limit=3{cursor}").json()
        whole += [event["number"] for event in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert whole == sorted(whole, reverse=True)
    assert len(set(whole)) == len(whole) >= 6
    followed = viewer.get(f"{API}/events?after=0&limit=500").json()["items"]
    assert [event["number"] for event in followed] == whole[::-1]
    assert {event["kind"] for event in viewer.get(f"{API}/events?kind=note").json()["items"]} == {"note.added"}
    several = viewer.get(f"{API}/events?kind=note.added&kind=campaign.created").json()["items"]
    assert [event["kind"] for event in several] == ["note.added", "campaign.created"]
    assert {event["actor"] for event in viewer.get(f"{API}/events?actor=otto").json()["items"]} == {"otto"}
    assert viewer.get(f"{API}/events?until_us=1").json()["items"] == []
    table = viewer.get(f"{API}/events/file?format=csv&campaign={ref}")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"] == f'attachment; filename="history-{ref}.csv"'
    lines = table.text.splitlines()
    assert lines[0] == "number,at,kind,actor,campaign,submission,summary,reason,details"
    assert len(lines) == int(table.headers["x-events"]) + 1
    document = viewer.get(f"{API}/events/file?format=json&kind=note").json()
    assert [event["campaign"] for event in document["items"]] == [ref]
