"""Specifications in git: resolved when a campaign starts, kept for each revision, and sent to agents that need their files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.services import repositories
from support.repositories import Repository
from support.scripted_agent import API, ScriptedAgent, definition, task
from support.serving import Clients


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", git_local_roots=str(tmp_path / "shared"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shared" / "drp")
    files = {"drp.yaml": "tasks: {}\n", "bps/step1.yaml": "pipelineYaml: x\n", "isr.py": "config.doBias = False\n"}
    made.commit({**files, "data/bad.json": "[]"}, tag="v1")
    return made


def specified(repository: Repository, **changes: Any) -> dict[str, Any]:
    """Give a definition with both specifications, whose pipeline is in the repository."""
    told: dict[str, Any] = {
        "pipeline": "drp.yaml",
        "processing_spec": {"repository": str(repository.path), "reference": "main"},
        "data_spec": {"repository": str(repository.path), "reference": "v1", "path": "data"},
    }
    return definition(**{**told, **changes})


def made(client: Clients, document: dict[str, Any]) -> str:
    answer = client(Role.MANAGER).post(f"{API}/campaigns", json=document)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def asked(client: Clients, ref: str, action: str) -> Any:
    return client(Role.MANAGER).post(f"{API}/campaigns/{ref}/transitions", json={"action": action, "reason": "why", "wait_s": 0})


def started(client: Clients, agent: ScriptedAgent, document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Define and start a campaign; give its id and the order of its preflight."""
    agent.hello()
    ref = made(client, document)
    answer = asked(client, ref, "start")
    assert answer.status_code == 202, answer.text
    order = agent.take("preflight")
    agent.send(order, {"kind": "done", "result": {"steps": [], "sets": []}})
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").json()["status"] == "running"
    return ref, order


def test_references_are_commits_from_the_start_on(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    main = repository.commit({"b": "2"})
    tagged = repository.git("rev-parse", "v1^{commit}")
    ref, look = started(client, agent, specified(repository))
    assert look["payload"]["specification"] == {"repository": str(repository.path), "reference": "main", "commit": main}
    repository.commit({"b": "3"})
    told = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/specifications").json()["items"]
    assert [(one["role"], one["revision"], one["commit"]) for one in told] == [("data", 1, tagged), ("processing", 1, main)]
    submit = agent.take("submit")
    assert submit["payload"]["processing"]["specification"]["commit"] == main, "the branch has moved, the campaign has not"
    archive = agent.client.get(f"{API}/orders/{submit['id']}/specification")
    assert archive.status_code == 200
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as tar:
        assert {"drp.yaml", "isr.py"} <= set(tar.getnames())
        content = tar.extractfile("b")
        assert content is not None
        assert content.read() == b"2"


def test_what_cannot_be_resolved_starts_nothing(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    spec = {"repository": str(repository.path), "reference": "v9"}
    answer = asked(client, made(client, specified(repository, processing_spec=spec)), "start")
    assert answer.status_code == 422
    [fault] = answer.json()["faults"]
    assert (fault["code"], fault["where"]) == ("reference_not_found", "processing_spec.reference")
    files = [{"label": "isr", "file": "nowhere.py"}]
    answer = asked(client, made(client, specified(repository, name="b", output="u/mary/b", config_overrides=files)), "start")
    [fault] = answer.json()["faults"]
    assert (fault["code"], fault["where"]) == ("not_in_repository", "config_overrides[0].file")
    assert "has no file nowhere.py at" in fault["message"]
    assert agent.lease() == []


def test_files_are_for_the_agents_of_the_orders_site_alone(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    _, look = started(client, agent, specified(repository))
    address = f"{API}/orders/{look['id']}/specification"
    assert client(Role.ADMIN).get(address).status_code == 403
    ref = made(client, definition(name="plain", output="u/mary/plain"))
    asked(client, ref, "start")
    orders = [order for order in agent.lease() if order["kind"] == "preflight"]
    assert agent.client.get(f"{API}/orders/{orders[0]['id']}/specification").status_code == 404


def paused(client: Clients, agent: ScriptedAgent, repository: Repository) -> str:
    """Start a campaign whose first step has a submission, and pause it."""
    ref, _ = started(client, agent, specified(repository))
    assert asked(client, ref, "pause").status_code == 200
    return ref


def revise(client: Clients, ref: str, document: dict[str, Any], *, revision: int) -> Any:
    address = f"{API}/campaigns/{ref}/revisions"
    return client(Role.MANAGER).post(
        address, params={"reason": "more memory"}, json=document, headers={"If-Match": f'"{revision}"'}
    )


def test_a_paused_campaign_goes_on_by_its_new_revision(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    ref = paused(client, agent, repository)
    moved = repository.commit({"b": "4"})
    answer = revise(client, ref, specified(repository, tasks={"isr": {"memory_mb": 9000}}), revision=1)
    assert answer.status_code == 201, answer.text
    told = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/specifications").json()["items"]
    assert [(one["revision"], one["role"]) for one in told] == [
        (2, "data"), (2, "processing"), (1, "data"), (1, "processing"),
    ]  # fmt: skip
    assert told[1]["commit"] == moved != told[3]["commit"]
    for commit in (moved, told[3]["commit"]):
        found = client(Role.VIEWER).get(f"{API}/campaigns", params={"filter": f"commit ~ {commit[:9]}"}).json()["items"]
        assert [one["id"] for one in found] == [ref], "by the commits of all revisions"
    first = agent.take("submit")
    assert (first["payload"]["revision"], first["payload"]["bps"]) == (1, {}), "what was submitted stays as it is"
    agent.send(first, *finished())
    assert asked(client, ref, "resume").status_code in (200, 409)
    submission = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/submissions").json()["items"][0]["id"]
    accepted = client(Role.OPERATOR).post(f"{API}/submissions/{submission}/accept", json={"reason": "good"})
    assert accepted.status_code == 200, accepted.text
    orders = {order["kind"]: order["payload"] for order in agent.lease()}
    assert (orders["submit"]["step"], orders["submit"]["revision"]) == ("step2", 2)
    assert orders["submit"]["bps"] == {"pipetask": {"isr": {"requestMemory": 9000}}}
    assert orders["submit"]["processing"]["specification"]["commit"] == moved


def finished() -> list[dict[str, Any]]:
    tasks = [task("isr", 2, 2)]
    return [
        {"kind": "launched", "pid": 1, "host": "h", "boot_id": "b", "started_us": 1},
        {"kind": "launcher", "exit_code": 0, "ended_us": 2},
        {"kind": "quanta", "source": "report", "tasks": tasks, "failures": [], "n_failures": 0, "registered": True},
        {"kind": "done"},
    ]


def test_steps_that_were_submitted_stay_what_they_are(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    ref = paused(client, agent, repository)
    other = [{"name": "step9", "gate": {"accept": "person"}}, {"name": "step2"}]
    answer = revise(client, ref, specified(repository, steps=other), revision=1)
    assert answer.status_code == 422
    assert [fault["code"] for fault in answer.json()["faults"]] == ["step_gone"]
    answer = revise(client, ref, specified(repository, data_query="instrument = 'X'", output="u/mary/other"), revision=1)
    assert [(fault["code"], fault["where"]) for fault in answer.json()["faults"]] == [
        ("fixed_since_start", "output"),
        ("group_changed", "data_query"),
    ]
    answer = revise(client, ref, specified(repository, sets={"exclude": ["demo/bad"]}), revision=1)
    [fault] = answer.json()["faults"]
    assert (fault["code"], fault["where"]) == ("set_not_known", "sets.exclude[0]")


def test_what_runs_is_not_revised(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    ref, _ = started(client, agent, specified(repository))
    answer = revise(client, ref, specified(repository, title="Other"), revision=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert "campaign pause" in answer.json()["remedy"]


def test_a_lost_update_carries_what_both_changed(client: Clients) -> None:
    ref = made(client, definition(title="First", ticket="DM-1"))
    assert revise(client, ref, definition(title="Theirs", ticket="DM-1", team="drp"), revision=1).status_code == 201
    answer = revise(client, ref, definition(title="Mine", ticket="DM-2"), revision=1)
    assert answer.status_code == 412
    problem = answer.json()
    assert (problem["code"], problem["newest_revision"], problem["base_revision"]) == ("lost_update", 2, 1)
    told = {one["where"]: one for one in problem["differences"]}
    assert told["title"] == {"where": "title", "base": "First", "yours": "Mine", "newest": "Theirs", "conflict": True}
    assert (told["ticket"]["yours"], told["ticket"]["newest"], told["ticket"]["conflict"]) == ("DM-2", "DM-1", False)
    assert (told["team"]["yours"], told["team"]["newest"], told["team"]["conflict"]) == (None, "drp", False)
    assert revise(client, ref, definition(title="Mine", ticket="DM-2"), revision=2).status_code == 201


CAMPAIGN_FILE = """\
name: tagged
title: From a tag
reason: To see it.
kind: development
site: here
stack: w_1
butler: main
inputs: [HSC/defaults]
output: u/mary/tagged
data_spec: {path: data}
commands: [bps/step1.yaml]
"""


def from_repository(client: Clients, **body: Any) -> Any:
    return client(Role.MANAGER).post(f"{API}/campaigns/from-repository", json=body)


def test_a_campaign_is_defined_wholly_at_a_tag(client: Clients, repository: Repository) -> None:
    repository.commit({"campaign.yaml": CAMPAIGN_FILE}, tag="v2")
    repository.commit({"campaign.yaml": "name: other"})
    answer = from_repository(client, repository=str(repository.path), reference="v2")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    home = {"repository": str(repository.path), "reference": "v2"}
    assert (told["name"], told["status"]) == ("tagged", "defined")
    assert told["definition"]["data_spec"] == {**home, "path": "data"}
    assert told["definition"]["processing_spec"] == home
    assert told["definition"]["commands"] == [{"name": "step1", "file": "bps/step1.yaml"}]


def test_mistakes_in_a_file_at_a_tag_have_their_lines(client: Clients, repository: Repository) -> None:
    repository.commit({"sub/c.yaml": CAMPAIGN_FILE + "ticket: nothing\n"})
    answer = from_repository(client, repository=str(repository.path), reference="main", path="sub/c.yaml")
    assert [fault["where"] for fault in answer.json()["faults"]] == ["ticket (line 12)"]
    assert from_repository(client, repository=str(repository.path), reference="main").json()["code"] == "not_in_repository"
    assert from_repository(client, repository="/etc", reference="main").json()["code"] == "repository_not_allowed"
    answer = from_repository(client, repository="http://x", reference="--help", path="../x")
    assert [fault["where"] for fault in answer.json()["faults"]] == ["repository", "reference", "path"]


def test_it_is_told_how_far_a_branch_has_moved(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    ref, _ = started(client, agent, specified(repository))
    newest = repository.commit({"b": "3"}, subject="Better sky")
    data, processing = client(Role.VIEWER).get(f"{API}/campaigns/{ref}/specifications/moved").json()["items"]
    assert (data["role"], data["n_ahead"]) == ("data", 0)
    assert (processing["now"], processing["n_ahead"], processing["commits"][0]["subject"]) == (newest, 1, "Better sky")


def test_an_output_of_another_form_is_a_warning(client: Clients) -> None:
    answer = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(output="HSC/mine"))
    assert answer.status_code == 201
    told = [(one["code"], one["where"]) for one in answer.json()["warnings"]]
    assert told == [("unknown_site", "site"), ("output_form", "output")]
    refused = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(name="b", output="HSC/mine", inputs=["u/mary/x"]))
    assert [fault["where"] for fault in refused.json()["faults"]] == ["inputs[0]"]


def test_a_revision_in_a_pause_names_what_the_site_has(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    ref = paused(client, agent, repository)
    answer = revise(client, ref, specified(repository, stack="w_9"), revision=1)
    assert answer.status_code == 422
    [fault] = answer.json()["faults"]
    assert (fault["code"], fault["where"], fault["remedy"]) == ("unknown_stack", "stack", "It offers: w_1.")


def test_lists_are_found_among_other_files_and_those_left_out_are_told_of(
    client: Clients, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repositories, "MAX_FILES", 2)
    lists = {f"data/{letter}.json": '[{"visit": 1}]' for letter in "xyz"}
    repository.commit({**{f"data/{number}.txt": "" for number in range(5)}, **lists}, tag="v2")
    document = specified(repository)
    document["data_spec"]["reference"] = "v2"
    ref, _ = started(client, ScriptedAgent(client), document)
    page = client(Role.VIEWER).get(f"/campaigns/{ref}/specifications").text
    assert [name in page for name in ("data/bad.json", "data/x.json", "data/y.json")] == [False, True, False], "one is no list"
    assert "2 more JSON files of the data specification were not looked at" in " ".join(page.split())
    monkeypatch.setattr(repositories, "MAX_FILES", 4)
    page = client(Role.VIEWER).get(f"/campaigns/{ref}/specifications").text
    assert ("data/z.json" in page, "lists-cut" in page) == (True, False)
