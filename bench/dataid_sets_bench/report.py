"""The tables of docs/explanation/dataid-sets-speed.md."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from lsst.daf.butler import __version__ as butler_version

from dataid_sets_bench.measuring import Measured

_HEAD = ("database", "what", "median", "least – most", "n", "limit", "kept", "seconds (medians)")


def written(found: Iterable[Measured], *, quick: bool, server: str, noise: list[float], took_s: float) -> str:
    """Write the page."""
    lines = [
        "# How fast DataId sets are",
        "",
        "Written by `make bench-dataid-sets`. All figures are from one run, each ratio from pairs that took turns in it. The",
        "machine is shared: trust the ratios before the seconds, and the spread before either.",
        "",
        "“Ours” is what a user calls, from a table in memory to a set that is loaded, with everything between: types, order,",
        "repetitions, the digest, the look-up of every value in the registry, and statistics. A bare load is the least that the",
        "database can do: the same rows, encoded beforehand, into a table with the same key. An ordinary role is one that",
        "row-level security binds. Memory is the most that a fresh process had, the caller's own table in it.",
        "",
        "A query without a set that is only counted reads one index from end to end. With the set it looks each data ID up in a",
        "second index as well. But most of a query's time goes into giving its rows, and of these the set leaves fewer: so the",
        "limit is held against what is returned.",
        "",
        "What bounds two of these on PostgreSQL: no load is quicker than a bare one, whose seconds stand below, to be held",
        "against those of Butler's upload; and most of the time of tagging goes into the checks of eight foreign keys for each",
        "row, one after the other, which Butler's way pays too: `EXPLAIN ANALYZE` of the one INSERT tells the time of each.",
        "",
    ]
    for section, rows in groupby(found, key=lambda each: each.section):
        lines += [f"## {section}", "", _line(_HEAD), _line("---" for _ in _HEAD), *(_line(_row(each)) for each in rows), ""]
    spread = f"{min(noise):.2f} – {max(noise):.2f} s"
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {gib:.0f} GiB; Python {platform.python_version()}"
    )
    lines += [
        "## The machine",
        "",
        f"{machine}, lsst-daf-butler {butler_version}, SQLAlchemy {sa.__version__}, SQLite {sqlite3.sqlite_version}, {server}.",
        f"The same sum, done between the measurements, took {spread}: so noisy was it. "
        f"The run took {took_s / 60:.0f} minutes"
        f"{', with --quick' if quick else ''}, on {time.strftime('%Y-%m-%d', time.gmtime())}.",
        "",
        "PostgreSQL writes to disk as a server does that has work (`fsync` on, 2 GB of buffers, no autovacuum, which would come",
        "at any moment); SQLite is as Butler opens it, and as Python does for bare loads. After each load its rows are removed,",
        "and statistics brought up to date.",
        "",
    ]
    return "\n".join(lines)


def noise_s() -> float:
    """Time a sum that is always the same."""
    started = time.perf_counter()
    np.sort(np.random.default_rng(1).random(2_000_000))
    return time.perf_counter() - started


def save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _row(each: Measured) -> tuple[str, ...]:
    limit = "" if each.limit is None else f"at {'least' if each.least else 'most'} {each.limit:g} {each.unit}"
    kept = {None: "", True: "yes", False: "no"}[each.kept]
    digits = 2 if each.unit == "×" else 0 if each.unit == "MB" else 1
    spread = f"{min(each.values):.{digits}f} – {max(each.values):.{digits}f}"
    medians = ", ".join(f"{name} {float(np.median(values)):.1f}" for name, values in each.seconds.items())
    return each.backend, each.what, f"{each.median:.{digits}f} {each.unit}", spread, str(len(each.values)), limit, kept, medians


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
