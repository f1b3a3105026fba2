"""Timing in pairs, and the memory of a process."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Measured:
    """One line of the report.

    Attributes
    ----------
    section, backend, what : `str`
        Where it stands, and what was measured.
    seconds : `dict`
        The seconds of each round, by the name of what took them.
    values : `list` [`float`]
        What is held against the limit, for each round: ratios, or megabytes.
    unit : `str`
        Their unit.
    limit : `float` or `None`
        The limit.
    least : `bool`
        Whether values must reach it, rather than not exceed it.
    """

    section: str
    backend: str
    what: str
    values: list[float]
    unit: str = "×"
    limit: float | None = None
    least: bool = False
    seconds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def kept(self) -> bool | None:
        """Whether the median keeps to the limit; `None` where there is none."""
        if self.limit is None:
            return None
        return self.median >= self.limit if self.least else self.median <= self.limit

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "median": self.median, "kept": self.kept}


def seconds(run: Callable[[], object]) -> float:
    """Time a call."""
    gc.collect()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def rounds(
    ways: Mapping[str, Callable[[], object]], *, n: int, between: Callable[[str], object] | None = None
) -> dict[str, list[float]]:
    """Time several ways in turn, so many rounds; the order is turned round each time.

    Parameters
    ----------
    ways : mapping of `str` to callable
        The ways.
    n : `int`
        How many rounds.
    between : callable, optional
        Called after each with its name, and not timed.
    """
    took: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(n):
        for name, run in list(ways.items())[:: 1 if number % 2 == 0 else -1]:
            took[name].append(seconds(run))
            if between is not None:
                between(name)
    return took


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Divide, round by round."""
    return [one / other for one, other in zip(above, below, strict=True)]
