"""What is sent several times at once under one key is done once, whatever it makes: by programs and by forms on pages."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.api.idempotency import REPLAYED
from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml
from campaigns.domain.identity import Role
from campaigns.storage.database import Database
from support.racing import at_once
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients

API = "/api/v1"
N_TIMES = 3
WHY = {"reason": "because"}
TABLES = ("campaign", "note", "note_file", "link", "sign_off", "saved_query", "assignment", "agent_order")
LINK = {"kind": "plots", "title": "Plots", "url": "https://example.org/plots"}


@pytest.fixture
def ref(client: Clients) -> str:
    """A campaign whose first submission is queued, and that has a note."""
    agent, mary = ScriptedAgent(client), client(Role.MANAGER)
    agent.hello()
    ref = str(mary.post(f"{API}/campaigns", json=definition()).json()["id"])
    assert mary.post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "wait_s": 0, **WHY}).status_code == 202
    agent.pass_preflight()
    return ref


def everything(database: Database) -> dict[str, int]:
    """Count all that may be made."""
    with database.read() as session:
        return {table: session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES}


def sent_at_once(client: Clients, path: str, **sent: Any) -> Any:
    """Send the same several times at once, and see that of nothing two were made; gives the answers."""
    database = client.app.state.database
    before = everything(database)
    answers = at_once(*[partial(client(Role.MANAGER).post, path, **sent) for _ in range(N_TIMES)])
    told = {(answer.status_code, answer.text, answer.headers.get("location")) for answer in answers}
    assert len(told) == 1, (path, told)
    made = {table: number - before[table] for table, number in everything(database).items() if number != before[table]}
    assert made, f"{path} made nothing: {answers[0].text}"
    # A campaign may bring others along: what an archive has, whoever operates what is adopted.
    assert set(made.values()) == {1} or made.get("campaign") == 1, (path, made)
    return answers


def test_programs(client: Clients, ref: str) -> None:
    note = client(Role.MANAGER).post(f"{API}/campaigns/{ref}/notes", json={"body": "A first one"}).json()
    posts: dict[str, dict[str, Any]] = {
        "campaigns": definition(name="another", output="u/mary/another"),
        f"campaigns/{ref}/rerun": WHY,
        f"campaigns/{ref}/notes": {"body": "Seen"},
        f"campaigns/{ref}/links": LINK,
        f"campaigns/{ref}/sign-off": {"revision": 1, "comment": "Read it"},
        "queries": {"name": "Mine"},
        "campaigns/adopt": {"name": "ap", "title": "A night", "reason": "To watch it", "steps": ["isr"]},
        "submissions/S-1/operators": {"operator": "otto", **WHY},
    }
    for path, body in posts.items():
        answers = sent_at_once(client, f"{API}/{path}", json=body, headers={"Idempotency-Key": "k"})
        assert answers[0].is_success, (path, answers[0].text)
        assert sum(REPLAYED not in answer.headers for answer in answers) == 1, path
    versions = f"{API}/campaigns/{ref}/notes/{note['root']}/versions"
    edit = partial(
        client(Role.MANAGER).post, versions, json={"body": "B", "parent": note["uuid"]}, headers={"Idempotency-Key": "k"}
    )
    assert [answer.status_code for answer in at_once(edit, edit)] == [201, 201]
    assert len(client(Role.MANAGER).get(versions).json()["items"]) == 2
    # A file is known by its content, and needs no key.
    files = [("files", ("a.txt", b"text", "text/plain"))]
    [answer, *_] = sent_at_once(client, f"{API}/campaigns/{ref}/notes/{note['root']}/files", files=files)
    assert answer.status_code == 201, answer.text


def test_an_archive(client: Clients, archive: bytes) -> None:
    url, headers = f"{API}/campaigns/import", {"Idempotency-Key": "k"}
    answers = sent_at_once(client, url, content=archive, headers=headers)
    assert answers[0].status_code == 201, answers[0].text
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    other = client(Role.MANAGER).post(url, content=archive, headers=headers, params={"rename": "other"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_forms(client: Clients, ref: str) -> None:
    rerun = dump_yaml(Definition.model_validate(definition(name="again", output="u/mary/again")))
    forms: dict[str, dict[str, Any]] = {
        f"campaigns/{ref}/rerun": {"document": rerun, "revision": "1", **WHY},
        f"campaigns/{ref}/notes": {"body": "Seen", "kind": "observation"},
        f"campaigns/{ref}/links": LINK,
        f"campaigns/{ref}/sign-off": {"revision": "1", **WHY},
        "queries": {"name": "Mine"},
        "campaigns/adopt": {"name": "ap", "title": "A night", "reason": "To watch it", "steps": "isr"},
        "campaigns/new": {"document": dump_yaml(Definition.model_validate(definition(name="another", output="u/mary/another")))},
        "submissions/S-1/operators": {"operator": "otto", **WHY},
    }
    for path, form in forms.items():
        answers = sent_at_once(client, f"/{path}", data={**form, "once": "k"}, headers={"Sec-Fetch-Site": "same-origin"})
        assert answers[0].status_code == 303, (path, answers[0].text)
