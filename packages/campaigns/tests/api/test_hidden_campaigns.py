"""To those who may not see it, a campaign that is kept to a team is as one that is not there: by every route there is.

The routes come from the application's own table. A new one is asked by itself; where it has a parameter of a new kind, or takes a
body of a new form, the test fails until it is told what to fill in.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.test_dataid_sets import SetAgent
from campaigns.api.app import create_app
from campaigns.api.policy import Policy
from campaigns.config import Settings
from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml
from campaigns.domain.identity import Identity, Role, may
from campaigns.storage.database import Database
from campaigns.web.views.campaign import Tab
from support.scripted_agent import definition, task
from support.serving import Clients, TestClient

API = "/api/v1"
WHY = {"reason": "because"}
STRANGERS = (Role.VIEWER, Role.MANAGER)
NOWHERE = "0badc0de-0000-4000-8000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FILE = [("files", ("a.txt", b"text", "text/plain"))]
DOCUMENT = definition(name="wren", output="u/mary/wren")

JSON: dict[str, Any] = {
    "revisions": DOCUMENT,
    "transitions": {"action": "pause", **WHY},
    "preflight": None,
    "outputs": {},
    "notes": {"body": "x"},
    "versions": {"body": "x", "parent": NOWHERE},
    "notebook": {"open": True, **WHY},
    "links": {"title": "x", "url": "https://example.org"},
    "check": None,
    "operators": {"operator": "otto", **WHY},
    "sign-off": {"revision": 1, "comment": "x"},
    "drop": {"set": "kept/a@1", **WHY},
    "sets": {"path": "a.json", **WHY},
    "exclude": {"name": "x", "data_ids": [{"visit": 1}], **WHY},
    "look": {"data_ids": [{"visit": 1}]},
}
"""What is sent, by the last word of the path; all else takes a reason."""

YAML = dump_yaml(Definition.model_validate(DOCUMENT))
FORMS: dict[str, dict[str, Any]] = {
    "edit": {"document": YAML, "revision": "1", "body": "x", "parent": NOWHERE, "kind": "problem"},
    "rerun": {"document": YAML, "revision": "1"},
    "operators": {"operator": "otto"},
    "notes": {"body": "x"},
    "links": {"title": "x", "url": "https://example.org", "kind": "plots"},
    "sign-off": {"revision": "1"},
    "mark": {"status": "failed"},
    "drop": {"set": "kept/a@1", "steps": "step2"},
    "upload": {"path": "a.json"},
    "exclude": {"name": "x", "pick": '{"visit": 1}', "steps": "step2"},
    "look": {"pick": '{"visit": 1}'},
}
"""The same for forms, which all have a reason too."""

NAMES = {"/notes/": "kestrel.txt", "/files/": "kestrel.json", "/raw/": "kestrel.json", "/teams/": "raptors"}
"""What ``name`` is in a path; elsewhere it is a user."""

QUERIES = {
    "POST /api/v1/campaigns/{ref}/revisions": "reason=x",
    "POST /campaigns/{ref}/rerun/check": "revision=1",
    "POST /campaigns/{ref}/edit/check": "revision=1",
    "GET /api/v1/events/file": "format=csv",
    "GET /history/file": "format=json",
    "GET /compare/log": "role=data",
    "GET /api/v1/campaigns/{ref}/diff/{other}/log": "role=data",
    "GET /campaigns/{ref}": "tab=history",
}
ELSEWHERE = (
    "/compare?of={c}&of={open}",
    "/compare?of={open}&of={c}",
    "/compare/log?of={c}&of={open}&role=data",
    "/history?campaign={c}",
    "/history/file?campaign={c}&format=csv",
    f"{API}/events?campaign={{c}}",
    f"{API}/events/file?campaign={{c}}&format=json",
    f"{API}/campaigns/{{open}}/diff/{{c}}",
    f"{API}/campaigns/{{open}}/diff/{{c}}/log?role=data",
    f"{API}/campaigns/{{open}}/diff/{{open}}@1?and={{c}}",
    f"{API}/campaigns?filter=id%20%3D%20{{number}}&count=true",
    f"{API}/campaigns?filter=name%20~%20{{name}}&count=true",
    f"{API}/campaigns?filter=%22{{name}}%22&count=true",
    f"{API}/campaigns?filter=note%20~%20{{name}}&count=true",
    f"{API}/campaigns?filter=label%20%3D%20{{name}}&count=true",
    f"{API}/campaigns?filter=parent%20%3D%20{{number}}&count=true",
    f"{API}/campaigns?filter=root%20in%20({{number}})&count=true",
    "/campaigns?filter=%22{name}%22",
    "/campaigns.csv?filter=%22{name}%22",
    f"{API}/orders/{{order}}",
    "/campaigns/adopt/{order}",
)  # fmt: skip
"""Where else a campaign may be asked for than in a path's ``ref``."""


@dataclass(frozen=True)
class Named:
    """How a campaign and what belongs to it are called."""

    number: str
    uuid: str
    name: str
    submission: str
    submission_uuid: str
    order: str

    @property
    def refs(self) -> tuple[str, ...]:
        return self.number, self.uuid, self.name


NOT_THERE = Named("C-9999", NOWHERE, "goldfinch", "S-9999", NOWHERE[:-1] + "1", NOWHERE[:-1] + "2")


@dataclass(frozen=True)
class Scene:
    """A hidden campaign, one that derives from it and that all may see, and what fills the other places of paths."""

    clients: Clients
    hidden: Named
    open: str
    open_submission: str
    parts: dict[str, str]

    def tells(self, text: str) -> list[str]:
        """List what a text tells of the hidden campaign."""
        named = self.hidden
        ids = rf"kestrel|\b{named.number}\b|\b{named.submission}\b|{named.uuid}|{named.submission_uuid}|{named.order}"
        return re.findall(ids, text, flags=re.IGNORECASE)


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application, for all tests here: strangers change nothing."""
    folder = tmp_path_factory.mktemp("hidden")
    shutil.copy(sqlite_template, folder / "campaigns.sqlite")
    database = Database(f"sqlite:///{folder / 'campaigns.sqlite'}")
    with database.write() as session:
        # Numbers that stand in no help text.
        session.next_number("campaign", count=7000)
        session.next_number("submission", count=8000)
    yield create_app(Settings(data_dir=folder), database)
    database.close()


@pytest.fixture(scope="module")
def scene(app: FastAPI) -> Scene:
    clients = Clients(app)
    ada, agent = clients(Role.ADMIN), SetAgent(clients)
    agent.sets.make("kept/a", [{"instrument": "HSC", "visit": 1}])

    def post(path: str, body: Any = None, **sent: Any) -> dict[str, Any]:
        answer = ada.post(f"{API}/{path}", json=body, **sent)
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())

    post("teams", {"name": "raptors"})
    told = definition(
        name="kestrel", title="Kestrel's night", description="Of the kestrel", output="u/ada/kestrel", labels=["kestrel"],
        team="raptors", visibility="team", links=[{"title": "Kestrel plots", "url": "https://example.org/kestrel"}],
        reason="For the kestrel", sets={"exclude": ["kept/a@1"]},
    )  # fmt: skip
    made = post("campaigns", told)
    ref = made["id"]
    post(f"campaigns/{ref}/sign-off", {"revision": 1, "comment": "The kestrel is good"})
    post(f"campaigns/{ref}/transitions", {"action": "start", "wait_s": 0, "reason": "kestrel"})
    agent.carry_out("preflight")
    order = agent.take("submit")
    params = {"kind": "report", "order": order["id"], "token": order["token"], "title": "Kestrel"}
    submission = "S-8001"
    sent = agent.client.put(f"{API}/submissions/{submission}/files/kestrel.json", params=params, content=b'{"kestrel": 1}')
    assert sent.is_success, sent.text
    agent.run(order, task("kestrel", 4, 3, failed=1))
    note = post(f"campaigns/{ref}/notes", {"body": "Kestrel seen, @vera", "submission": submission})
    post(f"campaigns/{ref}/notes/{note['root']}/files", files=[("files", ("kestrel.txt", b"kestrel", "text/plain"))])
    link = post(f"campaigns/{ref}/links", {"title": "Kestrel", "url": "https://example.org/k"})
    excluded = post(f"submissions/{submission}/exclude", {"name": "left/out", "data_ids": [{"visit": 2}], "reason": "Trailed"})
    changes = {
        "name": "osprey", "title": "Osprey", "description": "", "output": "u/ada/osprey", "labels": ["osprey"], "links": [],
        "team": None, "visibility": "staff", "sets": None,
    }  # fmt: skip
    child = post(f"campaigns/{ref}/rerun", {"patch": changes, "reason": "Once more"})["campaign"]["id"]
    post(f"campaigns/{child}/transitions", {"action": "start", "wait_s": 0, **WHY})
    orders = {one["kind"]: one for one in agent.lease()}
    for one in orders.values():
        agent.begin(one)
    agent.report(orders["preflight"], {"kind": "done", "result": {"steps": [], "sets": []}})
    agent.report(orders["upload_set"], agent.sets.carry_out(orders["upload_set"]["payload"], mark="", now_us=1)[0])
    clients(Role.VIEWER).post(f"{API}/queries", json={"name": "Mine", "shared": "everyone"})
    query = clients(Role.VIEWER).get(f"{API}/queries").json()["items"][0]["uuid"]
    parts = {
        "note": note["root"], "link": link["uuid"], "order_id": excluded["id"], "number": "1", "other": child, "site": "here",
        "butler": "main", "reference": "left/out@1", "form": "csv", "action": "pause", "decision": "reject", "what": "open",
        "query": query,
    }  # fmt: skip
    uuid = ada.get(f"{API}/submissions/{submission}").json()["uuid"]
    named = Named(ref, made["uuid"], "kestrel", submission, uuid, excluded["id"])
    [open_submission] = ada.get(f"{API}/campaigns/{child}/submissions").json()["items"]
    found = Scene(clients, named, child, open_submission["id"], parts)
    assert found.tells(ada.get(f"{API}/campaigns/{child}/lineage").text), "who may see it is told"
    return found


@dataclass(frozen=True)
class Call:
    """A route that somebody may ask, and what is sent there."""

    method: str
    path: str
    role: Role

    @property
    def about(self) -> str | None:
        """Whose ``ref`` stands in the path."""
        found = re.match(r"(?:/api/v1)?/(campaigns|submissions)/\{ref\}", self.path)
        return found[1] if found else None

    def url(self, scene: Scene, ref: str) -> str:
        """Fill the path."""
        query = QUERIES.get(f"{self.method} {self.path}")

        def fill(match: re.Match[str]) -> str:
            name = match[1].partition(":")[0]
            if name == "ref" and not self.about:
                name = "query"
            if name == "name":
                return self._name()
            assert name == "ref" or name in scene.parts, f"{self.path}: say here what stands for {name}"
            return ref if name == "ref" else scene.parts[name]

        return re.sub(r"\{([^}]*)\}", fill, self.path) + (f"?{query}" if query else "")

    def _name(self) -> str:
        return next((name for word, name in NAMES.items() if word in self.path), "ada")

    def ask(self, client: TestClient, url: str) -> httpx.Response:
        """Send what the route takes."""
        headers = {"Sec-Fetch-Site": "same-origin"}
        if self.method == "GET":
            return client.get(url, headers=headers)
        last = self.path.rpartition("/")[2]
        if last == "files":
            return client.post(url, files=FILE, headers=headers)
        if not self.path.startswith(API):
            return client.request(self.method, url, data={**WHY, **FORMS.get(last, {})}, headers=headers)
        return client.request(self.method, url, json=JSON.get(last, WHY), headers={**headers, "If-Match": '"1"'})


def calls(app: FastAPI, role: Role) -> Iterator[Call]:
    """Give all that somebody with a role may ask."""
    for route in app.state.route_table.routes():
        [policy] = [one for one in route.dependencies if isinstance(one, Policy)]
        if policy.open_to_all or (policy.role is not None and not may(Identity("x", role), policy.role)):
            continue
        for method in sorted(route.methods - {"HEAD"}):
            yield Call(method, route.path, role)


def same(answer: httpx.Response, *names: str) -> tuple[int, str, str]:
    """Give an answer without the names that were asked for, and without what is made up for each."""
    text = answer.text
    for name in names:
        text = text.replace(name, "?")
    return answer.status_code, UUID.sub("?", text), answer.headers.get("location", "").replace(names[0], "?")


@pytest.mark.parametrize("role", STRANGERS)
def test_by_its_own_routes_it_is_not_there(app: FastAPI, scene: Scene, role: Role) -> None:
    client, before = scene.clients(role), scene.clients(Role.ADMIN).get(f"{API}/events?after=0&limit=500").json()["items"]
    asked = [call for call in calls(app, role) if call.about]
    assert len(asked) > 30
    for number, call in enumerate(asked):
        is_campaign = call.about == "campaigns"
        refs = scene.hidden.refs if is_campaign else (scene.hidden.submission, scene.hidden.submission_uuid)
        others = NOT_THERE.refs if is_campaign else (NOT_THERE.submission, NOT_THERE.submission_uuid)
        # One spelling each; all are looked up in the same place.
        ref, other = refs[number % len(refs)], others[number % len(refs)]
        found, missing = (call.ask(client, call.url(scene, name)) for name in (ref, other))
        assert found.status_code == 404, f"{call}: {found.status_code} {found.text}"
        assert same(found, ref) == same(missing, other), call
        rest = (
            found.text.replace(ref, "?").replace("kestrel.txt", "?").replace("kestrel.json", "?").replace(scene.hidden.order, "?")
        )
        assert scene.tells(rest) == [], call
    after = scene.clients(Role.ADMIN).get(f"{API}/events?after=0&limit=500").json()["items"]
    assert len(after) == len(before), "nothing was done"


@pytest.mark.parametrize("role", STRANGERS)
def test_elsewhere_it_is_not_there(scene: Scene, role: Role) -> None:
    client = scene.clients(role)
    for place in ELSEWHERE:
        for ref, other in zip(scene.hidden.refs, NOT_THERE.refs, strict=True):
            if "{c}" not in place and ref != scene.hidden.number:
                continue
            told = {name: (getattr(scene.hidden, name), getattr(NOT_THERE, name)) for name in ("number", "name", "order")}
            urls = [
                place.format(c=(ref, other)[which], open=scene.open, **{name: pair[which] for name, pair in told.items()})
                for which in (0, 1)
            ]
            found, missing = (client.get(url) for url in urls)
            named = [[(ref, other)[which], *(pair[which] for pair in told.values())] for which in (0, 1)]
            assert same(found, *named[0]) == same(missing, *named[1]), urls[0]


@pytest.mark.parametrize("role", STRANGERS)
def test_nothing_else_tells_of_it(app: FastAPI, scene: Scene, role: Role) -> None:
    client, urls = scene.clients(role), [f"/campaigns/{scene.open}?tab={tab.value}" for tab in Tab]
    for call in calls(app, role):
        # A stream has no end; what it says is one word.
        if call.method != "GET" or call.path.endswith("/live") or scene.parts["order_id"] in call.url(scene, ""):
            continue
        url = call.url(scene, scene.open_submission if call.about == "submissions" else scene.open)
        urls += [url, url.replace("csv", "json")] if "csv" in url else [url]
    assert len(urls) > 50
    for url in urls:
        answer = client.get(url)
        assert answer.status_code < 500, (url, answer.text)
        rest = re.sub(r"kestrel\.(txt|json)", "?", "".join(unpacked(answer)))
        assert scene.tells(rest) == [], f"{url}: {rest[max(0, rest.lower().find('kestrel') - 200) :][:400]}"


def unpacked(answer: httpx.Response) -> Iterator[str]:
    """Give the text of an answer, and of each file in it."""
    if answer.headers.get("content-type") != "application/zip":
        yield answer.text
        return
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        for name in packed.namelist():
            yield name
            yield packed.read(name).decode(errors="replace")
