"""Notes, links, operators, sign-offs, teams and history from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.people import token_of
from support.running import Ran, Runner
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients, LiveServer


@pytest.fixture
def ask(run: Runner, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Commands as the administrator, on a server with a campaign whose first submission is queued."""
    clients = Clients(live_server.app)
    agent = ScriptedAgent(clients)
    agent.hello()
    manager = clients(Role.MANAGER)
    manager.post("/api/v1/campaigns", json=definition())
    manager.post("/api/v1/campaigns/C-1/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.ADMIN))
    return run


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_notes_are_written_edited_and_withdrawn(ask: Runner, tmp_path: Path) -> None:
    plot = tmp_path / "plot.txt"
    plot.write_text("a plot in letters")
    note = told(ask("note", "C-1", "First", "--submission", "S-1", "--attach", str(plot), "--json"))
    assert (note["submission"], [file["name"] for file in note["attachments"]]) == ("S-1", ["plot.txt"])
    assert told(ask("note", "C-1", "Second", "--edit", note["root"], "--json"))["version"] == 2
    late = ask("note", "C-1", "Third", "--edit", note["root"], "--parent", note["uuid"])
    assert (late.code, "meanwhile" in late.err) == (1, True)
    assert len(told(ask("notes", "C-1", "--versions", note["root"], "--json"))["items"]) == 2
    assert ask("note", "C-1", "Wrong", "--withdraw", note["root"]).code == 0
    assert "(withdrawn)" in ask("notes", "C-1").out
    assert ask("note", "C-1").code == 2


def test_who_is_named_lists_the_notes(ask: Runner) -> None:
    assert "No note names you." in ask("notes", "--mentions").out
    ask("note", "C-1", "@ada look")
    ask("note", "C-1", "@ada and again")
    assert [note["campaign"] for note in told(ask("notes", "--mentions", "--json"))["items"]] == ["C-1", "C-1"]
    assert len(told(ask("notes", "--mentions", "--limit", "1", "--json"))["items"]) == 1
    assert "again" in ask("notes", "--mentions").out
    assert ask("notes").code == ask("notes", "C-1", "--mentions").code == ask("notes", "C-1", "--limit", "1").code == 2


def test_a_notebook_is_opened_again(ask: Runner) -> None:
    assert ask("cancel", "C-1", "-m", "Enough").code == 0
    closed = ask("note", "C-1", "Late")
    assert (closed.code, "campaign notebook C-1 open" in closed.err) == (1, True)
    assert ask("notebook", "C-1", "open", "-m", "A late finding").code == 0
    assert ask("note", "C-1", "Late").code == 0


def test_links_are_added_and_removed(ask: Runner) -> None:
    link = told(ask("link", "C-1", "https://example.org/x", "--title", "Talk", "--kind", "document", "--json"))
    assert "https://example.org/x" in ask("link", "C-1").out
    assert ask("link", "C-1", "--check").code == 1
    assert ask("link", "C-1", "--remove", link["uuid"], "-m", "Moved").code == 0
    assert "There are no links." in ask("link", "C-1").out
    assert ask("link", "C-1", "https://example.org/x").code == 2


def test_operators_are_assigned(ask: Runner) -> None:
    assert ask("assign", "S-1", "otto").code == 2
    assert ask("assign", "S-1", "otto", "--reason", "Shift").code == 0
    assert ask("assign", "S-1", "mary", "--remove", "--reason", "Home").code == 0
    history = told(ask("assign", "S-1", "--json"))
    assert [(one["operator"], one["until_us"] is None) for one in history["items"]] == [("mary", False), ("otto", True)]
    assert "otto" in ask("assign", "S-1").out


def test_a_definition_is_signed_off(ask: Runner) -> None:
    assert ask("sign-off", "C-1", "-m", "Read it").code == 2
    assert ask("sign-off", "C-1", "--revision", "1", "-m", "Read it").code == 0
    assert "Read it" in ask("sign-off", "C-1").out
    assert ask("sign-off", "C-1", "--undo", "-m", "A fault").code == 0
    assert "no: A fault" in ask("sign-off", "C-1").out


def test_teams_are_looked_after(ask: Runner) -> None:
    assert ask("team", "create", "alerts").code == 0
    assert ask("team", "add", "alerts", "otto").code == 0
    assert "otto" in ask("team", "list").out
    assert ask("team", "remove", "alerts", "otto").code == 0


def test_the_history_is_listed_and_written(ask: Runner, tmp_path: Path) -> None:
    listed = told(ask("history", "C-1", "--kind", "submission", "--json"))
    assert {event["kind"].partition(".")[0] for event in listed["items"]} == {"submission"}
    target = tmp_path / "history.csv"
    assert ask("history", "C-1", "--format", "csv", "--output", str(target)).code == 0
    assert target.read_text().startswith("number,at,kind")
