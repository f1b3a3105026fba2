"""Every kind of page with something on it: an address for each route that shows one, and forms that come back refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from playwright.sync_api import Page

from campaigns.api.app import API_PREFIX
from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml
from campaigns.domain.identity import Role
from campaigns.gateways.clock import SystemClock
from support.repositories import Repository
from support.serving import Clients, TestClient
from web.examples import definition, ended_of
from web.fake_agent import FakeAgent

__all__ = ("NO_PAGES", "Shown", "every_page", "open_shown", "page_routes")

NO_PAGES: Final = {
    "/": "leads on",
    "/campaigns.{form}": "a file",
    "/campaigns/bulk/outlook": "a part of a page",
    "/campaigns/{ref}/live": "a stream",
    "/campaigns/{ref}/notes/{note}/files/{name}": "a file",
    "/dataid-sets/{site}/{butler}/{reference:path}/rows.{form}": "a file",
    "/history/file": "a file",
    "/queries/{ref}": "leads on",
    "/queries/{ref}/feed.atom": "a feed",
    "/submissions/{ref}/live": "a stream",
    "/submissions/{ref}/raw/{name}": "a file",
}
"""What is asked for by GET and is no page, and what it is."""

SEND: Final = """([address, fields]) => {
  const html = (name) => document.createElementNS("http://www.w3.org/1999/xhtml", name);
  const form = Object.assign(html("form"), { method: "post", action: address });
  for (const [name, value] of Object.entries(fields)) form.append(Object.assign(html("textarea"), { name, value }));
  document.documentElement.append(form);
  form.submit();
}"""
"""Sends a form from wherever one is."""


@dataclass(frozen=True)
class Shown:
    """A page to look at.

    Attributes
    ----------
    name : `str`
        For a picture's file name.
    address : `str`
        Below the server's.
    role : `Role` or `None`
        Who looks; a stranger.
    form : `dict`
        What is sent there by POST; nothing to ask by GET.
    """

    name: str
    address: str
    role: Role | None = Role.MANAGER
    form: Mapping[str, Any] = field(default_factory=dict)


def page_routes(app: FastAPI) -> list[str]:
    """List the routes that show pages."""
    return [
        info.path
        for info in app.state.route_table.routes()
        if "GET" in info.methods and not info.path.startswith((API_PREFIX, "/healthz")) and info.path not in NO_PAGES
    ]


def every_page(clients: Clients, agent: FakeAgent, folder: Path) -> dict[str, list[Shown]]:
    """Make what the examples have not, and give the pages by their routes; those of refused forms under ``refused``.

    Parameters
    ----------
    clients : `Clients`
        Of the application with the examples.
    agent : `FakeAgent`
        The agent of their site.
    folder : `pathlib.Path`
        Where a git repository may be made that the service may read.
    """
    mary, otto = clients(Role.MANAGER), clients(Role.OPERATOR)
    note = _note(otto)
    in_git, order = _in_git(mary, otto, agent, folder)
    adopting, adopted = _adopting(mary)
    link = clients(Role.ADMIN).post(f"{API_PREFIX}/users/mary/login-links").json()["path"]
    _saved(mary, "/queries", name="my shift", filter="waits = yes", sort="-updated", shared="everyone")
    ended = ended_of(clients)
    tabs = ("submissions", "failures", "data", "results", "notes", "history", "definition")
    return {
        "/campaigns": [
            Shown("list", "/campaigns"),
            Shown("list-found", "/campaigns?filter=status+in+(running,+paused)&columns=state,campaign,lead,quanta"),
            Shown("list-wrong", "/campaigns?filter=status+%3D+runing"),
            Shown("list-empty", "/campaigns?filter=nothing-like-it", Role.VIEWER),
        ],
        "/campaigns/new": [Shown("define", "/campaigns/new")],
        "/campaigns/adopt": [Shown("adopt", "/campaigns/adopt")],
        "/campaigns/import": [Shown("import", "/campaigns/import")],
        "/campaigns/adopt/{order_id}": [Shown("adopting", adopting)],
        "/campaigns/{ref}": [
            *(Shown(f"campaign-{tab}", f"/campaigns/C-2?tab={tab}") for tab in tabs),
            *(Shown(f"campaign-{n}", f"/campaigns/C-{n}") for n in (1, 3, 4, 5, 6)),
            Shown("campaign-adopted", adopted),
            Shown("campaign-viewer", "/campaigns/C-2", Role.VIEWER),
        ],
        "/campaigns/{ref}/edit": [Shown("edit", "/campaigns/C-5/edit")],
        "/campaigns/{ref}/print": [Shown("print", "/campaigns/C-2/print")],
        "/campaigns/{ref}/rerun": [Shown("rerun", "/campaigns/C-2/rerun")],
        "/campaigns/{ref}/specifications": [Shown("specifications", f"/campaigns/{in_git}/specifications")],
        "/campaigns/{ref}/would-run/{order_id}": [Shown("would-run", f"/campaigns/{in_git}/would-run/{order}")],
        "/campaigns/{ref}/notes/{note}/edit": [Shown("note-edit", f"/campaigns/C-2/notes/{note['root']}/edit")],
        "/compare": [
            Shown("compare-two", "/compare?of=C-1&of=C-2"),
            Shown("compare-three", "/compare?of=C-1&of=C-2&of=C-3&all=1"),
            Shown("compare-with", "/compare?of=C-2"),
            Shown("compare-none", "/compare"),
        ],
        "/compare/log": [Shown("compare-log", f"/compare/log?role=processing&of={in_git}@1&of={in_git}@2")],
        "/dataid-sets": [Shown("sets", "/dataid-sets")],
        "/dataid-sets/{site}/{butler}/{reference:path}": [Shown("set", "/dataid-sets/here/main/DM-51300/clouds@1")],
        "/help": [Shown("help", "/help")],
        "/history": [Shown("history", "/history")],
        "/login": [Shown("login", "/login", None)],
        "/login/{secret}": [Shown("link", link, None)],
        "/mentions": [Shown("mentions", "/mentions"), Shown("mentions-none", "/mentions", Role.VIEWER)],
        "/queries": [Shown("queries", "/queries")],
        "/submissions/{ref}": [
            Shown("submission", "/submissions/S-5"),
            Shown("submission-failed", f"/submissions/{ended['failed']}"),
            Shown("submission-lost", f"/submissions/{ended['lost_contact']}"),
        ],
        "/submissions/{ref}/exclude": [Shown("exclude", "/submissions/S-5/exclude")],
        "/submissions/{ref}/files/{name}": [
            Shown("log", "/submissions/S-5/files/assembleDeepCoadd_9813_12.log"),
            Shown("plot", "/submissions/S-5/files/completeness.svg"),
        ],
        "refused": _refused(mary, otto),
    }


def _refused(mary: TestClient, otto: TestClient) -> list[Shown]:
    """Give forms that are refused: what was typed stands there again, with what is wrong."""
    wrong = dump_yaml(Definition.model_validate(definition("wrong"))).replace("kind: integration", "kind: integratoin")
    mine, others = definition("both", ticket="DM-2", title="Mine"), definition("both", title="Theirs", team="drp")
    ref = mary.post(f"{API_PREFIX}/campaigns", json=definition("both")).json()["id"]
    sent = mary.post(
        f"{API_PREFIX}/campaigns/{ref}/revisions", params={"reason": "other"}, json=others, headers={"If-Match": '"1"'}
    )
    assert sent.status_code == 201, sent.text
    clash = {"document": dump_yaml(Definition.model_validate(mine)), "revision": "1", "reason": "Another title."}
    note = _note(otto)
    edit = f"/campaigns/C-2/notes/{note['root']}/edit"
    _saved(otto, edit, parent=note["uuid"], kind="problem", body="Otto was faster: it is *patch 13* alone.")
    late = {"parent": note["uuid"], "kind": "problem", "body": "Mary says that it is both patches."}
    return [
        Shown("define-wrong", "/campaigns/new", form={"document": wrong, "once": "a"}),
        Shown("clash", f"/campaigns/{ref}/edit", form=clash),
        Shown("rerun-wrong", "/campaigns/C-2/rerun", form={"document": wrong, "revision": "1", "reason": "", "once": "b"}),
        Shown("note-clash", edit, form=late),
        Shown("adopt-wrong", "/campaigns/adopt", form={"name": "old-run", "title": "Old", "submit_dir": "spring", "once": "c"}),
        Shown("login-wrong", "/login", None, {"name": "mary", "password": "wrong"}),
        Shown("forbidden", "/campaigns/C-2/complete", Role.VIEWER, {"reason": "It looks done."}),
        Shown("not-now", "/campaigns/C-1/pause", Role.MANAGER, {"reason": "To look at it.", "once": "d"}),
        Shown("no-such-page", "/campaigns/C-99"),
    ]


def _saved(client: TestClient, path: str, **form: str) -> str:
    answer = client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _note(otto: TestClient) -> dict[str, Any]:
    body = "Patch 12 **again**: the same four visits.\n\n| visit | seeing |\n| --- | --- |\n| 81 | 1.9 |\n"
    answer = otto.post(f"{API_PREFIX}/campaigns/C-2/notes", json={"body": body, "kind": "problem"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _in_git(mary: TestClient, otto: TestClient, agent: FakeAgent, folder: Path) -> tuple[str, str]:
    """Make a campaign in git that was looked at and started, and has two revisions; give it and the look's order."""
    made = Repository(folder / "drp")
    made.commit({"drp.yaml": "a", "data/bad seeing.json": '[{"visit": 1}, {"visit": 2}]'}, tag="v1")
    spec = {"repository": str(made.path), "reference": "main"}
    sets = {"exclude": ["DM-51234/seeing"]}
    document = definition("in-git", pipeline="drp.yaml", processing_spec=spec, data_spec={**spec, "path": "data"}, sets=sets)
    ref = str(mary.post(f"{API_PREFIX}/campaigns", json=document).json()["id"])
    agent.sets.make("DM-51234/seeing", [{"visit": 81, "reason": "seeing of 1.9"}], now_us=SystemClock().now_us())
    agent.sets.steps = [
        {
            "name": "step1",
            "tasks": ["isr", "calibrateImage"],
            "groups": [{"quanta": {"isr": 378, "calibrateImage": 378}} for _ in range(3)],
        },
        {"name": "step2", "tasks": ["makeDirectWarp", "assembleDeepCoadd", "detection"], "groups": [{}]},
    ]
    order = _saved(otto, f"/campaigns/{ref}/would-run").partition("?")[0].rpartition("/")[2]
    agent.take()
    mary.post(f"{API_PREFIX}/campaigns/{ref}/transitions", json={"action": "start", "reason": "go", "wait_s": 0})
    agent.take()
    mary.post(f"{API_PREFIX}/campaigns/{ref}/transitions", json={"action": "pause", "reason": "A better sky model is there."})
    made.commit({"drp.yaml": "b"}, subject="Better sky")
    newer = {**document, "description": "With the better sky."}
    sent = mary.post(
        f"{API_PREFIX}/campaigns/{ref}/revisions", params={"reason": "Better sky"}, json=newer, headers={"If-Match": '"1"'}
    )
    assert sent.status_code == 201, sent.text
    made.commit({"drp.yaml": "c"}, subject="Yet another sky")
    return ref, order


def _adopting(mary: TestClient) -> tuple[str, str]:
    """Have a site look at a run, and take one in that no agent can look at; give both pages."""
    told = {"title": "What ran in spring", "reason": "It belongs in the record", "kind": "other"}
    waiting = _saved(mary, "/campaigns/adopt", **told, name="old-run", place="here main", submit_dir="/data/submit/u/otto/spring")
    return waiting, _saved(mary, "/campaigns/adopt", **told, name="elsewhere", steps="ingest\nisr")


def open_shown(page: Page, url: str, shown: Shown) -> None:
    """Lead a browser's page to what is to be seen: by its address, or by sending its form."""
    if not shown.form:
        page.goto(url + shown.address)
        return
    page.goto(f"{url}/static/mark.svg")
    with page.expect_navigation():
        page.evaluate(SEND, [shown.address, dict(shown.form)])
