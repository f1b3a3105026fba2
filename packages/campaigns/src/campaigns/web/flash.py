"""What was done, told once on the next page: kept in a short-lived cookie between a POST and the GET after it."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

__all__ = ("COOKIE", "clear_flash", "done", "flash_of")

COOKIE: Final = "campaign_done"
MAX_CHARS: Final = 500


def done(url: str, *, message: str) -> RedirectResponse:
    """Answer a form that did something: go to a page, which tells what was done.

    Parameters
    ----------
    url : `str`
        The page, a path of our own.
    message : `str`
        What was done, as one sentence.

    Returns
    -------
    response : `starlette.responses.RedirectResponse`
        With status 303, so that reloading the page does not send the form again.
    """
    response = RedirectResponse(url, status_code=303)
    packed = base64.urlsafe_b64encode(message[:MAX_CHARS].encode()).decode()
    response.set_cookie(COOKIE, packed, max_age=60, path="/", httponly=True, samesite="lax")
    return response


def flash_of(request: Request) -> str | None:
    """Give what the last form did, if it has not been told yet."""
    packed = request.cookies.get(COOKIE)
    if not packed:
        return None
    try:
        return base64.urlsafe_b64decode(packed.encode()).decode()[:MAX_CHARS]
    except (binascii.Error, ValueError):
        return None


def clear_flash(response: Response) -> None:
    """Forget what was told."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
