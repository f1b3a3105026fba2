"""Many requests at once do not stand in each other's way for ever.

Handlers run in a pool of threads. Whoever waits for a turn to write keeps a thread meanwhile; were all kept by those who wait,
the one whose turn it is would get none.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from campaigns.api.app import create_app
from campaigns.api.dependencies import MAX_WAITING
from campaigns.api.policy import open_access
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.storage.database import Database
from support.people import token_of
from support.serving import serve

N_REQUESTS = 120


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    app = create_app(settings, database)

    @app.get("/few-threads", dependencies=[open_access])
    async def few_threads() -> None:
        current_default_thread_limiter().total_tokens = MAX_WAITING + 1

    return app


def test_writers_of_all_kinds_are_served(app: FastAPI) -> None:
    with serve(app) as server:
        # With no more threads than it takes, fewer requests show what many would do.
        httpx.get(f"{server.url}/few-threads")

        def send(number: int) -> int:
            with httpx.Client(base_url=f"{server.url}/api/v1", timeout=30) as http:
                if number % 3:
                    # These write without having a transaction from the start.
                    return http.post("/session/link", json={"secret": "wrong"}).status_code
                headers = {"Authorization": f"Bearer {token_of(Role.VIEWER)}"}
                return http.post("/tokens", json={"name": f"{number}"}, headers=headers).status_code

        with ThreadPoolExecutor(N_REQUESTS) as pool:
            with app.state.database.write() as session:
                # Somebody writes for a while, and all the others pile up.
                session.next_number("event")
                pending = [pool.submit(send, number) for number in range(N_REQUESTS)]
                time.sleep(2)
            answers = [answer.result() for answer in pending]
    assert answers == [401 if number % 3 else 201 for number in range(N_REQUESTS)]
