"""The commits of specifications side by side, and the log between them."""

from __future__ import annotations

from api.test_specifications import asked, made, repository, settings, specified
from campaigns.cli.compared import comparison_text, log_text
from campaigns.domain.identity import Role
from support.repositories import Repository
from support.scripted_agent import API, ScriptedAgent
from support.serving import Clients

__all__ = ("repository", "settings")


def start(client: Clients, agent: ScriptedAgent, document: dict[str, object]) -> str:
    ref = made(client, document)
    assert asked(client, ref, "start").status_code == 202
    agent.send(agent.take("preflight"), {"kind": "done", "result": {"steps": [], "sets": []}})
    agent.take("submit")
    return ref


def test_commits_and_the_log_between_them(client: Clients, repository: Repository) -> None:
    agent = ScriptedAgent(client)
    agent.hello()
    first = start(client, agent, specified(repository, name="first", output="u/first"))
    repository.commit({"isr.py": "config.doBias = True\n"}, subject="Bias is <b>subtracted</b>")
    second = start(client, agent, specified(repository, name="second", output="u/second"))
    victor = client(Role.VIEWER)
    [row] = victor.get(f"{API}/campaigns/{first}/diff/{second}").json()["specifications"]
    assert row["role"] == "processing"
    assert row["values"][0]["commit"] != row["values"][1]["commit"]
    told = victor.get(f"{API}/campaigns/{first}/diff/{second}", params={"all": True}).json()["specifications"]
    assert [(one["role"], one["differs"]) for one in told] == [("data", False), ("processing", True)]
    page = victor.get(f"/compare?of={first}&of={second}").text
    assert 'id="log-processing"' in page
    log = victor.get(f"/compare/log?role=processing&of={first}&of={second}").text
    assert "Bias is &lt;b&gt;subtracted&lt;/b&gt;" in log
    assert victor.get(f"/compare/log?role=data&of={first}&of={second}").status_code == 404
    between = victor.get(f"{API}/campaigns/{first}/diff/{second}/log", params={"role": "processing"}).json()
    assert [one["subject"] for one in between["came"]] == ["Bias is <b>subtracted</b>"]
    assert between["went"] == []
    assert (between["first"]["commit"], between["last"]["commit"]) == tuple(one["commit"] for one in row["values"])
    text = log_text(between, first=first, last=second)
    assert f"1 in {second} and not in {first}" in text
    assert "Bias is <b>subtracted</b>" in text
    none = victor.get(f"{API}/campaigns/{first}/diff/{second}/log", params={"role": "data"})
    assert (none.status_code, none.json()["code"]) == (404, "not_found")
    shown = comparison_text(victor.get(f"{API}/campaigns/{first}/diff/{second}").json())
    for one in row["values"]:
        assert one["commit"][:10] in shown
    assert f"`campaign diff {first} {second} --log ROLE`" in shown
