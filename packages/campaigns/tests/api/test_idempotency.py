"""A creation under a key happens once, on both databases, also when it is sent many times at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI, Response
from pydantic import BaseModel
from sqlalchemy import text

from campaigns.api.app import create_app
from campaigns.api.dependencies import Writing
from campaigns.api.idempotency import REPLAYED, Once, idempotent
from campaigns.api.policy import viewer
from campaigns.config import Settings
from campaigns.domain.errors import Conflict
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.storage.database import Database
from support.people import token_of
from support.serving import Clients, serve


class Thing(BaseModel):
    number: int
    name: str


class ThingCreate(BaseModel):
    name: str


def _add_route(app: FastAPI) -> None:
    @app.post("/api/v1/things/{place}", status_code=201, response_model=Thing, dependencies=[viewer])
    def create(place: str, body: ThingCreate, writing: Writing, once: Once) -> Response:
        def make() -> Thing:
            # A number of the event counter stands for a creation.
            number = writing.writer.next_number("event")
            if body.name == "bad":
                raise Conflict("It cannot be made.")
            return Thing(number=number, name=body.name)

        return idempotent(writing, once, make, headers=lambda thing: {"Location": f"/things/{thing.number}"})


@pytest.fixture
def app(settings: Settings, database: Database, clock: FixedClock) -> FastAPI:
    app = create_app(settings, database, clock=clock)
    _add_route(app)
    return app


def _create(client: Clients, name: str, *, key: str | None = "k", role: Role = Role.VIEWER, place: str = "a") -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    response: httpx.Response = client(role).post(f"/api/v1/things/{place}", json={"name": name}, headers=headers)
    return response


def _count(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT value FROM counter WHERE name = 'event'")).scalar_one())


def test_second_answer_is_the_first(client: Clients, database: Database) -> None:
    first, second = _create(client, "one"), _create(client, "one")
    assert (first.status_code, first.json()) == (201, {"number": 1, "name": "one"})
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["location"] == first.headers["location"] == "/things/1"
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    assert _count(database) == 1


def test_key_belongs_to_one_request(client: Clients) -> None:
    _create(client, "one")
    for response in (_create(client, "two"), _create(client, "one", place="b")):
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_mismatch")


def test_key_belongs_to_its_principal(client: Clients) -> None:
    assert _create(client, "one").json()["number"] == 1
    assert _create(client, "one", role=Role.MANAGER).json()["number"] == 2


def test_without_a_key_each_request_creates(client: Clients) -> None:
    assert [_create(client, "one", key=None).json()["number"] for _ in range(2)] == [1, 2]


def test_what_failed_may_be_tried_again(client: Clients, database: Database) -> None:
    assert [_create(client, "bad").status_code for _ in range(2)] == [409, 409]
    assert _count(database) == 0
    assert _create(client, "good").status_code == 201


def test_answers_are_forgotten_after_a_while(client: Clients, clock: FixedClock) -> None:
    _create(client, "one")
    clock.advance(seconds=47 * 3600)
    assert REPLAYED in _create(client, "one").headers
    clock.advance(seconds=2 * 3600)
    assert REPLAYED not in _create(client, "one").headers


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_key_that_is_none(client: Clients, key: str) -> None:
    assert _create(client, "one", key=key).status_code == 422


def test_many_at_once_create_once(app: FastAPI, database: Database) -> None:
    n_requests = 24
    ready = threading.Barrier(n_requests)

    with serve(app) as server:

        def send(_number: int) -> httpx.Response:
            with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token_of(Role.VIEWER)}"}) as http:
                ready.wait()
                return http.post("/api/v1/things/a", json={"name": "one"}, headers={"Idempotency-Key": "k"}, timeout=30)

        with ThreadPoolExecutor(n_requests) as pool:
            answers = list(pool.map(send, range(n_requests)))
        assert _count(database) == 1
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
