"""The pages that run campaigns again and put them side by side."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from campaigns.config import Settings
from campaigns.domain.document import with_reason
from campaigns.domain.identity import Role
from support.repositories import Repository
from support.serving import Clients
from web.conftest import browser
from web.examples import definition
from web.fake_agent import FakeAgent


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def fields(page: str) -> dict[str, str]:
    found = re.search(r'<textarea id="document".*?>(.*?)</textarea>', page, re.DOTALL)
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    assert once is not None
    return {"document": html.unescape(found[1]), "once": once[1], "revision": "1"}


def test_a_rerun_shows_its_changes_before_it_is_made(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    page = mary.get("/campaigns/C-2/rerun").text
    assert "2 changes from C-2 revision 1" in text_of(page)
    form = fields(page)
    form["document"] = form["document"].replace("stack: w_2026_46", "stack: w_2026_48")
    checked = mary.post("/campaigns/C-2/rerun/check?revision=1", data={"document": form["document"]}).text
    assert "3 changes from C-2 revision 1" in text_of(checked)
    refused = mary.post("/campaigns/C-2/rerun", data={**form, "reason": ""})
    assert refused.status_code == 422
    assert "w_2026_48" in fields(refused.text)["document"]
    made = mary.post("/campaigns/C-2/rerun", data={**form, "reason": "The <b>next</b> stack."})
    assert made.status_code == 303
    shown = mary.get(f"{made.headers['location']}?tab=definition").text
    assert "Where it comes from" in shown
    assert "same data, other processing" in shown
    assert "The <b>next</b> stack." not in shown
    again = mary.post("/campaigns/C-2/rerun", data={**form, "reason": "The <b>next</b> stack."})
    assert again.headers["location"] == made.headers["location"]


def test_a_rerun_is_a_managers(clients: Clients) -> None:
    assert browser(clients, Role.OPERATOR).get("/campaigns/C-2/rerun").status_code == 403
    page = browser(clients, Role.OPERATOR).get("/campaigns/C-2").text
    assert 'id="rerun"' not in page
    assert 'id="compare"' in page


def test_campaigns_side_by_side(clients: Clients) -> None:
    victor = browser(clients, Role.VIEWER)
    page = victor.get("/compare?of=C-1&of=C-2&of=C-3").text
    for part in ("definition", "outcome", "failures", "time", "outputs"):
        assert f'<section class="part" id="{part}"' in page
    only = page.count("<tr")
    assert victor.get("/compare?of=C-1&of=C-2&of=C-3&all=1").text.count("<tr") > only
    assert "The definitions are the same." in victor.get("/compare?of=C-2&of=C-2").text
    assert 'id="ask-outputs"' not in page
    assert "<script>alert" not in victor.get("/compare?of=C-4&of=C-2").text


def test_one_is_asked_what_to_compare_with(clients: Clients) -> None:
    victor = browser(clients, Role.VIEWER)
    assert victor.get("/compare").status_code == 200
    assert "Compare C-2 with" in victor.get("/compare?of=C-2").text
    assert victor.get("/compare?of=C-99").status_code == 404
    assert victor.get("/compare?of=C-1&of=C-2@77").status_code == 404


def test_no_way_out_of_the_pages(clients: Clients) -> None:
    otto = browser(clients, Role.OPERATOR)
    answer = otto.post("/compare/outputs", data={"of": ["C-1", "C-2"], "here": "//elsewhere.example.org"})
    assert answer.status_code in (303, 409)
    assert "elsewhere" not in answer.headers.get("location", "")


def test_what_is_ticked_in_the_list_is_compared(clients: Clients) -> None:
    victor = browser(clients, Role.VIEWER)
    page = victor.get("/campaigns").text
    assert 'action="/compare" id="picked"' in page
    assert page.count('form="picked" name="of"') == 8
    assert "Compare</h1>" in victor.get("/compare?of=C-2&of=C-1").text


def test_the_reason_of_a_rerun_is_what_the_document_says(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    form = fields(mary.get("/campaigns/C-2/rerun").text)
    assert 'reason: ""' in form["document"]
    page = mary.get("/campaigns/C-2/rerun").text
    assert 'id="save-and-begin"' in page
    assert "is paused" not in text_of(page)
    told = with_reason(form["document"], "The next stack.")
    checked = text_of(mary.post("/campaigns/C-2/rerun/check?revision=1", data={"document": told}).text)
    assert "3 changes from C-2 revision 1" in checked
    assert "The title is still that of C-2." in checked
    # Without scripts the reason stands above the document alone.
    made = mary.post("/campaigns/C-2/rerun", data={**form, "reason": "The next stack."})
    ref = made.headers["location"].rpartition("/")[2].partition("?")[0]
    assert mary.get(f"/api/v1/campaigns/{ref}").json()["reason"] == "The next stack."


def test_another_stack_changes_the_output_that_is_proposed(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    shared = {**definition("weekly"), "output": "LSSTCam/runs/RC2/w_2026_46/DM-51234"}
    ref = mary.post("/api/v1/campaigns", json=shared).json()["id"]
    form = fields(mary.get(f"/campaigns/{ref}/rerun").text)
    assert "output: LSSTCam/runs/RC2/w_2026_46-r2/DM-51234" in form["document"]
    newer = with_reason(form["document"], "The next stack.").replace("stack: w_2026_46", "stack: w_2026_48")
    checked = mary.post(f"/campaigns/{ref}/rerun/check?revision=1", data={"document": newer}).text
    assert 'data-output="LSSTCam/runs/RC2/w_2026_48/DM-51234"' in checked


def test_a_refused_save_says_so_and_leads_to_what_is_wrong(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    page = mary.post("/campaigns/new", data={"document": "name: ''\ntitle: ''\nkind: wrong\n", "then": "begin"})
    assert page.status_code == 422
    assert "Not saved: 3 fields are empty, 1 problem." in text_of(page.text)
    assert 'href="#document" data-where="name (line 1)"' in page.text
    form = fields(mary.get("/campaigns/C-2/rerun").text)
    again = mary.post("/campaigns/C-2/rerun", data={**form, "reason": " "})
    assert "Not saved: 1 field is empty." in text_of(again.text)


def test_an_edit_shows_its_changes_and_saves_none(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    page = mary.get("/campaigns/C-5/edit").text
    assert "Nothing changes since revision 1" in text_of(page)
    document = fields(page)["document"]
    changed = document.replace("stack: w_2026_46", "stack: w_2026_48")
    checked = text_of(mary.post("/campaigns/C-5/edit/check?revision=1", data={"document": changed}).text)
    assert "1 change since revision 1" in checked
    assert "w_2026_48" in checked
    same = mary.post("/campaigns/C-5/edit", data={"document": document, "revision": "1", "reason": "To look."})
    assert "Nothing was changed: C-5 stays at revision 1." in text_of(mary.get(same.headers["location"]).text)
    assert mary.get("/api/v1/campaigns/C-5").json()["revision"] == 1


def test_a_paused_campaign_takes_newer_commits(clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "git_roots", property(lambda _: (tmp_path,)))
    made = Repository(tmp_path / "drp")
    made.commit({"drp.yaml": "a"})
    mary, agent = browser(clients, Role.MANAGER), FakeAgent(clients(Role.AGENT), clients.clock)
    agent.hello()
    spec = {"repository": str(made.path), "reference": "main"}
    ref = mary.post("/api/v1/campaigns", json=definition("in-git", pipeline="drp.yaml", processing_spec=spec)).json()["id"]
    mary.post(f"/api/v1/campaigns/{ref}/transitions", json={"action": "start", "reason": "go", "wait_s": 0})
    agent.take()
    mary.post(f"/api/v1/campaigns/{ref}/transitions", json={"action": "pause", "reason": "To look."})
    page = f"/campaigns/{ref}/specifications"
    assert 'id="take-commits"' not in mary.get(page).text
    document = fields(mary.get(f"/campaigns/{ref}/edit").text)["document"]
    same = {"document": document, "revision": "1", "reason": "To look."}
    assert "Nothing was changed" in text_of(mary.get(mary.post(f"/campaigns/{ref}/edit", data=same).headers["location"]).text)
    made.commit({"drp.yaml": "b"}, subject="Better sky")
    edit = text_of(mary.get(f"/campaigns/{ref}/edit").text)
    assert "main has moved: 1 commit since." in edit
    assert "Nothing changes since revision 1 but the commits, where they have moved" in edit
    assert 'id="take-commits"' in mary.get(page).text
    taken = mary.post(f"{page}/take", data={"revision": "1", "reason": "The better sky."})
    assert "Revision 2" in text_of(mary.get(taken.headers["location"]).text)
    assert "main still stands for that commit." in text_of(mary.get(page).text)
    assert browser(clients, Role.OPERATOR).post(f"{page}/take", data={"revision": "2", "reason": "x"}).status_code == 403


def test_a_set_is_the_same_however_it_is_named(clients: Clients) -> None:
    mary, agent = browser(clients, Role.MANAGER), FakeAgent(clients(Role.AGENT), clients.clock)
    agent.hello()
    sent = {"site": "here", "butler": "main", "name": "demo/bad", "data_ids": [{"visit": 1}], "reason": "Bad."}
    mary.post("/api/v1/dataid-sets", json=sent)
    agent.take()
    refs = []
    for name, reference, stack in (("one", "demo/bad", "w_2026_45"), ("two", "demo/bad@1", "w_2026_46")):
        made = definition(name, sets={"exclude": [reference]}, stack=stack)
        refs.append(mary.post("/api/v1/campaigns", json=made).json()["id"])
        mary.post(f"/api/v1/campaigns/{refs[-1]}/transitions", json={"action": "start", "reason": "go", "wait_s": 0})
        agent.take()
    page = text_of(mary.get(f"/compare?of={refs[0]}&of={refs[1]}").text)
    assert "same data, other processing" in page
    assert f"{refs[0]} → {refs[1]} : stack w_2026_45 → w_2026_46; " in page
    assert "as many quanta not succeeded" in page


def test_what_came_of_campaigns_is_held_against_the_first(clients: Clients) -> None:
    page = browser(clients, Role.VIEWER).get("/compare?of=C-1&of=C-2").text
    assert "+12 quanta not succeeded" in text_of(page)
    assert re.search(r'in the graphs</th><td class="num">[\d,]+</td><td class="num odd">', page)
    statuses = re.findall(r'<span class="status-(\w+)">\1</span> <code>', page)
    assert statuses == sorted(statuses, key=["failed", "unknown", "blocked"].index)
    assert len(set(statuses)) == 2


def test_what_is_alike_is_offered_for_comparison(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    form = fields(mary.get("/campaigns/C-2/rerun").text)
    made = mary.post("/campaigns/C-2/rerun", data={**form, "reason": "The next."}).headers["location"]
    ref = made.rpartition("/")[2].partition("?")[0]
    page = mary.get("/compare?of=C-2").text
    line = re.search(r'<ul class="files" id="line">.*?</ul>', page, re.DOTALL)
    assert line is not None
    assert f"/compare?of={ref}&amp;of=C-2" in line[0]
    others = page[page.index("The newest of its kind") :]
    assert "of=C-3&" not in others, "it is of another kind"
    assert f'<option value="rc2-w_2026_46-r2">{ref} ' in page
