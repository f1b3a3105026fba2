"""Who a caller is, by the hash of the secret that came with a request. Every request asks this, in one statement."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from campaigns.domain.identity import Identity, Role, may
from campaigns.domain.users import Caller, CredentialKind
from campaigns.schema.api_token import ApiTokenRow
from campaigns.schema.login_session import LoginSessionRow
from campaigns.schema.user import UserRow

__all__ = ("find_session", "find_token")

_TOKEN: Final = ApiTokenRow.table().c
_LOGIN: Final = LoginSessionRow.table().c
_USER: Final = UserRow.table().c

# Made once, since making a statement takes longer than carrying it out.
_BY_TOKEN: Final = (
    select(
        *(_TOKEN.id, _TOKEN.name, _TOKEN.role, _TOKEN.site, _TOKEN.user_name, _TOKEN.expires_us, _TOKEN.used_us),
        _USER.role.label("owner_role"),
        _USER.disabled,
    )
    .outerjoin_from(ApiTokenRow.table(), UserRow.table(), _USER.name == _TOKEN.user_name)
    .where(_TOKEN.secret_hash == bindparam("shown"), _TOKEN.revoked_us.is_(None))
)
_BY_COOKIE: Final = (
    select(_LOGIN.id, _LOGIN.seen_us, _USER.name, _USER.role)
    .join_from(LoginSessionRow.table(), UserRow.table(), _USER.name == _LOGIN.user_name)
    .where(_LOGIN.secret_hash == bindparam("shown"), _LOGIN.expires_us > bindparam("now_us"), ~_USER.disabled)
)


def find_session(connection: Connection, secret_hash: str, *, now_us: int) -> Caller | None:
    """Find who is signed in under a cookie; nobody if it is over or the user is disabled."""
    login = connection.execute(_BY_COOKIE, {"shown": secret_hash, "now_us": now_us}).one_or_none()
    if login is None:
        return None
    identity = Identity(name=login.name, role=Role(login.role))
    return Caller(identity=identity, kind=CredentialKind.COOKIE, credential_id=login.id, seen_us=login.seen_us)


def find_token(connection: Connection, secret_hash: str, *, now_us: int) -> Caller | None:
    """Find whose a token is; nobody's if it is over, revoked, or its owner is disabled."""
    token = connection.execute(_BY_TOKEN, {"shown": secret_hash}).one_or_none()
    if token is None or (token.expires_us is not None and token.expires_us <= now_us) or token.disabled:
        return None
    if token.user_name is None:
        identity = Identity(name=token.name, role=Role.AGENT, site=token.site)
    else:
        # The owner may have fewer rights by now than when the token was made.
        owner = Identity(name=token.user_name, role=Role(token.owner_role))
        cap = Role(token.role)
        identity = Identity(name=owner.name, role=cap if may(owner, cap) else owner.role)
    return Caller(identity=identity, kind=CredentialKind.TOKEN, credential_id=token.id, seen_us=token.used_us)
