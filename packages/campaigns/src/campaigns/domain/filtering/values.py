"""Values in a filter: words, choices, numbers, times, and ranges of the last two.

A time may be a moment (``2026-11-22T03:00``), a day, a month or a year, all of UTC, or count from now (``-7d``); each stands for
the whole of it, so that ``created = 2026-11`` finds what was made in November and ``created > 2026-11`` what was made after it.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from campaigns.domain.campaign import parse_campaign_id
from campaigns.domain.filtering.fields import Field, FieldKind
from campaigns.domain.filtering.tree import Interval, Value, folded

__all__ = ("RANGE", "BadValue", "is_uuid", "read_value")

RANGE: Final = ".."
"""Stands between the ends of a range."""

_SECOND_US: Final = 1_000_000
_UNITS_S: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "month": 30 * 86400, "y": 365 * 86400}
_RELATIVE: Final = re.compile(r"([+-])(\d{1,6})(s|min|m|h|d|w|month|y)", re.ASCII)
_PERIOD: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?Z?", re.ASCII | re.IGNORECASE)
_YES: Final = ("yes", "true", "1")
_NO: Final = ("no", "false", "0")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LARGEST: Final = 2**62


@dataclass
class BadValue(Exception):
    """A value that a field cannot have.

    Attributes
    ----------
    told : `str`
        What is wrong, to stand behind the value.
    remedy : `str`
        What may stand there.
    """

    told: str
    remedy: str


def read_value(field: Field, text: str, *, quoted: bool, now_us: int, me: str | None) -> Value:
    """Read a value of a field.

    Parameters
    ----------
    field : `Field`
        The field.
    text : `str`
        What was written, without quotes.
    quoted : `bool`
        Whether it stood in quotes, where ``me`` and ``..`` mean only themselves.
    now_us : `int`
        The moment that relative times count from.
    me : `str` or `None`
        Who asks.

    Returns
    -------
    value : `str` or `Interval`
        A word, folded; or what a number or a time stands for.

    Raises
    ------
    BadValue
        If the field cannot have it.
    """
    match field.kind:
        case FieldKind.WORD:
            return folded(me) if field.is_person and me is not None and not quoted and folded(text) == "me" else folded(text)
        case FieldKind.CHOICE:
            return _choice(field, text)
        case FieldKind.FLAG:
            return _flag(text)
        case FieldKind.UUID:
            return _uuid(text)
        case FieldKind.TIME:
            return _ranged(text, lambda part: _time(part, now_us))
        case FieldKind.ID:
            return _ranged(text, _campaign)
        case FieldKind.NUMBER:
            return _ranged(text, _number)


def _choice(field: Field, text: str) -> str:
    word = re.sub(r"[\s-]+", "_", folded(text.strip()))
    if word not in field.choices:
        raise BadValue(f"is no {field.name}.", f"There are: {', '.join(field.choices)}.")
    return word


def _flag(text: str) -> str:
    word = folded(text)
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    raise BadValue("is neither yes nor no.", "Write yes or no.")


def _uuid(text: str) -> str:
    word = text.strip().lower()
    if not is_uuid(word):
        raise BadValue("is no UUID.", "Write the whole of it: `campaign show --json` tells it.")
    return word


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, as they are written here."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


Reader: TypeAlias = Callable[[str], Interval]


def _ranged(text: str, read: Reader) -> Interval:
    """Read ``a..b``, which has both ends in it, or a single value."""
    low, dots, end = text.partition(RANGE)
    if not dots:
        return read(text)
    if not low.strip() and not end.strip():
        raise BadValue("is a range without ends.", "Give at least one: `2026-01..2026-03`, `-7d..`, `..100`.")
    first = read(low) if low.strip() else Interval(None, None)
    last = read(end) if end.strip() else Interval(None, None)
    if first.low is not None and last.end is not None and first.low >= last.end:
        raise BadValue("ends before it begins.", "Write the earlier end first.")
    return Interval(first.low, last.end)


def _number(text: str) -> Interval:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise BadValue("is no whole number.", "Write digits, such as 3, or a range, such as 3..5.")
    return Interval(int(text), int(text) + 1)


def _campaign(text: str) -> Interval:
    number = parse_campaign_id(text)
    if number is None and re.fullmatch(r"\d{1,9}", text, re.ASCII):
        number = int(text)
    if number is None:
        raise BadValue("is no campaign's id.", "Write `C-42`, 42, or a range such as C-40..C-49.")
    return Interval(number, number + 1)


def _time(text: str, now_us: int) -> Interval:
    word = folded(text.strip())
    if word == "now":
        return Interval(now_us, now_us + 1)
    if word in ("today", "yesterday"):
        day = _EPOCH + datetime.timedelta(microseconds=now_us)
        start = day.replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=word == "yesterday")
        return Interval(_us(start), _us(start + datetime.timedelta(days=1)))
    if match := _RELATIVE.fullmatch(word):
        shift = int(match[2]) * _UNITS_S[match[3]] * _SECOND_US
        moment = max(-_LARGEST, min(_LARGEST, now_us + (shift if match[1] == "+" else -shift)))
        return Interval(moment, moment + 1)
    try:
        if match := _PERIOD.fullmatch(word):
            return _period(*match.groups())
        if match := _MOMENT.fullmatch(word):
            start = datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3]}:{match[4] or '00'}+00:00")
            return Interval(_us(start), _us(start) + (1 if match[4] else 60) * _SECOND_US)
    except (ValueError, OverflowError):
        raise BadValue("is a time that does not exist.", "Write such as 2026-11-22, 2026-11 or 2026-11-22T03:00 (UTC).") from None
    raise BadValue(
        "is no time.",
        "Write such as 2026-11-22, 2026-11, 2026-11-22T03:00 (UTC), today, -7d, -12h, or a range such as 2026-01..2026-03.",
    )


def _period(year: str, month: str | None, day: str | None) -> Interval:
    start = datetime.datetime(int(year), int(month or 1), int(day or 1), tzinfo=datetime.UTC)
    if day is not None:
        return Interval(_us(start), _us(start) + 86400 * _SECOND_US)
    if month is not None:
        following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        return Interval(_us(start), _us(following))
    return Interval(_us(start), _us(start.replace(year=start.year + 1)))


def _us(moment: datetime.datetime) -> int:
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1)
