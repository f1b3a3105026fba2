"""``/login`` and ``/logout``; ``/help``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from campaigns.api.dependencies import Doorkeeping, PasswordTurn, SettingsUsed, WriteTurn
from campaigns.api.policy import open_access, viewer
from campaigns.auth.browser import clear_cookie, cookie_of, set_cookie
from campaigns.web.forms import local_path, on_refusal
from campaigns.web.rendering import renderer_of
from campaigns.web.views.words import KEYS, WORDS

__all__ = ("router",)

router = APIRouter(include_in_schema=False)


@router.get("/login", dependencies=[open_access])
def show_login(request: Request, after: Annotated[str, Query(alias="next")] = "/campaigns") -> Response:
    """Show the form to sign in."""
    return _form(request, after)


@router.post("/login", dependencies=[open_access, PasswordTurn])
def sign_in(
    request: Request,
    doorkeeper: Doorkeeping,
    settings: SettingsUsed,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    after: Annotated[str, Form(alias="next")] = "/campaigns",
) -> Response:
    """Sign in by name and password."""
    on_refusal(request, lambda problem: _form(request, after, problem=problem))
    signed_in = doorkeeper.sign_in(name, password)
    response = RedirectResponse(local_path(after), status_code=303)
    set_cookie(response, signed_in, request=request, settings=settings)
    return response


@router.get("/login/{secret}", dependencies=[open_access])
def show_link(secret: str, request: Request) -> Response:
    """Show the button of a one-time link; only pressing it uses the link up."""
    return renderer_of(request).page(request, "link.html", {"secret": secret})


@router.post("/login/{secret}", dependencies=[open_access, WriteTurn])
def sign_in_by_link(secret: str, request: Request, doorkeeper: Doorkeeping, settings: SettingsUsed) -> Response:
    """Sign in by a one-time link."""
    on_refusal(request, lambda problem: _form(request, "/campaigns", problem=problem))
    signed_in = doorkeeper.sign_in_by_link(secret)
    response = RedirectResponse("/campaigns", status_code=303)
    set_cookie(response, signed_in, request=request, settings=settings)
    return response


@router.post("/logout", dependencies=[open_access, WriteTurn])
def sign_out(request: Request, doorkeeper: Doorkeeping, settings: SettingsUsed) -> Response:
    """Sign out."""
    if (secret := cookie_of(request)) is not None:
        doorkeeper.sign_out(secret)
    response = RedirectResponse("/login", status_code=303)
    clear_cookie(response, request=request, settings=settings)
    return response


@router.get("/help", dependencies=[viewer])
def show_help(request: Request) -> Response:
    """Show what the signs, the keys and the words mean."""
    return renderer_of(request).page(request, "help.html", {"keys": KEYS, "words": WORDS})


def _form(request: Request, after: str, *, problem: Mapping[str, Any] | None = None) -> Response:
    context = {"next": local_path(after), "problem": problem}
    return renderer_of(request).page(request, "login.html", context, status=problem["status"] if problem else 200)
