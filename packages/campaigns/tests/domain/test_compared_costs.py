"""What campaigns took: what of it is a difference, what an estimate, and how it is written."""

from __future__ import annotations

import pytest

from campaigns.domain.amounts import short_time_text, size_text
from campaigns.domain.comparedcosts import Cost, CostRow, compared_costs, total_cost

SECOND_US = 1_000_000


def cost(cpu_each_s: float, memory: int | None = 100, *, n_read: int = 10, n_quanta: int = 10) -> Cost:
    cpu_us = round(cpu_each_s * SECOND_US * n_quanta)
    return Cost(n_read=n_read, n_quanta=n_quanta, cpu_us=cpu_us, run_us=2 * cpu_us, max_memory_bytes=memory)


NOTHING = cost(0, None, n_read=0)


@pytest.mark.parametrize(
    ("cells", "differs", "odd"),
    [
        ((cost(10.0), cost(10.5)), False, (False, False)),
        ((cost(10.0), cost(12.0)), True, (False, True)),
        ((cost(10.0), cost(10.0, 120)), True, (False, True)),
        ((cost(10.0, None), cost(10.0, 120)), False, (False, False)),
        ((cost(10.0), None, cost(9.9)), False, (False, False, False)),
        ((None, cost(10.0), cost(20.0)), True, (False, False, False)),
        ((cost(0.0), cost(0.0)), False, (False, False)),
        ((cost(10.0), cost(10.0, n_quanta=1000)), False, (False, False)),
    ],
)
def test_what_is_a_difference(cells: tuple[Cost | None, ...], differs: bool, odd: tuple[bool, ...]) -> None:
    row = CostRow("isr", cells)
    assert (row.differs, row.odd) == (differs, odd)


def test_tasks_side_by_side() -> None:
    rows = compared_costs([{"isr": cost(1.0), "sum": NOTHING}, {"isr": NOTHING, "sum": NOTHING}, {"new": cost(2.0)}])
    assert [(row.label, [cell is not None for cell in row.cells]) for row in rows] == [
        ("isr", [True, False, False]),
        ("new", [False, False, True]),
    ]


def test_sums() -> None:
    total = total_cost([cost(1.0, None), cost(2.0, 300, n_read=5, n_quanta=20)])
    assert total is not None
    assert (total.n_read, total.n_quanta, total.cpu_us, total.max_memory_bytes) == (15, 30, 50 * SECOND_US, 300)
    assert total.estimated
    assert total_cost([NOTHING]) is None
    assert total_cost([]) is None
    whole, incomplete = total_cost([cost(1.0)]), total_cost([cost(1.0), NOTHING])
    assert whole is not None
    assert incomplete is not None
    assert (whole.estimated, incomplete.estimated) == (False, True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.354, "0.35 s"),
        (1.24, "1.2 s"),
        (59.94, "59.9 s"),
        (61, "1 min 1 s"),
        (3720, "1 h 2 min"),
        (10**6, "277 h 46 min"),
    ],
)
def test_times_that_may_be_short(seconds: float, text: str) -> None:
    assert short_time_text(round(seconds * SECOND_US)) == text


@pytest.mark.parametrize(("n_bytes", "text"), [(0, "0 B"), (1200, "1.2 kB"), (310_000_000, "310 MB"), (4_200_000_000, "4.2 GB")])
def test_sizes(n_bytes: int, text: str) -> None:
    assert size_text(n_bytes) == text
