"""Signing in and out by the pages."""

from __future__ import annotations

import pytest

from campaigns.domain.identity import Role
from campaigns.web.forms import local_path
from support.serving import Clients
from web.conftest import browser


def test_a_wrong_password_is_told_on_the_same_page(clients: Clients) -> None:
    answer = browser(clients, None).post("/login", data={"name": "vera", "password": "no", "next": "/help"})
    assert answer.status_code == 401
    assert "Name and password do not fit." in answer.text
    assert 'value="/help"' in answer.text


def test_a_link_is_not_used_up_by_looking_at_it(clients: Clients) -> None:
    made = clients(Role.ADMIN).post("/api/v1/users/vera/login-links")
    assert made.status_code == 201, made.text
    path = made.json()["path"]
    visitor = browser(clients, None)
    for _ in range(2):
        assert visitor.get(path).status_code == 200
    answer = visitor.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/campaigns")
    assert "<b>vera</b>" in visitor.get("/campaigns").text
    assert browser(clients, None).post(path).status_code == 401
    assert visitor.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert visitor.get("/campaigns").status_code == 303


@pytest.mark.parametrize("text", ["https://example.org", "//example.org", "/\\example.org", "", "campaigns", "/a\nb"])
def test_the_sign_in_leads_to_pages_of_our_own_only(text: str) -> None:
    assert local_path(text) == "/campaigns"
    assert local_path("/campaigns/C-1?tab=notes") == "/campaigns/C-1?tab=notes"
