"""A whole survey: every detector of 53,000 visits, loaded, excluded, compared and tagged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from lsst.daf.butler import Butler

from dataid_sets import DataIdSets
from dataid_sets_bench.loads import arrow_table, clear
from dataid_sets_bench.measuring import Measured
from dataid_sets_bench.memory import resident
from dataid_sets_bench.registry import INSTRUMENT, N_DETECTORS, RUN, Registry
from dataid_sets_bench.tags import untag

_ALL, _MOST, _TARGET = "bench/all", "bench/most", "LSSTCam/all"
_N_RAFT = 9


def measure_scale(registry: Registry) -> Iterator[Measured]:
    """Measure the steps in a fresh process, which tells after each the most memory that it has had."""
    command = [sys.executable, "-m", __spec__.name, str(registry.root), str(len(registry.visits))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        told = json.loads(line)
        yield Measured(
            f"{len(registry.visits):,} visits of {N_DETECTORS} detectors",
            registry.backend,
            told["step"],
            [told["seconds"]],
            unit="s",
            seconds={"most memory so far above the import, MB:": [told["megabytes"]]},
        )
    untag(registry, _TARGET)
    clear(registry)


def _child(root: str, n_visits: int) -> None:
    with Butler.from_config(root, writeable=True) as butler:
        sets = DataIdSets(butler)
        visits = np.array(sorted(record.id for record in butler.query_dimension_records("visit", limit=n_visits)))
        sets.create("bench/load", [{"instrument": INSTRUMENT, "detector": 0, "visit": int(visits[0])}])
        before = resident("VmRSS")
        for name, run in _steps(sets, visits):
            started = time.perf_counter()
            run()
            told = {"step": name, "seconds": time.perf_counter() - started, "megabytes": resident("VmHWM") - before}
            print(json.dumps(told), flush=True)


def _steps(sets: DataIdSets, visits: np.ndarray) -> Iterator[tuple[str, Callable[[], object]]]:
    def rows(first: int) -> pa.Table:
        detectors = np.arange(first, N_DETECTORS)
        return arrow_table(np.repeat(detectors, len(visits)), np.tile(visits, len(detectors)))

    def excluded() -> None:
        with sets.query(exclude=[_MOST]) as query:
            left = query.where(instrument=INSTRUMENT).data_ids(["visit", "detector"]).count()
        _require(left, _N_RAFT * len(visits))

    def compared() -> None:
        comparison = sets.compare(_ALL, _MOST)
        _require(comparison.n_only_in_a - comparison.n_only_in_b, _N_RAFT * len(visits))

    yield "load all", lambda: sets.create(_ALL, rows(0))
    yield "load all but a raft", lambda: sets.create(_MOST, rows(_N_RAFT))
    yield "count all data IDs without those of the second set", excluded
    yield "compare the two sets", compared
    tag = {"dataset_types": "calexp", "collections": RUN, "include": [_ALL]}
    yield "tag the two million of them that have datasets", lambda: sets.tag(_TARGET, **tag)


def _require(found: int, expected: int) -> None:
    if found != expected:
        raise RuntimeError(f"{found} instead of {expected}")


if __name__ == "__main__":
    _child(sys.argv[1], int(sys.argv[2]))
