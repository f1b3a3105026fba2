"""What campaigns took, side by side: their submissions, and their tasks by the records of quanta, of which not all are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from campaigns.domain.states import SubmissionStatus

__all__ = ("NOISE", "Cost", "CostRow", "Effort", "compared_costs", "total_cost")

NOISE: Final = 0.1
"""Two runs of the same never take the same: what is less than this part of the larger is no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a campaign took.

    Attributes
    ----------
    n_groups, n_attempts : `int`
        How many submissions count, and how many there were with those that were run again.
    states : `dict` [`SubmissionStatus`, `int`]
        How many of those that count stand where.
    begun_us, ended_us : `int`, optional
        When the first began and the last ended, UTC microseconds.
    run_us, lost_us : `int`
        How long all ran, added up; and how much of it in attempts that were replaced.
    """

    n_groups: int = 0
    n_attempts: int = 0
    states: Mapping[SubmissionStatus, int] = field(default_factory=dict)
    begun_us: int | None = None
    ended_us: int | None = None
    run_us: int = 0
    lost_us: int = 0

    @property
    def wall_us(self) -> int | None:
        """From the beginning of the first to the end of the last (`int`)."""
        return None if self.begun_us is None or self.ended_us is None else max(0, self.ended_us - self.begun_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What quanta took that succeeded.

    Attributes
    ----------
    n_read : `int`
        Of how many the records were read.
    n_quanta : `int`
        How many succeeded.
    cpu_us, run_us : `int`
        Processor time, and time, of all that succeeded, in microseconds; estimated where not all records were read.
    max_memory_bytes : `int`, optional
        The most memory that a process had which ran one of them; `None` where that is not known.
    """

    n_read: int
    n_quanta: int
    cpu_us: int
    run_us: int
    max_memory_bytes: int | None = None

    @property
    def estimated(self) -> bool:
        """Whether not all records were read (`bool`)."""
        return self.n_read < self.n_quanta

    @property
    def cpu_each_us(self) -> int:
        """Processor time of one quantum, in the mean (`int`)."""
        return self.cpu_us // max(1, self.n_quanta)


@dataclass(frozen=True, slots=True)
class CostRow:
    """A task, and what it took in each; `None` where that is not known."""

    label: str
    cells: tuple[Cost | None, ...]

    @property
    def differs(self) -> bool:
        """Whether processor time or memory of a quantum are known to differ by more than chance (`bool`)."""
        known = [cell for cell in self.cells if cell is not None]
        memory = [cell.max_memory_bytes for cell in known if cell.max_memory_bytes is not None]
        return _differ([cell.cpu_each_us for cell in known]) or _differ(memory)

    @property
    def odd(self) -> tuple[bool, ...]:
        """Which of them differ so from the first (`tuple` [`bool`, ...])."""
        return tuple(CostRow(self.label, (self.cells[0], cell)).differs for cell in self.cells)


def compared_costs(columns: Sequence[Mapping[str, Cost]]) -> list[CostRow]:
    """Put what tasks took side by side.

    Parameters
    ----------
    columns : sequence of `dict` [`str`, `Cost`]
        For each campaign its tasks by label, in the pipeline's order, also those of which no record was read.

    Returns
    -------
    rows : `list` [`CostRow`]
        Those of which something is known.
    """
    labels = dict.fromkeys(label for one in columns for label, cost in one.items() if cost.n_read)
    return [CostRow(label, tuple(_known(one.get(label)) for one in columns)) for label in labels]


def total_cost(costs: Iterable[Cost]) -> Cost | None:
    """Add up what tasks took; `None` if nothing is known of any.

    Notes
    -----
    A task of which no record was read adds nothing but its quanta, by which the sum says that it is an estimate.
    """
    listed = list(costs)
    if not any(cost.n_read for cost in listed):
        return None
    return Cost(
        n_read=sum(cost.n_read for cost in listed),
        n_quanta=sum(cost.n_quanta for cost in listed),
        cpu_us=sum(cost.cpu_us for cost in listed),
        run_us=sum(cost.run_us for cost in listed),
        max_memory_bytes=max((cost.max_memory_bytes for cost in listed if cost.max_memory_bytes is not None), default=None),
    )


def _known(cost: Cost | None) -> Cost | None:
    return cost if cost is not None and cost.n_read else None


def _differ(numbers: Sequence[int]) -> bool:
    return bool(numbers) and max(numbers) - min(numbers) > NOISE * max(numbers)
