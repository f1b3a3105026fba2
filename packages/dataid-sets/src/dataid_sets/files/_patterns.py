"""Going through text by patterns."""

from __future__ import annotations

__all__ = ("end_of",)

import re
from typing import AnyStr


def end_of(pattern: re.Pattern[AnyStr], text: AnyStr, place: int = 0) -> int:
    """Give where a pattern's match from a place on ends.

    Parameters
    ----------
    pattern : `re.Pattern`
        The pattern.
    text : `str` or `bytes`
        The text.
    place : `int`, optional
        Where the match is to begin.

    Returns
    -------
    end : `int`
        Where it ends; `place` itself where nothing matches.
    """
    match = pattern.match(text, place)
    return place if match is None else match.end()
