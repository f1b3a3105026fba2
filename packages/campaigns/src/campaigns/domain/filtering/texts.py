"""What text search looks at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ("fold_text", "search_text")

_BETWEEN = "\n"


def fold_text(text: str) -> str:
    """Give a text without the differences that a search passes over: capitals, and spellings of the same letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\0", "")


def search_text(parts: Iterable[str | None]) -> str:
    """Join texts so that a search finds a word in any of them, and none across two.

    Parameters
    ----------
    parts : iterable of `str` or `None`
        The texts.
    """
    return _BETWEEN.join(fold_text(part).replace(_BETWEEN, " ") for part in parts if part)
