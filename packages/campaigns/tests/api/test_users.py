"""Users, tokens and sign-in links over REST, on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from campaigns.auth.browser import COOKIE
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.schema.event import EventRow
from campaigns.storage.database import Database
from support.people import AGENT_NAME, NAMES, SITE
from support.serving import Clients, TestClient

PASSWORD = "correct horse"
NEW = {"name": "nina", "role": "operator", "full_name": "Nina N.", "password": PASSWORD}


def _events(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.read() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.number)).all()
        return [(row.kind, row.actor, row.details) for row in rows]


def _with_token(client: Clients, token: str) -> TestClient:
    stranger = client()
    stranger.headers["Authorization"] = f"Bearer {token}"
    return stranger


def _signed_in(client: Clients, name: str, password: str = PASSWORD) -> TestClient:
    browser = client()
    assert browser.post("/api/v1/session", json={"name": name, "password": password}).status_code == 201
    return browser


def test_create_and_show(client: Clients, database: Database) -> None:
    response = client(Role.ADMIN).post("/api/v1/users", json=NEW)
    assert response.status_code == 201
    assert response.json() == client(Role.VIEWER).get("/api/v1/users/nina").json()
    assert (response.json()["role"], response.json()["full_name"]) == ("operator", "Nina N.")
    assert PASSWORD not in response.text
    assert _events(database) == [("user.created", NAMES[Role.ADMIN], {"user": "nina", "role": "operator"})]


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"name": "vera"}, 409, "name"),
        ({"name": "Not A Name"}, 422, "body.name"),
        ({"password": "short"}, 422, "password"),
        ({"role": "agent"}, 422, "role"),
        ({"role": "king"}, 422, "body.role"),
        ({"surprise": 1}, 422, "body.surprise"),
    ],
)
def test_what_cannot_be_created(client: Clients, database: Database, change: dict[str, Any], status: int, where: str) -> None:
    response = client(Role.ADMIN).post("/api/v1/users", json={**NEW, **change})
    assert (response.status_code, response.json()["where"]) == (status, where)
    assert "short" not in response.text
    assert _events(database) == []


def test_list_in_pieces(client: Clients) -> None:
    names, cursor = [], None
    while True:
        answer = client(Role.VIEWER).get("/api/v1/users", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        names.append([user["name"] for user in answer["items"]])
        cursor = answer["next"]
        if cursor is None:
            break
    assert names == [["ada", "mary", "otto"], ["vera"]]


def test_update(client: Clients, database: Database) -> None:
    response = client(Role.ADMIN).patch("/api/v1/users/vera", json={"role": "operator", "password": PASSWORD})
    assert (response.status_code, response.json()["role"]) == (200, "operator")
    assert _events(database) == [
        ("user.changed", "ada", {"user": "vera", "changed": {"role": ["viewer", "operator"]}}),
        ("user.password_changed", "ada", {"user": "vera"}),
    ]
    assert client(Role.ADMIN).patch("/api/v1/users/nobody", json={}).status_code == 404
    # What changes nothing is no event.
    client(Role.ADMIN).patch("/api/v1/users/vera", json={"role": "operator"})
    assert len(_events(database)) == 2


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"disabled": True}])
def test_somebody_must_remain_to_administer(client: Clients, change: dict[str, Any]) -> None:
    assert client(Role.ADMIN).patch("/api/v1/users/ada", json=change).status_code == 409
    client(Role.ADMIN).patch("/api/v1/users/mary", json={"role": "admin"})
    assert client(Role.ADMIN).patch("/api/v1/users/ada", json=change).status_code == 200


def test_disabled_user_is_out_at_once(client: Clients) -> None:
    assert client(Role.VIEWER).get("/api/v1/users/me").status_code == 200
    client(Role.ADMIN).patch("/api/v1/users/vera", json={"disabled": True})
    assert client(Role.VIEWER).get("/api/v1/users/me").status_code == 401


def test_me(client: Clients) -> None:
    assert client(Role.OPERATOR).get("/api/v1/users/me").json() == {
        "name": "otto",
        "full_name": "Otto",
        "role": "operator",
        "site": None,
    }
    assert client(Role.AGENT).get("/api/v1/users/me").json() == {
        "name": AGENT_NAME,
        "full_name": "",
        "role": "agent",
        "site": SITE,
    }


def test_session(client: Clients) -> None:
    client(Role.ADMIN).post("/api/v1/users", json=NEW)
    browser = client()
    response = browser.post("/api/v1/session", json={"name": "nina", "password": PASSWORD})
    assert (response.status_code, response.json()["name"]) == (201, "nina")
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert browser.get("/api/v1/users/me").json()["name"] == "nina"
    assert browser.delete("/api/v1/session").status_code == 204
    assert COOKIE not in browser.cookies
    assert browser.get("/api/v1/users/me").status_code == 401


def test_cookie_is_for_https_where_the_page_is(client: Clients) -> None:
    client(Role.ADMIN).post("/api/v1/users", json=NEW)
    browser = client()
    browser.base_url = "https://testserver"
    response = browser.post("/api/v1/session", json={"name": "nina", "password": PASSWORD})
    assert "Secure" in response.headers["set-cookie"]


def test_cookie_changes_nothing_from_another_site(client: Clients) -> None:
    client(Role.ADMIN).post("/api/v1/users", json=NEW)
    browser = _signed_in(client, "nina")
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post("/api/v1/tokens", json={"name": "t"}, headers=headers).status_code == 403
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}):
        assert browser.post("/api/v1/tokens", json={"name": "t"}, headers=headers).status_code == 201


def test_another_site_cannot_sign_anybody_in(client: Clients) -> None:
    client(Role.ADMIN).post("/api/v1/users", json=NEW)
    response = client().post(
        "/api/v1/session", json={"name": "nina", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403


def test_sign_out_everywhere(client: Clients) -> None:
    client(Role.ADMIN).post("/api/v1/users", json=NEW)
    browsers = [_signed_in(client, "nina"), _signed_in(client, "nina")]
    assert client(Role.VIEWER).post("/api/v1/users/nina/sign-out").status_code == 403
    response = browsers[0].post("/api/v1/users/nina/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert response.json() == {"ended": 2}
    assert [browser.get("/api/v1/users/me").status_code for browser in browsers] == [401, 401]


def test_login_link(client: Clients) -> None:
    response = client(Role.ADMIN).post("/api/v1/users/vera/login-links")
    secret = response.json()["path"].removeprefix("/login/")
    browser = client()
    assert browser.post("/api/v1/session/link", json={"secret": secret}).json()["name"] == "vera"
    assert browser.get("/api/v1/users/me").json()["name"] == "vera"
    assert client().post("/api/v1/session/link", json={"secret": secret}).status_code == 401


def test_token_for_oneself(client: Clients, database: Database, clock: FixedClock) -> None:
    response = client(Role.MANAGER).post("/api/v1/tokens", json={"name": "script", "role": "operator"})
    assert response.status_code == 201
    token = response.json()
    assert token["token"].startswith("rct_")
    script = _with_token(client, token["token"])
    assert script.get("/api/v1/users/me").json()["role"] == "operator"
    listed = client(Role.MANAGER).get("/api/v1/tokens").json()["items"]
    assert {item["name"] for item in listed} == {"script", "mary"}
    assert token["token"] not in str(listed)
    assert [item["used_us"] for item in listed if item["name"] == "script"] == [clock.now_us()]
    kinds = [(kind, actor) for kind, actor, _ in _events(database)]
    assert kinds == [("token.created", "mary")]
    assert token["token"] not in str(_events(database))


def test_token_does_not_make_a_better_one(client: Clients) -> None:
    weak = client(Role.MANAGER).post("/api/v1/tokens", json={"name": "weak", "role": "viewer"}).json()["token"]
    script = _with_token(client, weak)
    assert script.post("/api/v1/tokens", json={"name": "x", "role": "manager"}).status_code == 403
    assert script.post("/api/v1/tokens", json={"name": "x"}).json()["role"] == "viewer"
    assert client(Role.MANAGER).post("/api/v1/tokens", json={"name": "x", "role": "admin"}).status_code == 403


def test_tokens_for_others_are_the_administrators_matter(client: Clients) -> None:
    body = {"name": "t", "user": "vera"}
    assert client(Role.MANAGER).post("/api/v1/tokens", json=body).status_code == 403
    made = client(Role.ADMIN).post("/api/v1/tokens", json=body).json()
    assert (made["user"], made["role"], made["created_by"]) == ("vera", "viewer", "ada")
    assert client(Role.ADMIN).post("/api/v1/tokens", json={**body, "role": "operator"}).status_code == 403


def test_agent_tokens(client: Clients) -> None:
    body = {"name": "agent-far", "site": "far"}
    assert client(Role.MANAGER).post("/api/v1/tokens", json=body).status_code == 403
    made = client(Role.ADMIN).post("/api/v1/tokens", json=body).json()
    agent = _with_token(client, made["token"])
    assert agent.get("/api/v1/users/me").json()["site"] == "far"
    # Agents have none of the rights of people.
    assert agent.get("/api/v1/users").status_code == 403
    assert client(Role.ADMIN).post("/api/v1/tokens", json={**body, "user": "vera"}).status_code == 422


def test_revoke(client: Clients, database: Database) -> None:
    made = client(Role.VIEWER).post("/api/v1/tokens", json={"name": "t"}).json()
    assert client(Role.OPERATOR).delete(f"/api/v1/tokens/{made['id']}").status_code == 404
    assert client(Role.VIEWER).delete(f"/api/v1/tokens/{made['id']}").status_code == 200
    assert _with_token(client, made["token"]).get("/api/v1/users/me").status_code == 401
    assert client(Role.VIEWER).delete(f"/api/v1/tokens/{made['id']}").status_code == 200
    assert [kind for kind, _, _ in _events(database)] == ["token.created", "token.revoked"]
    assert client(Role.VIEWER).delete("/api/v1/tokens/no-uuid").status_code == 404


def test_token_list_in_pieces(client: Clients, clock: FixedClock) -> None:
    for number in range(5):
        clock.advance(seconds=number % 2)
        client(Role.VIEWER).post("/api/v1/tokens", json={"name": f"t{number}"})
    whole = client(Role.VIEWER).get("/api/v1/tokens").json()
    assert whole["next"] is None
    pieces: list[Any] = []
    cursor = ""
    while cursor is not None:
        answer = client(Role.VIEWER).get("/api/v1/tokens", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        pieces += answer["items"]
        cursor = answer["next"]
    assert pieces == whole["items"]
    assert len(pieces) == 6
    times = [item["created_us"] for item in pieces]
    assert times == sorted(times, reverse=True)


def test_token_that_ends_before_it_begins(client: Clients, clock: FixedClock) -> None:
    response = client(Role.VIEWER).post("/api/v1/tokens", json={"name": "t", "expires_us": clock.now_us()})
    assert (response.status_code, response.json()["where"]) == (422, "expires_us")


@pytest.mark.parametrize("path", ["/api/v1/users/a%00b", "/api/v1/users?cursor=%00", "/api/v1/users?cursor=WyJhXHUwMDAwIl0"])
def test_letters_that_no_database_has(client: Clients, path: str) -> None:
    assert client(Role.VIEWER).get(path).status_code in (404, 422)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/campaigns/bulk", {"filter": "\ud800", "action": "pause", "reason": "Because.", "expected": 0}),
        ("/api/v1/queries", {"name": "\ud800", "filter": "", "sort": "-id"}),
    ],
)
def test_halves_of_letters_are_refused(client: Clients, path: str, body: dict[str, object]) -> None:
    content = json.dumps(body).encode()
    response = client(Role.ADMIN).post(path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (409, 422)


def test_text_that_cannot_be_stored(client: Clients) -> None:
    response = client(Role.ADMIN).post("/api/v1/users", json={**NEW, "full_name": "a\0b"})
    # SQLite can.
    assert response.status_code in (201, 422)
