"""Data IDs in memory: one order, one digest."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdSetValueError, DataIdTable

UNIVERSE = DimensionUniverse()
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "instrument": st.sampled_from(["HSC", "LSSTCam", "é\U0001f52d", "Z"]),
            "visit": st.one_of(st.integers(0, 5), INTEGERS),
            "detector": st.one_of(st.integers(0, 3), INTEGERS),
            "reason": st.sampled_from([None, "trailed", "donuts"]),
        }
    ),
    max_size=30,
)


def make(rows: list[dict[str, object]]) -> DataIdTable:
    return DataIdTable.from_rows(rows, universe=UNIVERSE, dimensions=["visit", "detector"])


def plain_digest(rows: set[tuple[int, str, int]]) -> str:
    """Compute the digest as the documentation tells it, with nothing of the package."""
    ordered = sorted(rows, key=lambda row: (row[0], row[1].encode(), row[2]))
    packed = [b"".join(row[index].to_bytes(8, "little", signed=True) for row in ordered) for index in (0, 2)]
    integers = [hashlib.sha256(each).hexdigest() for each in packed]
    texts = b"".join(len(row[1].encode()).to_bytes(4, "little") + row[1].encode() for row in ordered)
    text = hashlib.sha256(texts).hexdigest()
    columns = [["detector", "int", integers[0]], ["instrument", "str", text], ["visit", "int", integers[1]]]
    document = {"format": "dataid-set-1", "rows": len(ordered), "columns": columns}
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@given(ROWS, st.randoms())
def test_order_and_repetition_do_not_matter(rows: list[dict[str, object]], random) -> None:
    table = make(rows)
    mixed = [dict(sorted(row.items(), key=lambda _: random.random())) for row in rows * 2]
    random.shuffle(mixed)
    assert make(mixed) == table
    assert table.digest == plain_digest({(row["detector"], row["instrument"], row["visit"]) for row in rows})
    reasons: dict[tuple[object, ...], set[str]] = {}
    for row in rows:
        reasons.setdefault((row["detector"], row["instrument"], row["visit"]), set()).update({row["reason"]} - {None})
    found = {(row["detector"], row["instrument"], row["visit"]): row["reason"] for row in table.arrow.to_pylist()}
    assert found == {key: "; ".join(sorted(given)) or None for key, given in reasons.items()}


@given(ROWS.filter(bool))
def test_every_form_gives_the_same(rows: list[dict[str, object]]) -> None:
    table = make(rows)
    assert DataIdTable.from_arrow(table.arrow, universe=UNIVERSE) == table
    assert DataIdTable.from_astropy(table.to_astropy(), universe=UNIVERSE) == table
    assert DataIdTable.from_rows(table, universe=UNIVERSE).digest == table.digest


def test_reasons_have_a_digest_of_their_own() -> None:
    rows = [{"instrument": "HSC", "visit": 1, "detector": 2}]
    bare, told = make(rows), make([{**rows[0], "reason": "trailed"}])
    assert bare.digest == told.digest
    assert bare.reasons_digest != told.reasons_digest
    assert bare != told


def test_columns_may_be_constants_and_narrow() -> None:
    arrow = pa.table({"visit": np.array([3, 1], np.uint32), "detector": np.array([7, 7], np.int8)})
    table = DataIdTable.from_arrow(arrow, universe=UNIVERSE, constants={"instrument": "HSC", "reason": "donuts"})
    assert table == make([{"instrument": "HSC", "visit": visit, "detector": 7, "reason": "donuts"} for visit in (1, 3)])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"instrument": "HSC", "visit": 1, "detector": "x"}], "detector: detector takes whole numbers, not string"),
        ([{"instrument": "HSC", "visit": 1, "detector": True}], "detector: detector takes whole numbers, not bool"),
        ([{"instrument": "HSC", "visit": 1, "detector": 1.0}], "detector: detector takes whole numbers, not double"),
        ([{"instrument": 5, "visit": 1, "detector": 1}], "instrument: instrument takes text, not int64"),
        ([{"instrument": "HSC", "visit": 2**63, "detector": 1}], "visit: A number is too large for 64 bits"),
        ([{"instrument": "HSC", "visit": 1}], "data ID 0: It has no value of detector"),
        ([{"instrument": "HSC", "visit": 1, "detector": 1, "tract": 3}], "data ID 0: tract is no dimension of"),
        ([{"instrument": "HSC", "visit": 1, "detector": None}], "row 1, detector: 1 rows have no value"),
        ([{"instrument": each, "visit": 1, "detector": 1} for each in ("HSC", 1)], "instrument has values of several"),
        (
            [{"instrument": each, "visit": 1, "detector": 1} for each in ("HSC", "")],
            "row 2, instrument: The value of instrument is",
        ),
        ([{"instrument": "H\0", "visit": 1, "detector": 1}], "row 1, instrument: The value of instrument has a NUL"),
        ([{"instrument": "H\ud800", "visit": 1, "detector": 1}], "instrument: instrument is not Unicode text"),
        ([{"instrument": "\U0001f52d" * 33, "visit": 1, "detector": 1}], "is longer than the 32 characters"),
        ([{"instrument": "HSC", "visit": 1, "detector": 1, "reason": "a\0b"}], "row 1, reason: The reason has a NUL"),
        ([{"instrument": "HSC", "visit": 1, "detector": 1, "reason": "\udfff"}], "reason is not Unicode text"),
        ([("visit", 1), 7], "data ID 1: A data ID is a mapping or a DataCoordinate, not int"),
        ("visit", "data_ids: Data IDs are listed, not given as str"),
    ],
)
def test_wrong_values_are_told(rows: list[dict[str, object]], told: str) -> None:
    with pytest.raises(DataIdSetValueError) as raised:
        make(rows)
    assert told in str(raised.value)


def test_many_shuffled_rows_come_out_in_order() -> None:
    random = np.random.default_rng(1)
    visit, detector = random.integers(10**12, 10**12 + 2000, 100_000), random.integers(0, 189, 100_000)
    arrow = pa.table({"visit": visit, "detector": detector})
    table = DataIdTable.from_arrow(arrow, universe=UNIVERSE, constants={"instrument": "LSSTCam"})
    expected = sorted(set(zip(detector.tolist(), visit.tolist(), strict=True)))
    assert list(zip(table.arrow["detector"].to_pylist(), table.arrow["visit"].to_pylist(), strict=True)) == expected


def test_words_that_no_row_has_do_no_harm_and_empty_reasons_are_none() -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([1, 1], pa.int32()), pa.array(["\0", "HSC"]))
    reasons = pa.chunked_array([pa.array(["", "x"]).dictionary_encode()])
    arrow = pa.table({"instrument": words, "visit": [1, 2], "reason": reasons})
    assert DataIdTable.from_arrow(arrow, universe=UNIVERSE).arrow["reason"].to_pylist() == [None, "x"]


def test_wrong_words_in_later_chunks_and_bytes_that_are_no_text_are_told() -> None:
    chunks = pa.chunked_array([pa.array(["HSC", "Z"]), pa.array(["HSC", ""])])
    with pytest.raises(DataIdSetValueError, match="row 4, instrument"):
        DataIdTable.from_arrow(pa.table({"instrument": chunks, "visit": [1, 2, 3, 4]}), universe=UNIVERSE)
    bad = pa.StringArray.from_buffers(1, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xff"))
    with pytest.raises(DataIdSetValueError, match="not Unicode text"):
        DataIdTable.from_arrow(pa.table({"instrument": bad, "visit": [1]}), universe=UNIVERSE)
    null = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["HSC", None]))
    with pytest.raises(DataIdSetValueError, match="row 2, instrument"):
        DataIdTable.from_arrow(pa.table({"instrument": null, "visit": [1, 2]}), universe=UNIVERSE)
