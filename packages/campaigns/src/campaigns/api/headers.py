"""What every answer carries, and how large a request may be; both apply before anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ("SECURITY_HEADERS", "BodyLimit", "SecurityHeaders")

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the security headers to every answer that has none of its own.

    Parameters
    ----------
    app : ASGI application
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                # What a page or a program gets belongs to its caller, and may be another the next time.
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses requests that are too large, whether they say so or not.

    Parameters
    ----------
    app : ASGI application
        What answers.
    limit : `int`
        The most bytes of a body.
    uploads : mapping of pattern to `int`
        Paths that may take more, and how much.

    Notes
    -----
    The framework's own limit answers in plain text.
    """

    def __init__(self, app: ASGIApp, *, limit: int, uploads: Mapping[re.Pattern[str], int]) -> None:
        self._app = app
        self._limit = limit
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next((most for path, most in self._uploads.items() if path.fullmatch(scope["path"])), self._limit)
        said = Headers(scope=scope).get("content-length", "")
        left = limit - int(said) if said.isascii() and said.isdigit() else limit
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            if left < 0:
                raise _too_large(limit)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receive_some, send)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, detail=f"at most {limit / 1_000_000:g} MB")
