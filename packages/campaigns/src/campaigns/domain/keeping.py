"""Whether a document can be kept, and how places in documents are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from campaigns.domain.errors import Fault

__all__ = ("WHOLE", "place_text", "unkeepable")

WHOLE: Final = "campaign file"
"""The place of what is wrong with a campaign file as a whole."""

MAX_DEPTH: Final = 50


def place_text(location: Sequence[str | int]) -> str:
    """Write a place in a document as ``steps[1].gate``; the document itself is empty."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def unkeepable(document: dict[Any, Any]) -> list[Fault]:
    """Tell what a document has that cannot be kept or sent as JSON; it may come from YAML, which has more."""
    if _all_keepable(document, MAX_DEPTH):
        return []
    faults = []
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    while waiting:
        part, location = waiting.pop()
        if len(location) > MAX_DEPTH:
            place = place_text(location[:2]) or WHOLE
            return [Fault("too_deep", f"The document has more than {MAX_DEPTH} levels.", place, "Nest it less deeply.")]
        if isinstance(part, dict):
            for name, value in part.items():
                inner = (*location, _legible(str(name)))
                waiting.extend([(name, inner), (value, inner)])
        elif isinstance(part, list):
            waiting.extend((value, (*location, index)) for index, value in enumerate(part))
        elif not _keepable(part):
            remedy = "Write plain text, numbers below 2**63, true, false or null."
            faults.append(
                Fault("not_json", "There is a value or a letter that cannot be kept.", place_text(location) or WHOLE, remedy)
            )
    return faults


def _all_keepable(part: Any, levels: int) -> bool:
    """Tell it quickly, without saying where what is."""
    if levels < 0:
        return False
    if isinstance(part, dict):
        return all(_keepable(name) and _all_keepable(value, levels - 1) for name, value in part.items())
    if isinstance(part, list):
        return all(_all_keepable(value, levels - 1) for value in part)
    return _keepable(part)


def _keepable(value: Any) -> bool:
    match value:
        case str():
            return "\0" not in value and _legible(value) == value
        case int():
            return abs(value) < 2**63
        case float():
            return math.isfinite(value)
        case _:
            return value is None


def _legible(text: str) -> str:
    """Give a text without the halves of letters that JSON and YAML can spell and no encoding has."""
    return text.encode("utf-8", "replace").decode()
