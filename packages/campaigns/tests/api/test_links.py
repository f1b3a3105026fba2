"""Links over REST: those of the definition, of the site's templates, and those that were added; and looking at them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from campaigns.domain.identity import Role
from campaigns.domain.links import Link, LinkKind, LinkOrigin
from campaigns.gateways.clock import FixedClock
from campaigns.gateways.pages import Answer, PageGateway
from campaigns.schema.revision import RevisionRow
from campaigns.storage.database import Database
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients

API = "/api/v1"
TEMPLATES = [
    {"kind": "metrics", "title": "Metrics", "url": "https://metrics.example.org/{campaign.name}"},
    {"kind": "plots", "title": "Plots", "url": "https://plots.example.org/runs/{submission.output_run}?of={submission.id}"},
    {"kind": "monitor", "title": "Monitor", "url": "https://monitor.example.org/{submission.run_id}"},
]


@pytest.fixture
def ref(client: Clients) -> str:
    """A campaign whose first submission is queued, at a site with templates."""
    agent = ScriptedAgent(client)
    agent.hello(
        document={
            "stacks": [{"name": "w_1"}],
            "repositories": [{"alias": "main"}],
            "workflow_system": "none",
            "links": TEMPLATES,
        }
    )
    links = [{"title": "Report", "url": "https://docs.example.org/r", "kind": "document"}]
    made = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(links=links)).json()
    client(Role.MANAGER).post(f"{API}/campaigns/{made['id']}/transitions", json={"action": "start", "reason": "Go", "wait_s": 0})
    agent.pass_preflight()
    return str(made["id"])


def listed(client: Clients, path: str) -> list[dict[str, Any]]:
    return list(client(Role.VIEWER).get(f"{API}/{path}/links").json()["items"])


def test_a_sites_templates_make_links(client: Clients, ref: str) -> None:
    run = client(Role.VIEWER).get(f"{API}/submissions/S-1").json()["output_run"]
    plots = f"https://plots.example.org/runs/{run.replace('/', '%2F')}?of=S-1"
    assert [(link["origin"], link["url"], link["submission"]) for link in listed(client, f"campaigns/{ref}")] == [
        ("definition", "https://docs.example.org/r", None),
        ("site", "https://metrics.example.org/trial", None),
        ("site", plots, "S-1"),
    ], "what is not known yet, such as the run's id, makes no link"
    assert [link["url"] for link in listed(client, "submissions/S-1")] == [plots]


def test_links_are_added_and_taken_away_on_record(client: Clients, ref: str) -> None:
    otto, path = client(Role.OPERATOR), f"{API}/campaigns/{ref}/links"
    body = {"title": "Talk", "url": "https://example.org/t", "kind": "document", "submission": "S-1"}
    added = otto.post(path, json=body)
    assert (added.status_code, added.json()["added_by"], added.json()["submission"]) == (201, "otto", "S-1")
    assert otto.post(path, json=body).status_code == 409
    assert added.json()["uuid"] in {link["uuid"] for link in listed(client, "submissions/S-1")}
    assert otto.post(f"{path}/{added.json()['uuid']}/remove", json={"reason": " "}).status_code == 422
    assert otto.post(f"{path}/{added.json()['uuid']}/remove", json={"reason": "Moved"}).status_code == 200
    assert otto.post(f"{path}/{added.json()['uuid']}/remove", json={"reason": "Moved"}).status_code == 404
    assert otto.post(path, json={**body, "submission": "S-9"}).status_code == 404
    events = otto.get(f"{API}/campaigns/{ref}/events").json()["items"]
    assert [(event["kind"], event["reason"]) for event in events[-2:]] == [("link.added", None), ("link.removed", "Moved")]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://", "ftp://x/y", "https://a b/", "https://me:pw@host/", "https://[oops", "x" * 3000]
)
def test_addresses_that_cannot_be_linked(client: Clients, ref: str, url: str) -> None:
    answer = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/links", json={"title": "x", "url": url})
    assert (answer.status_code, answer.json()["where"]) == (422, "url")


def test_a_definitions_links_are_addresses_and_stored_ones_stay_readable(client: Clients, ref: str, database: Database) -> None:
    links = [{"title": "Bad", "url": "https://[oops"}]
    refused = client(Role.MANAGER).post(f"{API}/campaigns", json=definition(name="bad", output="u/mary/bad", links=links))
    assert refused.status_code == 422
    assert refused.json()["faults"][0]["where"] == "links[0].url"
    with database.write() as session:
        row = session.scalars(select(RevisionRow)).one()
        row.document = {**row.document, "links": links}
    assert listed(client, f"campaigns/{ref}")[0]["url"] == "https://[oops"
    assert client(Role.VIEWER).get(f"{API}/campaigns/{ref}").status_code == 200
    assert Link(kind=LinkKind.OTHER, title="Bad", url="https://[oops", origin=LinkOrigin.DEFINITION).host == ""
    assert not gateway({}, "a.org").may_look_at("https://[oops")


def test_without_hosts_nothing_is_looked_at(client: Clients, ref: str) -> None:
    answer = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/links/check")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert "CAMPAIGN_LINK_HOSTS" in answer.json()["remedy"]


def test_what_was_found_is_kept(client: Clients, ref: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake(PageGateway):
        def look(self, urls: Any) -> dict[str, Answer]:
            return {url: Answer(reached="docs" in url, text="said so") for url in urls}

    monkeypatch.setattr("campaigns.api.dependencies.PageGateway", Fake)
    state = client.app.state
    state.settings = state.settings.model_copy(update={"link_hosts": "docs.example.org,metrics.example.org"})
    answer = client(Role.OPERATOR).post(f"{API}/campaigns/{ref}/links/check")
    assert answer.status_code == 200
    why = {link["title"]: link["passed_over"] for link in answer.json()["items"]}
    assert (why["Report"], why["Metrics"]) == ("", "")
    assert why["Plots"].endswith(" is not in CAMPAIGN_LINK_HOSTS")
    page = client(Role.OPERATOR).post(f"/campaigns/{ref}/links/check", follow_redirects=True)
    assert "is not in CAMPAIGN_LINK_HOSTS" in page.text
    found = {link["title"]: link["check"] for link in listed(client, f"campaigns/{ref}")}
    assert found["Report"] == {"reached": True, "answer": "said so", "checked_us": clock.now_us()}
    assert (found["Metrics"]["reached"], found["Plots"]) == (False, None)


# ---- the gateway -----------------------------------------------------------------------------------------------------


def gateway(answers: dict[str, httpx.Response], *hosts: str, addresses: tuple[str, ...] = ("93.184.216.34",)) -> PageGateway:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host in addresses, "the connection goes to what was found"
        return answers[f"{request.method} {request.headers['Host']}{request.url.path}"]

    return PageGateway(hosts, timeout_s=1, resolve=lambda _: list(addresses), transport=httpx.MockTransport(answer))


def look(pages: PageGateway, url: str) -> Answer:
    return pages.look([url])[url]


def test_a_page_is_asked_for_its_head_and_else_for_itself() -> None:
    pages = gateway({"HEAD a.org/x": httpx.Response(405), "GET a.org/x": httpx.Response(200)}, "a.org")
    assert look(pages, "https://a.org/x") == Answer(reached=True, text="200 OK")
    gone = gateway({"HEAD a.org/x": httpx.Response(404), "GET a.org/x": httpx.Response(404)}, "a.org")
    assert look(gone, "https://a.org/x").reached is False


def test_only_hosts_of_the_list_are_asked_also_behind_redirects() -> None:
    assert not gateway({}, "a.org").may_look_at("https://b.org/")
    assert gateway({}, "*.a.org").may_look_at("https://x.a.org/")
    assert not gateway({}, "*.a.org").may_look_at("https://evila.org/")
    away = gateway({"HEAD a.org/": httpx.Response(302, headers={"Location": "http://169.254.169.254/latest"})}, "a.org")
    assert look(away, "https://a.org/") == Answer(reached=True, text="302: leads to 169.254.169.254, which is not looked at")
    round_and_round = gateway({"HEAD a.org/": httpx.Response(302, headers={"Location": "/"})}, "a.org")
    assert look(round_and_round, "https://a.org/").text == "it leads on and on"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "fd00::1",
        "0.0.0.0",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
    ],
)
def test_private_addresses_are_asked_only_where_the_host_is_named(address: str) -> None:
    answers = {"HEAD x.a.org/": httpx.Response(200)}
    refused = look(gateway(answers, "*.a.org", addresses=(address,)), "https://x.a.org/")
    assert (refused.reached, refused.text) == (False, "x.a.org has an address that is not public")
    assert look(gateway(answers, "x.a.org", addresses=(address,)), "https://x.a.org/").reached
