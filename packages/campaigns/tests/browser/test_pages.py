"""The pages in a browser: what one types, sees change, and reaches by the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Served
from campaigns.domain.identity import Role
from campaigns.domain.quanta import TaskCounts

pytestmark = pytest.mark.browser

DOCUMENT = """\
# Written by hand.
name: by-hand
title: By hand
reason: To see it done.
kind: development
site: here
stack: w_2026_46
butler: main
inputs: [LSSTCam/defaults]
output: u/mary/by-hand
pipeline: drp.yaml
steps:
  - name: step1
  - name: step2
    needs: [step1]
    gate: {accept: person}
"""


def seen(page: Page, selector: str) -> int:
    """Tell how many elements can be seen."""
    return sum(element.is_visible() for element in page.locator(selector).all())


def test_the_form_and_the_document_are_the_same_thing(served: Served) -> None:
    page = served.open("/campaigns/new")
    page.get_by_label("Short name").fill("from-the-form")
    page.get_by_label("Title", exact=True).first.fill("From the form")
    page.get_by_label("Reason").fill("To see it.")
    expect(page.locator("#verdict")).to_contain_text("It can be saved as a draft")
    text = page.locator("#document").input_value()
    assert "# Fill in the form or write here" in text, "comments stay"
    assert "name: from-the-form" in text.replace('"', "")
    page.get_by_role("button", name="add a step").click()
    assert "step2" in page.locator("#document").input_value()
    expect(page.locator("#verdict svg.graph.right g.node")).to_have_count(2)

    page.locator("#document").fill(DOCUMENT)
    expect(page.get_by_label("Short name")).to_have_value("by-hand")
    expect(page.locator("#verdict")).to_contain_text("It has all it needs to begin.")
    page.get_by_label("Ticket").fill("DM-1")
    text = page.locator("#document").input_value()
    assert text.startswith("# Written by hand.")
    assert "ticket: DM-1" in text
    page.get_by_label("Ticket").fill("")
    assert "ticket" not in page.locator("#document").input_value()


def test_problems_are_told_with_their_lines_and_lead_there(served: Served) -> None:
    page = served.open("/campaigns/new")
    page.locator("#document").fill(DOCUMENT.replace("kind: development", "kind: developement"))
    expect(page.locator("#verdict")).to_contain_text("1 problem: it cannot be saved yet")
    page.locator("#verdict [data-where]").click()
    selected = page.evaluate(
        "(() => { const t = document.getElementById('document'); return t.value.slice(t.selectionStart, t.selectionEnd); })()"
    )
    assert selected == "kind: developement"


def test_from_the_definition_to_an_accepted_submission(served: Served) -> None:
    page = served.open("/campaigns/new")
    page.locator("#document").fill(DOCUMENT)
    page.get_by_role("button", name="save and begin").click()
    expect(page.locator("#flash")).to_have_text("C-9 is saved as defined, revision 1. It is being started.")
    expect(page.locator("#starting")).to_be_visible()

    # The page follows what the agent does, without being loaded again, and keeps what is unfolded and typed.
    page.evaluate("window.sameLoad = true")
    served.agent.take()
    expect(page.locator("#row-S-12")).to_contain_text("queued")
    [first] = served.agent.take()
    served.agent.launch(first)
    served.agent.run(first, [TaskCounts(label="isr", expected=10, succeeded=4, unknown=6)])
    expect(page.locator("#row-S-12")).to_contain_text("running")
    expect(page.locator("#row-S-12")).to_contain_text("4 / 10")
    page.locator("#act-pause summary").click()
    reason = page.locator("#act-pause-reason")
    reason.fill("half a sent")
    served.agent.run(first, [TaskCounts(label="isr", expected=10, succeeded=9, unknown=1)])
    expect(page.locator("#row-S-12")).to_contain_text("9 / 10")
    expect(reason).to_have_value("half a sent")
    expect(reason).to_be_focused()
    page.keyboard.press("Escape")
    served.agent.end(first, [TaskCounts(label="isr", expected=10, succeeded=10)])
    expect(page.locator("#row-S-12")).to_contain_text("accepted")
    assert page.evaluate("window.sameLoad")

    [second] = served.agent.take()
    served.agent.launch(second)
    served.agent.end(second, [TaskCounts(label="coadd", expected=3, succeeded=3)])
    expect(page.locator("#waits")).to_contain_text("waits to be accepted or rejected")
    assert page.title().startswith("⏸ C-9")

    page.keyboard.press("a")
    expect(page.locator("#wait-S-13-accept-reason")).to_be_focused()
    page.keyboard.type("It looks as it should.")
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_have_text("S-13 is accepted; its run is being chained.")
    served.agent.take()
    expect(page.locator("#ended")).to_contain_text("Completed")


def test_rows_are_walked_by_the_keyboard(served: Served) -> None:
    page = served.open("/campaigns", Role.VIEWER)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#row-C-7 a.row-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.url}/campaigns/C-7")
    page.keyboard.press("6")
    expect(page).to_have_url(f"{served.url}/campaigns/C-7?tab=history")
    page.keyboard.press("u")
    expect(page).to_have_url(f"{served.url}/campaigns")
    page.keyboard.press("?")
    expect(page).to_have_url(f"{served.url}/help")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("u")
    page.wait_for_timeout(200)
    expect(page).to_have_url(f"{served.url}/help")


def test_what_is_ticked_is_counted_anew_when_the_list_is_refreshed(served: Served) -> None:
    mary = served.clients(Role.MANAGER)
    [runs] = [one["id"] for one in mary.get("/api/v1/campaigns", params={"filter": "status = running"}).json()["items"]]
    [other, *_] = [one["id"] for one in mary.get("/api/v1/campaigns", params={"filter": "status = completed"}).json()["items"]]
    page = served.open("/campaigns?filter=held+%3D+no")
    for ref in (runs, other):
        page.locator(f"#pick-{ref}").check()
    expect(page.locator("#compare-picked")).to_have_text("compare 2")
    paused = mary.post(f"/api/v1/campaigns/{runs}/transitions", json={"action": "pause", "reason": "The disk is full."})
    assert paused.status_code == 200, paused.text
    expect(page.locator(f"#row-{runs}")).to_have_count(0, timeout=10_000)
    expect(page.locator(f"#pick-{other}")).to_be_checked()
    expect(page.locator("#compare-picked")).to_have_text("compare…")


def test_a_failure_is_two_clicks_from_its_log(served: Served) -> None:
    page = served.open("/campaigns/C-2?tab=failures", Role.VIEWER)
    page.locator("#pattern-1 summary").click()
    page.locator("#pattern-1").get_by_role("link", name="log").first.click()
    expect(page.locator("#lines")).to_contain_text("No usable input warps are left")


def test_all_of_it_without_scripts(served: Served) -> None:
    page = served.open("/campaigns/new", scripts=False)
    assert not page.locator("#guided").is_visible()
    page.locator("#document").fill(DOCUMENT.replace("kind: development", "kind: wrong"))
    page.get_by_role("button", name="save", exact=True).click()
    expect(page.locator("#verdict")).to_contain_text("1 problem")
    page.locator("#document").fill(DOCUMENT)
    page.get_by_role("button", name="save", exact=True).click()
    expect(page.locator("#flash")).to_have_text("C-9 is saved as defined, revision 1.")
    page.locator("#act-start summary").click()
    page.locator("#act-start-reason").fill("Why not.")
    page.locator("#act-start-do").click()
    expect(page.locator("#starting")).to_be_visible()


@pytest.mark.parametrize("width", [360, 420, 1440])
@pytest.mark.parametrize(
    "path",
    [
        "/campaigns",
        "/campaigns/C-2",
        "/campaigns/C-2?tab=failures",
        "/campaigns/C-2?tab=data",
        "/submissions/S-5",
        "/submissions/S-5/exclude",
        "/dataid-sets",
        "/dataid-sets/here/main/DM-51300/clouds@1",
        "/campaigns/new",
        "/campaigns/C-2/rerun",
        "/compare?of=C-1&of=C-2&of=C-3",
        "/compare?of=C-2",
        "/help",
    ],
)
def test_nothing_is_wider_than_the_page(served: Served, path: str, width: int) -> None:
    page = served.open(path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_one_picture_of_the_steps_is_seen_at_a_time(served: Served) -> None:
    wide, narrow = served.open("/campaigns/C-2"), served.open("/campaigns/C-2", width=420)
    assert (seen(wide, "svg.graph"), seen(wide, ".steps-list")) == (1, 0)
    assert (seen(narrow, "svg.graph"), seen(narrow, ".steps-list")) == (0, 1)


def test_signing_in_by_a_link_and_working_with_the_cookie(served: Served) -> None:
    link = served.clients(Role.ADMIN).post("/api/v1/users/mary/login-links").json()["path"]
    page = served.open("/campaigns/C-2?tab=notes", None)
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fcampaigns%2FC-2"))
    page.goto(served.url + link)
    page.locator("#sign-in").click()
    expect(page.locator(".who")).to_contain_text("mary")
    page.goto(f"{served.url}/campaigns/C-2")
    page.keyboard.press("n")
    expect(page.locator("#note-body")).to_be_focused()
    page.keyboard.type("Seen at *3 a.m.*")
    page.locator("#note-save").click()
    expect(page.locator("#flash")).to_have_text("The note is saved.")
    expect(page.locator(".note em").first).to_have_text("3 a.m.")
    page.locator("#sign-out").click()
    expect(page.locator("#login-form")).to_be_visible()


def test_values_are_ticked_in_the_builder(served: Served) -> None:
    page = served.open("/campaigns", Role.VIEWER)
    page.locator("#builder > summary").click()
    for status in ("running", "paused"):
        page.get_by_label(status, exact=True).check()
    page.locator("#build-and").click()
    expect(page.locator("#filter")).to_have_value("status in (running, paused)")
    page.locator("#builder > summary").click()
    page.locator("#build-field").select_option("waits")
    page.get_by_label("yes", exact=True).check()
    page.locator("#build-and").click()
    expect(page.locator("#filter")).to_have_value("status in (running, paused) and waits = yes")
    page.locator("#builder > summary").click()
    page.locator("#build-field").select_option("updated")
    page.locator("#build-since").select_option("the day…")
    page.locator("#build-date").fill("2026-01-31")
    page.locator("#build-and").click()
    expect(page.locator("#filter")).to_have_value("status in (running, paused) and waits = yes and updated > 2026-01-31")
    expect(page.locator("#found")).to_contain_text("match")


def test_an_action_on_many_is_counted_before_it_is_done(served: Served) -> None:
    page = served.open("/campaigns?filter=status+in+(paused,+completed)")
    page.locator("#bulk > summary").click()
    page.locator("#bulk-action").select_option("cancel")
    expect(page.locator("#bulk-do")).to_have_text("cancel 3 campaigns")
    expect(page.locator("#bulk-outlook")).to_contain_text("1 cannot (already ended)")
    expect(page.locator("#bulk-do")).to_have_class(re.compile("button-danger"))
