"""Notes over REST: pinned to a state, edited without losing anything, withdrawn, with files, and closed with the campaign."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.api.app import create_app
from campaigns.api.lists import encode_cursor
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.storage.database import Database
from support.counting import counted
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


@pytest.fixture
def ref(client: Clients, agent: ScriptedAgent) -> str:
    """A campaign whose first submission is queued."""
    made = client(Role.MANAGER).post(f"{API}/campaigns", json=definition()).json()
    client(Role.MANAGER).post(f"{API}/campaigns/{made['id']}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    return str(made["id"])


def write(client: Clients, ref: str, body: str, role: Role = Role.OPERATOR, **others: Any) -> dict[str, Any]:
    answer = client(role).post(f"{API}/campaigns/{ref}/notes", json={"body": body, **others})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def end(client: Clients, ref: str) -> None:
    answer = client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": "cancel", "reason": "Enough"})
    assert answer.status_code == 200, answer.text


def test_a_note_keeps_the_state_of_what_it_is_about(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    note = write(client, ref, "Slow", submission="S-1")
    agent.run(agent.take("submit"), task("a", 5, 4, failed=1))
    later = write(client, ref, "Ended", submission="S-1")
    about_step = write(client, ref, "Look", step="step1")
    assert note["pinned"]["submission_status"] == "queued"
    assert (note["pinned"]["attempt"], note["pinned"]["revision"], note["pinned"]["campaign_status"]) == (1, 1, "running")
    assert later["pinned"]["submission_status"] == "partly_succeeded"
    assert (about_step["step"], about_step["pinned"]["step_status"]) == ("step1", "paused")
    listed = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes").json()["items"]
    assert {one["uuid"]: one["pinned"] for one in listed}[note["uuid"]] == note["pinned"]


@pytest.mark.parametrize(("field", "value"), [("submission", "S-99"), ("step", "step9"), ("set", "no/such")])
def test_what_is_not_the_campaigns_cannot_be_noted_on(client: Clients, ref: str, field: str, value: str) -> None:
    answer = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes", json={"body": "x", field: value})
    assert answer.status_code == 404
    several = {"body": "x", "submission": "S-1", "step": "step1"}
    assert client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes", json=several).status_code == 422


def test_a_set_is_noted_on_by_its_version_and_digest(client: Clients, agent: ScriptedAgent) -> None:
    document = definition(name="with-set", output="u/mary/with-set", sets={"exclude": ["bad@3"]})
    ref = client(Role.MANAGER).post(f"{API}/campaigns", json=document).json()["id"]
    note = write(client, ref, "Too many", set="bad@3")
    assert (note["set_reference"], note["pinned"]["set_reference"]) == ("bad@3", "bad@3")


def test_edits_keep_what_was(client: Clients, ref: str) -> None:
    note = write(client, ref, "First")
    path = f"{API}/campaigns/{ref}/notes/{note['root']}"
    edited = client(Role.OPERATOR).post(f"{path}/versions", json={"body": "Second", "parent": note["uuid"]})
    assert (edited.status_code, edited.json()["version"], edited.json()["root"]) == (201, 2, note["uuid"])
    (standing,) = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes").json()["items"]
    assert (standing["body"], standing["parent"]) == ("Second", note["uuid"])
    versions = client(Role.VIEWER).get(f"{path}/versions").json()["items"]
    assert [(one["body"], one["replaced"]) for one in versions] == [("First", True), ("Second", False)]


def test_an_edit_of_an_old_version_shows_both_texts(client: Clients, ref: str) -> None:
    note = write(client, ref, "First")
    path = f"{API}/campaigns/{ref}/notes/{note['root']}/versions"
    client(Role.OPERATOR).post(path, json={"body": "Otto's", "parent": note["uuid"]})
    answer = client(Role.MANAGER).post(path, json={"body": "Mary's", "parent": note["uuid"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "edit_conflict")
    problem = answer.json()
    assert (problem["newest"]["body"], problem["newest"]["version"], problem["yours"]) == ("Otto's", 2, "Mary's")
    merged = client(Role.MANAGER).post(path, json={"body": "Both", "parent": problem["newest"]["uuid"]})
    assert (merged.status_code, merged.json()["author"]) == (201, "mary")


def test_only_the_author_and_managers_change_a_note(client: Clients, ref: str) -> None:
    note = write(client, ref, "Mine", role=Role.MANAGER)
    path = f"{API}/campaigns/{ref}/notes/{note['root']}"
    assert client(Role.OPERATOR).post(f"{path}/versions", json={"body": "x", "parent": note["uuid"]}).status_code == 403
    assert client(Role.OPERATOR).post(f"{path}/withdraw", json={"reason": "x"}).status_code == 403
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes/nothing/versions").status_code == 404


def test_what_is_withdrawn_stays_on_record(client: Clients, ref: str) -> None:
    note = write(client, ref, "Wrong")
    path = f"{API}/campaigns/{ref}/notes/{note['root']}"
    assert client(Role.OPERATOR).post(f"{path}/withdraw", json={"reason": "  "}).status_code == 422
    withdrawn = client(Role.OPERATOR).post(f"{path}/withdraw", json={"reason": "Another campaign"}).json()
    assert (withdrawn["withdrawn_by"], withdrawn["body"]) == ("otto", "Wrong")
    assert client(Role.OPERATOR).post(f"{path}/withdraw", json={"reason": "Again"}).status_code == 409
    found = client(Role.VIEWER).get(f"{API}/campaigns?filter=note ~ wrong").json()["items"]
    assert found == []
    kinds = [event["kind"] for event in client(Role.VIEWER).get(f"{API}/campaigns/{ref}/events").json()["items"]]
    assert kinds[-2:] == ["note.added", "note.withdrawn"]


def test_who_is_named_finds_the_notes(client: Clients, ref: str, clock: FixedClock) -> None:
    vera, mary = client(Role.VIEWER), client(Role.MANAGER)
    first = write(client, ref, "@vera look")
    clock.advance(seconds=60)
    second = write(client, ref, "@vera and @mary")
    third = write(client, ref, "@vera once more", submission="S-1")
    edited = write(client, ref, "@vera?")
    path = f"{API}/campaigns/{ref}/notes/{edited['root']}"
    body = {"body": "nobody", "parent": edited["uuid"]}
    assert client(Role.OPERATOR).post(f"{path}/versions", json=body).status_code == 201
    gone = write(client, ref, "@vera not this")
    away = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes/{gone['root']}/withdraw", json={"reason": "Wrong"})
    assert away.status_code == 200
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = vera.get(f"{API}/mentions", params={"limit": 1, **cursor}).json()
        seen += [note["uuid"] for note in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert seen == [*sorted((second["uuid"], third["uuid"])), first["uuid"]]
    assert [note["uuid"] for note in mary.get(f"{API}/mentions").json()["items"]] == [second["uuid"]]
    assert client(Role.OPERATOR).get(f"{API}/mentions").json()["items"] == []
    refused = vera.get(f"{API}/mentions", params={"cursor": encode_cursor(1, "x")})
    assert (refused.status_code, refused.json()["where"]) == (422, "query.cursor")
    for asking, names in ((vera, [ref]), (mary, [ref]), (client(Role.OPERATOR), [])):
        listed = asking.get(f"{API}/campaigns", params={"filter": "mention = me"}).json()["items"]
        assert [one["id"] for one in listed] == names
    page = vera.get("/mentions").text
    assert [page.index(f"note-{root}") for root in (second["root"], first["root"])] == sorted(
        page.index(f"note-{root}") for root in (second["root"], first["root"])
    )
    assert 'mentions <b class="num">3</b>' in page
    assert 'mentions <b class="num">1</b>' in mary.get("/campaigns").text
    clock.advance(seconds=8 * 86400)
    assert '<b class="num">' not in vera.get("/mentions").text.partition("<main")[0]


def test_mentions_in_what_one_may_not_see_are_not_told(client: Clients) -> None:
    mary, vera = client(Role.MANAGER), client(Role.VIEWER)
    hidden = {"name": "hidden", "title": "-", "reason": "-", "kind": "other", "visibility": "team", "team": "raptors"}
    assert mary.post(f"{API}/campaigns", json=hidden).status_code == 201
    write(client, "hidden", "@vera and @mary", role=Role.MANAGER)
    assert len(mary.get(f"{API}/mentions").json()["items"]) == 1
    assert vera.get(f"{API}/mentions").json()["items"] == []
    assert '<b class="num">' not in vera.get("/mentions").text.partition("<main")[0]


def test_campaigns_of_mentions_are_read_at_once(client: Clients, clock: FixedClock) -> None:
    for name in ("one", "two", "three"):
        document = {"name": name, "title": "-", "reason": "-", "kind": "other"}
        assert client(Role.MANAGER).post(f"{API}/campaigns", json=document).status_code == 201
        write(client, name, f"@vera, look at {name}")
        clock.advance(seconds=1)
    with counted() as seen:
        page = client(Role.VIEWER).get("/mentions").text
    assert page.index("look at three") < page.index("look at two") < page.index("look at one")
    assert len([one for one in seen if "JOIN revision" in one]) == 1


def test_counts_and_waits_are_found_as_they_change(client: Clients, agent: ScriptedAgent, ref: str) -> None:
    def found(wanted: str) -> bool:
        return bool(client(Role.VIEWER).get(f"{API}/campaigns", params={"filter": wanted, "sort": "-failed"}).json()["items"])

    assert found("submissions = 1 quanta = 0 waits_for is empty")
    agent.run(agent.take("submit"), task("a", 5, 4, failed=1))
    assert found("failed > 0 succeeded = 4 quanta = 5")
    assert found("waits_for = s-1 waits_for = step1")
    restarted = client(Role.OPERATOR).post(f"{API}/submissions/S-1/restart", json={"reason": "Again"})
    assert restarted.status_code < 300, restarted.text
    assert found("submissions = 2 failed = 0 quanta = 0 not waits_for = s-1")


def test_users_are_mentioned(client: Clients, ref: str) -> None:
    note = write(client, ref, "@vera and @mary, see `@ada`; not@otto.org or @nobody. Ask @vera.")
    assert note["mentions"] == ["mary", "vera"]


def test_notes_are_found(client: Clients, ref: str) -> None:
    note = write(client, ref, "Clouds in the west")
    assert len(client(Role.VIEWER).get(f"{API}/campaigns?filter=note ~ 'clouds in'").json()["items"]) == 1
    edit = {"body": "Clear", "parent": note["uuid"]}
    client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notes/{note['root']}/versions", json=edit)
    assert client(Role.VIEWER).get(f"{API}/campaigns?filter=note ~ clouds").json()["items"] == []


# ---- files -----------------------------------------------------------------------------------------------------------


def attach(client: Clients, ref: str, note: str, *files: tuple[str, bytes], role: Role = Role.OPERATOR) -> Any:
    sent = [("files", (name, content, "text/html")) for name, content in files]
    return client(role).post(f"{API}/campaigns/{ref}/notes/{note}/files", files=sent)


def test_files_are_kept_by_what_they_are_and_given_safely(client: Clients, ref: str) -> None:
    note = write(client, ref, "See")["root"]
    answer = attach(client, ref, note, ("../a b.png", PNG), ("page.html", b"<script>alert(1)</script>"))
    assert answer.status_code == 201, answer.text
    types = {file["name"]: (file["content_type"], file["is_image"]) for file in answer.json()["attachments"]}
    assert types == {"a_b.png": ("image/png", True), "page.html": ("text/plain", False)}
    picture = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes/{note}/files/a_b.png")
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    page = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes/{note}/files/page.html")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment")
    for given in (picture, page):
        assert "sandbox" in given.headers["content-security-policy"]
        assert given.headers["x-content-type-options"] == "nosniff"
    again = attach(client, ref, note, ("a b.png", PNG))
    assert (again.status_code, len(again.json()["attachments"])) == (201, 2)
    assert attach(client, ref, note, ("a b.png", PNG + b"2")).status_code == 409
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes/{note}/files/other.png").status_code == 404


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("a.exe", b"MZ\x90\x00\xff")], 422),
        ([("empty.txt", b"")], 422),
        ([("...", b"text")], 422),
        ([(f"{number}.txt", b"text") for number in range(11)], 422),
        ([("large.txt", b"x" * 3_000)], 413),
        ([(f"{number}.txt", b"x" * 1_900) for number in range(3)], 413),
    ],
)
def test_files_that_cannot_be_attached(
    tmp_path: Any, sqlite_database: Database, clock: FixedClock, files: list[tuple[str, bytes]], status: int
) -> None:
    settings = Settings(data_dir=tmp_path / "data", note_file_mb=0.002, note_files_mb=0.005)
    client = Clients(create_app(settings, sqlite_database, clock=clock))
    ref = client(Role.MANAGER).post(f"{API}/campaigns", json=definition()).json()["id"]
    note = write(client, ref, "See")["root"]
    answer = attach(client, ref, note, *files)
    assert (answer.status_code, bool(answer.json().get("remedy"))) == (status, True), answer.text
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}/notes").json()["items"][0]["attachments"] == []


# ---- the end ---------------------------------------------------------------------------------------------------------


def test_the_notebook_closes_with_the_campaign(client: Clients, ref: str) -> None:
    note = write(client, ref, "Before")
    notes, path = f"{API}/campaigns/{ref}/notes", f"{API}/campaigns/{ref}/notes/{note['root']}"
    early = client(Role.MANAGER).post(f"{API}/campaigns/{ref}/notebook", json={"open": True, "reason": "x"})
    assert early.status_code == 409
    end(client, ref)
    refused = [
        client(Role.MANAGER).post(notes, json={"body": "After"}),
        client(Role.OPERATOR).post(f"{path}/versions", json={"body": "x", "parent": note["uuid"]}),
        client(Role.OPERATOR).post(f"{path}/withdraw", json={"reason": "x"}),
        attach(client, ref, note["root"], ("a.txt", b"text")),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(409, "notebook_closed")] * 4
    reopen = {"open": True, "reason": "The review found something"}
    assert client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/notebook", json=reopen).status_code == 403
    assert client(Role.MANAGER).post(f"{API}/campaigns/{ref}/notebook", json=reopen).status_code == 200
    assert client(Role.MANAGER).post(f"{API}/campaigns/{ref}/notebook", json=reopen).status_code == 409
    write(client, ref, "After")
    closed = client(Role.MANAGER).post(f"{API}/campaigns/{ref}/notebook", json={"open": False, "reason": "Done"})
    assert closed.status_code == 200
    assert client(Role.OPERATOR).post(notes, json={"body": "Late"}).status_code == 409
    events = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/events").json()["items"]
    assert [event["kind"] for event in events if "notebook" in event["kind"]] == [
        "campaign.notebook_reopened",
        "campaign.notebook_closed",
    ]
