"""DataId sets over REST: the catalogue, pins, and exclusions, with an agent that says what a test tells it to."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.fake_sets import FakeSets, no_such_set
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"
BAD = [{"instrument": "HSC", "visit": 2, "reason": "trailed"}]
DATA_IDS = {
    "constants": {"instrument": "HSC"},
    "data_ids": [{"visit": n, "reason": "bright" if n % 2 else None} for n in range(7)],
}
UPLOAD = {"site": "here", "butler": "main", "name": "demo/bright", "data_ids": DATA_IDS, "reason": "Twilight"}


class SetAgent(ScriptedAgent):
    """An agent with a registry of sets."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self.sets = FakeSets()
        self.hello()

    def carry_out(self, kind: str) -> dict[str, Any]:
        """Carry out the one order there is, and give its payload."""
        order = self.take(kind)
        report, rows = self.sets.carry_out(order["payload"], mark=f"order {order['id']}", now_us=1_790_000_000_000_000)
        if rows is not None:
            url = f"{API}/orders/{order['id']}/files/rows.json"
            assert self.client.put(url, params={"token": order["token"]}, json=rows).status_code == 204
        self.report(order, report)
        return dict(order["payload"])

    def make_sets(self) -> None:
        """Carry out all that waits: only sets are really made."""
        for order in self.lease():
            self.begin(order)
            self.report(order, self.sets.carry_out(order["payload"], mark=f"order {order['id']}", now_us=1)[0])


@pytest.fixture
def agent(client: Clients) -> SetAgent:
    return SetAgent(client)


def _post(client: Clients, role: Role, path: str, body: dict[str, Any], status: int = 202) -> dict[str, Any]:
    answer = client(role).post(f"{API}/{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def _start(client: Clients, ref: str) -> None:
    body = {"action": "start", "reason": "Go", "wait_s": 0}
    _post(client, Role.OPERATOR, f"campaigns/{ref}/transitions", body)


def _define(client: Clients, **changes: Any) -> str:
    return str(_post(client, Role.MANAGER, "campaigns", definition(**changes), 201)["id"])


def test_a_set_is_made_listed_and_read(client: Clients, agent: SetAgent) -> None:
    order = _post(client, Role.OPERATOR, "dataid-sets", UPLOAD)
    assert (order["kind"], order["status"]) == ("upload_set", "open")
    payload = agent.carry_out("upload_set")
    assert (payload["stack"], payload["unknown"], payload["exclude_from"]) == ("w_1", "error", [])
    done = client(Role.VIEWER).get(f"{API}/orders/{order['id']}").json()
    assert done["status"] == "done"
    assert (done["result"]["set"]["version"], done["result"]["set"]["rows"]) == (1, 7)
    [listed] = client(Role.VIEWER).get(f"{API}/dataid-sets", params={"site": "here", "name": "bright"}).json()["items"]
    assert (listed["name"], listed["version"], listed["rows"], listed["n_reasons"]) == ("demo/bright", 1, 7, 2)
    assert listed["reasons"] == [{"reason": "", "rows": 4}, {"reason": "bright", "rows": 3}]
    one = client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/demo/bright", params={"limit": 3}).json()
    assert one["items"][1] == {"instrument": "HSC", "visit": 1, "reason": "bright"}
    rest = client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/demo/bright@1", params={"cursor": one["next"]}).json()
    assert [row["visit"] for row in rest["items"]] == [3, 4, 5, 6]
    assert rest["next"] is None
    assert client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/demo/bright@2").status_code == 404


def test_the_list_is_cut_by_keys(client: Clients, agent: SetAgent) -> None:
    for number in range(3):
        agent.sets.make(f"set/{number}", BAD, now_us=number * 1_000_000)
    _post(client, Role.OPERATOR, "dataid-sets/look", {"site": "here", "butler": "main"})
    agent.carry_out("list_sets")
    first = client(Role.VIEWER).get(f"{API}/dataid-sets", params={"limit": 2}).json()
    assert [one["name"] for one in first["items"]] == ["set/2", "set/1"]
    rest = client(Role.VIEWER).get(f"{API}/dataid-sets", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["name"] for one in rest["items"]] == ["set/0"]
    assert rest["next"] is None
    # What is no longer there is forgotten; data IDs come when they are asked for.
    agent.sets._sets.pop("set/0")
    _post(client, Role.OPERATOR, "dataid-sets/look", {"site": "here", "butler": "main"})
    agent.carry_out("list_sets")
    assert len(client(Role.VIEWER).get(f"{API}/dataid-sets").json()["items"]) == 2
    assert client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/set/1").json()["items"] is None
    _post(client, Role.OPERATOR, "dataid-sets/here/main/set/1@1/rows", {})
    agent.carry_out("show_set")
    assert client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/set/1").json()["items"] == BAD


@pytest.mark.parametrize(
    ("changes", "status", "where"),
    [
        ({"site": "nowhere"}, 404, "site"),
        ({"butler": "none"}, 422, "butler"),
        ({"stack": "none"}, 422, "stack"),
        ({"name": "a b"}, 422, "name"),
        ({"name": "a@1"}, 422, "name"),
        ({"data_ids": []}, 422, "data_ids"),
        ({"data_ids": [{"visit": 1}] * 100_001}, 413, "data_ids"),
        ({"data_ids": [{"visit": "\0"}]}, 422, "data_ids[0].visit"),
        ({"reason": " "}, 422, "reason"),
    ],
)
def test_uploads_that_are_refused(client: Clients, agent: SetAgent, changes: dict[str, Any], status: int, where: str) -> None:
    refused = _post(client, Role.OPERATOR, "dataid-sets", {**UPLOAD, **changes}, status)
    assert refused["where"] == where
    assert agent.lease() == []


def test_names_are_pinned_at_the_start_and_stay(client: Clients, agent: SetAgent) -> None:
    agent.sets.make("demo/bright", [{"instrument": "HSC", "visit": 1}])
    ref = _define(
        client, sets={"exclude": ["demo/bright"], "rule": "all"}, steps=[{"name": "step1", "sets": {"visit_system": 1}}]
    )
    _start(client, ref)
    looked = agent.carry_out("preflight")
    assert (looked["steps"][0]["processing"]["set_rule"], looked["steps"][0]["processing"]["set_visit_system"]) == ("all", 1)
    assert looked["sets"] == [{"where": "sets.exclude[0]", "reference": "demo/bright", "role": "exclude", "step": None}]
    agent.sets.make("demo/bright", [{"instrument": "HSC", "visit": 2}])
    order = agent.take("submit")
    [used] = order["payload"]["sets"]
    assert (used["role"], used["name"], used["version"]) == ("exclude", "demo/bright", 1)
    agent.report(order, {"kind": "graph", "sets": [{**used, "outcome": "translated", "detail": "exposure → visit"}]})
    [told] = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["sets"]
    assert (told["reference"], told["version"], told["outcome"], told["detail"]) == (
        "demo/bright", 1, "translated", "exposure → visit",
    )  # fmt: skip
    _post(client, Role.OPERATOR, "dataid-sets/look", {"site": "here", "butler": "main"})
    agent.carry_out("list_sets")
    [pinned] = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/dataid-sets").json()["items"]
    assert (pinned["version"], pinned["steps"]) == (1, ["step1"])
    [fit] = pinned["fits"]
    assert (fit["step"], fit["outcome"], fit["tasks"]) == ("step1", "translated", {"isr": "applied", "makeVisit": "translated"})
    assert pinned["drift"] == "A newer version demo/bright@2 exists."


def test_an_unknown_set_starts_nothing(client: Clients, agent: SetAgent) -> None:
    ref = _define(client, sets={"exclude": ["nope@3"]})
    _start(client, ref)
    agent.carry_out("preflight")
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["status"] == "defined"
    events = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/events").json()["items"]
    assert events[-1]["details"]["faults"] == [no_such_set("nope@3", "sets.exclude[0]")]
    assert agent.lease() == []


def _failed_campaign(client: Clients, agent: SetAgent) -> str:
    """Run a campaign of two steps until it waits for a judgement of the first."""
    ref = _define(client)
    _start(client, ref)
    agent.pass_preflight()
    agent.run(agent.take("submit"), task("measure", 9, 7, failed=2))
    return ref


def test_data_is_excluded_from_later_steps(client: Clients, agent: SetAgent) -> None:
    ref = _failed_campaign(client, agent)
    found = client(Role.OPERATOR).get(f"{API}/submissions/S-1/exclude").json()
    assert (found["by"], found["steps"]) == ([], ["step2"]), "the fake's data IDs have no instrument"
    looked = _post(client, Role.OPERATOR, "submissions/S-1/exclude/look", {"data_ids": BAD})
    agent.sets.outputs = [{"collection": "u/mary/trial/step1", "dataset_type": "raw", "datasets": 12}]
    asked = agent.carry_out("find_outputs")
    assert asked["data_ids"] == [{"instrument": "HSC", "visit": 2}]
    assert [one["run"] for one in asked["submissions"]] == asked["collections"] != []
    assert client(Role.VIEWER).get(f"{API}/orders/{looked['id']}").json()["result"]["outputs"][0]["datasets"] == 12

    body = {"name": "demo/bad", "data_ids": BAD, "reason": "It is trailed"}
    assert client(Role.OPERATOR).post(f"{API}/submissions/S-1/exclude", json=body).status_code == 403
    _post(client, Role.MANAGER, "submissions/S-1/exclude", body)
    # Accepted meanwhile: the step that is to leave the set out waits for it.
    _post(client, Role.OPERATOR, "submissions/S-1/accept", {"reason": "Good enough"}, 200)
    orders = {order["kind"]: order for order in agent.lease()}
    assert set(orders) == {"upload_set", "chain"}
    for order in orders.values():
        agent.begin(order)
    agent.report(orders["chain"], {"kind": "done"})
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["revision"] == 1
    report, _ = agent.sets.carry_out(orders["upload_set"]["payload"], mark="m", now_us=1)
    agent.report(orders["upload_set"], report)

    campaign = client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()
    assert (campaign["revision"], campaign["status"]) == (2, "running")
    assert campaign["definition"]["steps"][1]["sets"] == {"exclude": ["demo/bad@1"]}
    [revision, _] = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/revisions").json()["items"]
    assert (revision["author"], revision["reason"]) == ("mary", "It is trailed")
    submitted = agent.take("submit")["payload"]
    assert (submitted["step"], submitted["revision"]) == ("step2", 2)
    assert [(one["role"], one["name"], one["version"]) for one in submitted["sets"]] == [("exclude", "demo/bad", 1)]


def test_an_exclusion_that_fails_holds_the_campaign(client: Clients, agent: SetAgent) -> None:
    ref = _failed_campaign(client, agent)
    _post(client, Role.MANAGER, "submissions/S-1/exclude", {"name": "demo/bad", "data_ids": BAD, "reason": "Trailed"})
    for order in agent.lease():
        agent.begin(order)
        if order["kind"] == "upload_set":
            fault = {"code": "unknown_data_id", "message": "The registry has no such visit.", "where": "visit=2"}
            agent.report(order, {"kind": "failed", "faults": [fault]})
    _post(client, Role.OPERATOR, "submissions/S-1/accept", {"reason": "Good enough"}, 200)
    campaign = client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()
    assert (campaign["held"], campaign["revision"]) == (True, 1)
    assert [order["kind"] for order in agent.lease()] == ["chain"]


@pytest.mark.parametrize(
    ("changes", "status"), [({"steps": ["step9"]}, 422), ({"steps": []}, 422), ({"data_ids": []}, 422), ({"name": "a b"}, 422)]
)
def test_exclusions_that_are_refused(client: Clients, agent: SetAgent, changes: dict[str, Any], status: int) -> None:
    _failed_campaign(client, agent)
    body = {"name": "demo/bad", "data_ids": BAD, "reason": "Trailed", **changes}
    _post(client, Role.MANAGER, "submissions/S-1/exclude", body, status)
    assert agent.lease() == []


def test_only_an_orders_agent_brings_data_ids(client: Clients, agent: SetAgent) -> None:
    order = _post(client, Role.OPERATOR, "dataid-sets", UPLOAD)
    url = f"{API}/orders/{order['id']}/files/rows.json"
    rows = {"dimensions": [], "reasons": [], "rows": []}
    assert agent.client.put(url, params={"token": 0}, json=rows).status_code == 409
    assert client(Role.ADMIN).put(url, params={"token": 1}, json=rows).status_code == 403
    taken = agent.take("upload_set")
    assert agent.client.put(url, params={"token": taken["token"]}, json={"rows": 1}).status_code == 422


def _exclude(client: Clients, status: int = 202, **changes: Any) -> dict[str, Any]:
    body = {"name": "demo/bad", "data_ids": BAD, "reason": "Trailed", **changes}
    return _post(client, Role.MANAGER, "submissions/S-1/exclude", body, status)


def _filled(client: Clients, agent: SetAgent, number: int) -> str:
    """Run a campaign whose second step leaves a number of sets out, until it waits for a judgement of the first."""
    names = [f"full/{index}" for index in range(number)]
    for name in names:
        agent.sets.make(name, BAD)
    steps = definition()["steps"]
    steps[1] = {**steps[1], "sets": {"exclude": names}}
    ref = _define(client, steps=steps)
    _start(client, ref)
    agent.carry_out("preflight")
    agent.run(agent.take("submit"), task("measure", 9, 7, failed=2))
    return ref


def test_no_more_sets_are_excluded_than_a_definition_may_name(client: Clients, agent: SetAgent) -> None:
    ref = _filled(client, agent, 49)
    _exclude(client)
    refused = _exclude(client, 422, name="demo/worse")
    assert refused["where"] == "steps"
    assert "50 sets" in refused["detail"]
    assert "combine-dataid-sets" in refused["remedy"]
    agent.make_sets()
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["revision"] == 2
    _exclude(client, 422)


def test_a_step_that_awaits_its_set_is_not_restarted(client: Clients, agent: SetAgent) -> None:
    _failed_campaign(client, agent)
    order = _exclude(client, steps=["step1"])
    refused = _post(client, Role.OPERATOR, "submissions/S-1/restart", {"reason": "Again"}, 409)
    assert order["id"] in refused["detail"]
    assert refused["remedy"] == "Wait until the set is made, then restart it; or withdraw the exclusion."
    agent.make_sets()
    _post(client, Role.OPERATOR, "submissions/S-1/restart", {"reason": "Again"}, 201)
    assert [one["name"] for one in agent.take("submit")["payload"]["sets"]] == ["demo/bad"]


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"set": None},
        {"set": {"version": 2**40}},
        {"set": {"version": "one"}},
        {"set": {"digest": "d" * 100}},
        {"set": {"created": "yesterday"}},
        {"set": {"name": "other"}},
        {"set": {"rows": -1}},
    ],
)
def test_a_result_that_is_none_fails_the_order_and_holds_the_campaign(
    client: Clients, agent: SetAgent, result: dict[str, Any]
) -> None:
    ref = _failed_campaign(client, agent)
    order = _exclude(client)
    told = {"set": {**agent.sets.make("demo/bad", BAD), **result["set"]}} if result.get("set") else result
    for leased in agent.lease():
        agent.begin(leased)
        if leased["kind"] == "upload_set":
            agent.report(leased, {"kind": "done", "result": told})
    failed = client(Role.VIEWER).get(f"{API}/orders/{order['id']}").json()
    assert (failed["status"], failed["faults"][0]["code"]) == ("failed", "agent_failed")
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["held"]


@pytest.mark.parametrize("result", [{"sets": [{}]}, {"sets": 1}])
def test_a_list_that_is_none_fails_the_order(client: Clients, agent: SetAgent, result: dict[str, Any]) -> None:
    order = _post(client, Role.OPERATOR, "dataid-sets/look", {"site": "here", "butler": "main"})
    agent.report(agent.take("list_sets"), {"kind": "done", "result": result})
    assert client(Role.VIEWER).get(f"{API}/orders/{order['id']}").json()["status"] == "failed"


@pytest.mark.parametrize("row", [[1], [1, 2, None], [1, 1], [1, -1], [1, "a"], [1, True]])
def test_data_ids_that_are_none_are_refused(client: Clients, agent: SetAgent, row: list[Any]) -> None:
    order = _post(client, Role.OPERATOR, "dataid-sets", UPLOAD)
    taken = agent.take("upload_set")
    rows = {"dimensions": ["visit"], "reasons": ["bright"], "rows": [[1, 0], row]}
    url = f"{API}/orders/{order['id']}/files/rows.json"
    assert agent.client.put(url, params={"token": taken["token"]}, json=rows).status_code == 422


def test_what_not_everyone_may_read_is_not_catalogued(client: Clients, agent: SetAgent) -> None:
    agent.sets.make("set/Shared", BAD)
    agent.sets.make("set/mine", BAD)
    _post(client, Role.OPERATOR, "dataid-sets/look", {"site": "here", "butler": "main"})
    agent.carry_out("list_sets")
    found = client(Role.VIEWER).get(f"{API}/dataid-sets", params={"name": "sharED"}).json()["items"]
    assert [one["name"] for one in found] == ["set/Shared"]
    _post(client, Role.OPERATOR, "dataid-sets/here/main/set/mine@1/rows", {})
    agent.sets._sets["set/mine"][0]["access"] = "owner"
    agent.carry_out("show_set")
    assert client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/set/mine").status_code == 404
    ref = _define(client, sets={"exclude": ["set/mine"]})
    _start(client, ref)
    agent.carry_out("preflight")
    [used] = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/dataid-sets").json()["items"]
    assert used["version"] == 1
    assert client(Role.VIEWER).get(f"{API}/dataid-sets/here/main/set/mine").status_code == 404
