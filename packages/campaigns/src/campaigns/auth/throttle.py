"""Slows down those who guess passwords."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from campaigns.domain.errors import TooManyAttempts
from campaigns.gateways.clock import Clock

__all__ = ("AttemptLimiter",)

FREE_ATTEMPTS: Final = 5
WINDOW_S: Final = 300.0
MAX_NAMES: Final = 10_000


class AttemptLimiter:
    """Counts failed attempts by name, whether such a user exists or not.

    Parameters
    ----------
    clock : `Clock`
        The time.

    Notes
    -----
    It lives in memory, since a failed sign-in must not cost a write to the database. A restart forgets it, which helps a guesser
    little. The oldest names are forgotten first when there are too many.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, list[int]] = OrderedDict()

    def check(self, name: str) -> None:
        """Let an attempt pass, or not.

        Raises
        ------
        TooManyAttempts
            If too many attempts under this name have failed lately.
        """
        with self._lock:
            recent = self._recent(name)
        if len(recent) >= FREE_ATTEMPTS:
            wait_s = WINDOW_S - (self._clock.now_us() - recent[0]) / 1_000_000
            raise TooManyAttempts(
                f"Signing in as {name} has failed {FREE_ATTEMPTS} times.",
                where="name",
                remedy=f"Wait {max(1, round(wait_s / 60))} min, or ask an administrator for a sign-in link.",
            )

    def failed(self, name: str) -> None:
        """Count a failed attempt."""
        with self._lock:
            self._failures[name] = [*self._recent(name), self._clock.now_us()]
            self._failures.move_to_end(name)
            while len(self._failures) > MAX_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures under a name."""
        with self._lock:
            self._failures.pop(name, None)

    def _recent(self, name: str) -> list[int]:
        since = self._clock.now_us() - round(WINDOW_S * 1_000_000)
        return [at_us for at_us in self._failures.get(name, ()) if at_us > since]
