"""Slips of the finger that ask for billions of data IDs are refused before anything is made of them; files elsewhere."""

from __future__ import annotations

import io
import json
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lsst.daf.butler import DimensionUniverse
from lsst.resources import ResourcePath

from dataid_sets import DataIdFileError, DataIdTable
from dataid_sets.files import read_columns, read_data_ids, write_data_ids

UNIVERSE = DimensionUniverse()
HSC = {"instrument": "HSC"}
WIDE = {"visit": "1..100000000", "detector": "0..188"}
FILES = {
    "json": json.dumps([{"visit": 1, "detector": 1}, WIDE]).replace("}, {", "},\n{"),
    "jsonl": f'{{"visit": 1, "detector": 1}}\n{json.dumps(WIDE)}',
    "csv": "visit,detector\n1..100000000,0..188\n",
}


@contextmanager
def little_memory(limit_mb: float) -> Iterator[None]:
    """See that no more than this is allocated, by numpy either."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit_mb * 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format_", FILES)
def test_a_row_that_stands_for_too_many_is_refused_before_it_is_made(format_: str) -> None:
    with little_memory(10), pytest.raises(DataIdFileError) as caught:
        read_data_ids(io.BytesIO(FILES[format_].encode()), universe=UNIVERSE, format=format_, constants=HSC)
    (problem,) = caught.value.problems
    assert problem.where.startswith("line 2")
    assert problem.message == (
        "This row stands for 18,900,000,000 data IDs (189 of detector × 100,000,000 of visit); "
        "a file may not stand for more than 50,000,000."
    )
    assert "lists and ranges" in problem.remedy


def test_rows_that_stand_for_too_many_together_are_refused() -> None:
    lines = ["visit,detector", *[f"{visit}..{visit + 999},0..188" for visit in range(0, 400_000, 1000)]]
    with (
        little_memory(20),
        pytest.raises(DataIdFileError, match=r"line 4: This row stands for 189,000 data IDs .* after 378,000"),
    ):
        read_data_ids(io.BytesIO("\n".join(lines).encode()), universe=UNIVERSE, format="csv", constants=HSC, limit_rows=500_000)


def test_wide_rows_are_made_in_little_memory() -> None:
    """Three million data IDs of two numbers would be 48 MB while they are made, and are 24 MB in the end."""
    content = b'visit,detector\n"0..9999, 20000..24999",0..199\n'
    with little_memory(80):
        table = read_data_ids(io.BytesIO(content), universe=UNIVERSE, format="csv", constants=HSC)
    assert len(table) == 3_000_000
    visits = table.arrow["visit"].to_numpy()
    assert (visits.min(), visits.max(), visits.sum()) == (0, 24_999, 200 * (9_999 * 5_000 + 44_999 * 2_500))


def test_files_may_be_elsewhere(tmp_path: Path) -> None:
    table = DataIdTable.from_rows([{**HSC, "visit": 1}], universe=UNIVERSE)
    for given in (f"file://{tmp_path}/a.csv.gz", ResourcePath(tmp_path).join("b.parquet")):
        write_data_ids(table, given)
        assert read_data_ids(given, universe=UNIVERSE) == table
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv.gz", "b.parquet"}


def test_files_are_fetched_over_http(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("instrument,visit\nHSC,1\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        folder = f"http://127.0.0.1:{server.server_port}"
        assert len(read_data_ids(f"{folder}/bad.csv", universe=UNIVERSE)) == 1
        assert read_columns(f"{folder}/bad.csv").data["visit"].to_pylist() == ["1"]
        with pytest.raises(DataIdFileError, match=r"none\.csv: (There is no such file|This cannot be fetched)"):
            read_data_ids(f"{folder}/none.csv", universe=UNIVERSE)
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_what_cannot_be_fetched_or_sent_is_told() -> None:
    table = DataIdTable.from_rows([{**HSC, "visit": 1}], universe=UNIVERSE)
    for uri in ("nonsense://x/a.csv", "file:///nowhere/at/all/a.csv"):
        with pytest.raises(DataIdFileError, match=r"a\.csv: (This cannot be fetched|There is no such file)") as caught:
            read_data_ids(uri, universe=UNIVERSE)
        assert caught.value.problems[0].remedy
    with pytest.raises(DataIdFileError, match="This cannot be written: No URI support"):
        write_data_ids(table, "nonsense://x/a.csv")
