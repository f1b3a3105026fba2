"""The live stream: new versions as they come, and an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import anyio

from campaigns.storage.bell import Bell
from campaigns.web import live


def run(collecting: Callable[[], Awaitable[list[str | None]]]) -> list[str | None]:
    """Run in a thread of its own: the browser tests keep an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, collecting).result()


async def collect(bell: Bell, answers: list[str], *, longest_s: float = 10) -> list[str | None]:
    """Collect versions until the stream ends."""

    def look() -> str:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return [version async for version in live.versions(look, bell=bell, longest_s=longest_s)]


def test_the_first_version_comes_at_once_and_the_same_is_not_told_twice() -> None:
    assert run(lambda: collect(Bell(), ["1", "1"], longest_s=0.3)) == ["1"]


def test_a_ring_brings_the_next_version_soon() -> None:
    bell = Bell()
    threading.Timer(0.6, bell.ring).start()
    threading.Timer(1.2, bell.close).start()
    begun = time.monotonic()
    assert run(lambda: collect(bell, ["1", "2"])) == ["1", "2"]
    assert time.monotonic() - begun < 3


def test_it_ends_when_the_server_stops() -> None:
    bell = Bell()
    bell.close()
    assert run(lambda: collect(bell, ["1"])) == []
