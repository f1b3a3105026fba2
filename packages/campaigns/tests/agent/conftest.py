"""Fixtures for tests of the agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.fake_server import FakeServer
from agent.making import StubStack, make_stack, write_site


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server that keeps the protocol."""
    with FakeServer() as running:
        yield running


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StubStack]:
    """A stack of scripts, whose ``bps`` is let go at the end in any case."""
    made = make_stack(tmp_path / "stack")
    yield made
    made.go()


@pytest.fixture
def site_file(tmp_path: Path, stack: StubStack) -> Path:
    """The file of a site with that stack."""
    return write_site(tmp_path / "site.yaml", prefix=stack.prefix)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Where an agent keeps its state."""
    return tmp_path / "state"
