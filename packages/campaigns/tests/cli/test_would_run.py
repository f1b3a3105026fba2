"""``campaign preflight``: what would run, in the terminal."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.found import found
from support.people import token_of
from support.running import Runner
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients, LiveServer


class Site:
    """An agent that answers one look, in a thread, once somebody asks."""

    def __init__(self, clients: Clients) -> None:
        self._agent = ScriptedAgent(clients)
        self._agent.hello()

    def will(self, *reports: dict[str, Any]) -> None:
        """Say what it will report, the last of it a moment after the rest."""
        threading.Thread(target=self._work, args=(reports,), daemon=True).start()

    def _work(self, reports: tuple[dict[str, Any], ...]) -> None:
        while not (orders := self._agent.lease()):
            time.sleep(0.02)
        self._agent.begin(orders[0])
        self._agent.report(orders[0], *reports[:-1])
        time.sleep(1.2)
        self._agent.report(orders[0], reports[-1])


@pytest.fixture
def site(run: Runner, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    clients = Clients(live_server.app)
    site = Site(clients)
    clients(Role.MANAGER).post("/api/v1/campaigns", json=definition())
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.OPERATOR))
    return site


def test_what_would_run_is_told(run: Runner, site: Site) -> None:
    progress = {"now": "step1 g1", "done": 0, "total": 2, "message": "Building"}
    result = found()
    result["steps"][0]["groups"][1:] = []
    to_make = {"path": "lists/bad.json", "rows": 3, "digest": "sha256:0"}
    good = {"name": "demo/good", "version": 2, "rows": 5}
    result["sets"] = [
        {"reference": "demo/good@2", "set": good},
        {"reference": "bad", "set": None, "list": to_make, "differs": "bad@1"},
    ]
    site.will(
        {"kind": "findings", "result": {**result, "progress": progress}}, {"kind": "done", "result": {**result, "progress": None}}
    )
    ran = run("preflight", "C-1")
    assert (ran.code, ran.err) == (0, "graph 1 of 2, step1 g1: Building\n")
    assert ran.out.splitlines() == [
        "Nothing is wrong.",
        "step1: 1 submission below u/mary/trial/step1, quanta ≤ 10 → 7 in 1 of 1 graphs",
        "  measure ≤ 10 → 7",
        "step2: 1 submission below u/mary/trial/step2, quanta told when it starts",
        "  merge",
        "  not built: all: reads catalog, which step1 makes",
        "set demo/good@2 is demo/good@2: 5 data IDs",
        "set bad is made of lists/bad.json at the start; bad@1 has other data IDs: 3 data IDs",
    ]


def test_what_cannot_be_built_fails_and_the_rest_is_told(run: Runner, site: Site) -> None:
    fault = {"code": "empty_quantum_graph", "message": "The graph of step1 g2 is empty.", "where": "steps[0]", "remedy": "Look."}
    site.will({"kind": "findings", "result": found()}, {"kind": "failed", "faults": [fault]})
    ran = run("preflight", "C-1", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["status"], told["result"]["steps"]) == (1, "failed", found()["steps"])
    assert json.loads(ran.err)["faults"][0]["message"] == "The graph of step1 g2 is empty."


def test_it_waits_no_longer_than_it_is_told_to(run: Runner, site: Site) -> None:
    ran = run("preflight", "C-1", "--wait", "0", "--no-graphs")
    assert (ran.code, "The site has not answered yet" in ran.out) == (0, True)


def test_to_wait_in_vain_is_no_success(run: Runner, site: Site) -> None:
    ran = run("preflight", "C-1", "--wait", "0.01", "--no-graphs")
    assert ran.code == 1
    assert "The site here has not answered in 0.01 s" in ran.err


def test_what_is_wrong_is_said_when_it_is_defined(
    run: Runner,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    file = tmp_path / "campaign.yaml"
    file.write_text(json.dumps(definition(name="far", site="moon", lead="nobody")))
    ran = run("define", str(file))
    assert ran.code == 0, ran.err
    assert "  warning: There is no site moon. Sites are: here." in ran.out
    assert "  warning: There is no user nobody, who would lead it." in ran.out
