"""The pages that run campaigns again and put them side by side."""

from __future__ import annotations

import html
import re

from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser


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
