"""Loading sorted and shuffled rows, against the bare load of the same rows with the same key, and against Butler's own upload."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
from astropy.table import Table
from lsst.daf.butler import Butler

from dataid_sets import DataIdSets
from dataid_sets_bench.measuring import Measured, ratios, rounds
from dataid_sets_bench.registry import INSTRUMENT, Registry

_COLUMNS = (
    "set_id BIGINT, detector BIGINT, instrument VARCHAR(32), visit BIGINT, PRIMARY KEY (set_id, detector, instrument, visit)"
)


def arrow_table(detectors: np.ndarray, visits: np.ndarray) -> pa.Table:
    """Give rows as people have them."""
    instrument = pa.DictionaryArray.from_arrays(np.zeros(len(visits), np.int32), [INSTRUMENT])
    return pa.table({"instrument": instrument, "detector": detectors, "visit": visits})


def measure_loads(registry: Registry, *, n_rows: int, n_rounds: int) -> Iterator[Measured]:
    """Measure the load of so many rows."""
    detectors, visits = registry.pairs(n_rows)
    shuffled = np.random.default_rng(1).permutation(n_rows)
    tables = {"sorted": arrow_table(detectors, visits), "shuffled": arrow_table(detectors[shuffled], visits[shuffled])}
    del shuffled
    with bare_load(registry, detectors, visits) as bare:
        del detectors, visits
        ways: dict[str, Callable[[], object]] = {"bare": bare}
        ways |= {order: lambda arrow=arrow: load(registry, arrow) for order, arrow in tables.items()}
        if registry.ordinary is not None and n_rows <= 1_000_000:
            ways["sorted, ordinary role"] = lambda: load(registry, tables["sorted"], ordinary=True)
        took = rounds(ways, n=n_rounds, between=lambda name: name != "bare" and clear(registry))
    for order, limit in (("sorted", 1.6), ("shuffled", 2.0), ("sorted, ordinary role", None)):
        if order in took:
            what = f"{n_rows / 1e6:.0f} million rows, {order}"
            pair = {"ours": took[order], "bare load": took["bare"]}
            yield Measured(
                "Loading, against a bare load", registry.backend, what, ratios(*pair.values()), limit=limit, seconds=pair
            )


def measure_upload(registry: Registry, *, n_rows: int, n_rounds: int) -> Iterator[Measured]:
    """Measure Butler's own upload of a table, which is done again for each query."""
    detectors, visits = registry.pairs(n_rows)
    arrow = arrow_table(detectors, visits)
    given = Table({"instrument": np.full(n_rows, INSTRUMENT), "detector": detectors, "visit": visits})

    def stock() -> None:
        with registry.open() as butler, butler.query() as query:
            query.join_data_coordinate_table(given)

    ways = {"Butler's upload": stock, "ours": lambda: load(registry, arrow)}
    took = rounds(ways, n=n_rounds, between=lambda name: name == "ours" and clear(registry))
    yield Measured(
        "Loading, against Butler's upload",
        registry.backend,
        f"{n_rows / 1e6:.0f} million rows, how many times faster",
        ratios(took["Butler's upload"], took["ours"]),
        limit=8.0 if registry.url else 2.0,
        least=True,
        seconds=took,
    )


_opened: dict[tuple[Path, bool], Butler] = {}


def opened(registry: Registry, *, ordinary: bool = False) -> DataIdSets:
    """Give the sets of a Butler that stays open, since opening it is not what is measured."""
    key = (registry.root, ordinary)
    if key not in _opened:
        _opened[key] = registry.open(ordinary=ordinary)
    return DataIdSets(_opened[key])


def close_all() -> None:
    """Close what `opened` opened."""
    while _opened:
        _opened.popitem()[1].close()


def load(registry: Registry, arrow: pa.Table, *, ordinary: bool = False, name: str | None = None) -> None:
    """Make a set."""
    opened(registry, ordinary=ordinary).create(name or ("o/bench" if ordinary else "bench/load"), arrow)


def clear(registry: Registry) -> None:
    """Remove what was loaded for its time alone."""
    with registry.open() as butler:
        sets = DataIdSets(butler)
        inside, found = sets._inside, [each for name in ("bench/*", "o/*") for each in sets.list(name=name)]
        ids = ", ".join(str(each.id) for each in found)
        if not found:
            return
        schema = f"{inside.namespace}." if inside.namespace else ""
        with inside.transaction() as connection:
            for table, column in (("dataid_set_rows_detector_visit", "set_id"), ("dataid_set", "id")):
                connection.exec_driver_sql(f"DELETE FROM {schema}{table} WHERE {column} IN ({ids})")
    if registry.url is not None:
        with psycopg.connect(registry.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE registry.dataid_set_rows_detector_visit")
            connection.execute("CHECKPOINT")


@contextmanager
def bare_load(registry: Registry, detectors: np.ndarray, visits: np.ndarray) -> Iterator[Callable[[], object]]:
    """Prepare the quickest load that the database allows: of encoded text or Python's numbers, into a table with the same key."""
    if registry.url is None:
        rows = list(zip(detectors.tolist(), visits.tolist(), strict=True))
        with tempfile.TemporaryDirectory(dir=registry.root.parent) as folder:
            yield lambda: _bare_sqlite(Path(folder), rows)
        return
    listed = zip(detectors.tolist(), visits.tolist(), strict=True)
    text = memoryview("".join(f"1\t{detector}\t{INSTRUMENT}\t{visit}\n" for detector, visit in listed).encode())
    with psycopg.connect(registry.url, autocommit=True) as connection:
        yield lambda: _bare_postgresql(connection, text)
        connection.execute("DROP TABLE IF EXISTS bare")


def _bare_sqlite(folder: Path, rows: list[tuple[int, int]]) -> None:
    file = folder / "bare.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute(f"CREATE TABLE bare ({_COLUMNS})")
    connection.executemany(f"INSERT INTO bare VALUES (1, ?, '{INSTRUMENT}', ?)", rows)
    connection.commit()
    connection.close()
    file.unlink()


def _bare_postgresql(connection: psycopg.Connection[tuple[object, ...]], text: memoryview) -> None:
    connection.execute("DROP TABLE IF EXISTS bare")
    connection.execute(f"CREATE TABLE bare ({_COLUMNS})")
    with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
        for begin in range(0, len(text), 1 << 22):
            copy.write(text[begin : begin + (1 << 22)])
