"""``/api/v1/session``: signing a browser in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from campaigns.api.dependencies import Doorkeeping, PasswordTurn, SettingsUsed, WriteTurn
from campaigns.api.policy import open_access
from campaigns.auth.browser import clear_cookie, cookie_of, set_cookie
from campaigns.domain.users import SignedIn
from campaigns.wire.users import Credentials, LinkSecret, SessionModel

__all__ = ("router",)

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", status_code=201, dependencies=[open_access, PasswordTurn])
def sign_in(
    body: Credentials, request: Request, response: Response, doorkeeper: Doorkeeping, settings: SettingsUsed
) -> SessionModel:
    """Sign in by name and password; the answer sets the session cookie."""
    signed_in = doorkeeper.sign_in(body.name, body.password.get_secret_value())
    set_cookie(response, signed_in, request=request, settings=settings)
    return _model(signed_in)


@router.post("/link", status_code=201, dependencies=[open_access, WriteTurn])
def sign_in_by_link(
    body: LinkSecret, request: Request, response: Response, doorkeeper: Doorkeeping, settings: SettingsUsed
) -> SessionModel:
    """Sign in by a one-time link, which is used up; the answer sets the session cookie."""
    signed_in = doorkeeper.sign_in_by_link(body.secret)
    set_cookie(response, signed_in, request=request, settings=settings)
    return _model(signed_in)


@router.delete("", status_code=204, dependencies=[open_access, WriteTurn])
def sign_out(request: Request, response: Response, doorkeeper: Doorkeeping, settings: SettingsUsed) -> None:
    """Sign out; the answer takes the cookie away. Whoever is not signed in stays so."""
    secret = cookie_of(request)
    if secret is not None:
        doorkeeper.sign_out(secret)
    clear_cookie(response, request=request, settings=settings)


def _model(signed_in: SignedIn) -> SessionModel:
    user = signed_in.user
    return SessionModel(name=user.name, full_name=user.full_name, role=user.role)
