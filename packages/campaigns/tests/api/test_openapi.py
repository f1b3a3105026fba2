"""The description of the interface: a reviewed snapshot, and requests drawn from it that must never break the server.

``CAMPAIGN_WRITE_SNAPSHOT=1`` writes the snapshot anew; its difference is then there to be read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings

from campaigns.api.policy import Policy
from campaigns.domain.identity import Role
from support.people import token_of
from support.scripted_agent import ScriptedAgent, definition
from support.serving import Clients

SNAPSHOT = Path(__file__).with_name("openapi.json")
API = "/api/v1"


def test_the_description_is_the_reviewed_one(client: Clients) -> None:
    described = client().get(f"{API}/openapi.json").json()
    text = json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("CAMPAIGN_WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text(), "the interface has changed: write the snapshot anew, and read its difference"


def asked_as(app: FastAPI, role: Role) -> set[tuple[str, str]]:
    """Give the routes to ask in the name of a role: agents only those that are for them alone."""
    for_agents = {
        (method, route.path.replace(":path}", "}"))
        for route in app.state.route_table.routes()
        for policy in route.dependencies
        if isinstance(policy, Policy) and policy.role is Role.AGENT
        for method in route.methods
    }
    if role is Role.AGENT:
        return for_agents
    everything = {
        (method, route.path.replace(":path}", "}")) for route in app.state.route_table.routes() for method in route.methods
    }
    return everything - for_agents


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_no_request_breaks_the_server(app: FastAPI, client: Clients, role: Role) -> None:
    """Draws requests, valid and not, for every route, and sends them in the name of those who may do most there."""
    agent = ScriptedAgent(client)
    agent.hello()
    client(Role.MANAGER).post(f"{API}/campaigns", json=definition())
    schema = schemathesis.openapi.from_dict(app.openapi())
    sender = client(role, fail_loudly=False)
    # Waiting for what nobody reports, and passwords, which take long on purpose, would only make this slow.
    left_out = ("/lease", "/transitions", "/preflight", "/session")
    asked = asked_as(app, role)
    n_asked = 0

    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith(left_out) or (operation.method.upper(), operation.path) not in asked:
            continue
        n_asked += 1

        @settings(max_examples=6, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def send(case: schemathesis.Case) -> None:
            sent = case.as_transport_kwargs(base_url="http://testserver")
            sent.pop("cookies", None)
            if isinstance(sent.get("data"), bytes | str):
                sent["content"] = sent.pop("data")
            sent["headers"] = {**sent.get("headers", {}), "Authorization": f"Bearer {token_of(role)}"}
            answer = sender.request(**sent)
            assert answer.status_code < 500, f"{sent['method']} {sent['url']}: {answer.status_code} {answer.text}"
            if answer.status_code >= 400:
                assert answer.headers["content-type"].startswith("application/problem+json")

        send()
    assert n_asked > (3 if role is Role.AGENT else 60)
