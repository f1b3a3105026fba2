"""What an address on the web must be to be linked."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

__all__ = ("MAX_URL", "address_fault")

MAX_URL: Final = 2000


def address_fault(url: str) -> str | None:
    """Say what is wrong with an address, or nothing."""
    if len(url) > MAX_URL:
        return f"An address has at most {MAX_URL} characters."
    if any(letter.isspace() or not letter.isprintable() for letter in url):
        return "An address has no blanks."
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return f"{url} is not an address."
    if parts.scheme not in ("http", "https") or not host:
        return "An address begins with https:// or http://, and names a host."
    if parts.username is not None or parts.password is not None:
        return "An address has no user's name or password in it."
    return None
