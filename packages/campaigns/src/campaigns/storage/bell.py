"""Wakes those who wait for a change in this process, so that they need not ask the database all the time."""

from __future__ import annotations

import threading

__all__ = ("Bell",)


class Bell:
    """A counter that can be waited on. Rung after every commit; a second server process is found by asking."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._waiting = 0
        self._closed = False

    @property
    def count(self) -> int:
        """How often it was rung (`int`)."""
        return self._count

    @property
    def closed(self) -> bool:
        """Whether the process is about to stop (`bool`)."""
        return self._closed

    @property
    def has_waiters(self) -> bool:
        """Whether anybody waits now (`bool`)."""
        return self._waiting > 0

    def ring(self) -> None:
        """Wake everyone."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Wake everyone for good: nobody waits any more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def wait(self, *, since: int, timeout_s: float) -> int:
        """Wait until it was rung after ``since``, or the time is over.

        Parameters
        ----------
        since : `int`
            A count seen before.
        timeout_s : `float`
            How long to wait at most, in seconds.

        Returns
        -------
        count : `int`
            The count now.
        """
        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait_for(lambda: self._closed or self._count > since, timeout_s)
            finally:
                self._waiting -= 1
            return self._count
