"""Passwords, hashed by argon2."""

from __future__ import annotations

from functools import lru_cache

from pwdlib import PasswordHash

from campaigns.domain.errors import InvalidInput
from campaigns.domain.users import MIN_PASSWORD_LENGTH

__all__ = ("hash_password", "verify_password")

MAX_PASSWORD_LENGTH = 1024


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher().hash("nobody has this password")


def hash_password(password: str) -> str:
    """Hash a password.

    Raises
    ------
    InvalidInput
        If it is too short, or absurdly long.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise InvalidInput(
            f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters.",
            where="password",
            remedy="Choose another password.",
        )
    return _hasher().hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Tell whether a password fits.

    Parameters
    ----------
    password : `str`
        What was given.
    password_hash : `str`, optional
        The hash; `None` for users that do not exist or have no password.

    Returns
    -------
    fits : `bool`
        It takes as long for users that do not exist, so that the time does not tell who does.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        return False
    fits = _hasher().verify(password, password_hash or _nobodys_hash())
    return fits and password_hash is not None
