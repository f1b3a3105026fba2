"""What a page says before something is done, and after it was."""

from __future__ import annotations

import re

from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser
from web.examples import ended_of


def _popover(page: str, name: str) -> str:
    """Give what a button's form says."""
    found = re.search(rf'<details class="act[^>]*id="{name}".*?</details>', page, re.DOTALL)
    assert found is not None, name
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


def test_accepting_says_what_is_missing_and_what_starts(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    for page, name in (("/campaigns/C-2", "wait-S-5-accept"), ("/submissions/S-5", "act-accept")):
        said = _popover(operator.get(page).text, name)
        assert "12 of 400 quanta are missing (5 failed, 7 blocked)." in said
        assert "step3 is submitted at once." in said
    operator.post("/campaigns/C-2/pause", data={"reason": "The disk is full."})
    said = _popover(operator.get("/submissions/S-5").text, "act-accept")
    assert "step3 is ready then, and waits until somebody resumes the campaign." in said


def test_restarting_what_was_lost_says_that_it_may_still_run(clients: Clients) -> None:
    ended = ended_of(clients)
    lost = ended["lost_contact"]
    said = _popover(browser(clients, Role.OPERATOR).get(f"/submissions/{lost}").text, "act-restart")
    assert f"{lost} may still run: its agent is asked to stop it if it finds it." in said
    assert "Look for it in the workflow system of here first." in said
    assert "may still run" not in _popover(
        browser(clients, Role.OPERATOR).get(f"/submissions/{ended['failed']}").text, "act-restart"
    )


def test_a_paused_campaign_is_held_and_all_ends_are_behind_one_button(clients: Clients) -> None:
    page = browser(clients, Role.MANAGER).get("/campaigns/C-2").text
    assert _popover(page, "act-pause").startswith("hold ")
    said = _popover(page, "act-end")
    for name in ("complete", "fail", "cancel"):
        assert f"{name} C-2" in said
        assert f'id="act-{name}-do"' in page
    assert "Nothing more will start." in said
    running = browser(clients, Role.MANAGER).get("/campaigns/C-3").text
    assert 'id="act-end"' not in running
    assert "Stops 2 submissions (S-6, S-7), and nothing more will start." in _popover(running, "act-cancel")


def test_failures_of_what_still_runs_are_told(clients: Clients) -> None:
    page = browser(clients, Role.VIEWER).get("/campaigns/C-3?tab=failures").text
    assert "Nothing has failed" not in page
    assert page.count("4 quanta failed so far, 4 blocked") == 2, "at the head and in the section"
    assert re.search(r'their messages come when <a href="/submissions/S-[67]">S-[67]</a>\s+has ended', page)


def test_what_was_blocked_is_no_failure_of_its_own(clients: Clients) -> None:
    page = browser(clients, Role.VIEWER).get("/campaigns/C-2?tab=failures").text
    assert "5 failed in 3 patterns, 7 blocked by them" in page
    assert 'failures <span class="count num bad">5</span>' in page
    assert len(re.findall(r'id="pattern-\d+"', page)) == 3
    assert page.count('class="pattern status-blocked"') == 1
    assert "5 failed in 3 patterns, 7 blocked by them" in browser(clients, Role.VIEWER).get("/submissions/S-5").text


def test_progress_is_of_steps_first(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    page = " ".join(re.sub(r"<[^>]*>", "", viewer.get("/campaigns/C-2").text).split())
    assert "1 of 4 accepted" in page
    assert "3,790 / 3,802 quanta known so far · 5&nbsp;failed · 7&nbsp;blocked" in page
    assert "known so far" not in viewer.get("/campaigns/C-1").text
    rows = dict(re.findall(r'<tr id="row-(C-\d)"(.*?)</tr>', viewer.get("/campaigns").text, re.DOTALL))
    assert "2 of 4 steps begun" in rows["C-2"]
    assert "steps begun" not in rows["C-1"]


def test_why_nothing_ran_stands_wherever_the_decision_does(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    why = "failed before anything ran: There is no space left on the scratch disk; mend and restart it"
    [listed] = clients(Role.VIEWER).get("/api/v1/campaigns", params={"filter": "id = C-6"}).json()["items"]
    assert any(why in wait["text"] for wait in listed["waits"])
    assert why in re.sub(r"<[^>]*>", "", viewer.get("/campaigns/C-6").text)
    assert "Delete old runs." in viewer.get("/campaigns/C-6").text
    page = viewer.get(f"/submissions/{ended_of(clients)['failed']}").text
    assert page.count("There is no space left on the scratch disk.") == 2, "in the banner and in the history"
    assert page.count('class="banner') == 1
    assert "yet" not in re.sub(r"<[^>]*>", "", page).split("History")[0].split("Notes")[0]


def test_the_end_of_an_adopted_campaign_stops_nothing(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    form = {"name": "old", "title": "Old", "reason": "For the record", "kind": "other", "steps": "ingest\nisr"}
    page = mary.get(mary.post("/campaigns/adopt", data=form).headers["location"]).text
    said = _popover(page, "act-cancel")
    assert "Nothing is stopped by that, since nothing of it runs here." in said
    told = " ".join(re.sub(r"<[^>]*>", "", page).split())
    assert "Before it is completed or marked as failed, mark S-12 and S-13 first." in told


def test_what_is_final_is_said_in_one_sentence(clients: Clients) -> None:
    answer = browser(clients, Role.OPERATOR).post("/campaigns/C-1/pause", data={"reason": "To look at it."})
    assert answer.status_code == 409
    assert "Nothing follows this state: it is final." in answer.text
