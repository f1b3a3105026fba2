"""Every route names who may call it, and holds to it."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route

from campaigns.api import dependencies
from campaigns.api.app import create_app
from campaigns.api.policy import Policy
from campaigns.api.route_table import RouteInfo
from campaigns.auth.browser import COOKIE
from campaigns.auth.doorkeeper import Doorkeeper
from campaigns.auth.secrets import hash_secret
from campaigns.config import Settings
from campaigns.domain.identity import Identity, Role, may
from campaigns.storage.credentials import CredentialStore
from campaigns.storage.database import Database
from support.people import NAMES
from support.serving import Clients

OPEN = {
    # Only sends browsers on to the first page.
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/api/v1/openapi.json"),
    ("POST", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/session/link"),
    # Pages for those who are not signed in yet.
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/login/{secret}"),
    ("POST", "/login/{secret}"),
    ("POST", "/logout"),
}
"""All that needs no identity. What is added here is added for everyone on the internet."""

MOUNTS = {"/static"}


@pytest.fixture
def app(settings: Settings, sqlite_database: Database) -> FastAPI:
    return create_app(settings, sqlite_database)


def _calls(app: FastAPI) -> list[tuple[str, RouteInfo, Policy]]:
    """List each method of each route with its policy."""
    return [
        (method, route, policy)
        for route in app.state.route_table.routes()
        for policy in route.dependencies
        if isinstance(policy, Policy)
        for method in sorted(route.methods - {"HEAD"})
    ]


def _ask(client: Clients, role: Role | None, *, method: str, route: RouteInfo) -> int:
    path = re.sub(r"\{[^}]*\}", "x", route.path)
    response: httpx.Response = client(role).request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
    return response.status_code


def test_every_route_names_one_policy_and_names_it_first(app: FastAPI) -> None:
    routes = app.state.route_table.routes()
    assert len(routes) > 10
    for route in routes:
        policies = [item for item in route.dependencies if isinstance(item, Policy)]
        assert len(policies) == 1, f"{route.path} names {len(policies)} policies"
        assert route.dependencies[0] is policies[0], f"{route.path} does something before it knows who asks"


def test_nothing_else_answers(app: FastAPI) -> None:
    others = {context.path for context in iter_route_contexts(app.routes) if not isinstance(context.original_route, Route)}
    assert others <= MOUNTS


def test_only_these_routes_are_open(app: FastAPI) -> None:
    found = {(method, route.path) for method, route, policy in _calls(app) if policy.open_to_all}
    assert found <= OPEN


def test_no_get_opens_a_transaction_that_writes(app: FastAPI) -> None:
    for route in app.state.route_table.routes():
        if "GET" in route.methods:
            assert dependencies._writing not in route.everything_called, f"GET {route.path} can write"


def test_whoever_writes_waits_without_a_thread(app: FastAPI) -> None:
    turns = {dependencies._writing, dependencies._starting, dependencies._link_checking} | {
        turn.dependency for turn in (dependencies.WriteTurn, dependencies.PasswordTurn, dependencies.LeaseTurn)
    }
    for route in app.state.route_table.routes():
        called = route.everything_called
        may_write = called & {dependencies._database, dependencies._doorkeeper} and dependencies._reading not in called
        if route.methods - {"GET", "HEAD"} and may_write:
            assert turns & called, f"{route.path} writes without a turn: see campaigns.api.dependencies"


def test_strangers_are_refused_everywhere_else(app: FastAPI) -> None:
    client = Clients(app)
    for method, route, policy in _calls(app):
        if not policy.open_to_all:
            assert _ask(client, None, method=method, route=route) == 401, f"{method} {route.path}"


def test_agents_are_not_known_by_cookies(app: FastAPI) -> None:
    doorkeeper: Doorkeeper = app.state.doorkeeper
    secret = "a-secret-of-the-tests"
    with app.state.database.write() as session:
        CredentialStore(session).add_session(
            hash_secret(secret), user=NAMES[Role.ADMIN], now_us=0, expires_us=2**62, ends_us=2**62
        )
    assert doorkeeper.by_cookie(secret) is not None
    headers = {"Cookie": f"{COOKIE}={secret}", "Sec-Fetch-Site": "same-origin"}
    routes = [(method, route) for method, route, policy in _calls(app) if policy.role is Role.AGENT]
    assert routes
    for method, route in routes:
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        assert Clients(app)().request(method, path, headers=headers).status_code == 401, f"{method} {route.path}"


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_are_not_enough_are_refused(app: FastAPI, role: Role) -> None:
    client = Clients(app)
    refused = 0
    for method, route, policy in _calls(app):
        if policy.role is not None and not may(Identity(name="x", role=role), policy.role):
            assert _ask(client, role, method=method, route=route) == 403, f"{method} {route.path}"
            refused += 1
    assert refused > 0
