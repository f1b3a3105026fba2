"""The commits of specifications side by side, and the log between them."""

from __future__ import annotations

from api.test_specifications import asked, made, repository, settings, specified
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
