"""What would run, as a site found it: upper bounds by queries, beside what graphs that were really built have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

__all__ = ("FoundGroup", "FoundStep", "FoundTask", "MeantSet", "found_sets", "found_steps")

FoundT = TypeVar("FoundT")


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task, and how many quanta it would have in the groups of which that is known.

    Attributes
    ----------
    at_most : `int` or `None`
        How many by the data queries alone; `None` where the inputs are not there yet.
    in_graph : `int` or `None`
        How many in the graphs; `None` unless those of all groups were built.
    """

    label: str
    at_most: int | None
    in_graph: int | None


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group, and its graph.

    Attributes
    ----------
    at_most, in_graph : `int` or `None`
        How many quanta by the data query alone, and in the graph, where that is known.
    not_built, failed : `str`
        Why there is no graph: because it was not built, or because it cannot be.
    said : `str`
        The last of what ``pipetask`` wrote, where it cannot be built.
    """

    name: str
    at_most: int | None
    in_graph: int | None = None
    not_built: str = ""
    failed: str = ""
    said: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Make it of what the site told."""
        graph = document.get("graph") or {}
        told = {name: str(graph.get(name) or "") for name in ("not_built", "failed", "said")}
        return cls(str(document.get("name") or "all"), _total(document.get("quanta")), _total(graph.get("quanta")), **told)


@dataclass(frozen=True, slots=True)
class FoundStep:
    """A step as it would run."""

    name: str
    tasks: tuple[FoundTask, ...]
    groups: tuple[FoundGroup, ...]

    @property
    def at_most(self) -> int | None:
        """How many quanta by the data queries alone (`int`); `None` where that cannot be told before other steps ran."""
        return _sum([group.at_most for group in self.groups])

    @property
    def in_graphs(self) -> int:
        """How many quanta the graphs have that were built (`int`)."""
        return sum(group.in_graph or 0 for group in self.groups)

    @property
    def n_built(self) -> int:
        """Of how many groups graphs were built (`int`)."""
        return sum(group.in_graph is not None for group in self.groups)

    @property
    def without(self) -> list[tuple[str, list[str]]]:
        """Why graphs were not built, and of which groups (`list` [`tuple`])."""
        why: dict[str, list[str]] = {}
        for group in self.groups:
            if group.not_built:
                why.setdefault(group.not_built, []).append(group.name)
        return list(why.items())

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Make it of what the site told."""
        counted = [group.get("quanta") for group in document["groups"]]
        built = [(group.get("graph") or {}).get("quanta") for group in document["groups"]]
        tasks = [FoundTask(label, _of_task(label, counted), _of_task(label, built)) for label in document["tasks"]]
        return cls(document["name"], tuple(tasks), tuple(map(FoundGroup.of, document["groups"])))


@dataclass(frozen=True, slots=True)
class MeantSet:
    """A DataId set that the definition names.

    Attributes
    ----------
    reference : `str`
        What the definition calls it.
    now : `str`
        Which set that is, or from what the start makes it.
    rows : `int`
        How many data IDs it has.
    """

    reference: str
    now: str
    rows: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Make it of what the site told."""
        found = document["set"]
        if found is not None:
            return cls(document["reference"], f"{found['name']}@{found['version']}", found["rows"])
        other = f"; {document['differs']} has other data IDs" if document["differs"] else ""
        listed = document["list"]
        return cls(document["reference"], f"made of {listed['path']} at the start{other}", listed["rows"])


def found_steps(result: Mapping[str, Any]) -> tuple[FoundStep, ...]:
    """Give the steps of what a site found, in their order; none where they cannot be read: a newer agent may have other words."""
    return _read(FoundStep.of, result.get("steps"))


def found_sets(result: Mapping[str, Any]) -> tuple[MeantSet, ...]:
    """Give the DataId sets of what a site found, as `found_steps` gives the steps."""
    return _read(MeantSet.of, result.get("sets"))


def _read(of: Callable[[Mapping[str, Any]], FoundT], told: Any) -> tuple[FoundT, ...]:
    try:
        return tuple(map(of, told or ()))
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()


def _total(quanta: Mapping[str, int] | None) -> int | None:
    return None if quanta is None else sum(quanta.values())


def _of_task(label: str, groups: list[Mapping[str, int] | None]) -> int | None:
    return _sum([None if quanta is None else quanta.get(label, 0) for quanta in groups])


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
