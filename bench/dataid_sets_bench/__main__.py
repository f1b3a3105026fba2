"""How fast DataId sets are: ``make bench-dataid-sets``. Measures here and now, and writes docs/explanation/dataid-sets-speed.md.

Every ratio is of two things measured in turn, in one run, on each database. ``--quick`` measures a million rows, few times.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from dataid_sets_bench.keys import measure_keys
from dataid_sets_bench.loads import close_all, measure_loads, measure_upload
from dataid_sets_bench.measuring import Measured
from dataid_sets_bench.memory import measure_memory
from dataid_sets_bench.queries import measure_queries
from dataid_sets_bench.registry import N_DETECTORS, SETTINGS, Registry, make_registry
from dataid_sets_bench.report import noise_s, save, written
from dataid_sets_bench.scale import measure_scale
from dataid_sets_bench.tags import measure_tags
from support.postgres import MISSING, PostgresServer, find_programs

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "explanation" / "dataid-sets-speed.md"
RAW = ROOT / ".build" / "bench-dataid-sets.json"
MILLION = 1_000_000
PARTS = ("loads", "upload", "queries", "keys", "tags", "memory", "scale")


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often.

    Attributes
    ----------
    n_visits : `int`
        How many visits the registry has.
    sizes : `dict` [`int`, `int`]
        How many rows are loaded, and how many times.
    n_rounds : `int`
        How many times queries are measured that take long.
    n_quick_rounds : `int`
        How many times all else is measured.
    largest : `int`
        How many rows the memory is measured for.
    """

    n_visits: int
    sizes: dict[int, int]
    n_rounds: int
    n_quick_rounds: int
    largest: int


QUICK = Plan(n_visits=12_000, sizes={MILLION: 3}, n_rounds=1, n_quick_rounds=1, largest=MILLION)
FULL = Plan(n_visits=53_000, sizes={MILLION: 3, 10 * MILLION: 2}, n_rounds=3, n_quick_rounds=5, largest=10 * MILLION)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a million rows, few times; no table is written")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; no table is written")
    parser.add_argument("--backend", choices=("PostgreSQL", "SQLite"), help="only this database; no table is written")
    chosen = parser.parse_args()
    programs = find_programs()
    if programs is None:
        print(MISSING, file=sys.stderr)
        return 1
    plan, started = QUICK if chosen.quick else FULL, time.perf_counter()
    parts, found, noise = chosen.only or PARTS, [], [noise_s()]
    folder = Path(tempfile.mkdtemp(prefix="dataid-sets-bench-"))
    postgres = PostgresServer(programs, settings=SETTINGS)
    try:
        with psycopg.connect(postgres.url("postgres")) as connection:
            server = f"PostgreSQL {connection.info.server_version // 10000}"
        for each in (postgres, None):
            if chosen.backend in (None, "PostgreSQL" if each else "SQLite"):
                registry = _registry(folder, each, plan)
                for measured in _measured(registry, plan, parts):
                    found.append(measured)
                    noise.append(noise_s())
                    print(f"{time.perf_counter() - started:5.0f} s  {_told(measured)}", file=sys.stderr, flush=True)
                close_all()
    finally:
        close_all()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return _finish(found, chosen, server=server, noise=noise, took_s=time.perf_counter() - started)


def _registry(folder: Path, postgres: PostgresServer | None, plan: Plan) -> Registry:
    started = time.perf_counter()
    registry = make_registry(folder, server=postgres, n_visits=plan.n_visits, n_with_datasets=2 * -(-MILLION // N_DETECTORS))
    print(f"{registry.backend}: {plan.n_visits:,} visits in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return registry


def _measured(registry: Registry, plan: Plan, parts: list[str]) -> Iterator[Measured]:
    quick = plan is QUICK
    if "loads" in parts:
        for n_rows, n_rounds in plan.sizes.items():
            yield from measure_loads(registry, n_rows=n_rows, n_rounds=n_rounds)
    if "upload" in parts:
        yield from measure_upload(registry, n_rows=MILLION, n_rounds=plan.n_quick_rounds)
    if "queries" in parts:
        yield from measure_queries(registry, n_rows=MILLION, n_rounds=plan.n_rounds)
    if "keys" in parts:
        yield from measure_keys(registry, n_rows=MILLION, n_rounds=plan.n_quick_rounds)
    if "tags" in parts:
        yield from measure_tags(registry, n_rows=MILLION // 10, n_rounds=plan.n_quick_rounds)
    if "memory" in parts:
        yield from measure_memory(registry, n_rows=plan.largest)
    if "scale" in parts and not quick:
        yield from measure_scale(registry)


def _told(measured: Measured) -> str:
    kept = {None: "", True: "kept", False: "NOT KEPT"}[measured.kept]
    shown = {name: [round(value, 2) for value in values] for name, values in measured.seconds.items()}
    return f"{measured.backend}: {measured.what}: {measured.median:.2f} {measured.unit} {kept} {shown}"


def _finish(found: list[Measured], chosen: argparse.Namespace, *, server: str, noise: list[float], took_s: float) -> int:
    sections = list(dict.fromkeys(each.section for each in found))
    found.sort(key=lambda each: sections.index(each.section))
    text = written(found, quick=chosen.quick, server=server, noise=noise, took_s=took_s)
    print(text)
    partly = chosen.quick or chosen.only or chosen.backend
    save(RAW.with_stem(f"{RAW.stem}-partly") if partly else RAW, json.dumps([each.to_dict() for each in found], indent=1))
    if not partly:
        save(TABLE, text)
    return 0 if all(each.kept is not False for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
