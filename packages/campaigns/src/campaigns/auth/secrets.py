"""Secrets that the service makes up, and the hashes by which it knows them again."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

__all__ = ("TOKEN_PREFIX", "hash_secret", "new_secret", "new_token")

TOKEN_PREFIX: Final = "rct_"  # noqa: S105  (it is the secret's beginning only)
"""How every API token begins, so that people and scanners know one when they see it."""


def new_secret() -> str:
    """Make up 256 random bits, in letters that need no quoting."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Make up an API token."""
    return TOKEN_PREFIX + new_secret()


def hash_secret(secret: str) -> str:
    """Give the SHA-256 of a secret in hexadecimal.

    Notes
    -----
    A fast hash is enough: the secrets are random, so that nobody can guess one from its hash. Passwords are another matter.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
