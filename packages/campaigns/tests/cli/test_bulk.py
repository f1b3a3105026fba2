"""``campaign bulk`` and the queries that others share, from the command line."""

from __future__ import annotations

import json

import pytest

from api.test_rerun import DOCUMENT
from campaigns.client import CampaignClient
from campaigns.domain.identity import Role
from campaigns.domain.savedquery import COLUMNS
from support.people import token_of
from support.running import Runner
from support.serving import LiveServer


@pytest.fixture(autouse=True)
def _campaigns(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    with CampaignClient() as client:
        for name in ("one", "two"):
            client.define({**DOCUMENT, "name": name, "output": f"u/mary/{name}"})


def test_many_at_once(run: Runner) -> None:
    asked = run("bulk", "cancel", "kind = integration", "-m", "Enough")
    assert asked.code == 1
    assert "2 campaigns match; nothing was done." in asked.err
    assert "`--expected 2`" in asked.err
    told = ("bulk", "cancel", "kind = integration", "-m", "Enough", "--expected")
    other = run(*told, "3")
    assert (other.code, "say that you expect 2" in other.err) == (1, True)
    assert "cancelled" not in run("list").out
    assert run(*told, "2").out == "cancel: C-1, C-2\n"
    again = run(*told, "2", "--json")
    assert (again.code, [fault["where"] for fault in json.loads(again.out)["refused"]]) == (1, ["C-1", "C-2"])
    assert run("bulk", "cancel", "name = nothing", "-m", "Enough").out.startswith("0 campaigns match.")


def test_a_shared_query_is_called_by_its_name(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = run("query", "save", "ones", "name = one", "--columns", "id,campaign,submissions", "--shared", "everyone")
    assert "others call it mary/ones" in saved.out
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.OPERATOR))
    assert "mary/ones" in run("query", "list").out
    for name in ("ones", "mary/ones"):
        lines = run("list", "--query", name).out.splitlines()
        assert [line.split() for line in lines] == [["ID", "CAMPAIGN", "SUBMISSIONS"], ["C-1", "one", "0"]]


def test_lists_have_the_columns_of_the_page(run: Runner) -> None:
    heads = [head.upper() for head in COLUMNS.values()]
    shown = run("list", "--columns", ",".join(COLUMNS)).out.splitlines()[0]
    assert [part.strip() for part in shown.split("  ") if part.strip()] == heads
    wrong = run("list", "--columns", "n_submissions")
    assert (wrong.code, "submissions" in wrong.err.partition("remedy:")[2]) == (1, True)
