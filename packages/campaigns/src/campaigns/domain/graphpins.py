"""What a submission's quantum graph was made from, as it was then: it tells two submissions of one definition apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ("GraphPins", "PinnedCollection")


@dataclass(frozen=True, slots=True)
class PinnedCollection:
    """A collection, and its type in Butler's words, such as ``RUN``, ``TAGGED`` or ``CALIBRATION``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPins:
    """What a graph was made from.

    Attributes
    ----------
    collections : `tuple` [`PinnedCollection`, ...]
        The inputs, with chains flattened as they were when the graph was there, in the order in which they are searched.
    read : `dict` [`str`, `int`]
        The runs that the graph's inputs lie in, and how many datasets it reads of each.
    universe : `str`
        The dimension universe, such as ``daf_butler@7``.
    skymaps : `tuple` [`str`, ...]
        The skymaps of its data IDs.
    """

    collections: tuple[PinnedCollection, ...] = ()
    read: dict[str, int] = field(default_factory=dict)
    universe: str = ""
    skymaps: tuple[str, ...] = ()

    @property
    def calibrations(self) -> tuple[str, ...]:
        """The calibration collections among its inputs (`tuple` [`str`, ...])."""
        return tuple(one.name for one in self.collections if one.type == "CALIBRATION")

    @property
    def read_elsewhere(self) -> dict[str, int]:
        """What is read of runs that are no inputs themselves: a calibration or tagged collection has it (`dict`)."""
        named = {one.name for one in self.collections}
        return {run: number for run, number in self.read.items() if run not in named}

    @property
    def n_read(self) -> int:
        """How many datasets it reads (`int`)."""
        return sum(self.read.values())

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "collections": [asdict(one) for one in self.collections], "skymaps": list(self.skymaps)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> GraphPins:
        """Read it from JSON; raises `KeyError`, `TypeError` or `ValueError` if it is something else."""
        return cls(
            collections=tuple(PinnedCollection(**one) for one in data["collections"]),
            read={str(name): int(number) for name, number in data["read"].items()},
            universe=str(data["universe"]),
            skymaps=tuple(data["skymaps"]),
        )
