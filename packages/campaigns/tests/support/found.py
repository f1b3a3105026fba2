"""What sites find when they look what would run, for agents that carry out nothing."""

from __future__ import annotations

from typing import Any

__all__ = ("found", "group")


def group(name: str, at_most: int, graph: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give a group with one task, ``measure``."""
    told = {} if graph is None else {"graph": graph}
    return {"name": name, "data_query": "visit = 1", "quanta": {"measure": at_most}, **told}


def found() -> dict[str, Any]:
    """Give a step of three groups, one graph of which was built and one cannot be, and one that waits for it."""
    why = {"not_built": "reads catalog, which step1 makes"}
    groups = [
        group("g1", 10, {"quanta": {"measure": 7}, "seconds": 3.5}),
        group("g2", 5, {"failed": "QuantumGraph will be empty.", "said": "ERROR: no rows"}),
        group("g3", 2, {"not_built": "the site builds 2 graphs at most to tell what would run"}),
    ]
    later = {"name": "all", "data_query": "", "quanta": None, "graph": why}
    return {
        "output": "u/mary/trial",
        "sets": [],
        "steps": [
            {"name": "step1", "tasks": ["measure"], "awaits": {}, "groups": groups},
            {"name": "step2", "tasks": ["merge"], "awaits": {"catalog": "step1"}, "groups": [later]},
        ],
    }
