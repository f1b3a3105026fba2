"""A campaign's crate keeps to the shapes of its profiles, and says what was run."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rocrate.rocrate import ROCrate

from api.test_portable import API, run_a_campaign
from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.storage.database import Database
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients

ROOT = Path(__file__).parents[4]
PYTHON = ROOT / ".build" / "crate" / "bin" / "python"
VALIDATE = Path(__file__).parents[1] / "support" / "validate_crate.py"
METADATA = "ro-crate-metadata.json"
RUN, WORKFLOW = "provenance-run-crate-0.5", "workflow-ro-crate-1.0"


def crate(client: Clients, ref: str) -> dict[str, bytes]:
    answer = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/crate")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def validated(folder: Path, crates: list[tuple[str, str, dict[str, bytes]]]) -> list[str]:
    """Write crates to files, each with its profile, and give what the validator says of them."""
    for _, name, members in crates:
        with zipfile.ZipFile(folder / name, "w") as packed:
            for member, content in members.items():
                packed.writestr(member, content)
    command = [PYTHON, VALIDATE, folder, *(f"{profile}={folder / name}" for profile, name, _ in crates)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def test_tells_what_was_run(client: Clients, tmp_path: Any) -> None:
    campaign = run_a_campaign(client)
    assert client(Role.MANAGER).post(f"{API}/submissions/S-2/accept", json={"reason": "good"}).status_code == 200
    members = crate(client, campaign["id"])
    graph = {one["@id"]: one for one in json.loads(members[METADATA])["@graph"]}
    first, second = graph["#S-1"], graph["#S-2"]
    assert first["agent"] == {"@id": "#person/mary"}
    assert graph[second["instrument"]["@id"]]["softwareVersion"] == "w_1"
    assert "4 of 4 quanta succeeded" in second["description"]
    assert {"@id": "#collection/HSC/defaults"} in second["object"]
    assert {"@id": "submissions/S-1/bps.yaml"} in first["object"]
    assert members["submissions/S-1/bps.yaml"] == b"a: 1"
    assert members["submissions/S-1/r.json"] == b'{"a": 1}'
    [run] = graph["#campaign-run"]["result"]
    assert run in second["result"]
    assert graph[run["@id"]]["description"] == "The RUN collection of S-2: 4 of 4 quanta succeeded; accepted."
    [replaced] = [one for one in first["result"] if one["@id"].startswith("#collection/")]
    told = graph[replaced["@id"]]["description"]
    assert told == "The RUN collection of S-1: 3 of 4 quanta succeeded; not accepted, replaced by S-2."
    assert graph["./"]["license"] == {"@id": "#licence"}
    files = {one["@id"] for one in graph.values() if "File" in one["@type"]}
    assert files == set(members) - {METADATA}
    for name, content in members.items():
        (tmp_path / "crate" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "crate" / name).write_bytes(content)
    read = ROCrate(tmp_path / "crate")
    assert len(read.get_by_type("CreateAction")) == 3


def test_tells_of_no_submission_that_has_not_begun(client: Clients) -> None:
    mary, agent = client(Role.MANAGER), ScriptedAgent(client)
    agent.hello()
    ref = mary.post(f"{API}/campaigns", json=definition()).json()["id"]
    mary.post(f"{API}/campaigns/{ref}/transitions", json={"action": "start", "reason": "now", "wait_s": 0})
    agent.pass_preflight()
    assert mary.get(f"{API}/submissions/S-1").json()["status"] == "queued"
    metadata = json.loads(crate(client, ref)[METADATA])
    graph = {one["@id"]: one for one in metadata["@graph"]}
    assert "#S-1" not in graph
    assert not any("HowToStep" in one["@type"] for one in graph.values())


def test_keeps_to_its_profiles_whatever_has_run(
    settings: Settings, sqlite_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    """By the shapes that come with the validator, without a network."""
    client = Clients(create_app(settings, sqlite_database, clock=clock))
    ran = run_a_campaign(client)["id"]
    idea = {"name": "idea", "title": "An idea", "reason": "Why <not>", "kind": "other"}
    others = [
        client(Role.MANAGER).post(f"{API}/campaigns", json=each).json()["id"]
        for each in (idea, {**definition(), "name": "again"})
    ]
    crates = [(RUN if name == ran else WORKFLOW, f"{name}.zip", crate(client, name)) for name in (ran, *others)]
    assert client(Role.MANAGER).post(f"{API}/submissions/S-2/accept", json={"reason": "good"}).status_code == 200
    crates.append((RUN, "accepted.zip", crate(client, ran)))
    broken = [(RUN, f"{name}.zip", damaged(crates[0][2], break_it)) for name, break_it in DEFECTS.items()]
    said = validated(tmp_path, [*crates, *broken])
    verdicts = dict(line.split(": ", 1) for line in said if re.search(": (keeps to|fails) ", line))
    assert verdicts == {
        **{name: f"keeps to {profile}" for profile, name, _ in crates},
        **{name: f"fails {profile}" for profile, name, _ in broken},
    }


def damaged(members: dict[str, bytes], break_it: Callable[[dict[str, Any]], object]) -> dict[str, bytes]:
    metadata = json.loads(members[METADATA])
    break_it({one["@id"]: one for one in metadata["@graph"]})
    return members | {METADATA: json.dumps(metadata).encode()}


DEFECTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no-tool": lambda graph: graph["#S-1"].update(instrument={"@id": "#person/mary"}),
    "no-licence": lambda graph: graph["./"].pop("license"),
    "no-workflow": lambda graph: graph["./"].pop("mainEntity"),
    "no-actions": lambda graph: graph["#organised"].pop("object"),
}
