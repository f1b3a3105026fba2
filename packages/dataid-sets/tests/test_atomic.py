"""A set is there whole or not at all, whatever happens while it is loaded."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa
from lsst.daf.butler import Butler

from dataid_sets import DatabaseFailedError, DataIdSets, DataIdTable, _sets
from dataid_sets._installation import Finding

N_ROWS = 10_000


def many(sets: DataIdSets, n_rows: int = N_ROWS) -> DataIdTable:
    """Make many data IDs that the registry does not know yet."""
    reasons = [f"reason {index % 7}" for index in range(n_rows)]
    columns = {"instrument": ["HSC"] * n_rows, "visit": np.arange(1, n_rows + 1), "reason": reasons}
    return DataIdTable.from_arrow(pa.table(columns), universe=sets.universe)


def load(sets: DataIdSets, name: str, n_rows: int = N_ROWS):
    return sets.create(name, many(sets, n_rows), unknown="pending")


def require_whole(root: Path, name: str, *, at_most: int) -> int:
    """See that there is no part of a set, and that the next one can be loaded; gives how many whole ones there were."""
    with Butler.from_config(root, writeable=True) as butler:
        sets = DataIdSets(butler)
        found = sets.list(name=name, removed=True)
        assert len(found) <= at_most
        for each in found:
            assert (each.n_rows, each.digest) == (len(read := sets.read(each)), read.digest)
        made = load(sets, name, 10)
        assert made.version > max((each.version for each in found), default=0)
        assert sets.check() == []
        return len(found)


def in_child(work: Callable[[int], None]) -> tuple[int, int]:
    """Run something in a process of its own; it writes to the pipe when it begins. Gives the process and the pipe's end."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads
        process = os.fork()
    if process == 0:
        try:
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    return process, reading


def kill_at(root: Path, name: str, delay_s: float) -> None:
    """Kill a process some time after it has begun to load."""

    def work(writing: int) -> None:
        with Butler.from_config(root, writeable=True) as butler:
            sets = DataIdSets(butler)
            table = many(sets)
            os.write(writing, b"!")
            sets.create(name, table, unknown="pending")

    process, reading = in_child(work)
    assert os.read(reading, 1) == b"!"
    time.sleep(delay_s)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(reading)


def kill_often(root: Path, name: str, times: int) -> None:
    with Butler.from_config(root, writeable=True) as butler:
        sets = DataIdSets(butler)
        sets.remove(load(sets, name))  # not measured: it warms up
        began = time.monotonic()
        sets.remove(load(sets, name))
        takes_s = time.monotonic() - began
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    for index in range(times):
        delay_s = draw.uniform(0, 1.2 * takes_s)
        kill_at(root, f"{name}/{index}", delay_s)
        require_whole(root, f"{name}/{index}", at_most=1)


def test_killed_while_loading(hsc_root: Path, name: str) -> None:
    kill_often(hsc_root, name, 4)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_killed_while_loading_very_often(hsc_root: Path, name: str) -> None:
    kill_often(hsc_root, name, 100)


STEPS = ("next_version", "insert", "_load", "bulk_insert", "commit")


@pytest.mark.parametrize("step", STEPS)
def test_killed_after_each_step(hsc_root: Path, name: str, step: str) -> None:
    """Kill a process at each step of a load, so that none is left to chance."""

    def work(writing: int) -> None:
        with Butler.from_config(hsc_root, writeable=True) as butler:
            sets = DataIdSets(butler)
            place = {"next_version": sets._headers, "insert": sets._headers, "_load": sets, "bulk_insert": _sets}
            if step != "commit":
                real = getattr(place[step], step)

                def deadly(*args, **kwargs):
                    real(*args, **kwargs)
                    os.kill(os.getpid(), signal.SIGKILL)

                setattr(place[step], step, deadly)
            load(sets, name)
            os.kill(os.getpid(), signal.SIGKILL)

    process, reading = in_child(work)
    _, status = os.waitpid(process, 0)
    os.close(reading)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert require_whole(hsc_root, name, at_most=1) == (step == "commit")


@pytest.mark.postgres
@pytest.mark.parametrize("hsc_root", ["psycopg", "psycopg2"], indirect=True)
@pytest.mark.parametrize("when", ["before the rows", "after the rows"])
def test_a_lost_connection(sets: DataIdSets, hsc_root: Path, name: str, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _sets.bulk_insert

    def lossy(connection: sa.Connection, *args, **kwargs) -> None:
        if when == "after the rows":
            real(connection, *args, **kwargs)
        number = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        url = str(sets._inside.db._engine.url).replace(f"+{sets._inside.db.dialect.driver}", "")
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        if when == "before the rows":
            real(connection, *args, **kwargs)

    monkeypatch.setattr(_sets, "bulk_insert", lossy)
    with pytest.raises(Exception, match=r"server closed|terminating connection|connection.*(closed|lost)"):
        load(sets, name)
    monkeypatch.undo()
    assert require_whole(hsc_root, name, at_most=0) == 0
    assert load(sets, name).n_rows == N_ROWS  # by the same Butler


@pytest.mark.parametrize("hsc_root", ["sqlite"], indirect=True)
def test_a_full_disk(sets: DataIdSets, hsc_root: Path, name: str) -> None:
    made = load(sets, f"{name}/before")

    def fill(connection: sqlite3.Connection, *_: object) -> None:
        # A load makes room from what was removed, and so there must be none.
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 40}")

    engine = sets._inside.db._engine
    sa.event.listen(engine, "checkout", fill)
    try:
        with pytest.raises(DatabaseFailedError, match="full"):
            load(sets, name)
        assert sets.list(name=name) == []
        assert sets.read(made).digest == made.digest
    finally:
        sa.event.remove(engine, "checkout", fill)
        with sets._inside.transaction() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    assert require_whole(hsc_root, name, at_most=0) == 0


def test_an_error_in_the_midst(sets: DataIdSets, hsc_root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _sets.bulk_insert

    def failing(*args, **kwargs) -> None:
        real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(_sets, "bulk_insert", failing)
    with pytest.raises(KeyboardInterrupt):
        load(sets, name)
    monkeypatch.undo()
    assert require_whole(hsc_root, name, at_most=0) == 0


def test_loaders_that_race_for_one_name(hsc_root: Path, name: str) -> None:
    made, errors = [], []
    barrier = threading.Barrier(3)

    def work() -> None:
        try:
            with Butler.from_config(hsc_root, writeable=True) as butler:
                sets = DataIdSets(butler)
                table = many(sets, 2000)
                barrier.wait()
                made.append(sets.create(name, table, unknown="pending").version)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(made), errors) == ([1, 2, 3], [])
    assert require_whole(hsc_root, name, at_most=3) == 3


def test_readers_see_nothing_before_the_end(sets: DataIdSets, hsc_root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _sets.bulk_insert
    seen = []

    def watched(*args, **kwargs) -> None:
        real(*args, **kwargs)
        with Butler.from_config(hsc_root, writeable=False) as butler:
            seen.append(DataIdSets(butler).list(name=name))

    monkeypatch.setattr(_sets, "bulk_insert", watched)
    made = load(sets, name, 10)
    assert seen == [[]]
    assert sets.list(name=name) == [made]


class TestCheck:
    """Garbage that somebody put in by hand is named and mended."""

    @pytest.fixture
    def by_hand(self, sets: DataIdSets) -> Callable[..., None]:
        def do(table: str, *values: dict, drop: sa.ColumnElement[bool] | None = None) -> None:
            target = sets._installation.table(table) if table in ("dataid_set", "dataid_set_reason") else None
            if target is None:
                target = sets._installation.rows(sets.universe.conform(table.split(",")))
            with sets._inside.transaction() as connection:
                connection.execute(sa.insert(target), list(values)) if values else connection.execute(
                    sa.delete(target).where(drop(target))
                )

        return do

    def test_rows_and_reasons_of_no_set(self, sets: DataIdSets, by_hand: Callable[..., None], name: str) -> None:
        by_hand("visit", *({"set_id": 10**9, "instrument": "HSC", "visit": visit, "reason_id": 0} for visit in range(3)))
        by_hand("dataid_set_reason", {"set_id": 10**9, "reason_id": 0, "reason": "none"})
        found = [("dataid_set_reason", 1), ("dataid_set_rows_visit", 3)]
        assert sorted((each.where, each.count) for each in sets.check()) == found
        assert sorted((each.where, each.count) for each in sets.check(mend=True) if each.mended) == found
        assert sets.check() == []

    def test_rows_without_their_header(self, sets: DataIdSets, by_hand: Callable[..., None], name: str) -> None:
        made = load(sets, name, 10)
        by_hand("dataid_set", drop=lambda table: table.c.id == made.id)
        assert sorted((each.where, each.count) for each in sets.check(mend=True)) == [
            ("dataid_set_reason", 7),
            ("dataid_set_rows_visit", 10),
        ]
        assert sets.check() == []

    def test_rows_in_the_wrong_table(self, sets: DataIdSets, by_hand: Callable[..., None], name: str) -> None:
        made = load(sets, name, 10)
        by_hand("exposure", {"set_id": made.id, "instrument": "HSC", "exposure": 1})
        assert sets.check(mend=True) == [Finding("rows of no set", "dataid_set_rows_exposure", 1, mended=True)]
        assert sets.check() == []
        assert sets.read(made).digest == made.digest

    def test_rows_that_are_missing_are_told_and_not_mended(
        self, sets: DataIdSets, by_hand: Callable[..., None], name: str
    ) -> None:
        made = load(sets, name, 10)
        by_hand("visit", drop=lambda table: sa.and_(table.c.set_id == made.id, table.c.visit == 1))
        remedy = f"Its owner removes it by `butler remove-dataid-set REPO {made}`, and loads its list again."
        told = Finding(f"{made} should have 10 rows", "dataid_set", 9, mended=False, remedy=remedy)
        assert sets.check(mend=True) == [told]
        assert sets.check() == [told]
        sets.remove(made)
        assert sets.check() == []
