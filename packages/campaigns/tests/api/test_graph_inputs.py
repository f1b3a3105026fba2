"""What the graph of each submission was made from: kept, shown, compared and exported."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from campaigns.domain.comparedinputs import InputKind, compared_inputs
from campaigns.domain.graphpins import GraphPins, PinnedCollection
from campaigns.domain.identity import Role
from support.scripted_agent import API, ScriptedAgent, definition, task
from support.serving import Clients
from web.conftest import browser


def pins(run: str, calibration: str = "HSC/calib/1") -> dict[str, Any]:
    return {
        "collections": [{"name": run, "type": "RUN"}, {"name": calibration, "type": "CALIBRATION"}],
        "read": {run: 7, "u/mary/trial/step0/20260101T000000Z": 2},
        "universe": "daf_butler@7",
        "skymaps": [],
    }


def ran(client: Clients, agent: ScriptedAgent, name: str, made_from: dict[str, Any] | None) -> str:
    """Run the first step of a campaign, whose graph was made from something."""
    manager = client(Role.MANAGER)
    ref = str(manager.post(f"{API}/campaigns", json=definition(name=name, output=f"u/mary/{name}")).json()["id"])
    manager.post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    order = agent.take("submit")
    if made_from is not None:
        agent.report(order, {"kind": "graph", "sets": [], "pins": made_from})
    agent.run(order, task("isr", 2, 2))
    return ref


def test_what_a_graph_was_made_from_is_kept_and_shown(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    ran(client, agent, "trial", pins("HSC/raw/1"))
    told = client(Role.VIEWER).get(f"{API}/submissions/S-1/graph").json()
    assert told == {**pins("HSC/raw/1"), "known": True}
    page = browser(client, Role.VIEWER).get("/submissions/S-1").text
    assert "What the graph was made from: 9 datasets of 2 runs" in page
    assert [word in page for word in ("HSC/calib/1", "daf_butler@7", "by a collection above")] == [True] * 3


def test_nothing_is_told_where_nothing_is_known(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    ran(client, agent, "trial", None)
    assert client(Role.VIEWER).get(f"{API}/submissions/S-1/graph").json()["known"] is False
    assert 'id="made-from"' not in browser(client, Role.VIEWER).get("/submissions/S-1").text


def test_two_runs_of_one_definition_that_read_other_inputs_are_told_apart(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    first = ran(client, agent, "trial", pins("HSC/raw/1"))
    second = ran(client, agent, "again", pins("HSC/raw/2"))
    before, after = client(Role.VIEWER).get(f"{API}/campaigns/{first}/diff/{second}").json()["inputs"][:2]
    assert (before["kind"], before["name"], before["values"]) == ("run", "HSC/raw/1", [7, 0])
    assert (after["name"], after["values"]) == ("HSC/raw/2", [0, 7])
    page = browser(client, Role.VIEWER).get(f"/compare?of={first}&of={second}").text
    assert "HSC/raw/2" in page
    assert "not read" in page
    assert "HSC/calib/1" not in page, "only what differs is shown"


def test_it_travels_with_the_campaign(client: Clients) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    ref = ran(client, agent, "trial", pins("HSC/raw/1"))
    exported = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/export")
    assert exported.status_code == 200
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        assert b"HSC/raw/1" in archive.read("tables/submission_graph.jsonl")


def test_inputs_side_by_side() -> None:
    one = GraphPins(collections=(PinnedCollection("c", "CALIBRATION"),), read={"r": 3, "u/a/step1/x": 9}, universe="daf_butler@7")
    other = GraphPins(read={"r": 3, "s": 1}, universe="daf_butler@8", skymaps=("m",))
    rows = compared_inputs([("u/a", [one, one]), ("u/b", [other]), ("u/c", [])])
    assert [(row.kind.value, row.name, row.cells, row.differs) for row in rows] == [
        ("run", "r", (6, 3, None), True),
        ("run", "s", (0, 1, None), True),
        ("calibrations", "c", (2, 0, None), True),
        ("skymap", "m", (0, 1, None), True),
        ("universe", "daf_butler@7", (2, 0, None), True),
        ("universe", "daf_butler@8", (0, 1, None), True),
    ]
    assert InputKind.UNIVERSE.counts == "graphs"
