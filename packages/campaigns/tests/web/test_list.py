"""The page of the list: what leads on from it, what is counted above it, and what was meant where nothing is found."""

from __future__ import annotations

import html
import re

import pytest

from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser
from web.fake_agent import FakeAgent


def found(clients: Clients, wanted: str) -> str:
    page = browser(clients, Role.MANAGER).get("/campaigns", params={"filter": wanted}).text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(("wanted", "place"), [("C-2", "/campaigns/C-2"), (" s-5 ", "/submissions/S-5")])
def test_an_id_alone_leads_there(clients: Clients, wanted: str, place: str) -> None:
    answer = browser(clients, Role.VIEWER).get("/campaigns", params={"filter": wanted})
    assert (answer.status_code, answer.headers["location"]) == (302, place)


def test_an_id_that_is_none_is_looked_for(clients: Clients) -> None:
    victor = browser(clients, Role.VIEWER)
    assert victor.get("/campaigns", params={"filter": "C-999"}).status_code == 200
    assert victor.get("/campaigns", params={"filter": '"C-2"'}).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("paused", "status = paused"),
        ("failed", "status = failed"),
        ("waits", "waits = yes"),
        ("Data Release", "kind = data_release"),
    ],
)
def test_a_word_of_the_language_is_taken_as_what_it_means(clients: Clients, wanted: str, meant: str) -> None:
    assert f"Did you mean {meant}" in found(clients, f'"{wanted}"' if " " in wanted else wanted)


def test_a_column_is_called_as_its_head(clients: Clients) -> None:
    assert "1 campaign matches" in found(clients, "state = completed")
    assert browser(clients, Role.VIEWER).get("/campaigns?sort=-changed").status_code == 200


def test_a_sets_name_leads_to_the_set(clients: Clients) -> None:
    agent = FakeAgent(clients(Role.AGENT), clients.clock)
    agent.hello()
    sent = {"site": "here", "butler": "main", "name": "demo/bad", "data_ids": [{"visit": 1}], "reason": "Bad."}
    assert clients(Role.OPERATOR).post("/api/v1/dataid-sets", json=sent).status_code < 300
    agent.take()
    assert "There is a DataId set demo/bad@1 in main at here" in found(clients, "demo/bad")
    assert "There is a DataId set" not in found(clients, "demo/ba")


def test_what_mostly_is_looked_for_is_counted_above(clients: Clients) -> None:
    page = browser(clients, Role.MANAGER).get("/campaigns").text
    listed = re.search(r'<ul class="lists".*?</ul>', page, re.DOTALL)
    assert listed is not None
    links = re.findall(r'<a href="([^"]+)"[^>]*>(.*?) <b class="num">(\d+)</b>', listed[0])
    assert [name for _, name, _ in links] == ["waits for a decision", "running", "mine", "failed this week"]
    for address, _, number in links:
        shown = browser(clients, Role.MANAGER).get(html.unescape(address)).text
        assert shown.count('data-href="/campaigns/') == int(number)
    assert sum(int(number) for _, _, number in links) > 4


def test_a_wrong_column_is_not_a_wrong_filter(clients: Clients) -> None:
    victor = browser(clients, Role.VIEWER)
    assert 'aria-describedby="filter-problem"' in victor.get("/campaigns?filter=status+%3D+runing").text
    page = victor.get("/campaigns?columns=nothing").text
    assert "There is no column" in page
    assert 'aria-describedby="filter-problem"' not in page
    assert 'class="h-state"' in victor.get("/campaigns?columns=name,status").text


def test_a_query_is_shared_with_a_team_changed_and_removed(clients: Clients) -> None:
    admin, mary = clients(Role.ADMIN), browser(clients, Role.MANAGER)
    admin.post("/api/v1/teams", json={"name": "drp"})
    admin.post("/api/v1/teams/drp/members", json={"user": "mary"})
    assert '<option value="team:drp">team drp</option>' in mary.get("/campaigns").text
    told = {"name": "my shift", "filter": "waits = yes", "sort": "-updated", "shared": "team:drp"}
    address = mary.post("/queries", data=told).headers["location"].partition("?")[0]
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", mary.get("/queries").text)).split())
    assert "updated, latest first" in page
    assert "team drp" in page
    changed = {**told, "name": "our shift", "sort": "title", "shared": "everyone"}
    assert mary.post(address, data=changed).status_code == 303
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", browser(clients, Role.VIEWER).get("/queries").text)).split())
    assert "our shift waits = yes title, a to z mary everyone" in page
    assert "edit…" not in page
    assert browser(clients, Role.VIEWER).post(address, data=changed).status_code == 403
    assert mary.post(f"{address}/remove").status_code == 303
    assert "No query is saved yet." in mary.get("/queries").text


def test_an_action_on_many_says_what_it_would_come_to(clients: Clients) -> None:
    mary = browser(clients, Role.MANAGER)
    told = mary.get("/campaigns/bulk/outlook", params={"filter": "status in (paused, completed, cancelled)", "action": "cancel"})
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", told.text)).split())
    assert text == "cancel : 3 can be, 2 cannot (already ended) cancel 3 campaigns"
    assert "button-danger" in told.text
    several = mary.get("/campaigns/bulk/outlook", params={"filter": "id in C-1..C-8", "action": "resume"}).text
    assert "2 already ended" in several
    assert "held by nobody" in several
    assert "resume 1 campaign<" in several
    assert browser(clients, Role.VIEWER).get("/campaigns/bulk/outlook?action=cancel").status_code == 403
    # What was told of is what is done.
    form = {"filter": "status in (paused, completed, cancelled)", "action": "cancel", "reason": "Over.", "expected": "5"}
    page = mary.get(mary.post("/campaigns/bulk", data=form).headers["location"]).text
    assert "cancel: 3 done, 2 refused" in page
