"""An import keeps nobody waiting while it unpacks, and leaves nothing of what is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.test_portable import bring, manifest_with, repacked, sealed, with_rows
from campaigns.domain.identity import Role
from campaigns.services.archive import MANIFEST, ArchiveReader
from campaigns.services.arrivals import Arrivals
from support.racing import PATIENCE_S
from support.scripted_agent import definition
from support.serving import Clients

API = "/api/v1"


@pytest.mark.parametrize(("owner", "name"), [(Arrivals, "look"), (ArchiveReader, "file")])
def test_others_write_while_it_is_looked_at_and_unpacked(
    client: Clients, archive: bytes, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    begun, go_on, really = threading.Event(), threading.Event(), getattr(owner, name)

    def slowly(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return really(*arguments)

    monkeypatch.setattr(owner, name, slowly)
    with ThreadPoolExecutor(2) as pool:
        imported = pool.submit(bring, client, archive)
        try:
            assert begun.wait(PATIENCE_S)
            document = definition(name="meanwhile", output="u/mary/meanwhile")
            written = pool.submit(partial(client(Role.MANAGER).post, f"{API}/campaigns", json=document)).result(10)
        finally:
            go_on.set()
    assert written.status_code == 201, written.text
    assert imported.result().status_code == 201, imported.result().text


def files(app: FastAPI) -> set[Path]:
    """List all files that the service keeps."""
    folder: Path = app.state.settings.data_dir
    return {path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("campaigns.sqlite")}


def test_what_is_refused_leaves_no_files(client: Clients, app: FastAPI, archive: bytes) -> None:
    assert client(Role.MANAGER).post(f"{API}/campaigns", json=definition()).status_code == 201
    before = files(app)
    refused = {
        "its name is taken": bring(client, archive),
        "no name": bring(client, archive, rename="C-7"),
        "a row that cannot be": bring(client, with_rows(archive, "note", lambda row: {**row, "author": 7}), rename="x"),
        "rows against each other": bring(client, with_rows(archive, "submission", lambda row: {**row, "attempt": 1}), rename="x"),
        "what cannot be read": bring(client, with_rows(archive, "note", lambda row: {**row, "kind": "mood"}), rename="x"),
        "another campaign": bring(client, manifest_with(archive, number=7), rename="x"),
    }
    assert {what: answer.status_code for what, answer in refused.items()} == {
        what: 409 if what == "its name is taken" else 422 for what in refused
    }
    assert files(app) == before
    assert bring(client, archive, rename="theirs").status_code == 201
    [kept] = files(app) - before
    assert kept.read_bytes() == b'{"a": 1}'
    assert bring(client, archive, rename="again").status_code == 409
    assert files(app) == before | {kept}


def nested(depth: int) -> Any:
    document: Any = {}
    for _ in range(depth - 1):
        document = {"in": document}
    return document


@pytest.mark.parametrize(
    ("table", "changes", "told"),
    [
        ("campaign", {"updated_us": 2**63 - 1}, "no time"),
        ("event", {"at_us": 2**62}, "no time"),
        ("note", {"withdrawn_us": -1}, "no time"),
        ("event", {"details": nested(101)}, "nested"),
        ("event", {"details": nested(400)}, "nested"),
    ],
)
def test_what_no_page_could_show_is_refused(
    client: Clients, archive: bytes, table: str, changes: dict[str, Any], told: str
) -> None:
    answer = bring(client, with_rows(archive, table, lambda row: {**row, **changes}))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_archive"), answer.text
    assert answer.json()["where"] == f"tables/{table}.jsonl line 1"
    assert told in answer.json()["detail"]


def test_documents_that_are_not_too_deep_go_in_and_out(client: Clients, archive: bytes) -> None:
    assert bring(client, with_rows(archive, "event", lambda row: {**row, "details": nested(90)})).status_code == 201
    assert client(Role.VIEWER).get(f"{API}/campaigns/trial/export").status_code == 200


@pytest.mark.parametrize("member", [MANIFEST, "tables/note.jsonl"])
def test_text_of_very_many_values_is_not_read(client: Clients, archive: bytes, member: str) -> None:
    many = b'{"x":[' + b"[]," * 200_000 + b"[]]}"
    content = repacked(archive, **{MANIFEST: many}) if member == MANIFEST else sealed(archive, member, many)
    answer = bring(client, content)
    assert (answer.status_code, answer.json()["detail"]) == (422, "There are too many values."), answer.text


def test_manifest_is_not_read_if_it_is_long(client: Clients, archive: bytes) -> None:
    answer = bring(client, repacked(archive, **{MANIFEST: b" " * 8_000_001}))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
