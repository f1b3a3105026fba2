"""Users and what they show to prove who they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from campaigns.domain.identity import Identity, Role

__all__ = ("MIN_PASSWORD_LENGTH", "USER_NAME_PATTERN", "ApiToken", "Caller", "CredentialKind", "SignedIn", "User", "is_user_name")

USER_NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9._@+-]{0,63}$"
MIN_PASSWORD_LENGTH: Final = 8


def is_user_name(name: str) -> bool:
    """Tell whether a user may be called so."""
    return re.fullmatch(USER_NAME_PATTERN, name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in.

    Attributes
    ----------
    name : `str`
        Short, unique and for good: the record refers to it.
    full_name : `str`
        For people to read; may be empty.
    role : `Role`
        Any but ``agent``.
    disabled : `bool`
        Whether neither sign-in nor token is accepted.
    has_password : `bool`
        Whether there is a password; those without use one-time links.
    created_us : `int`
        When, UTC microseconds.
    """

    name: str
    full_name: str
    role: Role
    disabled: bool
    has_password: bool
    created_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What is known of a token; its secret is not.

    Attributes
    ----------
    id : `str`
        A UUID.
    name : `str`
        What its owner calls it; for agents, the principal's name.
    user : `str`, optional
        The owner; none for agents.
    role : `Role`
        The most that it allows; never more than its owner's role now.
    site : `str`, optional
        For agents, the only site.
    created_us, expires_us, used_us, revoked_us : `int`
        UTC microseconds; ``used_us`` is exact to a minute only.
    created_by : `str`
        Who made it.
    """

    id: str
    name: str
    user: str | None
    role: Role
    site: str | None
    created_us: int
    created_by: str
    expires_us: int | None
    used_us: int | None
    revoked_us: int | None


class CredentialKind(StrEnum):
    """How a caller proved who they are."""

    COOKIE = "cookie"
    TOKEN = "token"  # noqa: S105  (the kind, not a secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A principal whose credential was found good.

    Attributes
    ----------
    identity : `Identity`
        Who it is.
    kind : `CredentialKind`
        What was shown.
    credential_id : `str`
        The UUID of the sign-in or the token.
    seen_us : `int`, optional
        When it was last noted as used, UTC microseconds.
    """

    identity: Identity
    kind: CredentialKind
    credential_id: str
    seen_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh sign-in.

    Attributes
    ----------
    user : `User`
        Who.
    secret : `str`
        The cookie's value; it is nowhere else.
    ends_us : `int`
        When it ends at the latest, UTC microseconds.
    """

    user: User
    secret: str
    ends_us: int
