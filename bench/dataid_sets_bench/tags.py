"""Making a TAGGED collection on the server, against Butler's own query and associate."""

from __future__ import annotations

from collections.abc import Iterator

from dataid_sets_bench.loads import arrow_table, clear, load, opened
from dataid_sets_bench.measuring import Measured, ratios, rounds
from dataid_sets_bench.registry import RUN, Registry

_TARGET = "LSSTCam/bench"


def measure_tags(registry: Registry, *, n_rows: int, n_rounds: int) -> Iterator[Measured]:
    """Measure the tagging of so many datasets."""
    load(registry, arrow_table(*registry.pairs(n_rows)))
    registry.vacuum()
    sets = opened(registry)

    def tag(*, stock: bool) -> None:
        told = sets.tag(_TARGET, dataset_types="calexp", collections=RUN, include=["bench/load"], stock=stock)
        if told.added != n_rows:
            raise RuntimeError(f"{told.added} datasets were tagged")

    took = rounds(
        {"Butler's way": lambda: tag(stock=True), "ours": lambda: tag(stock=False)},
        n=n_rounds,
        between=lambda _: untag(registry, _TARGET),
    )
    yield Measured(
        "Tagging, against Butler's way",
        registry.backend,
        f"{n_rows:,} datasets, how many times faster",
        ratios(took["Butler's way"], took["ours"]),
        limit=2.0,
        least=True,
        seconds=took,
    )
    clear(registry)


def untag(registry: Registry, collection: str) -> None:
    """Remove a TAGGED collection and what its rows have left."""
    opened(registry).butler.collections.x_remove(collection)
    registry.vacuum()
