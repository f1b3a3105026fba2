"""Queries that exclude a set, against the same queries without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dataid_sets_bench.loads import arrow_table, clear, load, opened
from dataid_sets_bench.measuring import Measured, ratios, rounds
from dataid_sets_bench.registry import INSTRUMENT, N_DETECTORS, RUN, Registry

_LIMIT = 2.0


def measure_queries(registry: Registry, *, n_rows: int, n_rounds: int) -> Iterator[Measured]:
    """Measure queries of twice as many datasets as the excluded set has data IDs, so that as many as it has are left."""
    n_visits = -(-n_rows // N_DETECTORS)
    load(registry, arrow_table(*registry.pairs(n_visits * N_DETECTORS)))
    registry.vacuum()
    sets = opened(registry)

    def counted(*excluded: str) -> int:
        with sets.query(exclude=excluded) as query:
            return query.datasets("calexp", RUN).where(instrument=INSTRUMENT).count()

    def fetched(*excluded: str) -> int:
        with sets.query(exclude=excluded) as query:
            return sum(1 for _ in query.datasets("calexp", RUN).where(instrument=INSTRUMENT))

    everything, left = counted(), counted("bench/load")
    if (everything, left) != (2 * n_visits * N_DETECTORS, n_visits * N_DETECTORS):
        raise RuntimeError(f"of {everything} datasets {left} are left")
    # What a query returns is brought to Python; what the condition alone costs, a count tells better.
    for what, run, n, limit in (
        ("returned", fetched, max(1, n_rounds - 1), _LIMIT),
        ("only counted, by the database", counted, n_rounds, None),
    ):
        ways: dict[str, Callable[[], object]] = {
            "with the set": lambda run=run: run("bench/load"),
            "without": lambda run=run: run(),
        }
        took = rounds(ways, n=n)
        yield Measured(
            "A query with an excluded set",
            registry.backend,
            f"{everything / 1e6:.1f} million datasets, {what}; the set excludes half",
            ratios(took["with the set"], took["without"]),
            limit=limit,
            seconds=took,
        )
    clear(registry)
