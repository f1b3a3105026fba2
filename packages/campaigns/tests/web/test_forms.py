"""What forms do: Post/Redirect/Get, what is said afterwards, and what is refused."""

from __future__ import annotations

import re

import pytest
import yaml

from campaigns.domain.identity import Role
from support.serving import Clients, TestClient
from web.conftest import browser
from web.examples import definition
from web.fake_agent import FakeAgent

FORMS = (
    *(
        f"/campaigns/C-3/{action}"
        for action in ("define", "start", "next", "pause", "resume", "complete", "fail", "cancel", "notes")
    ),
    *(f"/submissions/S-5/{decision}" for decision in ("accept", "reject", "cancel", "restart")),
    "/campaigns/new",
    "/campaigns/C-5/edit",
)


def follow(client: TestClient, path: str, **form: str) -> str:
    """Send a form, and give the page that follows."""
    answer = client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return str(client.get(answer.headers["location"]).text)


def flash(page: str) -> str:
    found = re.search(r'id="flash">.*?<span>([^<]*)</span>', page, re.DOTALL)
    return "" if found is None else found[1]


@pytest.mark.parametrize("path", FORMS)
def test_viewers_may_not(clients: Clients, path: str) -> None:
    answer = browser(clients, Role.VIEWER).post(path, data={"reason": "I want to."})
    assert answer.status_code == 403
    assert "vera has viewer here" in answer.text


@pytest.mark.parametrize("path", FORMS)
def test_strangers_are_led_to_the_sign_in(clients: Clients, path: str) -> None:
    answer = browser(clients, None).post(path, data={"reason": "I want to."})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_accepting_says_what_it_did_once(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    page = follow(operator, "/submissions/S-5/accept", reason="The failures are of clouds.")
    assert flash(page) == "S-5 is accepted; step3 is queued as S-12."
    assert flash(operator.get("/campaigns/C-2").text) == ""
    assert "The failures are of clouds." in operator.get("/campaigns/C-2?tab=history").text


def test_restarting_leads_to_the_new_attempt(clients: Clients) -> None:
    page = follow(browser(clients, Role.OPERATOR), "/submissions/S-5/restart", reason="With the mended configuration.")
    assert "attempt 2" in page
    assert 'id="attempt-1"' in page


def test_what_was_typed_is_kept_where_it_is_refused(clients: Clients) -> None:
    answer = browser(clients, Role.OPERATOR).post("/submissions/S-2/accept", data={"reason": "Twice is better."})
    assert answer.status_code == 409
    assert "already accepted" in answer.text
    assert "Twice is better." in answer.text
    assert 'href="/submissions/S-2"' in answer.text


def test_a_reason_is_asked_for(clients: Clients) -> None:
    answer = browser(clients, Role.OPERATOR).post("/campaigns/C-3/pause", data={"reason": "  "})
    assert answer.status_code == 422
    assert "A change of state needs a reason." in answer.text


def test_pausing_and_resuming(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    assert 'id="held"' in follow(operator, "/campaigns/C-3/pause", reason="Lunch.")
    assert 'id="held"' not in follow(operator, "/campaigns/C-3/resume", reason="Back.")


def test_a_definition_is_checked_as_it_is_typed(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    good = manager.post("/campaigns/check", data={"document": yaml.safe_dump(definition("one-more"))}).text
    assert good.strip().startswith('<section class="verdict"')
    assert "It has all it needs to begin." in good
    assert "6 submissions in 4 steps" in good
    bad = manager.post("/campaigns/check", data={"document": "name: x\nkind: other\ntitel: T\n"}).text
    assert "Did you mean <code>title</code>?" in bad
    assert "(line 3)" in bad


def test_saving_makes_a_draft_or_a_defined_campaign(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    draft = follow(manager, "/campaigns/new", document="name: d\ntitle: D\nreason: R\nkind: other\n", then="save")
    assert flash(draft) == "C-9 is saved as draft, revision 1."
    whole = follow(manager, "/campaigns/new", document=yaml.safe_dump(definition("whole")), then="save")
    assert flash(whole) == "C-10 is saved as defined, revision 1."


def test_saving_and_beginning(clients: Clients) -> None:
    page = follow(browser(clients, Role.MANAGER), "/campaigns/new", document=yaml.safe_dump(definition("at-once")), then="begin")
    assert 'id="starting"' in page


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("name: rc2-w_2026_46\ntitle: T\nreason: R\nkind: other\n", "The name rc2-w_2026_46 is taken by C-2."),
        ("name: [\n", "This is not valid YAML"),
    ],
)
def test_a_refused_definition_is_shown_again_as_it_was_written(clients: Clients, document: str, words: str) -> None:
    answer = browser(clients, Role.MANAGER).post("/campaigns/new", data={"document": document})
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert document.splitlines()[0] in answer.text


def test_editing_makes_a_revision_and_shows_what_it_changed(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    changed = yaml.safe_dump(definition("dm-51777-psf", title="PSF with Piff 1.5"))
    page = follow(manager, "/campaigns/C-5/edit", document=changed, revision="1", reason="Piff 1.5 is out.", then="save")
    assert flash(page) == "C-5 is saved as defined, revision 2."
    shown = manager.get("/campaigns/C-5?tab=definition").text
    assert "Piff 1.5 is out." in shown
    assert '<span class="came">+title: PSF with Piff 1.5' in shown


def test_whoever_edits_an_old_revision_keeps_the_text(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    form = {"document": yaml.safe_dump(definition("dm-51777-psf", title="Mine")), "revision": "1", "reason": "Because."}
    assert manager.post("/campaigns/C-5/edit", data=form).status_code == 303
    late = manager.post("/campaigns/C-5/edit", data={**form, "document": form["document"].replace("Mine", "Yours")})
    assert late.status_code == 412
    assert "title: Yours" in late.text
    assert "Because." in late.text


def test_what_would_run_is_asked_and_shown(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    ref = clients(Role.MANAGER).post("/api/v1/campaigns", json=definition("would")).json()["id"]
    assert 'id="would-run"' in manager.get(f"/campaigns/{ref}").text
    page = follow(manager, f"/campaigns/{ref}/would-run")
    assert "is looking" in page
    assert "has no reason" not in page


def test_what_would_run_is_asked_from_the_form_that_defines(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    page = follow(manager, "/campaigns/new", document=yaml.safe_dump(definition("looked")), then="look")
    assert "The site was asked; nothing is started." in flash(page)
    assert "is looking" in page
    rest = clients(Role.VIEWER)
    assert rest.get("/api/v1/campaigns/looked").json()["status"] == "defined"
    lacking = manager.post(
        "/campaigns/new", data={"document": "name: lacking\ntitle: b\nreason: c\nkind: other\n", "then": "look"}
    )
    assert lacking.status_code == 422
    assert "name: lacking" in lacking.text
    assert rest.get("/api/v1/campaigns/lacking").status_code == 404


def test_nothing_is_saved_by_a_merge_of_nothing(clients: Clients) -> None:
    told = {"document": yaml.safe_dump(definition("merged")), "then": "merge"}
    assert browser(clients, Role.MANAGER).post("/campaigns/new", data=told).status_code == 422
    assert clients(Role.VIEWER).get("/api/v1/campaigns/merged").status_code == 404


@pytest.mark.parametrize("page", ["edit", "rerun"])
def test_what_would_run_is_asked_from_the_forms_that_change(clients: Clients, page: str) -> None:
    manager = browser(clients, Role.MANAGER)
    ref = clients(Role.MANAGER).post("/api/v1/campaigns", json=definition("before")).json()["id"]
    changed = {**definition("after"), "output": "u/mary/after"}
    told = {"document": yaml.safe_dump(changed), "revision": "1", "reason": "To look.", "then": "look"}
    shown = follow(manager, f"/campaigns/{ref}/{page}", **told)
    assert "The site was asked; nothing is started." in flash(shown)
    assert "is looking" in shown
    assert clients(Role.VIEWER).get("/api/v1/campaigns/after").json()["status"] == "defined"


def test_a_paused_form_is_of_what_comes(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    paused = clients(Role.VIEWER).get("/api/v1/campaigns", params={"filter": "status = paused"}).json()["items"][0]["id"]
    page = manager.get(f"/campaigns/{paused}/edit").text
    assert "governs what is submitted from now on" in page
    assert 'id="save-and-begin"' not in page


def test_an_empty_form_tells_what_it_needs_and_no_mistakes(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    page = manager.get("/campaigns/new").text
    assert "To be saved it still needs:" in page
    assert "it cannot be saved yet" not in page
    wrong = manager.post("/campaigns/check", data={"document": "name: a b\ntitle: ''\nreason: c\nkind: other\n"}).text
    assert "2 problems: it cannot be saved yet" in wrong
    assert 'data-where="name (line 1)"' in wrong


def test_what_would_run_leads_on(clients: Clients) -> None:
    manager, agent = browser(clients, Role.MANAGER), FakeAgent(clients(Role.AGENT), clients.clock)
    agent.hello()
    ref = clients(Role.MANAGER).post("/api/v1/campaigns", json=definition("would")).json()["id"]
    page = manager.post(f"/campaigns/{ref}/would-run").headers["location"]
    assert 'id="look-again"' not in manager.get(page).text, "the site is looking"
    agent.take()
    shown = manager.get(page).text
    assert "of revision 1<" in shown
    for element in ("edit", "look-again", "act-start"):
        assert f'id="{element}"' in shown, element
    viewed = browser(clients, Role.VIEWER).get(page).text
    for element in ("edit", "look-again", "act-start"):
        assert f'id="{element}"' not in viewed, element
    clients.clock.advance(seconds=60)
    newer = {"document": yaml.safe_dump(definition("would", team="drp")), "revision": "1", "reason": "Of the team."}
    assert manager.post(f"/campaigns/{ref}/edit", data=newer).status_code == 303
    assert "asked of revision 1; the newest is 2" in manager.get(page).text
