"""Changes that another site makes a browser ask for are refused."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from campaigns.auth.browser import check_same_site
from campaigns.domain.errors import Forbidden


def _request(method: str, **headers: str) -> Request:
    given = {"host": "campaigns.example.org", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://campaigns.example.org"},
        # Old browsers send the origin alone; others both, of which the first cannot be wrong.
        {"sec_fetch_site": "same-origin", "origin": "null"},
    ],
)
def test_own_pages_pass(headers: dict[str, str]) -> None:
    check_same_site(_request("POST", **headers), by_cookie=True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": "https://campaigns.example.org"},
        {"origin": "https://evil.example.org"},
        {"origin": "https://campaigns.example.org.evil.org"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "", "host": ""},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OTHER"])
def test_others_are_refused(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        check_same_site(_request(method, **headers), by_cookie=True)


def test_reading_passes_always() -> None:
    check_same_site(_request("GET", sec_fetch_site="cross-site"), by_cookie=True)


def test_programs_without_cookies_need_not_say_where_they_are() -> None:
    check_same_site(_request("POST"), by_cookie=False)
    with pytest.raises(Forbidden):
        check_same_site(_request("POST", sec_fetch_site="cross-site"), by_cookie=False)
