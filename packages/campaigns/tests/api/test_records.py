"""Notes, links, events, files and sites, over REST."""

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


@pytest.fixture
def ref(client: Clients, agent: ScriptedAgent) -> str:
    """A campaign that runs."""
    links = [{"title": "Metrics", "url": "https://example.org/m", "kind": "metrics"}]
    made = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(links=links)).json()
    client(Role.MANAGER).post(f"{API}/campaigns/{made['id']}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    return str(made["id"])


def _put(agent: ScriptedAgent, order: dict[str, Any], name: str, content: bytes, **params: Any) -> Any:
    told = {"kind": "plot", "order": order["id"], "token": order["token"], "title": "A plot", **params}
    return agent.client.put(
        f"{API}/submissions/S-1/files/{name}", params=told, content=content, headers={"Content-Type": "image/png"}
    )


def test_notes_are_kept_with_who_and_where(client: Clients, ref: str) -> None:
    otto = client(Role.OPERATOR)
    assert otto.post(f"{API}/campaigns/{ref}/notes", json={"body": "Clouds", "kind": "problem"}).status_code == 201
    about = otto.post(f"{API}/campaigns/{ref}/notes", json={"body": "Slow", "submission": "S-1"})
    assert (about.status_code, about.json()["submission"]) == (201, "S-1")
    notes = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes").json()["items"]
    assert {(note["author"], note["body"], note["kind"]) for note in notes} == {
        ("otto", "Clouds", "problem"),
        ("otto", "Slow", "observation"),
    }
    assert otto.post(f"{API}/campaigns/{ref}/notes", json={"body": "  "}).status_code == 422
    assert otto.post(f"{API}/campaigns/{ref}/notes", json={"body": "x", "submission": "S-99"}).status_code == 404
    assert client(Role.VIEWER).post(f"{API}/campaigns/{ref}/notes", json={"body": "x"}).status_code == 403


def test_links_are_those_of_the_definition(client: Clients, ref: str) -> None:
    (link,) = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/links").json()["items"]
    assert (link["title"], link["url"], link["kind"], link["origin"]) == (
        "Metrics", "https://example.org/m", "metrics", "definition",
    )  # fmt: skip


def test_events_are_followed_in_pieces(client: Clients, ref: str) -> None:
    viewer, seen, cursor = client(Role.VIEWER), [], "0"
    while True:
        answer = viewer.get(f"{API}/campaigns/{ref}/events?cursor={cursor}&limit=2").json()
        if not answer["items"]:
            break
        seen.extend(event["number"] for event in answer["items"])
        cursor = answer["next"]
    whole = viewer.get(f"{API}/campaigns/{ref}/events").json()["items"]
    assert seen == [event["number"] for event in whole]
    assert len(seen) >= 5


def test_files_are_kept_and_given_safely(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    order = agent.take("submit")
    for content in (b"first", b"\x89PNG second"):
        assert _put(agent, order, "seeing.png", content).status_code == 200
    (file,) = client(Role.VIEWER).get(f"{API}/submissions/S-1/files").json()["items"]
    assert (file["kind"], file["title"], file["size"]) == ("plot", "A plot", len(b"\x89PNG second"))
    shown = client(Role.VIEWER).get(f"{API}/submissions/S-1/files/seeing.png")
    assert (shown.content, shown.headers["content-type"]) == (b"\x89PNG second", "image/png")
    page = agent.client.put(
        f"{API}/submissions/S-1/files/a.html",
        params={"kind": "report", "order": order["id"], "token": order["token"]},
        content=b"<script>alert(1)</script>",
        headers={"Content-Type": "text/html"},
    )
    assert page.status_code == 200
    download = client(Role.VIEWER).get(f"{API}/submissions/S-1/files/a.html")
    assert download.headers["content-type"] == "application/octet-stream"
    assert download.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["..%2Fsecret", ".hidden", "a%20b", "%00", "x" * 200])
def test_file_names_are_plain(agent: ScriptedAgent, ref: str, name: str) -> None:
    order = agent.take("submit")
    assert _put(agent, order, name, b"x").status_code in (404, 422)


def test_files_belong_to_their_order(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    order = agent.take("submit")
    assert _put(agent, order, "a.png", b"x", token=order["token"] + 1).status_code == 409
    assert client(Role.MANAGER).put(f"{API}/submissions/S-1/files/a.png").status_code == 403
    assert client(Role.VIEWER).get(f"{API}/submissions/S-1/files/a.png").status_code == 404


def test_sites_and_agents_are_shown(client: Clients, agent: ScriptedAgent, clock: Any) -> None:
    (site,) = client(Role.VIEWER).get(f"{API}/sites").json()["items"]
    assert (site["name"], site["stacks"], site["repositories"], site["alive"]) == ("here", ["w_1"], ["main"], True)
    clock.advance(seconds=60)
    (site,) = client(Role.VIEWER).get(f"{API}/sites").json()["items"]
    assert site["alive"] is False
    agent.lease()
    (found,) = client(Role.VIEWER).get(f"{API}/agents").json()["items"]
    assert (found["id"], found["alive"]) == (agent.id, True)


def test_orders_are_shown_to_people(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    orders = client(Role.VIEWER).get(f"{API}/orders").json()["items"]
    told = {(order["kind"], order["status"], order["actor"]) for order in orders}
    assert told == {("submit", "open", "system"), ("preflight", "done", "mary")}


def test_counts_are_replaced_and_then_final(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    order = agent.take("submit")
    agent.report(
        order,
        {"kind": "launched", "pid": 1, "host": "h", "boot_id": "b", "started_us": 1},
        {"kind": "phase", "phase": "running"},
        {"kind": "progress", "tasks": [task("a", 5, 1), task("b", 5, 0)]},
        {"kind": "progress", "tasks": [task("a", 5, 4), task("b", 5, 2)]},
    )
    shown = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()
    assert [(counts["label"], counts["succeeded"]) for counts in shown["tasks"]] == [("a", 4), ("b", 2)]
    assert (shown["quanta"]["succeeded"], shown["quanta_final"]) == (6, False)
    agent.run(order, task("a", 5, 5), task("b", 5, 5))
    shown = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()
    assert (shown["quanta"]["succeeded"], shown["quanta_final"], shown["registered"]) == (10, True, True)
    listed = client(Role.VIEWER).get(f"{API}/campaigns").json()["items"]
    assert (listed[0]["quanta"]["succeeded"], listed[0]["n_submissions"]) == (10, 1)


def _pages(client: Clients, path: str) -> list[dict[str, Any]]:
    items, cursor = [], ""
    while True:
        answer = client(Role.VIEWER).get(f"{API}/{path}?limit=2{cursor}").json()
        items.extend(answer["items"])
        if answer["next"] is None:
            return items
        cursor = f"&cursor={answer['next']}"


def test_long_lists_come_in_pieces(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    agent.run(agent.take("submit"), task("a", 7, 0, failed=7))
    for path in ("submissions/S-1/failures", "submissions/S-1/events", "orders"):
        whole = client(Role.VIEWER).get(f"{API}/{path}?limit=500").json()["items"]
        assert _pages(client, path) == whole, path
        bad = client(Role.VIEWER).get(f"{API}/{path}?cursor=WzFd.")
        assert (bad.status_code, bad.json()["code"]) == (422, "invalid_input")
