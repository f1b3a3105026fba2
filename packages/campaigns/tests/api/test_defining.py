"""What is refused when campaigns are defined and revised over REST, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.domain.identity import Role
from support.scripted_agent import definition
from support.serving import Clients

API = "/api/v1"


def _post(client: Clients, path: str, body: Any, **more: Any) -> Any:
    return client(Role.MANAGER).post(f"{API}/{path}", json=body, **more)


def _show(client: Clients, path: str) -> dict[str, Any]:
    return dict(client(Role.VIEWER).get(f"{API}/{path}").json())


def test_lost_updates_are_refused(client: Clients) -> None:
    ref = _post(client, "campaigns", definition()).json()["id"]
    path = f"campaigns/{ref}/revisions?reason=Better"
    revised = _post(client, path, definition(title="Better"), headers={"If-Match": '"1"'})
    assert (revised.status_code, revised.json()["revision"], revised.headers["ETag"]) == (201, 2, '"2"')
    for headers in ({"If-Match": '"1"'}, {}):
        late = _post(client, path, definition(title="Other"), headers=headers)
        assert (late.status_code, late.json()["code"]) == (412, "lost_update")
    assert [revision["number"] for revision in _show(client, f"campaigns/{ref}/revisions")["items"]] == [2, 1]


def test_yaml_and_json_give_the_same_words(client: Clients) -> None:
    text = "name: a\ntitle: b\nreason: c\nkind: development\nstps: []\n"
    by_yaml = client(Role.MANAGER).post(f"{API}/campaigns", content=text, headers={"Content-Type": "application/yaml"}).json()
    by_json = _post(client, "campaigns", {"name": "a", "title": "b", "reason": "c", "kind": "development", "stps": []}).json()
    assert by_json["code"] == by_yaml["code"] == "invalid_definition"
    (from_yaml,), (from_json,) = by_yaml["faults"], by_json["faults"]
    assert (from_yaml["where"], from_json["where"]) == ("stps (line 5)", "stps")
    assert from_yaml["message"] == from_json["message"]
    assert from_yaml["remedy"] == from_json["remedy"] == "Did you mean `steps`?"


@pytest.mark.parametrize("name", ["C-1", "s-12", "new", "0f4c1a52-7d5a-4c8e-9b1e-2f6a7c8d9e0f"])
def test_a_name_that_reads_like_an_id_is_refused(client: Clients, name: str) -> None:
    answer = _post(client, "campaigns", definition(name=name))
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["where"] == "name"


@pytest.mark.parametrize("body", ['{"bps": {"a": "\\ud800"}}', '{"bps": {"a": ' + "9" * 5000 + "}}", '{"bps": ' + '{"a": ' * 300])
def test_bodies_that_cannot_be_kept_are_refused(client: Clients, body: str) -> None:
    answer = client(Role.MANAGER).post(f"{API}/campaigns", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("number", [0, -1, 2, 10**30, -(10**30)])
def test_a_revision_that_is_not_there(client: Clients, number: int) -> None:
    _post(client, "campaigns", definition())
    assert client(Role.VIEWER).get(f"{API}/campaigns/C-1/revisions/{number}").status_code == 404


def test_what_is_defined_is_not_made_incomplete(client: Clients) -> None:
    ref = _post(client, "campaigns", definition()).json()["id"]
    document = definition()
    del document["stack"]
    path = f"campaigns/{ref}/revisions?reason=Less"
    answer = _post(client, path, document, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["faults"][0]["where"]) == (422, "stack")
    assert _show(client, f"campaigns/{ref}")["revision"] == 1


def test_the_number_of_groups_is_bounded(client: Clients) -> None:
    steps = [{"name": "s", "split": {"dimension": "visit", "values": list(range(2001))}}]
    answer = _post(client, "campaigns", definition(steps=steps))
    assert answer.status_code == 422
    assert "2000 groups" in answer.json()["faults"][0]["message"]
