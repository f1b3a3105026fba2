"""Adopting runs on pages: the form, the wait, what was refused, and marking."""

from __future__ import annotations

from api.test_adopting import ADOPT, found
from campaigns.domain.identity import Role
from support.people import SITE
from support.scripted_agent import ScriptedAgent, task
from support.serving import Clients

FORM = {**ADOPT, "place": f"{SITE} main", "kind": "other"}


def test_form_leads_over_the_wait_to_the_campaign(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    mary = client(Role.MANAGER)
    assert f'value="{SITE} main" selected' in mary.get("/campaigns/adopt").text
    sent = mary.post("/campaigns/adopt", data=FORM)
    assert sent.status_code == 303, sent.text
    waiting = mary.get(sent.headers["location"])
    assert "is looking at what ran" in waiting.text
    assert f"<h1>Adopt {ADOPT['name']}</h1>" in waiting.text
    assert ADOPT["submit_dir"] in waiting.text
    assert "One of these is needed" in mary.get("/campaigns/adopt").text
    assert 'http-equiv="refresh"' in waiting.text
    agent.report(agent.take("inspect_run"), found(task("isr", 4, 4)))
    there = mary.get(sent.headers["location"])
    assert (there.status_code, there.headers["location"]) == (303, "/campaigns/C-1")


def test_what_the_site_refuses_brings_the_form_back_as_it_was(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    mary = client(Role.MANAGER)
    sent = mary.post("/campaigns/adopt", data=FORM)
    fault = {"code": "no_submit_directory", "message": "There is no directory here.", "where": "submit_dir", "remedy": "Look."}
    agent.report(agent.take("inspect_run"), {"kind": "failed", "faults": [fault]})
    page = mary.get(sent.headers["location"]).text
    for text in ("There is no directory here.", ADOPT["submit_dir"], ADOPT["title"], "No campaign was made."):
        assert text in page, text


def test_mistakes_are_told_above_the_form(client: Clients) -> None:
    ScriptedAgent(client).hello()
    page = client(Role.MANAGER).post("/campaigns/adopt", data={**FORM, "submit_dir": "spring"}, headers={"Accept": "text/html"})
    assert page.status_code == 422
    for text in ("spring is no absolute path.", ADOPT["reason"]):
        assert text in page.text, text


def test_parts_that_run_elsewhere_are_marked_on_their_page(client: Clients) -> None:
    mary = client(Role.MANAGER)
    sent = mary.post("/campaigns/adopt", data={**FORM, "submit_dir": "", "place": "", "steps": "ingest\nisr"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/campaigns/C-1")
    page = mary.get("/campaigns/C-1").text
    assert "Adopted: it runs, or ran, without the service." in page
    assert 'id="act-next"' not in page
    assert 'id="act-cancel"' in page
    page = mary.get("/submissions/S-1").text
    assert 'id="act-mark"' in page
    assert 'id="act-restart"' not in page
    marked = client(Role.OPERATOR).post("/submissions/S-1/mark", data={"status": "failed", "reason": "the disk was full"})
    assert (marked.status_code, marked.headers["location"]) == (303, "/submissions/S-1")
    assert "the disk was full" in mary.get("/submissions/S-1").text
    assert "mark again" in mary.get("/submissions/S-1").text
    again = client(Role.OPERATOR).post("/submissions/S-1/mark", data={"status": "succeeded", "reason": "it was the other one"})
    assert again.status_code == 303
    assert "it was the other one" in mary.get("/submissions/S-1").text


def test_commands_are_told_on_pages(client: Clients) -> None:
    mary = client(Role.MANAGER)
    form = {**FORM, "submit_dir": "", "place": "", "steps": "ingest", "commands": "make \\\n  night\n\nmake day"}
    assert mary.post("/campaigns/adopt", data=form).status_code == 303
    told = mary.get("/api/v1/submissions/S-1").json()["commands"]
    assert told == ["make \\\n  night", "make day"]
    page = mary.get("/submissions/S-1").text
    assert "make day" in page
    assert "Commands, as told" in page
    sent = client(Role.OPERATOR).post("/submissions/S-1/commands", data={"commands": "make all", "reason": ""})
    assert (sent.status_code, sent.headers["location"]) == (303, "/submissions/S-1")
    assert mary.get("/api/v1/submissions/S-1").json()["commands"] == ["make all"]
    assert 'id="commands-form"' not in client(Role.VIEWER).get("/submissions/S-1").text


def test_mark_against_the_counts_is_confirmed_on_the_form(client: Clients) -> None:
    client(Role.MANAGER).post("/campaigns/adopt", data={**FORM, "submit_dir": "", "place": "", "steps": "isr"})
    otto = client(Role.OPERATOR)
    otto.post("/api/v1/submissions/S-1/progress", json={"tasks": [task("isr", 4, 3)]})
    assert "3 of 4 quanta succeeded" in otto.get("/submissions/S-1").text
    form = {"status": "succeeded", "reason": "it is enough"}
    refused = otto.post("/submissions/S-1/mark", data=form, headers={"Accept": "text/html"})
    assert (refused.status_code, "3 of 4 quanta succeeded" in refused.text) == (409, True)
    assert otto.post("/submissions/S-1/mark", data={**form, "confirmed": "true"}).status_code == 303
    page = otto.get("/submissions/S-1").text
    assert "final, told by otto" in page
    assert "not in the registry" not in page
