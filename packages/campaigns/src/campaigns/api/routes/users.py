"""``/api/v1/users``: who may sign in."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import SecretStr

from campaigns.api.dependencies import Caller, Reading, Writing
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, decode_cursor
from campaigns.api.policy import admin, any_identity, viewer
from campaigns.domain.identity import Role
from campaigns.wire.users import (
    LoginLinkModel,
    SessionModel,
    SignOutModel,
    UserCreate,
    UserList,
    UserModel,
    UserUpdate,
)

__all__ = ("router",)

router = APIRouter(prefix="/users", tags=["users"])

MINUTE_US = 60_000_000


@router.get("", dependencies=[viewer])
def list_users(reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> UserList:
    """List users in order of name."""
    after = decode_cursor(cursor, str)[0] if cursor else None
    users, following = cut(reading.users().list_users(after=after, limit=limit + 1), limit=limit, key=lambda user: (user.name,))
    return UserList(items=[UserModel.of(user) for user in users], next=following)


@router.post("", status_code=201, dependencies=[admin])
def create_user(body: UserCreate, writing: Writing) -> UserModel:
    """Make a user. There is no Idempotency-Key here, whose hash would tell of the password; a name is taken only once anyway."""
    created = writing.users().create(body.name, role=body.role, full_name=body.full_name, password=_text(body.password))
    return UserModel.of(created)


@router.get("/me", dependencies=[any_identity])
def show_me(caller: Caller, reading: Reading) -> SessionModel:
    """Tell the caller who they are."""
    full_name = "" if caller.role is Role.AGENT else reading.users().get(caller.name).full_name
    return SessionModel(name=caller.name, full_name=full_name, role=caller.role, site=caller.site)


@router.get("/{name}", dependencies=[viewer])
def show_user(name: str, reading: Reading) -> UserModel:
    """Show a user."""
    return UserModel.of(reading.users().get(name))


@router.patch("/{name}", dependencies=[admin])
def update_user(name: str, body: UserUpdate, writing: Writing) -> UserModel:
    """Change a user's role, name, password, or whether they may sign in."""
    updated = writing.users().update(
        name, role=body.role, disabled=body.disabled, full_name=body.full_name, password=_text(body.password)
    )
    return UserModel.of(updated)


@router.post("/{name}/sign-out", dependencies=[viewer])
def sign_out_everywhere(name: str, writing: Writing) -> SignOutModel:
    """End all sign-ins of a user: one's own, or anybody's for administrators."""
    return SignOutModel(ended=writing.users().sign_out_everywhere(name))


@router.post("/{name}/login-links", status_code=201, dependencies=[admin])
def create_login_link(name: str, writing: Writing) -> LoginLinkModel:
    """Make a one-time sign-in link. Its secret is shown this once."""
    valid_min = writing.settings.login_link_min
    secret = writing.users().create_login_link(name, valid_us=round(valid_min * MINUTE_US))
    return LoginLinkModel(path=f"/login/{secret}", valid_min=valid_min)


def _text(password: SecretStr | None) -> str | None:
    return None if password is None else password.get_secret_value()
