"""What collides with a campaign that is kept to a team is told of without naming it, wherever that is told."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest

from api.test_adopting import ADOPT, RUN, found
from api.test_portable import bring, sealed
from campaigns.domain.identity import Role
from campaigns.services.archive import MANIFEST
from support.scripted_agent import ScriptedAgent, definition, task
from support.serving import Clients

API = "/api/v1"
WHY = {"reason": "because"}
TEAM = {"team": "raptors", "visibility": "team"}
NOT_NAMED = "a campaign that is kept to a team"


@pytest.fixture
def agent(client: Clients) -> ScriptedAgent:
    assert client(Role.ADMIN).post(f"{API}/teams", json={"name": "raptors"}).status_code == 201
    agent = ScriptedAgent(client)
    agent.hello()
    return agent


def post(client: Clients, role: Role, path: str, body: Any, *, status: int) -> dict[str, Any]:
    answer = client(role).post(f"{API}/{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def start(client: Clients, role: Role, ref: str) -> dict[str, Any]:
    return post(client, role, f"campaigns/{ref}/transitions", {"action": "start", "wait_s": 0, **WHY}, status=202)


def unnamed(told: Any) -> bool:
    """Tell whether a campaign's or a submission's id stands nowhere in what is told."""
    return re.search(r"\b[CS]-1\b", json.dumps(told)) is None


def test_an_output_collection(client: Clients, agent: ScriptedAgent) -> None:
    hidden = post(client, Role.ADMIN, "campaigns", definition(name="kestrel", **TEAM), status=201)["id"]
    late = [post(client, Role.MANAGER, "campaigns", definition(name=name), status=201)["id"] for name in ("early", "late")]
    looks = []
    for role, ref in ((Role.ADMIN, hidden), (Role.MANAGER, late[0])):
        start(client, role, ref)
        looks.append(agent.take("preflight"))
    for order in looks:
        agent.report(order, {"kind": "done"})
    # The one was looked at before the other had begun; the other is asked for when it had.
    events = client(Role.MANAGER).get(f"{API}/campaigns/{late[0]}/events").json()["items"]
    refused = next(event for event in events if event["kind"] == "campaign.start_refused")
    assert refused["reason"] == f"The output collection u/mary/trial is that of {NOT_NAMED}."
    assert unnamed(events)
    body = {"action": "start", "wait_s": 0, **WHY}
    told = post(client, Role.MANAGER, f"campaigns/{late[1]}/transitions", body, status=409)
    assert NOT_NAMED in told["detail"]
    assert unnamed(told)
    named = post(client, Role.ADMIN, f"campaigns/{late[1]}/transitions", body, status=409)
    assert hidden in named["detail"]


def test_a_run_that_is_adopted(client: Clients, agent: ScriptedAgent) -> None:
    # Its only run is called as the one that is found.
    hidden = definition(name="kestrel", output="u/otto/spring", steps=[{"name": "step1"}], **TEAM)
    ref = post(client, Role.ADMIN, "campaigns", hidden, status=201)["id"]
    start(client, Role.ADMIN, ref)
    agent.pass_preflight()
    order = agent.take("submit")
    run = order["payload"]["output_run"]
    # Also for one who may see it, since all may read the order.
    for number, role in enumerate((Role.MANAGER, Role.ADMIN)):
        asked = post(client, role, "campaigns/adopt", {**ADOPT, "name": f"old-{number}"}, status=202)["order"]["id"]
        agent.report(agent.take("inspect_run"), found(task("isr", 4, 4), run=run))
        answer = client(Role.VIEWER).get(f"{API}/orders/{asked}").json()
        assert answer["faults"][0]["message"] == f"{run} is known already, in {NOT_NAMED}."
        assert unnamed(answer["faults"])
    assert run != RUN


def test_a_rerun_and_what_it_derives_from(client: Clients, agent: ScriptedAgent) -> None:
    ref = post(client, Role.ADMIN, "campaigns", definition(name="kestrel", **TEAM), status=201)["id"]
    changes = {"name": "osprey", "visibility": "staff", "team": None}
    child = post(client, Role.ADMIN, f"campaigns/{ref}/rerun", {"patch": changes, **WHY}, status=201)["campaign"]["id"]
    events = client(Role.VIEWER).get(f"{API}/campaigns/{child}/events").json()["items"]
    rerun = next(event for event in events if event["kind"] == "campaign.rerun")
    assert (rerun["summary"], rerun["reason"]) == (f"{child} osprey derives from another campaign", "because")
    assert unnamed(events)
    [own] = client(Role.VIEWER).get(f"{API}/campaigns/{child}/lineage").json()["items"]
    assert own["parent"] is None
    told = client(Role.ADMIN).get(f"{API}/campaigns/{ref}/events").json()["items"][-1]
    assert (told["kind"], told["details"]["made"]) == ("campaign.rerun", child)
    assert client(Role.ADMIN).get(f"{API}/campaigns/{child}/lineage").json()["items"][1]["parent"] == ref
    for role, found_by in ((Role.VIEWER, []), (Role.ADMIN, [child])):
        for field in ("parent", "root"):
            items = client(role).get(f"{API}/campaigns", params={"filter": f"{field} = {ref}"}).json()["items"]
            assert [one["id"] for one in items] == found_by, (role, field)
    # The file of one has the other only for those who may see it.
    for role, parent in ((Role.VIEWER, 0), (Role.ADMIN, 1)):
        with zipfile.ZipFile(io.BytesIO(client(role).get(f"{API}/campaigns/{child}/export").content)) as packed:
            [row] = [json.loads(line) for line in packed.read("tables/campaign.jsonl").splitlines()]
        assert [row["parent_id"] is not None, row["root_id"] is not None] == [bool(parent)] * 2


def test_an_archive(client: Clients, agent: ScriptedAgent, archive: bytes) -> None:
    # Its owner there is the one who sees it here.
    hidden = as_another(archive, uuid=None, owner="ada", visible_to="raptors")
    assert client(Role.ADMIN).post(f"{API}/campaigns/import", content=hidden).status_code == 201
    assert client(Role.MANAGER).get(f"{API}/campaigns/C-1").status_code == 404
    again = "11111111-1111-4111-8111-111111111111"
    for content, place in (
        (archive, "file"),
        (as_another(archive, uuid=again), "file"),
        (as_another(archive, uuid=again, number=77), "tables/submission.jsonl"),
    ):
        told = bring(client, content, rename="theirs")
        assert (told.status_code, told.json()["where"]) == (409, place), told.text
        assert NOT_NAMED in told.json()["detail"].replace("A campaign", "a campaign")
        # Its number there is told by the file itself.
        assert unnamed(told.json()["detail"].replace("origin:C-1", "").replace("as C-1", ""))
        assert unnamed(told.json()["remedy"])


def as_another(content: bytes, *, uuid: str | None, **changes: Any) -> bytes:
    """The archive with another row of the campaign, and perhaps all rows under another UUID."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        texts = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(texts.pop(MANIFEST))
    row = {**json.loads(texts["tables/campaign.jsonl"]), **changes}
    texts["tables/campaign.jsonl"] = json.dumps(row, sort_keys=True).encode() + b"\n"
    for name, text in texts.items():
        content = sealed(content, name, text if uuid is None else text.replace(manifest["uuid"].encode(), uuid.encode()))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        told = {**json.loads(packed.read(MANIFEST)), "uuid": uuid or manifest["uuid"], "number": row["number"]}
    return sealed_manifest(content, told)


def sealed_manifest(content: bytes, told: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(target, "w") as put:
        for name in packed.namelist():
            put.writestr(name, json.dumps(told).encode() if name == MANIFEST else packed.read(name))
    return target.getvalue()
