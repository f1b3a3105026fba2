"""What the quanta of each submission took: kept, replaced, shown, compared, and taken along."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.test_portable import bring, export, members, other, repacked, server, settings, with_rows
from campaigns.cli.compared import comparison_text
from campaigns.cli.shown import submission_text
from campaigns.domain.identity import Role
from campaigns.services.archive import MANIFEST
from support.scripted_agent import API, ScriptedAgent, definition, task
from support.serving import Clients
from web.conftest import browser

__all__ = ("other", "settings")


def took(label: str, n_read: int, cpu_each_s: float, memory: int | None = 310_000_000) -> dict[str, Any]:
    cpu_us = round(n_read * cpu_each_s * 1_000_000)
    return {"label": label, "n_read": n_read, "cpu_us": cpu_us, "run_us": 2 * cpu_us, "max_memory_bytes": memory}


def ran(client: Clients, agent: ScriptedAgent, name: str, *spent: dict[str, Any], n_quanta: int = 1000) -> str:
    """Run the first step of a campaign, two tasks, of which it is told what they took."""
    manager = client(Role.MANAGER)
    ref = str(manager.post(f"{API}/campaigns", json=definition(name=name, output=f"u/mary/{name}")).json()["id"])
    manager.post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    agent.run(agent.take("submit"), task("isr", n_quanta, n_quanta), task("sum", 2, 2), spent=spent)
    return ref


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def diff(client: Clients, *refs: str, **params: Any) -> dict[str, Any]:
    answer = client(Role.VIEWER).get(f"{API}/campaigns/{refs[0]}/diff/{refs[1]}", params={"and": list(refs[2:]), **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_it_is_kept_and_shown(client: Clients, agent: ScriptedAgent) -> None:
    ran(client, agent, "trial", took("isr", 200, 1.24), took("sum", 2, 0.35, None))
    told = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()
    assert told["spent"] == [took("isr", 200, 1.24), took("sum", 2, 0.35, None)]
    page = browser(client, Role.VIEWER).get("/submissions/S-1").text
    assert "CPU time of a quantum, the mean of 200, which took 2.5 s each" in page
    assert "isr 1.2 s CPU (of 200), 310 MB" in text_of(page)
    assert "sum 0.35 s CPU " in text_of(page)
    shown = submission_text(told)
    assert "isr: 1000/1000; 1.2 s CPU time per quantum, 310 MB" in shown
    assert "sum: 2/2; 0.35 s CPU time per quantum" in shown


def test_nothing_is_shown_where_nothing_is_known(client: Clients, agent: ScriptedAgent) -> None:
    ran(client, agent, "trial")
    assert client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["spent"] == []
    assert "CPU time of a quantum" not in browser(client, Role.VIEWER).get("/submissions/S-1").text
    ran(client, agent, "again")
    told = diff(client, "C-1", "C-2", all=True)
    assert (told["costs"], told["total_costs"]) == ([], [None, None])
    assert "CPU time" not in browser(client, Role.VIEWER).get("/compare?of=C-1&of=C-2&all=1").text
    assert "CPU time" not in comparison_text(told)


def test_what_is_told_again_takes_the_place_of_what_was(client: Clients, agent: ScriptedAgent) -> None:
    manager = client(Role.MANAGER)
    manager.post(f"{API}/campaigns", json=definition())
    manager.post(f"{API}/campaigns/C-1/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    order = agent.take("submit")
    quanta = {
        "kind": "quanta", "source": "s", "tasks": [task("isr", 1, 1)], "failures": [], "n_failures": 0, "registered": True,
    }  # fmt: skip
    agent.report(order, {**quanta, "spent": [took("isr", 1, 1.0), took("sum", 1, 1.0)]})
    # Two labels that are the same where they are cut must not make a report that is never taken.
    agent.report(order, {**quanta, "spent": [took("isr", 1, 2.0), took("x" * 201, 1, 1.0), took("x" * 202, 1, 3.0)]})
    spent = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["spent"]
    assert [(one["label"][:3], one["cpu_us"]) for one in spent] == [("isr", 2_000_000), ("xxx", 3_000_000)]
    agent.report(order, quanta)
    assert client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["spent"] == []


@pytest.mark.parametrize(
    "wrong", [{"n_read": 0}, {"cpu_us": -1}, {"cpu_us": 0.5}, {"run_us": 10**16}, {"max_memory_bytes": 2**63}]
)
def test_what_cannot_be_is_refused(client: Clients, agent: ScriptedAgent, wrong: dict[str, Any]) -> None:
    manager = client(Role.MANAGER)
    manager.post(f"{API}/campaigns", json=definition())
    manager.post(f"{API}/campaigns/C-1/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    quanta = {"kind": "quanta", "source": "s", "tasks": [], "failures": [], "n_failures": 0, "registered": True}
    answer = agent.send(agent.take("submit"), {**quanta, "spent": [{**took("isr", 1, 1.0), **wrong}]})
    assert answer.status_code == 422


def test_campaigns_side_by_side(client: Clients, agent: ScriptedAgent) -> None:
    ran(client, agent, "trial", took("isr", 200, 1.2), took("sum", 2, 10.0))
    ran(client, agent, "again", took("isr", 200, 1.8, 420_000_000), took("sum", 2, 10.1))
    ran(client, agent, "older")
    told = diff(client, "C-1", "C-2", "C-3")
    [row] = told["costs"]
    assert (row["label"], row["differs"]) == ("isr", True)
    assert row["values"] == [
        {
            "n_read": 200, "n_quanta": 1000, "estimated": True, "cpu_us": 1_200_000_000, "cpu_each_us": 1_200_000,
            "run_us": 2_400_000_000, "max_memory_bytes": 310_000_000,
        },
        {
            "n_read": 200, "n_quanta": 1000, "estimated": True, "cpu_us": 1_800_000_000, "cpu_each_us": 1_800_000,
            "run_us": 3_600_000_000, "max_memory_bytes": 420_000_000,
        },
        None,
    ]  # fmt: skip
    assert [one and one["cpu_us"] for one in told["total_costs"]] == [1_220_000_000, 1_820_200_000, None]
    everything = diff(client, "C-1", "C-2", all=True)
    assert [(one["label"], one["differs"]) for one in everything["costs"]] == [("isr", True), ("sum", False)]
    assert everything["costs"][1]["values"][0]["estimated"] is False


def test_the_page_and_the_command_say_what_is_an_estimate(client: Clients, agent: ScriptedAgent) -> None:
    ran(client, agent, "trial", took("isr", 200, 1.2), took("sum", 2, 10.0))
    ran(client, agent, "again", took("isr", 200, 1.8), took("sum", 2, 10.1))
    victor = browser(client, Role.VIEWER)
    page = text_of(victor.get("/compare?of=C-1&of=C-2").text)
    assert "about 20 min 20 s (by 202 of 1,002 quanta)" in page
    assert "about 30 min 20 s +10 min 0 s (by 202 of 1,002 quanta)" in page
    assert "isr 1.2 s, 310 MB about 20 min 0 s in all, by 200 of 1,000 1.8 s, 310 MB" in page
    assert "sum 10.0 s" not in page
    assert "sum 10.0 s, 310 MB 20.0 s in all" in text_of(victor.get("/compare?of=C-1&of=C-2&all=1").text)
    assert "No task is known to have taken a tenth more" in victor.get("/compare?of=C-1&of=C-1").text
    shown = [" ".join(line.split()) for line in comparison_text(diff(client, "C-1", "C-2")).splitlines()]
    assert "CPU time, newest attempts about 20 min 20 s about 30 min 20 s" in shown
    assert "isr 1.2 s, 310 MB; about 20 min 0 s in all 1.8 s, 310 MB; about 30 min 0 s in all" in shown


def test_what_of_a_campaign_is_not_known_is_estimated_by_the_rest(client: Clients, agent: ScriptedAgent) -> None:
    manager = client(Role.MANAGER)
    split = {"dimension": "visit", "values": [1, 2], "size": 1}
    manager.post(f"{API}/campaigns", json=definition(steps=[{"name": "step1", "split": split}]))
    manager.post(f"{API}/campaigns/C-1/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    first, second = agent.lease()
    for order, spent in ((first, [took("isr", 2, 3.0)]), (second, [])):
        agent.begin(order)
        agent.run(order, task("isr", 4, 4), spent=spent)
    [row] = diff(client, "C-1", "C-1", all=True)["costs"]
    cell = row["values"][0]
    assert (cell["n_read"], cell["n_quanta"], cell["cpu_us"], cell["cpu_each_us"]) == (2, 8, 24_000_000, 3_000_000)


@pytest.mark.parametrize("other", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_it_travels_with_the_campaign(client: Clients, agent: ScriptedAgent, other: FastAPI, tmp_path: Path) -> None:
    there = Clients(other)
    ref = ran(client, agent, "trial", took("isr", 200, 1.234567), took("Sum", 1, 0.0, None), took("sum", 2, 10.0))
    sent = export(client, ref)
    assert members(sent)["tables/task_spent.jsonl"].count(b"\n") == 3
    answer = bring(there, sent)
    assert answer.status_code == 201, answer.text
    assert export(there, "C-1") == sent
    told = [client_(Role.VIEWER).get(f"{API}/submissions/S-1").json()["spent"] for client_ in (client, there)]
    assert sorted(told[0], key=str) == sorted(told[1], key=str)
    with server(f"sqlite:///{tmp_path / 'third.sqlite'}", tmp_path / "third", name="third") as third:
        again = Clients(third)
        odd = with_rows(sent, "task_spent", lambda row: {**row, "n_read": 0})
        refused = bring(again, odd)
        assert (refused.status_code, refused.json()["where"]) == (422, "tables/task_spent.jsonl")
        assert bring(again, older(sent)).status_code == 201
        assert again(Role.VIEWER).get(f"{API}/submissions/S-1").json()["spent"] == []


def older(content: bytes) -> bytes:
    """The archive as a program would have written it that knew nothing of what quanta took."""
    name = "tables/task_spent.jsonl"
    manifest = json.loads(members(content)[MANIFEST])
    del manifest["members"][name]
    return repacked(content, **{name: None, MANIFEST: json.dumps(manifest).encode()})
