"""How times are shown: relative to now, with the exact UTC and the observing night on hover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from markupsafe import Markup

__all__ = ("day_obs", "duration_text", "exact_text", "relative_text", "time_element")

_LAST_US = 253_402_214_400_000_000
"""The last day of the year 9999."""

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def day_obs(at_us: int) -> int:
    """Give the observing day of a time: the date in UTC−12 (SITCOMTN-032), such as ``20261122``."""
    return int((_at(at_us) - timedelta(hours=12)).strftime("%Y%m%d"))


def exact_text(at_us: int) -> str:
    """Give the exact time, such as ``2026-11-22 14:05:09 UTC``."""
    return _at(at_us).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration_text(duration_us: int) -> str:
    """Give a duration in its two largest units, such as ``3 h 12 min``."""
    seconds = max(0, duration_us) // 1_000_000
    if seconds < 60:
        return f"{seconds} s"
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3_600, seconds % 3_600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"


def relative_text(at_us: int, *, now_us: int) -> str:
    """Tell how long ago, or how far ahead, a time is, such as ``2 h ago``; after 60 days, the date."""
    seconds = (now_us - at_us) // 1_000_000
    if abs(seconds) < 10:
        return "just now"
    if abs(seconds) > 60 * 86_400:
        return _at(at_us).strftime("%Y-%m-%d")
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            told = f"{abs(seconds) // size} {unit}"
            break
    else:
        told = f"{abs(seconds)} s"
    return f"{told} ago" if seconds > 0 else f"in {told}"


def time_element(at_us: int, *, now_us: int, shown: str | None = None) -> Markup:
    """Write a ``time`` element; the page's script keeps its text current.

    Parameters
    ----------
    at_us, now_us : `int`
        The time and now, UTC microseconds.
    shown : `str`, optional
        What is shown in place of the relative text.

    Returns
    -------
    element : `markupsafe.Markup`
        With the exact time and the observing night as its title.
    """
    title = f"{exact_text(at_us)} · observing night {day_obs(at_us)}"
    text = shown if shown is not None else relative_text(at_us, now_us=now_us)
    live = Markup("") if shown is not None else Markup(" data-relative")
    machine = _at(at_us).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(machine, title, live, text)


def _at(at_us: int) -> datetime:
    # One row that has no date must not take the page from everybody.
    return datetime.fromtimestamp(min(max(at_us, 0), _LAST_US) / 1_000_000, UTC)
