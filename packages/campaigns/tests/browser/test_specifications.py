"""Defining by more than the simplest fields, from a repository, and going on after somebody else's change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Served
from campaigns.config import Settings
from campaigns.domain.identity import Role
from support.repositories import Repository
from web.examples import definition

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("CAMPAIGN_SHOTS")
"""A folder for pictures of the pages, for whoever wants to look at them."""


def picture(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("width", [1280, 420])
def test_unfolded_fields_are_the_document(served: Served, width: int) -> None:
    page = served.open("/campaigns/new", width=width)
    page.locator(".unfold > summary", has_text="In git").click()
    page.get_by_label("Processing: repository").fill("https://github.com/lsst/drp_pipe")
    page.locator("#g-processing_spec-reference").fill("v1.2")
    page.locator(".unfold > summary", has_text="What jobs need").click()
    page.get_by_label("By task").fill("isr: {memory_mb: 4096}")
    text = page.locator("#document").input_value()
    assert "repository: https://github.com/lsst/drp_pipe" in text
    assert "memory_mb: 4096" in text
    page.get_by_label("By task").fill("isr: {memory_mb: ")
    expect(page.get_by_label("By task")).to_have_attribute("aria-invalid", "")
    assert page.locator("#document").input_value() == text, "what cannot be read changes nothing"
    page.get_by_label("By task").fill("")
    assert "tasks" not in page.locator("#document").input_value()
    picture(page, f"define-{width}")


def test_a_repository_that_is_not_allowed_is_told_beside_its_form(served: Served) -> None:
    page = served.open("/campaigns/new", width=1280)
    page.locator("#from-repository > summary").click()
    page.get_by_label("Repository", exact=True).fill("/etc")
    page.get_by_label("Tag, branch or commit").first.fill("v1")
    page.locator("#fr-read").click()
    expect(page.locator("#fr-problem")).to_contain_text("The service may not read /etc")
    expect(page.get_by_label("Repository", exact=True)).to_have_value("/etc")
    picture(page, "from-repository")


@pytest.mark.parametrize("width", [1280, 420])
def test_two_changes_stand_side_by_side_and_can_be_put_together(served: Served, width: int) -> None:
    manager = served.clients(Role.MANAGER)
    made = manager.post("/api/v1/campaigns", json=definition("clash")).json()
    page = served.open(f"/campaigns/{made['id']}/edit", width=width)
    theirs = definition("clash", title="Theirs", team="drp")
    answer = manager.post(
        f"/api/v1/campaigns/{made['id']}/revisions", params={"reason": "other"}, json=theirs, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 201
    page.get_by_label("Title", exact=True).first.fill("Mine")
    page.get_by_label("Ticket").fill("DM-2")
    page.get_by_label("Why is it changed?").fill("mine")
    page.locator("#save").click()
    expect(page.locator("#clash-h")).to_contain_text("in 1 of which both changed the same")
    expect(page.locator("#clash-table tr.conflict")).to_contain_text("Theirs")
    picture(page, f"clash-{width}")
    page.locator("#merge").click()
    text = page.locator("#document").input_value()
    assert ("title: Mine" in text, "team: drp" in text, "ticket: DM-2" in text) == (True, True, True)
    page.locator("#save").click()
    expect(page.locator("#flash")).to_contain_text("revision 3")


@pytest.mark.parametrize("width", [1280, 420])
def test_commits_stand_on_the_page_and_their_repository_is_asked_on_request(
    served: Served, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Repository(tmp_path / "shared" / "drp")
    made.commit({"drp.yaml": "a", "data/bad seeing.json": '[{"visit": 1}, {"visit": 2}]'}, tag="v1")
    monkeypatch.setattr(Settings, "git_roots", property(lambda _: (tmp_path / "shared",)))
    spec = {"repository": str(made.path), "reference": "main"}
    document = definition("in-git", pipeline="drp.yaml", processing_spec=spec, data_spec={**spec, "path": "data"})
    ref = served.clients(Role.MANAGER).post("/api/v1/campaigns", json=document).json()["id"]
    page = served.open(f"/campaigns/{ref}", width=width)
    page.locator("#specs-moved").click()
    expect(page.locator("main")).to_contain_text("Nothing is kept of it")
    page.locator("#rows-1 > summary").click()
    expect(page.locator("#rows-1 tbody tr")).to_have_count(2)
    picture(page, f"specifications-before-{width}")
    page = served.open(f"/campaigns/{ref}", width=width)
    page.locator("#would-run").click()
    expect(page.locator("#looking")).to_be_visible()
    served.agent.take()
    page = served.open(f"/campaigns/{ref}", width=width)
    served.clients(Role.MANAGER).post(
        f"/api/v1/campaigns/{ref}/transitions", json={"action": "start", "reason": "go", "wait_s": 0}
    )
    served.agent.take()
    made.commit({"drp.yaml": "b"}, subject="Better sky")
    page.reload()
    expect(page.locator("#specs")).to_contain_text("processing spec main@")
    picture(page, f"campaign-{width}")
    page.locator("#specs-moved").click()
    expect(page.locator("#moved-processing")).to_contain_text("main has moved: 1 commit since.")
    expect(page.locator("#list-1")).to_contain_text("data/bad seeing.json")
    picture(page, f"specifications-{width}")


def test_a_refused_save_leads_to_the_first_field_that_is_empty(served: Served) -> None:
    page = served.open("/campaigns/new", width=1280)
    page.locator("#save-and-begin").click()
    expect(page.locator("#refused")).to_contain_text("Not saved: 3 fields are empty.")
    expect(page.locator("#g-name")).to_be_focused()
    page.locator("#refused a").nth(2).click()
    expect(page.locator("#g-reason")).to_be_focused()


def test_what_is_said_above_a_rerun_is_in_its_document(served: Served) -> None:
    made = definition("weekly", output="LSSTCam/runs/RC2/w_2026_46/DM-51234")
    ref = served.clients(Role.MANAGER).post("/api/v1/campaigns", json=made).json()["id"]
    page = served.open(f"/campaigns/{ref}/rerun", width=1280)
    expect(page.locator("#changes-h")).to_have_text(f"2 changes from {ref} revision 1")
    page.get_by_label("Why is it run again?").fill("The next weekly: #48")
    expect(page.locator("#changes-h")).to_have_text(f"3 changes from {ref} revision 1")
    assert '"The next weekly: #48"' in page.locator("#document").input_value()
    page.locator("#g-stack").fill("w_2026_48")
    expect(page.locator("#g-output")).to_have_value("LSSTCam/runs/RC2/w_2026_48/DM-51234")
    page.locator("#g-output").fill("u/mary/mine")
    page.locator("#g-stack").fill("w_2026_50")
    expect(page.locator("#proposed")).to_contain_text("LSSTCam/runs/RC2/w_2026_50/DM-51234")
    expect(page.locator("#g-output")).to_have_value("u/mary/mine")
    page.locator("#take-proposed").click()
    expect(page.locator("#g-output")).to_have_value("LSSTCam/runs/RC2/w_2026_50/DM-51234")
