"""Notes, operators, sign-offs, links and history on the pages, without a script."""

from __future__ import annotations

import re
from urllib.parse import unquote

from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
API = "/api/v1"


def note(clients: Clients, body: str = "First", role: Role = Role.OPERATOR) -> dict[str, str]:
    answer = clients(role).post(f"{API}/campaigns/C-2/notes", json={"body": body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_note_is_written_with_files_and_shown_with_its_state(clients: Clients) -> None:
    page = browser(clients, Role.OPERATOR)
    data = {"body": "@mary look at <b>this</b>", "kind": "problem", "about": "submission:S-5", "then": "/submissions/S-5"}
    files = [("files", ("plot 1.png", PNG, "image/png")), ("files", ("", b"", "application/octet-stream"))]
    answer = page.post("/campaigns/C-2/notes", data=data, files=files)
    assert (answer.status_code, answer.headers["location"].partition("#")[0]) == (303, "/submissions/S-5")
    shown = page.get("/submissions/S-5").text
    assert '<span class="mention">@mary</span> look at &lt;b&gt;this&lt;/b&gt;' in shown
    assert "partly succeeded" in shown
    (picture,) = re.findall(r'<img src="([^"]*plot_1\.png)"', shown)
    given = page.get(picture)
    assert (given.content, given.headers["content-type"]) == (PNG, "image/png")
    assert "sandbox" in given.headers["content-security-policy"]


def test_a_refused_note_comes_back_with_what_was_typed(clients: Clients) -> None:
    page = browser(clients, Role.OPERATOR)
    files = [("files", ("a.exe", b"MZ\xff\xfe", "image/png"))]
    refused = page.post("/campaigns/C-2/notes", data={"body": "Typed with care", "kind": "problem"}, files=files)
    assert refused.status_code == 422
    assert "Typed with care" in refused.text


def test_an_edit_that_comes_too_late_shows_both_texts(clients: Clients) -> None:
    first = note(clients)
    path = f"/campaigns/C-2/notes/{first['root']}/edit"
    page = browser(clients, Role.MANAGER)
    assert "First" in page.get(path).text
    mine = {"parent": first["uuid"], "kind": "observation", "body": "Mary's words"}
    browser(clients, Role.OPERATOR).post(path, data={**mine, "body": "Otto's words"})
    late = page.post(path, data=mine)
    assert late.status_code == 409
    assert "Otto&#39;s words" in late.text
    assert "Mary&#39;s words" in late.text
    (parent,) = re.findall(r'name="parent" value="([^"]+)"', late.text)
    assert page.post(path, data={**mine, "parent": parent, "body": "Both"}).status_code == 303
    shown = page.get("/campaigns/C-2?tab=notes").text
    assert "3 versions" in shown
    assert "2 older versions" in shown


def test_what_is_withdrawn_is_folded_away(clients: Clients) -> None:
    first = note(clients, "A mistake")
    page = browser(clients, Role.OPERATOR)
    answer = page.post(f"/campaigns/C-2/notes/{first['root']}/withdraw", data={"reason": "Not this one"})
    assert answer.status_code == 303
    shown = page.get("/campaigns/C-2?tab=notes").text
    assert "Not this one" in shown
    assert f'id="withdrawn-{first["root"]}"' in shown
    assert f'id="edit-{first["root"]}"' not in shown


def test_a_closed_notebook_has_no_form_until_a_manager_opens_it(clients: Clients) -> None:
    operator, manager = browser(clients, Role.OPERATOR), browser(clients, Role.MANAGER)
    closed = operator.get("/campaigns/C-1?tab=notes").text
    assert 'id="notebook"' in closed
    assert 'id="note-form"' not in closed
    assert 'id="notebook-open"' not in closed
    assert 'id="notebook-open"' in manager.get("/campaigns/C-1?tab=notes").text
    assert manager.post("/campaigns/C-1/notebook/open", data={"reason": "A late finding"}).status_code == 303
    assert 'id="note-form"' in operator.get("/campaigns/C-1?tab=notes").text


def test_operators_are_assigned_from_the_page(clients: Clients) -> None:
    page = browser(clients, Role.OPERATOR)
    assert page.post("/submissions/S-5/operators", data={"operator": "ada", "reason": "Knows it"}).status_code == 303
    shown = page.get("/submissions/S-5").text
    assert 'id="unassign-ada"' in shown
    assert page.post("/submissions/S-5/operators/ada/remove", data={"reason": "Gone"}).status_code == 303
    assert 'id="unassign-' not in page.get("/submissions/S-5").text, "somebody stays answerable"
    assert 'id="assign"' not in browser(clients, Role.VIEWER).get("/submissions/S-5").text


def test_a_definition_is_signed_off_from_the_page(clients: Clients) -> None:
    page = browser(clients, Role.MANAGER)
    assert 'id="sign-off"' in page.get("/campaigns/C-2?tab=definition").text
    assert page.post("/campaigns/C-2/sign-off", data={"revision": "1", "reason": "Read it"}).status_code == 303
    shown = page.get("/campaigns/C-2?tab=definition").text
    assert 'id="signed-off"' in shown
    assert "Read it" in shown
    assert page.post("/campaigns/C-2/sign-off/undo", data={"reason": "A set was wrong"}).status_code == 303
    assert 'id="signed-off"' not in page.get("/campaigns/C-2").text


def test_links_are_added_and_removed_from_the_page(clients: Clients) -> None:
    page = browser(clients, Role.OPERATOR)
    data = {"title": "Talk", "url": "https://example.org/talk", "kind": "document"}
    assert page.post("/campaigns/C-2/links", data=data).status_code == 303
    shown = page.get("/campaigns/C-2?tab=results").text
    assert 'href="https://example.org/talk"' in shown
    (link,) = re.findall(r'id="unlink-([0-9a-f-]{36})"', shown)
    assert page.post(f"/campaigns/C-2/links/{link}/remove", data={"reason": "Moved"}).status_code == 303
    assert "https://example.org/talk" not in page.get("/campaigns/C-2?tab=results").text
    refused = page.post("/campaigns/C-2/links", data={**data, "url": "javascript:alert(1)"})
    assert refused.status_code == 422


def test_the_history_is_filtered_and_given_as_files(clients: Clients) -> None:
    page = browser(clients, Role.VIEWER)
    mine = page.get("/campaigns/C-2?tab=history&kind=note&who=otto").text
    assert len(re.findall(r'<li id="event-\d+" class="event kind-note-', mine)) == 2
    assert 'class="event kind-submission' not in mine
    decided = page.get("/campaigns/C-2?tab=history&kind=decisions").text
    assert set(re.findall(r'class="event kind-([a-z-]+)', decided)) == {"campaign-start", "submission-accepted"}
    (table,) = re.findall(r'id="history-csv" href="([^"]+)"', page.get("/campaigns/C-2?tab=history&kind=decisions").text)
    assert len(page.get(unquote(table.replace("&amp;", "&"))).text.splitlines()) == 1 + decided.count('class="event ')
    whole = page.get("/history?kind=campaign").text
    (older,) = re.findall(r'href="(/history\?before=[^"]*)" id="older"', whole) or ["/history?kind=campaign"]
    assert page.get(older.replace("&amp;", "&")).status_code == 200
    (table,) = re.findall(r'id="history-csv" href="([^"]+)"', mine)
    given = page.get(unquote(table.replace("&amp;", "&")))
    assert given.headers["content-disposition"].endswith('history-C-2.csv"')
    assert len(given.text.splitlines()) == 3
