"""What quanta took: processor time, time and memory, as the metadata tell that each writes when it succeeds.

One file is read for each quantum, so that of a large graph only some are: those that the caller names. No task is imported.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from lsst.daf.butler import DatasetRef, QuantumBackedButler

from campaigns_instack.graphs import load

__all__ = ("spent",)

MICROSECONDS = 1_000_000

IN_BYTES = 1
"""Since this version of the record its memory is in bytes, on each system."""


@dataclass
class Spent:
    """What the quanta of a task took whose records were read, added up."""

    label: str
    n_read: int = 0
    cpu_us: int = 0
    run_us: int = 0
    max_memory_bytes: int | None = None


def spent(graph: str, repository: str, quanta: list[str], max_s: float) -> list[dict[str, Any]]:
    """Read what quanta took.

    Parameters
    ----------
    graph : `str`
        The ``.qg`` file.
    repository : `str`
        The repository's root or configuration.
    quanta : `list` [`str`]
        Ids of quanta that succeeded.
    max_s : `float`
        How long to read at most, in seconds.

    Returns
    -------
    found : `list` [`dict`]
        For each task of which a record was read, in the graph's order, ``label``, ``n_read``, the sums ``cpu_us`` and ``run_us``,
        and ``max_memory_bytes``, which is `None` if no record has it. Metadata that cannot be read, or are odd, are passed over.

    Notes
    -----
    A process may run several quanta, and its record has the processor time of the whole process: what one quantum took is the
    difference between the end and the preparation. The largest memory is the process's, too, and an upper bound of each.
    """
    deadline_s = time.monotonic() + max_s
    refs = _metadata(graph, set(quanta))
    butler = load(graph).butler(repository, [ref for listed in refs.values() for ref in listed])
    found = {label: Spent(label) for label in refs}
    for label, ref in _in_turn(refs):
        if time.monotonic() > deadline_s:
            break
        record = _record(butler, ref)
        if record is not None:
            _add(found[label], record)
    return [asdict(one) for one in found.values() if one.n_read]


def _metadata(graph: str, wanted: set[str]) -> dict[str, list[DatasetRef]]:
    refs: dict[str, list[DatasetRef]] = {}
    for quantum in load(graph).quanta:
        if quantum.id in wanted:
            refs.setdefault(quantum.label, []).append(quantum.metadata)
    return refs


def _in_turn(refs: Mapping[str, list[DatasetRef]]) -> Iterator[tuple[str, DatasetRef]]:
    """Give one of each task, then a second of each: when the time is up, something is known of all."""
    for row in zip_longest(*refs.values()):
        yield from ((label, ref) for label, ref in zip(refs, row, strict=True) if ref is not None)


def _record(butler: QuantumBackedButler, ref: DatasetRef) -> tuple[int, int, int | None] | None:
    """Give processor time, time and memory of one quantum; `None` if they cannot be told."""
    try:
        record = butler.get(ref)["quantum"]
        cpu_us = _microseconds(record["endCpuTime"] - record["prepCpuTime"])
        began, ended = (datetime.fromisoformat(record[name]) for name in ("prepUtc", "endUtc"))
        run_us = _microseconds((ended - began).total_seconds())
        return cpu_us, run_us, _memory_bytes(record)
    except Exception:  # noqa: BLE001
        # What a file of some other version of the stack, or half a file, makes its reader raise is not known.
        return None


def _microseconds(seconds: float) -> int:
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(seconds)
    return round(seconds * MICROSECONDS)


def _memory_bytes(record: Mapping[str, Any]) -> int | None:
    try:
        known = record["__version__"] >= IN_BYTES
        memory = int(record["endMaxResidentSetSize"]) if known else 0
    except (LookupError, TypeError, ValueError):
        return None
    return memory if memory > 0 else None


def _add(total: Spent, record: tuple[int, int, int | None]) -> None:
    cpu_us, run_us, memory = record
    total.n_read += 1
    total.cpu_us += cpu_us
    total.run_us += run_us
    if memory is not None:
        total.max_memory_bytes = max(memory, total.max_memory_bytes or 0)
