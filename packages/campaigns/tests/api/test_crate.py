"""A campaign's crate keeps to the rules of its profiles, and says what was run."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from api.test_portable import API, run_a_campaign
from campaigns.domain.identity import Role
from support.crate_rules import problems
from support.scripted_agent import definition
from support.serving import Clients


def crate(client: Clients, ref: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    answer = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/crate")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    return json.loads(members["ro-crate-metadata.json"]), members


def test_keeps_to_the_rules_and_tells_what_was_run(client: Clients, tmp_path: Any) -> None:
    campaign = run_a_campaign(client)
    metadata, members = crate(client, campaign["id"])
    assert problems(metadata, set(members)) == []
    graph = {one["@id"]: one for one in metadata["@graph"]}
    first, second = graph["#S-1"], graph["#S-2"]
    assert first["agent"] == {"@id": "#person/mary"}
    assert graph[second["instrument"]["@id"]]["softwareVersion"] == "w_1"
    assert "4 of 4 quanta succeeded" in second["description"]
    assert {"@id": "#collection/HSC/defaults"} in second["object"]
    assert {"@id": "submissions/S-1/bps.yaml"} in first["object"]
    assert members["submissions/S-1/bps.yaml"] == b"a: 1"
    assert members["submissions/S-1/r.json"] == b'{"a": 1}'
    assert graph["./"]["license"] == {"@id": "#licence"}
    for name, content in members.items():
        (tmp_path / "crate" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "crate" / name).write_bytes(content)
    read = ROCrate(tmp_path / "crate")
    assert len(read.get_by_type("CreateAction")) == 3


@pytest.mark.parametrize("draft", [True, False])
def test_one_that_has_not_run_is_a_crate_too(client: Clients, draft: bool) -> None:
    document = {"name": "idea", "title": "An idea", "reason": "Why <not>", "kind": "other"} if draft else definition()
    client(Role.MANAGER).post(f"{API}/campaigns", json=document)
    metadata, members = crate(client, "C-1")
    assert problems(metadata, set(members)) == []


def test_rules_find_what_is_wrong(client: Clients) -> None:
    metadata, members = crate(client, run_a_campaign(client)["id"])
    graph = {one["@id"]: one for one in metadata["@graph"]}
    graph["#S-1"]["instrument"] = {"@id": "#person/mary"}
    graph["#S-2"]["mood"] = "good"
    del graph["./"]["license"]
    graph["#S-2"]["actionStatus"] = {"@id": "http://schema.org/FailedActionStatus"}
    assert len(problems(metadata, set(members))) == 4
