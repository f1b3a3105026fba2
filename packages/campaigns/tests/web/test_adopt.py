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
    assert 'id="act-mark"' not in mary.get("/submissions/S-1").text
