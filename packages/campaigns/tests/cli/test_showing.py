"""``campaign show``: what people see of a campaign."""

from __future__ import annotations

import pytest

from campaigns.client import CampaignClient
from campaigns.domain.identity import Role
from support.people import token_of
from support.running import Runner
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients, LiveServer


@pytest.fixture
def agent(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedAgent:
    """The agent of a site that looks whether C-1 can run."""
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    agent = ScriptedAgent(Clients(live_server.app))
    agent.hello()
    with CampaignClient() as client:
        client.define(definition(lead="mary", ticket="DM-1", labels=["night", "rc2"]))
        client.act("C-1", "start", reason="Go", wait_s=0)
    return agent


def test_why_it_was_not_started(run: Runner, agent: ScriptedAgent) -> None:
    faults = [
        {"code": "a", "message": "There is no pipeline.", "where": "pipeline", "remedy": "Correct it."},
        {"code": "b", "message": "There is no visit.", "where": "steps[step1]", "remedy": "Choose another."},
    ]
    agent.report(agent.take("preflight"), {"kind": "failed", "faults": faults})
    ran = run("show", "C-1")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    begin = lines.index("  it was not started:")
    assert lines[begin + 1 : begin + 7] == [
        "  - There is no pipeline.", "    where: pipeline", "    remedy: Correct it.",
        "  - There is no visit.", "    where: steps[step1]", "    remedy: Choose another.",
    ]  # fmt: skip


def test_what_is_known_of_it(run: Runner, agent: ScriptedAgent) -> None:
    agent.pass_preflight()
    run("note", "C-1", "First")
    run("sign-off", "C-1", "--revision", "1", "-m", "Read")
    lines = run("show", "C-1").out.splitlines()
    for line in (
        "lead: mary",
        "ticket: DM-1",
        "labels: night, rc2",
        "site: here",
        "stack: w_1",
        "operators now: mary",
        "notes: 1",
    ):
        assert f"  {line}" in lines
    assert any(line.startswith("  revision 1, signed off, by mary") for line in lines)
    assert next(line for line in lines if line.startswith("  S-1")).endswith("revision 1")
    assert not any(line.startswith("  team") for line in lines)
    run("rerun", "C-1", "-m", "again")
    assert "  rerun of: C-1 " in run("show", "C-2").out
