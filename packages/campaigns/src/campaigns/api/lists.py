"""Lists in pieces: each says where the next begins.

A cursor is the sort key of the last item, so that what is added or taken away meanwhile neither repeats nor hides an item.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import Query

from campaigns.domain.errors import InvalidInput

__all__ = ("MAX_LIMIT", "Cursor", "Limit", "cut", "decode_cursor", "encode_cursor", "moment_of")

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")]
"""The parameter ``limit``; its default is given in the route: ``limit: Limit = DEFAULT_LIMIT``."""

Cursor = Annotated[str | None, Query(max_length=1000, description="The value of next in the answer before.")]
"""The parameter ``cursor``."""

ItemT = TypeVar("ItemT")


def encode_cursor(*key: str | int | None) -> str:
    """Write the sort key of an item as a cursor."""
    text = json.dumps(key, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *types: type | tuple[type, ...]) -> tuple[Any, ...]:
    """Read a cursor.

    Parameters
    ----------
    cursor : `str`
        What a caller gave.
    *types : `type`
        What the parts of the sort key must be.

    Returns
    -------
    key : `tuple`
        The sort key.

    Raises
    ------
    InvalidInput
        If it is not a cursor of this list.
    """
    wrong = _wrong()
    try:
        key = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise wrong from None
    if not isinstance(key, list) or len(key) != len(types):
        raise wrong
    # In Python a truth value is a number as well; in a sort key it is neither.
    if any(isinstance(part, bool) or not isinstance(part, wanted) for part, wanted in zip(key, types, strict=True)):
        raise wrong
    # No database holds these, and one of the two would fail instead of finding nothing.
    if any((isinstance(part, int) and abs(part) >= 2**63) or (isinstance(part, str) and "\0" in part) for part in key):
        raise wrong
    return tuple(key)


def moment_of(cursor: str | None) -> tuple[int, str] | None:
    """Read the cursor of a list by time and UUID; `None` where there is none. See `decode_cursor`."""
    if not cursor:
        return None
    time_us, uuid = decode_cursor(cursor, int, str)
    try:
        return time_us, str(UUID(uuid))
    except ValueError:
        raise _wrong() from None


def _wrong() -> InvalidInput:
    remedy = "Give the value of next as it was, or leave it out."
    return InvalidInput("The cursor is not one of this list.", where="query.cursor", remedy=remedy)


def cut(
    items: Sequence[ItemT], *, limit: int, key: Callable[[ItemT], tuple[str | int | None, ...]]
) -> tuple[list[ItemT], str | None]:
    """Cut a list that was read one longer than asked for, so as to know whether more follows.

    Parameters
    ----------
    items : sequence
        At most ``limit + 1`` items.
    limit : `int`
        How many were asked for.
    key : callable
        Gives the sort key of an item.

    Returns
    -------
    items : `list`
        At most ``limit`` of them.
    next : `str` or `None`
        The cursor of what follows, if anything does.
    """
    if len(items) <= limit:
        return list(items), None
    return list(items[:limit]), encode_cursor(*key(items[limit - 1]))
