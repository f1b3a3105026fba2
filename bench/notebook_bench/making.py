"""Making campaigns over REST, against a handler that only makes the inserts."""

from __future__ import annotations

import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from notebook_bench.filling import document_of

__all__ = ("LIMIT", "Made", "measure_making")

LIMIT = 0.5
"""Of the bare handler's rate."""


@dataclass(frozen=True)
class Made:
    """One measurement: rates per second, pair by pair."""

    backend: str
    n_clients: int
    ours: list[float]
    bare: list[float]

    @property
    def ratios(self) -> list[float]:
        """Ours by theirs, pair by pair (`list`)."""
        return sorted(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    @property
    def ratio(self) -> float:
        """The median of those, which the limit is held against (`float`)."""
        return statistics.median(self.ratios)


def measure_making(ours: httpx.Client, bare: httpx.Client, backend: str, *, n_clients: int, n: int, n_pairs: int) -> Made:
    """Make so many campaigns by each in turn."""
    took = Made(backend, n_clients, [], [])
    for pair in range(n_pairs):
        took.ours.append(_rate(ours, "/api/v1/campaigns", f"o{n_clients}x{pair}-", n, n_clients))
        took.bare.append(_rate(bare, "/campaigns", f"b{n_clients}x{pair}-", n, n_clients))
    return took


def _rate(client: httpx.Client, path: str, prefix: str, n: int, n_clients: int) -> float:
    chance = random.Random(prefix)
    documents = [document_of(number, chance, prefix=prefix) for number in range(n)]

    def make(document: dict[str, object]) -> None:
        client.post(path, json=document).raise_for_status()

    begun = time.perf_counter()
    with ThreadPoolExecutor(n_clients) as pool:
        list(pool.map(make, documents))
    return n / (time.perf_counter() - begun)
