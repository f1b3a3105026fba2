"""Doing several things at the same moment, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ("PATIENCE_S", "at_once")

PATIENCE_S = 60.0
"""After so long something waits for ever."""


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Call all at the same moment; gives what they return, in their order, and raises what the first of them raises."""
    ready = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        ready.wait(PATIENCE_S)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        begun = [pool.submit(begin, call) for call in calls]
        return [one.result(PATIENCE_S) for one in begun]
