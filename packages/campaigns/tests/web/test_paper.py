"""The printable notebook: all of a campaign on one page, without scripts."""

from __future__ import annotations

from api.test_portable import API, REASON, run_a_campaign
from campaigns.domain.identity import Role
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients


def test_has_everything_and_no_scripts(client: Clients) -> None:
    campaign = run_a_campaign(client)
    mary = client(Role.MANAGER)
    mary.post(f"{API}/submissions/S-2/accept", json={"reason": "all stars are there"})
    mary.post(f"{API}/campaigns/{campaign['id']}/notes", json={"body": "We go on", "kind": "decision"})
    page = client(Role.VIEWER).get(f"/campaigns/{campaign['id']}/print")
    assert page.status_code == 200
    for text in (
        "To see whether it runs",
        "S-1",
        "4/4",
        "all stars are there",
        "We go on",
        "looks <em>good</em>",
        "Revision 1",
        "C-1 trial made as defined",
        "u/mary/trial/step1/",
    ):
        assert text in page.text, text
    for text in ("<script", "<button", "<form", "data-relative"):
        assert text not in page.text, text


def test_failures_of_newest_attempts_are_told(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    mary = client(Role.MANAGER)
    mary.post(f"{API}/campaigns", json=definition())
    mary.post(f"{API}/campaigns/C-1/transitions", json={"action": "start", "wait_s": 0, **REASON})
    agent.pass_preflight()
    agent.run(agent.take("submit"), task("isr", 4, 3, failed=1))
    assert "no stars" in mary.get("/campaigns/C-1/print").text


def test_draft_is_printed_too(client: Clients) -> None:
    document = {"name": "idea", "title": "An idea", "reason": "Why", "kind": "other"}
    client(Role.MANAGER).post(f"{API}/campaigns", json=document)
    assert "No steps are defined." in client(Role.VIEWER).get("/campaigns/idea/print").text


def test_data_specifications_links_and_the_sign_off_are_printed(client: Clients) -> None:
    ScriptedAgent(client).hello()
    mary = client(Role.MANAGER)
    links = [{"title": "Metrics", "url": "https://metrics.example.org/rc2", "kind": "metrics"}]
    ref = mary.post(f"{API}/campaigns", json=definition(sets={"exclude": ["dm/clouds@3"]}, links=links)).json()["id"]
    page = mary.get(f"/campaigns/{ref}/print").text
    for text in ("Data left out and taken in", "dm/clouds@3", "to be pinned at the start", "https://metrics.example.org/rc2"):
        assert text in page, text
    assert "Revision 1 is not signed off." in page
    signed = mary.post(f"/campaigns/{ref}/sign-off", data={"revision": "1", "reason": "Read with care"})
    assert signed.status_code == 303, signed.text
    page = mary.get(f"/campaigns/{ref}/print").text
    assert "Revision 1 is signed off by mary" in page
    assert "Read with care" in page
