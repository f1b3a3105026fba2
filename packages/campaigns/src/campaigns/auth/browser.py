"""What only concerns browsers: the session cookie, and requests that another site made them send."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from campaigns.config import CookieSecurity, Settings
from campaigns.domain.errors import Forbidden
from campaigns.domain.users import SignedIn

__all__ = ("COOKIE", "SAFE_METHODS", "check_same_site", "clear_cookie", "cookie_of", "set_cookie")

COOKIE: Final = "campaign_session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_of(request: Request) -> str | None:
    """Give the session cookie's value, if the request has one."""
    return request.cookies.get(COOKIE) or None


def set_cookie(response: Response, signed_in: SignedIn, *, request: Request, settings: Settings) -> None:
    """Give the browser its session cookie.

    Parameters
    ----------
    response : `starlette.responses.Response`
        The answer to the sign-in.
    signed_in : `SignedIn`
        The sign-in.
    request : `starlette.requests.Request`
        How the browser asked.
    settings : `Settings`
        Whether the cookie is for HTTPS only.
    """
    response.set_cookie(COOKIE, signed_in.secret, path="/", httponly=True, samesite="lax", secure=_secure(request, settings))


def clear_cookie(response: Response, *, request: Request, settings: Settings) -> None:
    """Take the session cookie from the browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request, settings))


def _secure(request: Request, settings: Settings) -> bool:
    match settings.cookie_secure:
        case CookieSecurity.ALWAYS:
            return True
        case CookieSecurity.NEVER:
            return False
        case CookieSecurity.AUTO:
            return request.url.scheme == "https"


def check_same_site(request: Request, *, by_cookie: bool) -> None:
    """Refuse a change that another site made the browser ask for.

    Parameters
    ----------
    request : `starlette.requests.Request`
        The request; those that change nothing pass.
    by_cookie : `bool`
        Whether the caller is known by a cookie, which browsers send of their own accord. Then the browser must say that the
        request came from our own pages; otherwise it is enough that it does not say the contrary.

    Raises
    ------
    Forbidden
        If the request came from elsewhere.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        same = site in ("same-origin", "none")
    elif origin is not None:
        # The scheme is not compared: a proxy may have taken off the HTTPS.
        same = urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower() != ""
    else:
        same = not by_cookie
    if not same:
        raise Forbidden(
            "The request came from another site.",
            where="Sec-Fetch-Site" if site is not None else "Origin",
            remedy="Use the service's own pages; scripts send an API token in place of a cookie.",
        )
