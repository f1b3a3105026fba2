"""The notebook, by two managers at the same moment, on both databases: one wins, the other is told, and nothing is lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from api.test_adopting import ADOPT, found
from api.test_portable import bring
from campaigns.domain.identity import SYSTEM, Role
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from support.people import NAMES
from support.racing import PATIENCE_S, at_once
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"
N_ROUNDS = 3
MANAGERS = (Role.MANAGER, Role.ADMIN)
WHY = {"reason": "because"}
WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
)


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def post(client: Clients, path: str, body: Any, *, role: Role = Role.MANAGER, **headers: str) -> Callable[[], Any]:
    """Give a call that posts, by a client of its own."""
    return partial(client(role).post, f"{API}/{path}", json=body, headers=headers)


def by_both(client: Clients, path: str, *bodies: Any) -> tuple[list[int], dict[str, Any]]:
    """Have two managers post at once, the same or each something; gives both statuses, and what the second best was told."""
    each = bodies if len(bodies) == 2 else bodies * 2
    answers = at_once(*(post(client, path, body, role=role) for role, body in zip(MANAGERS, each, strict=True)))
    last = max(answers, key=lambda answer: answer.status_code)
    return sorted(answer.status_code for answer in answers), dict(last.json())


def define(client: Clients, name: str = "trial", **changes: Any) -> str:
    answer = post(client, "campaigns", definition(name=name, output=f"u/mary/{name}", **changes))()
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def get(client: Clients, path: str, **params: Any) -> Any:
    answer = client(Role.VIEWER).get(f"{API}/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def run(client: Clients, agent: ScriptedAgent) -> str:
    """Give a campaign whose first submission is queued."""
    ref = define(client)
    assert post(client, f"campaigns/{ref}/transitions", {"action": "start", "wait_s": 0, **WHY})().status_code == 202
    agent.pass_preflight()
    return ref


def test_of_two_reruns_under_one_name_one_is_made(client: Clients) -> None:
    ref = define(client)
    for number in range(N_ROUNDS):
        name = f"again-{number}"
        statuses, told = by_both(client, f"campaigns/{ref}/rerun", {"patch": {"name": name}, **WHY})
        assert statuses == [201, 409]
        assert (told["code"], told["where"]) == ("conflict", "name")
        [made] = get(client, "campaigns", filter=f"name = {name}")["items"]
        assert made["id"] in told["detail"]
        assert told["remedy"]
    kinds = Counter(event["kind"] for event in get(client, f"campaigns/{ref}/events")["items"])
    assert kinds["campaign.rerun"] == N_ROUNDS


def test_reruns_that_give_no_name_get_one_each(client: Clients) -> None:
    ref = define(client)
    for _ in range(N_ROUNDS):
        assert by_both(client, f"campaigns/{ref}/rerun", WHY)[0] == [201, 201]
    made = [one for one in get(client, "campaigns")["items"] if one["id"] != ref]
    assert len({one["name"] for one in made}) == len({one["output"] for one in made}) == 2 * N_ROUNDS


def test_no_sign_off_stands_on_a_revision_that_was_not_seen(client: Clients) -> None:
    ref = define(client)
    seen = set()
    for number in range(1, 2 * N_ROUNDS + 1):
        document = definition(title=f"A trial, {number}", output="u/mary/trial")
        revise = post(client, f"campaigns/{ref}/revisions?reason=Better", document, **{"If-Match": f'"{number}"'})
        sign = post(client, f"campaigns/{ref}/sign-off", {"revision": number, "comment": "Read it"}, role=Role.ADMIN)
        revised, signed = at_once(revise, sign)
        seen.add(signed.status_code)
        assert revised.status_code == 201, revised.text
        assert signed.status_code == 201 or (signed.status_code, signed.json()["code"]) == (412, "lost_update"), signed.text
        listed = get(client, f"campaigns/{ref}/sign-off")["items"]
        assert [one["revision"] for one in listed if one["undone_us"] is None] == []
        assert get(client, "campaigns", filter="signed = yes")["items"] == []
    assert seen <= {201, 412}
    assert by_both(client, f"campaigns/{ref}/sign-off", {"revision": 2 * N_ROUNDS + 1, "comment": "Read it"})[0] == [201, 409]
    assert len(get(client, "campaigns", filter="signed = yes")["items"]) == 1


def test_a_query_of_one_name_is_kept_once(client: Clients) -> None:
    for number in range(N_ROUNDS):
        name = f"mine {number}"
        calls = [post(client, "queries", {"name": name, "filter": f'"{word}"'}) for word in ("one", "two", "three")]
        answers = at_once(*calls)
        assert [answer.status_code for answer in answers] == [201, 201, 201]
        [kept] = [one for one in client(Role.MANAGER).get(f"{API}/queries").json()["items"] if one["name"] == name]
        assert {answer.json()["uuid"] for answer in answers} == {kept["uuid"]}
        assert kept["filter"] in ('"one"', '"two"', '"three"')
        # Two others are given the same name.
        others = [post(client, "queries", {"name": f"{name} {word}"})().json()["uuid"] for word in "ab"]
        change = [partial(client(Role.MANAGER).put, f"{API}/queries/{uuid}", json={"name": f"{name} c"}) for uuid in others]
        assert sorted(answer.status_code for answer in at_once(*change)) == [200, 409]
        gone = at_once(*[partial(client(Role.MANAGER).delete, f"{API}/queries/{kept['uuid']}") for _ in range(2)])
        assert sorted(answer.status_code for answer in gone) == [204, 404]


def test_of_two_edits_of_a_note_the_later_is_told_both_texts(client: Clients) -> None:
    ref = define(client)
    note = post(client, f"campaigns/{ref}/notes", {"body": "As it was"})().json()
    parent = note["uuid"]
    for number in range(N_ROUNDS):
        texts = [f"{name}, {number}" for name in ("mary", "ada")]
        bodies = [{"body": text, "parent": parent} for text in texts]
        statuses, told = by_both(client, f"campaigns/{ref}/notes/{note['root']}/versions", *bodies)
        assert statuses == [201, 409]
        assert told["code"] == "edit_conflict"
        assert {told["yours"], told["newest"]["body"]} == set(texts)
        parent = told["newest"]["uuid"]
    versions = get(client, f"campaigns/{ref}/notes/{note['root']}/versions")["items"]
    assert [one["version"] for one in versions] == list(range(1, N_ROUNDS + 2))


def test_operators_are_assigned_and_taken_away_one_after_the_other(client: Clients, agent: ScriptedAgent) -> None:
    run(client, agent)
    path = "submissions/S-1/operators"
    first = get(client, path)["items"][0]["operator"]
    for _ in range(N_ROUNDS):
        assert by_both(client, path, {"operator": "otto", **WHY})[0] == [201, 409]
        calls = [post(client, f"{path}/{name}/remove", WHY) for name in (first, "otto")]
        assert sorted(answer.status_code for answer in at_once(*calls)) == [200, 409], "somebody stays answerable"
        [left] = [one["operator"] for one in get(client, path)["items"] if one["until_us"] is None]
        if left != first:
            assert post(client, path, {"operator": first, **WHY})().status_code == 201
            assert post(client, f"{path}/otto/remove", WHY)().status_code == 200
    assert by_both(client, path, {"operator": "otto", **WHY}, {"operator": NAMES[Role.ADMIN], **WHY})[0] == [201, 201]
    words = get(client, "campaigns")["items"][0]["operators"]
    assert set(words) == {first, "otto", NAMES[Role.ADMIN]}


def test_one_run_is_adopted_once(client: Clients, agent: ScriptedAgent) -> None:
    agents = [agent, ScriptedAgent(client)]
    agents[1].hello()
    for number in range(N_ROUNDS):
        orders = []
        for one in agents:
            name = f"old-{number}-{len(orders)}"
            assert post(client, "campaigns/adopt", {**ADOPT, "name": name})().status_code == 202
            orders.append(one.take("inspect_run"))
        report = found(task("isr", 4, 4), run=f"u/otto/spring/step1/2026030{number + 1}T101112Z")
        at_once(*[partial(one.report, order, report) for one, order in zip(agents, orders, strict=True)])
        ended = [get(client, f"orders/{order['id']}") for order in orders]
        done, failed = sorted(ended, key=lambda order: str(order["status"]))
        assert (done["status"], failed["status"]) == ("done", "failed")
        assert failed["faults"][0]["message"].endswith(f"of {done['result']['campaign']}.")
        assert failed["faults"][0]["remedy"]
    assert len(get(client, "campaigns")["items"]) == N_ROUNDS


def test_one_archive_is_imported_once(client: Clients, archive: bytes) -> None:
    answers = at_once(*[partial(bring, client, archive, rename=f"brought-{number}") for number in range(3)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    [here] = get(client, "campaigns")["items"]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["detail"] == f"origin:C-1 is here already, as {here['id']}."
    assert [one["id"] for one in get(client, f"campaigns/{here['id']}/submissions")["items"]] == ["S-1", "S-2"]


def held(client: Clients, agent: ScriptedAgent, *names: str) -> list[str]:
    """Give campaigns that are paused, and whose next step starts when they are resumed."""
    refs = [define(client, name, steps=[{"name": "a"}, {"name": "b", "needs": ["a"]}]) for name in names]
    for ref in refs:
        assert post(client, f"campaigns/{ref}/transitions", {"action": "start", "wait_s": 0, **WHY})().status_code == 202
        agent.pass_preflight()
        order = agent.take("submit")
        assert post(client, f"campaigns/{ref}/transitions", {"action": "pause", **WHY})().status_code == 200
        agent.run(order, task("a", 1, 1))
        agent.chain()
    return refs


def steps_of(client: Clients, ref: str) -> list[str]:
    return [one["step"] for one in get(client, f"campaigns/{ref}/submissions")["items"]]


def test_many_together_and_one_alone(client: Clients, agent: ScriptedAgent) -> None:
    refs = held(client, agent, "one", "two", "three")
    bulk = {"filter": "held = yes", "action": "resume", "expected": 3, **WHY}
    alone = [post(client, f"campaigns/{ref}/transitions", {"action": "resume", **WHY}, role=Role.ADMIN) for ref in refs[:0:-1]]
    together, *each = at_once(post(client, "campaigns/bulk", bulk), *alone)
    assert {answer.status_code for answer in (together, *each)} <= {200, 409}, together.text
    moved = together.json().get("done", [])
    for ref, answer in zip(refs[:0:-1], each, strict=True):
        assert (answer.status_code == 200) is not (ref in moved), "each is moved by one of them"
        assert steps_of(client, ref) == ["a", "b"]
    if together.status_code == 409:
        # What was looked at is not what there is any more: nothing is moved.
        assert (together.json()["code"], together.json()["where"]) == ("conflict", "expected")
        assert steps_of(client, refs[0]) == ["a"]


def test_many_wait_for_one_without_holding_it_up(client: Clients, agent: ScriptedAgent, database: Database) -> None:
    """Whoever holds a campaign may take a number: nobody may wait for that campaign and have the numbers."""
    refs = held(client, agent, "one", "two")
    bulk = {"filter": "held = yes", "action": "resume", "expected": 2, **WHY}
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            assert CampaignStore(session, SYSTEM).find(refs[1], lock=True) is not None
            together = pool.submit(post(client, "campaigns/bulk", bulk))
            while database.backend == "postgresql" and not session.scalar(WAITING):
                assert not together.done()
                time.sleep(0.01)
            session.next_number("submission")
        assert together.result(PATIENCE_S).json()["done"] == refs
