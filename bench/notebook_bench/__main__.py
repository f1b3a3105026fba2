"""How quickly campaigns are found and made: ``make bench-notebook``; writes docs/explanation/notebook-speed.md.

Fills each database with a hundred thousand campaigns, a million submissions and three million events, serves it by a process of
its own, and asks it as programs and browsers do.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from campaigns.domain.identity import Role
from campaigns.storage.database import Database
from campaigns.storage.migration import upgrade
from notebook_bench.filling import N_EVENTS, N_SUBMISSIONS, fill
from notebook_bench.listing import Listed, measure_lists
from notebook_bench.making import Made, measure_making
from notebook_bench.report import Run, Shown, written
from notebook_bench.serving import served
from notebook_bench.showing import measure_pages
from support.people import add_people, token_of
from support.postgres import MISSING, PostgresServer, find_programs

TABLE = Path(__file__).parents[2] / "docs" / "explanation" / "notebook-speed.md"
KEPT = Path(__file__).parents[2] / ".build"
BACKENDS = ("SQLite", "PostgreSQL")
POSTGRES_SETTINGS = {"shared_buffers": "1GB", "fsync": "on", "synchronous_commit": "on"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=100_000, help="how many campaigns there are")
    parser.add_argument("--asks", type=int, default=100, help="how often each list is asked for")
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    parser.add_argument("--no-table", action="store_true", help="only print")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="notebook-bench-"))
    told = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores; Python {platform.python_version()}"
    runs = {}
    try:
        for backend in chosen.backend or BACKENDS:
            began = time.monotonic()
            run = runs[backend] = Run(backend, chosen.campaigns, told, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
            _measure(backend, folder, chosen, run.lists, run.made, run.shown)
            run.minutes = (time.monotonic() - began) / 60
            if not chosen.no_table:
                run.keep(KEPT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not chosen.no_table:
        # Each database is a run of its own; the page has the newest of each.
        runs = {backend: run for backend in BACKENDS if (run := Run.kept(KEPT, backend))}
    table = written(list(runs.values()))
    print(table)
    if not chosen.no_table:
        TABLE.write_text(table)
    return 0


def _measure(
    backend: str, folder: Path, chosen: argparse.Namespace, lists: list[Listed], made: list[Made], shown: list[Shown]
) -> None:
    server = None
    if backend == "PostgreSQL":
        programs = find_programs()
        if programs is None:
            raise SystemExit(MISSING)
        server = PostgresServer(programs, settings=POSTGRES_SETTINGS)
        url = server.create("notebook")
    else:
        url = f"sqlite:///{folder / 'campaigns.sqlite'}"
    try:
        database = Database(url)
        upgrade(database)
        add_people(database)
        begun = time.monotonic()
        fill(database, chosen.campaigns)
        database.close()
        n_submissions, n_events = chosen.campaigns * N_SUBMISSIONS, chosen.campaigns * N_EVENTS
        told = f"{chosen.campaigns:,} campaigns, {n_submissions:,} submissions, {n_events:,} events"
        print(f"{backend}: {told}, made in {time.monotonic() - begun:.0f} s", flush=True)
        environment = {"CAMPAIGN_DATABASE_URL": url, "CAMPAIGN_DATA_DIR": str(folder / backend)}
        serve = ["campaigns.cli.main", "serve", "--no-agent", "--host", "127.0.0.1", "--port", "PORT"]
        token = token_of(Role.MANAGER)
        with served(serve, environment, token=token, ready="/healthz") as client:
            for each in measure_lists(client, backend, n=chosen.asks):
                print(each, flush=True)
                lists.append(each)
            saved = {query["name"]: query["uuid"] for query in client.get("/api/v1/queries").raise_for_status().json()["items"]}
            for what, p50, p95 in measure_pages(str(client.base_url), token, saved=saved, n=20):
                print(backend, what, p50, p95, flush=True)
                shown.append(Shown(backend, what, p50, p95))
            command = ["uvicorn", "notebook_bench.bare:app", "--host", "127.0.0.1", "--port", "PORT", "--log-level", "warning"]
            with served(command, environment, token=token, ready="/ready") as bare:
                for n_clients in (1, 8):
                    made.append(measure_making(client, bare, backend, n_clients=n_clients, n=300, n_pairs=3))
                    print(made[-1], flush=True)
    finally:
        if server is not None:
            server.stop()


if __name__ == "__main__":
    raise SystemExit(main())
