"""What is written reads as the same data IDs and reasons, in every format."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import astropy.io.votable
import astropy.table
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdTable
from dataid_sets.files import read_data_ids, write_data_ids

UNIVERSE = DimensionUniverse()
FORMATS = ("json", "jsonl", "csv", "ecsv", "parquet", "votable")

# What neither a registry nor XML can hold is left out; tests of each are elsewhere.
_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\r\n \"',;#<&>\\")
)
_reasons = st.none() | _texts | st.sampled_from(["", " ", '"', "null", "1..3", "\r", "\n", "#"])
_words = _texts.filter(lambda text: len(text) > 0).map(lambda text: text[:32])
_rows = st.one_of(
    st.lists(
        st.fixed_dictionaries({"instrument": _words, "visit": st.integers(-(2**63), 2**63 - 1), "reason": _reasons}), min_size=1
    ),
    st.lists(st.fixed_dictionaries({"instrument": st.just("HSC"), "physical_filter": _words, "reason": _reasons}), min_size=1),
    st.lists(st.fixed_dictionaries({"instrument": _words, "reason": _reasons}), min_size=1),
    st.lists(
        st.fixed_dictionaries(
            {"instrument": st.just("HSC"), "visit": st.integers(0, 9), "detector": st.integers(0, 3), "reason": st.none()}
        ),
        min_size=1,
    ),
)


@settings(max_examples=200, deadline=None)
@given(_rows)
def test_every_format_keeps_data_ids_and_reasons(rows: list[dict[str, Any]]) -> None:
    table = DataIdTable.from_rows(rows, universe=UNIVERSE)
    for format_ in FORMATS:
        stream = io.BytesIO()
        write_data_ids(table, stream, format=format_)
        stream.seek(0)
        again = read_data_ids(stream, universe=UNIVERSE, format=format_)
        assert (again.digest, again.reasons_digest) == (table.digest, table.reasons_digest), format_


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_set(format_: str) -> None:
    table = DataIdTable.from_rows([], universe=UNIVERSE, dimensions=["visit", "detector"])
    stream = io.BytesIO()
    write_data_ids(table, stream, format=format_)
    stream.seek(0)
    # JSON Lines have no place for the dimensions of nothing.
    assert (
        read_data_ids(stream, universe=UNIVERSE, format=format_, dimensions=["visit", "detector"] if format_ == "jsonl" else None)
        == table
    )


TEXTS = ("json", "jsonl", "ndjson", "csv", "ecsv", "vot", "xml")
# Parquet is compressed in itself.
SUFFIXES = ("parquet", *(f"{suffix}{packed}" for suffix in TEXTS for packed in ("", ".gz", ".zst")))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_suffixes_and_compression(tmp_path: Path, suffix: str) -> None:
    rows = [{"instrument": "HSC", "visit": visit, "reason": "a" if visit % 2 else None} for visit in range(1000)]
    table = DataIdTable.from_rows(rows, universe=UNIVERSE)
    path = tmp_path / f"set.{suffix}"
    write_data_ids(table, path, metadata={"name": "é", "version": 3})
    assert read_data_ids(path, universe=UNIVERSE) == table
    first = path.read_bytes()
    write_data_ids(table, path, metadata={"name": "é", "version": 3})
    assert path.read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_other_programs_find_rows_and_metadata(tmp_path: Path) -> None:
    rows = [{"instrument": "HSC", "visit": 1, "reason": "a, b"}, {"instrument": "HSC", "visit": 2, "reason": None}]
    table = DataIdTable.from_rows(rows, universe=UNIVERSE)
    metadata = {"name": "u/x/bad", "version": 3, "description": 'two\nlines & "more"', "digest": table.digest}
    for suffix in ("ecsv", "parquet", "vot", "json"):
        write_data_ids(table, tmp_path / f"a.{suffix}", metadata=metadata)
    ecsv = astropy.table.Table.read(tmp_path / "a.ecsv")
    assert dict(ecsv.meta) == metadata
    assert ecsv["visit"].tolist() == [1, 2]
    assert ecsv["reason"].tolist() == ["a, b", None]
    assert json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"dataid_sets"]) == metadata
    votable = astropy.io.votable.parse(tmp_path / "a.vot", verify="exception")
    assert {info.name: info.value for info in votable.resources[0].infos}["description"] == metadata["description"]
    assert list(votable.get_first_table().to_table()["visit"]) == [1, 2]
    document = json.loads((tmp_path / "a.json").read_text())
    assert document == {
        "dimensions": ["instrument", "visit"],
        "constants": {"instrument": "HSC"},
        "data_ids": [{"visit": 1, "reason": "a, b"}, {"visit": 2}],
    }


def test_rows_of_many_blocks(tmp_path: Path) -> None:
    """Blocks of several megabytes, some with quotes, ranges and repetitions."""
    lines = [f'{visit},"a, {visit % 7}"' if visit % 1000 < 3 else f"{visit},b" for visit in range(600_000)]
    lines[300_000] = "300000..300001,c"
    path = tmp_path / "a.csv"
    path.write_text("visit,reason\n" + "\n".join(lines) + "\n")
    table = read_data_ids(path, universe=UNIVERSE, constants={"instrument": "HSC"})
    assert table.arrow.column("visit").to_pylist() == list(range(600_000))
    reasons = table.arrow.column("reason").to_pylist()
    assert reasons[:4] == ["a, 0", "a, 1", "a, 2", "b"]
    assert reasons[300_000:300_002] == ["c", "a, 1; c" if 300_001 % 7 == 1 else f"a, {300_001 % 7}; c"]
