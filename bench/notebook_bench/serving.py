"""A server in a process of its own, and asking it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from campaigns.demonstration.ports import free_port

__all__ = ("milliseconds", "percentile", "served")


@contextmanager
def served(command: list[str], environment: dict[str, str], *, token: str, ready: str) -> Iterator[httpx.Client]:
    """Run a server for this block; ``PORT`` in the command is put in."""
    port = free_port()
    words = [word.replace("PORT", str(port)) for word in command]
    process = subprocess.Popen([sys.executable, "-m", *words], env=os.environ | environment, stdout=subprocess.DEVNULL)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    try:
        for _ in range(400):
            try:
                if client.get(ready).status_code < 500:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        else:
            raise RuntimeError("the server does not answer")
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(20)


def milliseconds(act: Callable[[], object], n: int) -> list[float]:
    """Time something so many times."""
    took = []
    for _ in range(n):
        begun = time.perf_counter()
        act()
        took.append((time.perf_counter() - begun) * 1000)
    return took


def percentile(values: list[float], share: int) -> float:
    """Give a percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else values[0]
