"""The client: the server's errors made again, lists in pieces, and what is sent again."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from campaigns.client import CampaignClient, OrderFailed, OrderPending, ServerError, ServerUnreachable, connection
from campaigns.domain import errors
from campaigns.domain.errors import (
    CampaignError,
    EditConflict,
    Fault,
    Forbidden,
    InvalidCredentials,
    InvalidDefinition,
    InvalidFilter,
    InvalidInput,
    LostUpdate,
    NotAuthenticated,
    PreflightFailed,
)
from campaigns.domain.identity import Role
from campaigns.services.factory import Factory
from support.people import identity_of, token_of
from support.serving import LiveServer

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "RETRY_DELAYS_S", (0.0, 0.0))


class Line:
    """A transport that breaks some times before it carries."""

    def __init__(self, *breaks: type[httpx.TransportError]) -> None:
        self._breaks = list(breaks)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self._breaks:
            raise self._breaks.pop(0)("broken", request=request)
        return httpx.Response(200, json={"ok": True})


def _client(answer: Answer) -> CampaignClient:
    return CampaignClient("http://server", "t", transport=httpx.MockTransport(answer))


def test_reads_and_creations_are_sent_again() -> None:
    line = Line(httpx.ReadError, httpx.ConnectError)
    assert _client(line).get("campaigns") == {"ok": True}
    assert len(line.requests) == 3
    line = Line(httpx.ReadError)
    assert _client(line).create("campaigns", {"name": "a"}) == {"ok": True}
    keys = {request.headers["Idempotency-Key"] for request in line.requests}
    assert len(line.requests) == 2
    assert len(keys) == 1


def test_actions_are_sent_again_only_if_they_never_arrived() -> None:
    line = Line(httpx.ReadError)
    with pytest.raises(ServerUnreachable):
        _client(line).post("campaigns/C-1/transitions", {})
    assert len(line.requests) == 1
    line = Line(httpx.ConnectError)
    assert _client(line).post("campaigns/C-1/transitions", {}) == {"ok": True}


def test_a_server_that_never_answers_is_named() -> None:
    line = Line(*[httpx.ConnectError] * 9)
    with pytest.raises(ServerUnreachable) as caught:
        _client(line).get("campaigns")
    assert caught.value.where == "http://server"
    assert len(line.requests) == 3


EXAMPLES: dict[type[CampaignError], CampaignError] = {
    InvalidDefinition: InvalidDefinition([Fault("a", "One.", "steps[0]")]),
    InvalidFilter: InvalidFilter([Fault("a", "One.", "filter, column 1", "Do."), Fault("b", "Two.")]),
    PreflightFailed: PreflightFailed([Fault("a", "One.")]),
    EditConflict: EditConflict("Edited.", where="n", remedy="Do.", newest={"version": 2, "body": "b"}, yours="c"),
    LostUpdate: LostUpdate("Changed.", newest_revision=3, base_revision=1, differences=[{"where": "title", "newest": "b"}]),
    OrderFailed: OrderFailed({"status": "failed", "faults": [{"code": "a", "message": "One."}]}),
    OrderPending: OrderPending({"id": "7", "site": "here", "status": "begun"}, waited_s=3.0),
    InvalidInput: InvalidInput("Two things.", faults=[Fault("a", "One.", "x", "Do."), Fault("b", "Two.")]),
}
"""Errors that are not made of a message, a place and a remedy alone."""


def _all_errors() -> list[CampaignError]:
    known = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, CampaignError)]
    known.remove(CampaignError)
    kinds = [*known, OrderFailed, OrderPending, ServerUnreachable]
    return [EXAMPLES.get(kind) or kind("Taken.", where="name", remedy="Choose another.") for kind in dict.fromkeys(kinds)]


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: type(error).__name__)
def test_errors_are_made_again(error: CampaignError) -> None:
    client = _client(lambda _request: httpx.Response(error.status, json=error.as_problem()))
    with pytest.raises(type(error)) as caught:
        client.get("x")
    assert caught.value.as_problem() == error.as_problem()
    assert {name: getattr(caught.value, name) for name in error.details} == {name: getattr(error, name) for name in error.details}


def test_a_page_where_a_document_should_be() -> None:
    client = _client(lambda _request: httpx.Response(200, text="<html>Welcome</html>"))
    with pytest.raises(ServerError, match="200 OK") as caught:
        client.get("x")
    assert caught.value.remedy


def test_names_with_any_letters_are_one_part_of_the_path() -> None:
    line = Line()
    _client(line).get("queries/what? #1 of 50%")
    assert line.requests[0].url.raw_path == b"/api/v1/queries/what%3F%20%231%20of%2050%25"


def test_answers_that_are_no_problem_document() -> None:
    client = _client(lambda _request: httpx.Response(502, text="<html>Bad gateway</html>"))
    with pytest.raises(ServerError, match="502 Bad Gateway"):
        client.get("x")


def test_a_new_kind_of_problem_keeps_its_code() -> None:
    problem = {"code": "of_tomorrow", "status": 418, "detail": "No.", "title": "New", "extra": 1}
    client = _client(lambda _request: httpx.Response(418, json=problem))
    with pytest.raises(ServerError) as caught:
        client.get("x")
    assert caught.value.as_problem()["code"] == "of_tomorrow"


def test_revision_goes_as_if_match() -> None:
    line = Line()
    _client(line).patch("campaigns/C-1", {}, revision=3)
    assert line.requests[0].headers["If-Match"] == '"3"'


def test_with_a_server(live_server: LiveServer) -> None:
    with CampaignClient(live_server.url, token_of(Role.VIEWER)) as client:
        assert client.me()["name"] == "vera"
        assert [user["name"] for user in client.items("users", limit=1)] == ["ada", "mary", "otto", "vera"]
        with pytest.raises(Forbidden, match="needs the role admin"):
            client.post("users", {})
        with pytest.raises(InvalidInput) as caught:
            client.get("users", limit=0)
        assert caught.value.where == "query.limit"
    with CampaignClient(live_server.url) as client, pytest.raises(NotAuthenticated):
        client.me()


def test_sign_in(live_server: LiveServer) -> None:
    state = live_server.app.state
    with state.database.write() as session:
        factory = Factory(session, identity=identity_of(Role.ADMIN), clock=state.clock, settings=state.settings)
        factory.users().update("vera", password="correct horse")
    with pytest.raises(InvalidCredentials):
        CampaignClient.sign_in(live_server.url, "vera", "wrong horse", token_name="t")
    token = CampaignClient.sign_in(live_server.url, "vera", "correct horse", token_name="t")
    with CampaignClient(live_server.url, token) as client:
        assert client.me()["name"] == "vera"
