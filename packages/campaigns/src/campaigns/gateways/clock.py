"""The time, as the one thing that tests need to set."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ("Clock", "FixedClock", "SystemClock")


class Clock(Protocol):
    """Gives the time."""

    def now_us(self) -> int:
        """Give the time in UTC microseconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Give the time in UTC microseconds since 1970."""
        return time.time_ns() // 1000


class FixedClock:
    """A clock that stands until it is moved.

    Parameters
    ----------
    now_us : `int`
        The time it shows.
    """

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        """Give the time in UTC microseconds since 1970."""
        return self._now_us

    def advance(self, *, seconds: float) -> None:
        """Move the clock on."""
        self._now_us += round(seconds * 1_000_000)
