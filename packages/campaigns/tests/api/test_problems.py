"""Whatever goes wrong, the answer is a problem document that says where and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, get_args

import pytest
import structlog
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from campaigns.api.app import create_app
from campaigns.api.headers import SECURITY_HEADERS
from campaigns.api.policy import open_access, viewer
from campaigns.api.problems import PROBLEM_TYPE
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.domain.states import BY_HAND
from campaigns.storage.database import Database
from campaigns.wire.actions import BulkAction, TransitionAction
from support.serving import Clients


class Gate(BaseModel):
    least: int = Field(ge=0, description="How many.")


class Sort(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="How it is called.")
    gates: list[Gate]
    sort: Sort = Sort.GOOD


@pytest.fixture
def app(settings: Settings, sqlite_database: Database) -> FastAPI:
    app = create_app(settings, sqlite_database)

    @app.post("/api/v1/trial", dependencies=[viewer])
    def trial(body: Body, limit: int = 1) -> int:
        return limit

    @app.get("/api/v1/broken", dependencies=[open_access])
    def broken() -> None:
        raise RuntimeError("the secret is swordfish")

    @app.get("/page", dependencies=[viewer])
    def page() -> Response:
        return Response("page")

    @app.get("/api/v1/stream", dependencies=[open_access])
    def stream() -> Response:
        return Response("data: x\n\n" * 1000, media_type="text/event-stream")

    return app


@pytest.fixture
def client(app: FastAPI) -> Clients:
    return Clients(app)


def test_validation_names_each_place(client: Clients) -> None:
    response = client(Role.VIEWER).post("/api/v1/trial?limit=many", json={"gates": [{"least": 1}, {"least": -1}]})
    assert response.status_code == 422
    assert response.headers["content-type"] == PROBLEM_TYPE
    problem = response.json()
    assert problem["code"] == "invalid_input"
    assert {fault["where"] for fault in problem["faults"]} == {"query.limit", "body.name", "body.gates[1].least"}
    assert all(fault["message"].endswith(".") for fault in problem["faults"])


def test_a_single_fault_is_named_at_the_top(client: Clients) -> None:
    problem = client(Role.VIEWER).post("/api/v1/trial", json={"gates": []}).json()
    assert problem["where"] == "body.name"


def test_every_mistake_has_a_remedy(client: Clients) -> None:
    body = {"gates": [{}, {"least": -1}], "sort": "x", "more": 1}
    faults = client(Role.VIEWER).post("/api/v1/trial", json=body).json()["faults"]
    assert {fault["where"]: fault["remedy"] for fault in faults} == {
        "body.name": "Give it: How it is called.",
        "body.gates[0].least": "Give it: How many.",
        "body.gates[1].least": "Give another value: How many.",
        "body.sort": "Give 'good' or 'bad'.",
        "body.more": "Leave it out. There are: name, gates, sort.",
    }


@pytest.mark.parametrize(("path", "more"), [("C-1/transitions", {}), ("bulk", {"filter": "", "expected": 0})])
def test_only_what_people_do_is_offered(client: Clients, path: str, more: dict[str, Any]) -> None:
    body = {"action": "go_on", "reason": "x", **more}
    problem = client(Role.MANAGER).post(f"/api/v1/campaigns/{path}", json=body).json()
    assert (problem["where"], "'pause'" in problem["remedy"], "go_on" in problem["remedy"]) == ("body.action", True, False)
    assert "go_on" not in client().get("/api/v1/openapi.json").text
    assert get_args(BulkAction) == tuple(action.value for action in BY_HAND)
    assert set(get_args(TransitionAction)) == {"start", *get_args(BulkAction)}


def test_text_that_is_no_json_is_a_problem_too(client: Clients) -> None:
    headers = {"Content-Type": "application/json"}
    response = client(Role.VIEWER).post("/api/v1/trial", content=b"{", headers=headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")


def test_unknown_parameter_is_an_error_with_a_suggestion(client: Clients) -> None:
    response = client(Role.VIEWER).get("/api/v1/users?limmit=3")
    assert response.status_code == 422
    problem = response.json()
    assert (problem["where"], problem["remedy"]) == ("query.limmit", "Did you mean limit?")
    assert problem["faults"][0]["code"] == "unknown_parameter"
    # Strangers do not learn which parameters there are.
    assert client().get("/api/v1/users?limmit=3").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/api/v1/nothing", 404, "not_found"), ("PUT", "/api/v1/users", 405, "method_not_allowed")],
)
def test_what_is_not_there(client: Clients, method: str, path: str, status: int, code: str) -> None:
    response = client(Role.ADMIN).request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == PROBLEM_TYPE
    assert response.json()["code"] == code
    if status == 405:
        assert "GET" in response.headers["allow"]


def test_unauthenticated_says_how(client: Clients) -> None:
    response = client().get("/api/v1/users")
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["code"] == "not_authenticated"


def test_unexpected_errors_give_a_number_only(client: Clients) -> None:
    with structlog.testing.capture_logs() as logs:
        response = client(fail_loudly=False).get("/api/v1/broken")
    assert response.status_code == 500
    assert "swordfish" not in response.text
    problem = response.json()
    assert re.fullmatch(r"[0-9a-f]{32}", problem["correlation_id"])
    assert [line["correlation_id"] for line in logs if line["event"] == "unexpected error"] == [problem["correlation_id"]]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_large_bodies_are_refused_whether_they_say_so_or_not(client: Clients) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    for content in (b"x" * 1_100_000, chunks()):
        response = client(Role.VIEWER).post("/api/v1/trial", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 413
        assert response.headers["content-type"] == PROBLEM_TYPE
        assert response.json()["code"] == "too_large"


def test_browsers_get_the_page_that_is_registered(app: FastAPI, client: Clients) -> None:
    def render(request: Request, problem: Mapping[str, Any]) -> Response:
        return Response(f"page: {problem['code']}", status_code=problem["status"], media_type="text/html")

    app.state.render_problem_page = render
    html = {"Accept": "text/html,application/xhtml+xml"}
    assert client().get("/page", headers=html).text == "page: not_authenticated"
    assert client().get("/page").headers["content-type"] == PROBLEM_TYPE
    assert client().get("/api/v1/users", headers=html).headers["content-type"] == PROBLEM_TYPE


def test_headers_of_every_answer(client: Clients) -> None:
    for path in ("/healthz", "/api/v1/nothing", "/api/v1/users"):
        headers = client().get(path).headers
        for name, value in SECURITY_HEADERS.items():
            assert headers[name] == value
        assert headers["cache-control"] == "private, no-cache"


def test_streams_are_not_compressed(client: Clients) -> None:
    headers = {"Accept-Encoding": "gzip"}
    assert "content-encoding" not in client().get("/api/v1/stream", headers=headers).headers
    assert client().get("/api/v1/openapi.json", headers=headers).headers["content-encoding"] == "gzip"


def test_health(client: Clients) -> None:
    response = client().get("/healthz")
    assert (response.status_code, response.json()["status"], response.json()["database"]) == (200, "ok", "sqlite")
