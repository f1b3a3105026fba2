"""Campaigns go to other servers as files and come back the same, on both databases and between them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.services.archive import MANIFEST
from campaigns.storage.database import Database
from campaigns.storage.migration import upgrade
from support.people import NOW_US, add_people
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"
REASON = {"reason": "because"}


@contextmanager
def server(url: str, folder: Path, *, name: str, make: bool = True) -> Iterator[FastAPI]:
    """A server of its own, with another clock."""
    database = Database(url)
    if make:
        upgrade(database)
        add_people(database)
    yield create_app(Settings(data_dir=folder, server_name=name), database, clock=FixedClock(NOW_US + 10**9))
    database.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", server_name="first")


@pytest.fixture
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FastAPI]:
    """A second server, on the database of the other kind than the first where the test says so."""
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    if getattr(request, "param", "sqlite") == "postgresql":
        postgres = request.getfixturevalue("postgres_server")
        url = postgres.create(f"other{abs(hash(tmp_path))}")
    with server(url, tmp_path / "other", name="second") as app:
        yield app


def run_a_campaign(client: Clients, *, name: str = "trial") -> dict[str, Any]:
    """A campaign with two attempts at its first step, notes and files; it is left waiting."""
    mary = client(Role.MANAGER)
    agent = ScriptedAgent(client)
    agent.hello()
    made = mary.post(
        f"{API}/campaigns", json=definition(name=name, output=f"u/mary/{name}", bps={"requestMemory": 2048.5, "x": 1e16})
    )
    assert made.status_code == 201, made.text
    ref = made.json()["id"]
    mary.post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "now", "wait_s": 0})
    agent.pass_preflight()
    order = agent.take("submit")
    agent.run(order, task("isr", 4, 3, failed=1))
    params = {"kind": "report", "order": order["id"], "token": order["token"], "title": "A report"}
    sent = agent.client.put(f"{API}/submissions/S-1/files/r.json", params=params, content=b'{"a": 1}')
    assert sent.status_code == 204 or sent.is_success, sent.text
    assert mary.post(f"{API}/submissions/S-1/restart", json=REASON).status_code == 201
    agent.run(agent.take("submit"), task("isr", 4, 4))
    note = mary.post(f"{API}/campaigns/{ref}/notes", json={"body": "Σ looks *good*", "submission": "S-2"})
    assert note.status_code == 201, note.text
    link = mary.post(f"{API}/campaigns/{ref}/links", json={"kind": "plots", "title": "Plots", "url": "https://example.org/p"})
    assert link.status_code == 201, link.text
    return dict(mary.get(f"{API}/campaigns/{ref}").json())


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def export(client: Clients, ref: str) -> bytes:
    answer = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/export")
    assert answer.status_code == 200, answer.text
    return answer.content


def bring(client: Clients, content: bytes, **params: str) -> Any:
    return client(Role.MANAGER).post(f"{API}/campaigns/import", content=content, params=params)


@pytest.mark.parametrize("other", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_goes_there_and_comes_back_the_same(client: Clients, other: FastAPI, tmp_path: Path) -> None:
    there = Clients(other)
    # Numbers there are others.
    there(Role.MANAGER).post(f"{API}/campaigns", json=definition(name="first"))
    campaign = run_a_campaign(client)
    sent = export(client, campaign["id"])
    brought = bring(there, sent)
    assert brought.status_code == 201, brought.text
    here = brought.json()
    assert here["uuid"] == campaign["uuid"]
    assert (here["id"], here["origin"], here["status"]) == ("C-2", "first:C-1", "imported")
    assert export(there, "C-2") == sent
    with server(f"sqlite:///{tmp_path / 'third.sqlite'}", tmp_path / "third", name="third") as third:
        again = Clients(third)
        assert bring(again, export(there, "C-2")).status_code == 201
        assert export(again, campaign["uuid"]) == sent


def test_what_came_is_found_and_read_there(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    there(Role.MANAGER).post(f"{API}/campaigns", json=definition(name="first"))
    campaign = run_a_campaign(client)
    bring(there, export(client, campaign["id"]))
    mary = there(Role.MANAGER)
    for ref in ("first:C-1", campaign["uuid"], "trial", "C-2"):
        assert mary.get(f"{API}/campaigns/{ref}").json()["id"] == "C-2", ref
    submissions = mary.get(f"{API}/campaigns/C-2/submissions").json()["items"]
    assert [(one["id"], one["attempt"], one["recovers"], one["quanta"]["failed"]) for one in submissions] == [
        ("S-1", 1, None, 1),
        ("S-2", 2, "S-1", 0),
    ]
    assert mary.get(f"{API}/submissions/S-1/files/r.json").content == b'{"a": 1}'
    assert mary.get(f"{API}/submissions/S-1/failures").json()["items"][0]["message"] == "no stars"
    events = mary.get(f"{API}/campaigns/C-2/events", params={"limit": 200}).json()["items"]
    assert events[-1]["kind"] == "campaign.imported"
    assert [event["number"] for event in events] == sorted(event["number"] for event in events)
    assert mary.get(f"{API}/campaigns", params={"filter": '"first:c-1"'}).json()["items"][0]["id"] == "C-2"
    for page in ("/campaigns/C-2", "/campaigns/C-2?tab=history", "/submissions/S-1", "/campaigns"):
        assert mary.get(page).status_code == 200, page


def test_nothing_of_what_came_moves(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    campaign = run_a_campaign(client)
    agent = ScriptedAgent(there)
    agent.hello()
    bring(there, export(client, campaign["id"]))
    mary = there(Role.MANAGER)
    for action in ("start", "define", "pause", "resume", "complete", "fail", "cancel"):
        answer = mary.post(f"{API}/campaigns/C-1/transitions", json={"action": action, "reason": "x", "wait_s": 0})
        assert answer.status_code == 409, (action, answer.text)
    for route in ("campaigns/C-1/next", "campaigns/C-1/preflight", "submissions/S-2/accept", "submissions/S-2/reject",
                  "submissions/S-2/restart", "submissions/S-2/cancel"):  # fmt: skip
        answer = mary.post(f"{API}/{route}", json=None if route.endswith("preflight") else REASON)
        assert answer.status_code == 409, (route, answer.text)
    assert agent.lease() == []


def test_what_is_added_there_travels_on(client: Clients, other: FastAPI, tmp_path: Path) -> None:
    there = Clients(other)
    campaign = run_a_campaign(client)
    bring(there, export(client, campaign["id"]))
    answer = there(Role.OPERATOR).post(f"{API}/campaigns/first:C-1/notes", json={"body": "seen here too"})
    assert answer.status_code == 201, answer.text
    sent = export(there, "C-1")
    with server(f"sqlite:///{tmp_path / 'third.sqlite'}", tmp_path / "third", name="third") as third:
        again = Clients(third)
        bring(again, sent)
        notes = again(Role.VIEWER).get(f"{API}/campaigns/first:C-1/notes").json()["items"]
        assert {note["body"] for note in notes} == {"seen here too", "Σ looks *good*"}
        assert export(again, "first:C-1") == sent


def test_is_not_brought_twice(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    sent = export(client, run_a_campaign(client)["id"])
    assert bring(there, sent).status_code == 201
    again = bring(there, sent)
    assert again.status_code == 409
    assert again.json()["detail"] == "first:C-1 is here already, as C-1."
    assert bring(client, sent).json()["detail"] == "first:C-1 is here already, as C-1."


def test_name_that_is_taken_is_changed_on_request(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    there(Role.MANAGER).post(f"{API}/campaigns", json=definition())
    sent = export(client, run_a_campaign(client)["id"])
    refused = bring(there, sent)
    assert refused.status_code == 409
    assert "--rename" in refused.json()["remedy"]
    assert bring(there, sent, rename="C-9").status_code == 422
    assert bring(there, sent, rename="trial-of-first").json()["name"] == "trial-of-first"
    assert export(there, "first:C-1") == sent


def test_name_of_a_hidden_campaign_tells_nothing_of_it(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    there(Role.ADMIN).post(f"{API}/teams", json={"name": "alerts"})
    made = there(Role.ADMIN).post(f"{API}/campaigns", json=definition(team="alerts", visibility="team"))
    assert made.status_code == 201, made.text
    refused = bring(there, export(client, run_a_campaign(client)["id"]))
    assert refused.status_code == 409
    assert refused.json()["detail"] == "The name trial is taken by a campaign that is kept to a team."


def repacked(content: bytes, **changed: bytes | None) -> bytes:
    """The archive with other members; the manifest stays, unless it is among them."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as put:
        wanted = {name: packed.read(name) for name in packed.namelist()} | changed
        for name, text in wanted.items():
            if text is not None:
                put.writestr(name, text)
    return target.getvalue()


def with_rows(content: bytes, table: str, change: Any) -> bytes:
    """The archive with other rows in a table, and a manifest that says so."""
    name = f"tables/{table}.jsonl"
    found = members(content)
    rows = [change(json.loads(line)) for line in found[name].splitlines()]
    text = b"".join(json.dumps(row, sort_keys=True).encode() + b"\n" for row in rows)
    return sealed(content, name, text)


def sealed(content: bytes, name: str, text: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        manifest = json.loads(packed.read(MANIFEST))
    manifest["members"][name] = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
    return repacked(content, **{name: text, MANIFEST: json.dumps(manifest).encode()})


def manifest_with(content: bytes, **changes: Any) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        manifest = json.loads(packed.read(MANIFEST))
    return repacked(content, **{MANIFEST: json.dumps({**manifest, **changes}).encode()})


def test_what_is_wrong_is_refused_and_leaves_nothing(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    sent = export(client, run_a_campaign(client)["id"])
    elsewhere = "11111111-1111-4111-8111-111111111111"
    wrong = {
        "no zip": (b"hello", "invalid_archive"),
        "cut short": (sent[: len(sent) // 2], "invalid_archive"),
        "no manifest": (repacked(sent, **{MANIFEST: None}), "invalid_archive"),
        "a member too many": (repacked(sent, **{"../../etc/passwd": b"x"}), "invalid_archive"),
        "a member too few": (repacked(sent, **{"tables/event.jsonl": None}), "invalid_archive"),
        "a member changed": (repacked(sent, **{"tables/event.jsonl": b"{}\n"}), "invalid_archive"),
        "newer format": (manifest_with(sent, version=2), "newer_archive"),
        "another format": (manifest_with(sent, format="x"), "invalid_archive"),
        "another campaign": (manifest_with(sent, number=7), "invalid_archive"),
        "new column": (with_rows(sent, "note", lambda row: {**row, "mood": "good"}), "newer_archive"),
        "new table": (sealed(sent, "tables/moods.jsonl", b"{}\n"), "newer_archive"),
        "no JSON": (sealed(sent, "tables/note.jsonl", b"[1]\n"), "invalid_archive"),
        "wrong type": (with_rows(sent, "submission", lambda row: {**row, "attempt": "1"}), "invalid_archive"),
        "too long": (with_rows(sent, "note", lambda row: {**row, "author": "x" * 500}), "invalid_archive"),
        "another's note": (with_rows(sent, "note", lambda row: {**row, "campaign_id": elsewhere}), "invalid_archive"),
        "no such submission": (with_rows(sent, "note", lambda row: {**row, "submission_id": elsewhere}), "invalid_archive"),
        "no such state": (with_rows(sent, "submission", lambda row: {**row, "status": "happy"}), "invalid_archive"),
        "file that is not there": (with_rows(sent, "stored_file", lambda row: {**row, "sha256": "0" * 64}), "invalid_archive"),
        "file with a path": (with_rows(sent, "stored_file", lambda row: {**row, "name": "../../x"}), "invalid_archive"),
        "file with two headers": (with_rows(sent, "stored_file", lambda row: {**row, "content_type": "a\nb"}), "invalid_archive"),
        "no such kind of note": (with_rows(sent, "note", lambda row: {**row, "kind": "mood"}), "invalid_archive"),
        "no such pin": (with_rows(sent, "note", lambda row: {**row, "replaced": True, "pinned": {"x": 1}}), "invalid_archive"),
        "failure of no kind": (with_rows(sent, "quantum_failure", lambda row: {**row, "data_id": [1]}), "invalid_archive"),
        "link to a script": (with_rows(sent, "link", lambda row: {**row, "url": "javascript:alert(1)"}), "invalid_archive"),
        "twice": (with_rows(sent, "submission", lambda row: {**row, "attempt": 1}), "invalid_archive"),
    }  # fmt: skip
    for what, (content, code) in wrong.items():
        answer = bring(there, content)
        assert answer.status_code == 422, (what, answer.text)
        assert answer.json()["code"] == code, (what, answer.text)
        assert answer.json()["remedy"], what
    assert there(Role.VIEWER).get(f"{API}/campaigns").json()["items"] == []
    assert not [path for path in (other.state.settings.data_dir).iterdir() if path.name.startswith(".passing")]


def test_what_an_older_program_wrote_is_brought(client: Clients, other: FastAPI) -> None:
    run_a_campaign(client)

    def without(name: str) -> bytes:
        return with_rows(export(client, "trial"), "submission", lambda row: {key: row[key] for key in row if key != name})

    there = Clients(other)
    answer = bring(there, without("commands"))
    assert answer.status_code == 201, answer.text
    assert there(Role.VIEWER).get(f"{API}/submissions/S-1").json()["commands"] == []
    assert bring(there, without("step"), rename="x").json()["detail"] == "The row has no step."


def test_bomb_is_not_unpacked(client: Clients) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as put:
        with put.open("tables/note.jsonl", "w") as stream:
            for _ in range(150):
                stream.write(b" " * 1_000_000)
        put.writestr(MANIFEST, "{}")
    answer = bring(client, target.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_who_may(client: Clients) -> None:
    client(Role.MANAGER).post(f"{API}/campaigns", json=definition())
    assert client(Role.VIEWER).get(f"{API}/campaigns/C-1/export").headers["content-type"] == "application/zip"
    assert client(Role.OPERATOR).post(f"{API}/campaigns/import", content=b"x").status_code == 403
