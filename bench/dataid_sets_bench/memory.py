"""How much memory ten million rows need: the greatest that a fresh process had, above what it had when everything was imported.

Run as a program, this is the fresh process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from lsst.daf.butler import Butler

from dataid_sets import DataIdSets
from dataid_sets.files import read_data_ids
from dataid_sets_bench.loads import clear
from dataid_sets_bench.measuring import Measured
from dataid_sets_bench.registry import INSTRUMENT, Registry

_BATCH = 1 << 17
_WAYS = ("Arrow batches, shuffled", "Parquet file, shuffled")
"""Rows that are in order already need less."""


def measure_memory(registry: Registry, *, n_rows: int) -> Iterator[Measured]:
    """Measure each way in a process of its own."""
    detectors, visits = registry.pairs(n_rows)
    order = np.random.default_rng(1).permutation(n_rows)
    file = registry.root.parent / "shuffled.parquet"
    pq.write_table(pa.table({"detector": detectors[order].astype(np.int16), "visit": visits[order]}), file)
    del detectors, visits, order
    for way in _WAYS:
        command = [sys.executable, "-m", __spec__.name, str(registry.root), way.partition(" ")[0], str(file)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout.splitlines()[-1])
        clear(registry)
        yield Measured(
            "Memory above the import",
            registry.backend,
            f"{n_rows / 1e6:.0f} million rows, {way}",
            [told["megabytes"]],
            unit="MB",
            limit=400.0,
            seconds={"load": [told["seconds"]]},
        )


def _child(root: str, source: str, file: str) -> None:
    with Butler.from_config(root, writeable=True) as butler:
        sets = DataIdSets(butler)
        sets.list()
        # What is imported late is imported now.
        (visit,) = butler.query_dimension_records("visit", limit=1)
        sets.create("bench/load", [{"instrument": INSTRUMENT, "detector": 0, "visit": visit.id}])
        before, started = resident("VmRSS"), time.perf_counter()
        if source == "Parquet":
            sets.create("bench/load", read_data_ids(file, universe=sets.universe, constants={"instrument": INSTRUMENT}))
        else:
            sets.create("bench/load", _arrow(Path(file)))
        told = {"megabytes": resident("VmHWM") - before, "seconds": time.perf_counter() - started, "import": before}
    print(json.dumps(told))


def _arrow(file: Path) -> pa.Table:
    """Give the rows batch by batch, as a program that makes them would have them."""
    found = []
    one = pa.array([INSTRUMENT])
    for batch in pq.ParquetFile(file).iter_batches(_BATCH):
        instrument = pa.DictionaryArray.from_arrays(np.zeros(batch.num_rows, np.int32), one)
        found.append(pa.RecordBatch.from_arrays([instrument, *batch.columns], ["instrument", *batch.schema.names]))
    # What reading has left is not the rows'.
    pa.default_memory_pool().release_unused()
    return pa.Table.from_batches(found)


def resident(what: str) -> float:
    """Give the memory that this process has, ``VmRSS``, or the most that it ever had, ``VmHWM``, in MB.

    The latter of `getrusage` begins with that of the process that started this one.
    """
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{what}:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    _child(*sys.argv[1:])
