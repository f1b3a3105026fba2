"""What the graphs of campaigns were made from, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.graphpins import GraphPins

__all__ = ("InputKind", "InputRow", "compared_inputs")


class InputKind(StrEnum):
    """What an input is, and what is counted of it."""

    RUN = "run"
    CALIBRATIONS = "calibrations"
    SKYMAP = "skymap"
    UNIVERSE = "universe"

    @property
    def counts(self) -> str:
        """What is counted (`str`)."""
        return "datasets" if self is InputKind.RUN else "graphs"


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input, and how many datasets each reads of it, or in how many of its graphs it is.

    Attributes
    ----------
    cells : `tuple` [`int` or `None`, ...]
        0 where one has other inputs; `None` where it is not known what it read.
    """

    kind: InputKind
    name: str
    cells: tuple[int | None, ...]

    @property
    def differs(self) -> bool:
        """Whether some are known to have it and others not to; or, of runs, to read another number of it (`bool`)."""
        known = [cell for cell in self.cells if cell is not None]
        return len(set(known) if self.kind is InputKind.RUN else {bool(cell) for cell in known}) > 1


def compared_inputs(columns: Sequence[tuple[str, Sequence[GraphPins]]]) -> list[InputRow]:
    """Put the inputs of campaigns side by side, by kind and name.

    Parameters
    ----------
    columns : sequence of `tuple`
        Each campaign's output collection, and what its graphs were made from. What a campaign reads of its own runs is left out.
        A dataset that several graphs read counts for each of them.
    """
    counted = [_count(output, graphs) for output, graphs in columns]
    order = {kind: position for position, kind in enumerate(InputKind)}
    keys = sorted({key for one in counted for key in one}, key=lambda key: (order[key[0]], key[1]))
    known = [bool(graphs) for _, graphs in columns]
    return [
        InputRow(kind, name, tuple(one[kind, name] if told else None for one, told in zip(counted, known, strict=True)))
        for kind, name in keys
    ]


def _count(output: str, graphs: Sequence[GraphPins]) -> Counter[tuple[InputKind, str]]:
    found: Counter[tuple[InputKind, str]] = Counter()
    for graph in graphs:
        for run, number in graph.read.items():
            if not output or not run.startswith(f"{output}/"):
                found[InputKind.RUN, run] += number
        found.update((InputKind.CALIBRATIONS, name) for name in graph.calibrations)
        found.update((InputKind.SKYMAP, name) for name in graph.skymaps)
        found[InputKind.UNIVERSE, graph.universe] += 1
    return found
