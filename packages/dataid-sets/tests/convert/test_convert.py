"""Turning keys into data IDs: real records on every database, and made-up ones where keys are less simple."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import astropy.table
import numpy as np
import pyarrow as pa
import pytest
from lsst.daf.butler import Butler

from dataid_sets import DataIdFileError, DataIdSets, DataIdSetValueError
from dataid_sets.convert import Conversion

A, B = {"instrument": "CamA"}, {"instrument": "CamB"}


def found(conversion: Conversion, *names: str) -> list[Any]:
    columns = [conversion.table.arrow[name].to_pylist() for name in names]
    return columns[0] if len(names) == 1 else list(zip(*columns, strict=True))


def told(conversion: Conversion, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in conversion.problems.to_pylist()]


def codes(raised: pytest.ExceptionInfo[DataIdSetValueError]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


# ---- real records


def test_names_of_exposures_and_detectors(sets: DataIdSets) -> None:
    records = list(sets.butler.query_dimension_records("exposure"))
    detectors = list(sets.butler.query_dimension_records("detector"))
    rows = [{"obs_id": e.obs_id, "full_name": d.full_name, "comment": f"on {d.raft}"} for e in records for d in detectors]
    made = sets.convert(rows)
    assert made.ok
    assert made.n_rows == len(rows)
    assert not len(made.problems)
    expected = sorted((d.id, e.id, f"on {d.raft}") for e in records for d in detectors)
    assert found(made, "detector", "exposure", "reason") == expected
    assert set(found(made, "instrument")) == {"HSC"}


def test_names_of_visits(sets: DataIdSets) -> None:
    records = sorted(sets.butler.query_dimension_records("visit"), key=lambda record: record.id)
    for column in ("visit.name", "name"):
        made = sets.convert([{column: record.name} for record in records], to=["visit"])
        assert found(made, "visit") == [record.id for record in records]


def test_visits_by_day_and_number_and_detectors_by_raft(sets: DataIdSets) -> None:
    visits = list(sets.butler.query_dimension_records("visit"))
    detectors = list(sets.butler.query_dimension_records("detector"))
    rows = [
        {"day_obs": v.day_obs, "seq_num": v.seq_num, "raft": d.raft, "name_in_raft": d.name_in_raft}
        for v in visits
        for d in detectors
    ]
    made = sets.convert(rows, to=("visit", "detector"))
    assert made.ok
    assert found(made, "detector", "visit") == sorted((d.id, v.id) for v in visits for d in detectors)


def test_every_bad_row_is_told_at_once(sets: DataIdSets, tmp_path: Path) -> None:
    rows = [
        {"visit.name": "HSCA90333400", "full_name": "1_53", "reason": "first"},
        {"visit.name": "nothing like it", "full_name": "1_53"},
        {"visit.name": "nothing like it", "full_name": "1_99"},
        {"visit.name": None, "full_name": "1_53"},
        {"visit.name": "HSCA90333400", "full_name": ""},
        {"visit.name": "HSCA90333400", "full_name": "1_53", "reason": "again"},
    ]
    made = sets.convert(rows)
    assert told(made, "line", "columns", "value", "problem", "severity") == [
        (2, "visit.name", "nothing like it", "unmatched", "error"),
        (3, "full_name", "1_99", "unmatched", "error"),
        (3, "visit.name", "nothing like it", "unmatched", "error"),
        (4, "visit.name", None, "unmatched", "error"),
        (5, "full_name", "", "unmatched", "error"),
        (6, "instrument, detector, visit", "instrument=HSC, detector=0, visit=903334", "duplicate", "warning"),
    ]
    assert made.problems["message"][0].as_py() == "The registry has no visit of instrument=HSC, visit.name=nothing like it."
    assert made.problems["message"][5].as_py() == "Line 1 is the same data ID, instrument=HSC, detector=0, visit=903334."
    assert found(made, "detector", "visit", "reason") == [(0, 903334, "again; first")]
    assert not made.ok
    with pytest.raises(DataIdSetValueError) as raised:
        made.raise_for_problems()
    assert [problem.where for problem in raised.value.problems] == [
        "line 2, visit.name",
        "line 3, full_name",
        "line 3, visit.name",
        "line 4, visit.name",
        "line 5, full_name",
    ]
    made.save_problems(tmp_path / "problems.csv")
    with (tmp_path / "problems.csv").open(newline="") as stream:
        written = list(csv.DictReader(stream))
    assert [row["line"] for row in written] == ["2", "3", "3", "4", "5", "6"]
    assert "source" not in written[0]
    made.save_problems(tmp_path / "problems.ecsv")
    table = astropy.table.Table.read(tmp_path / "problems.ecsv")
    assert table["line"].tolist() == [2, 3, 3, 4, 5, 6]
    assert table["message"].tolist() == made.problems["message"].to_pylist()
    assert "6 problems" in repr(made)
    assert "nothing like it" in made._repr_html_()
    with pytest.raises(DataIdFileError, match=r"\.csv or \.ecsv"):
        made.save_problems(tmp_path / "problems.txt")


def test_the_exclusion_list_of_the_observatory_is_of_primary_keys(sets: DataIdSets, real_data: Path) -> None:
    table = astropy.table.Table.read(real_data / "LSSTCam-bad.ecsv")
    assert table.colnames == ["exposure", "comment"]
    with pytest.raises(DataIdSetValueError, match="The registry has no instrument 'LSSTCam'"):
        sets.convert(table, constants={"instrument": "LSSTCam"})
    made = sets.convert(table)
    assert made.ok
    assert made.n_rows == 527 == len(made.table)
    assert made.table.arrow["reason"].null_count == 0


# ---- made-up records


def test_several_instruments_must_be_told_apart(cameras: DataIdSets) -> None:
    rows = [{"obs_id": "20260101_001"}]
    with pytest.raises(DataIdSetValueError, match="the registry has 2: CamA, CamB") as raised:
        cameras.convert(rows)
    assert codes(raised) == ["missing_column"]
    assert found(cameras.convert(rows, constants=B), "instrument", "exposure") == [("CamB", 2026010101)]
    made = cameras.convert([{**rows[0], "instrument": name} for name in ("CamA", "CamC", "CamB")])
    assert found(made, "instrument") == ["CamA", "CamB"]
    assert told(made, "line", "columns", "value", "message") == [
        (2, "instrument", "CamC", "The registry has no instrument CamC; it has CamA, CamB.")
    ]


def test_the_default_instrument_of_the_butler_is_taken(cameras_root: Path) -> None:
    with Butler.from_config(cameras_root, instrument="CamB") as butler:
        made = DataIdSets(butler).convert([{"obs_id": "20260102_006"}])
    assert found(made, "instrument", "exposure") == [("CamB", 2026010206)]


def test_a_group_has_several_exposures(cameras: DataIdSets) -> None:
    rows = [{"group": "20260101-1", "raft": "R00", "reason": "clouds"}, {"group": "20260101-9", "raft": "R01"}]
    made = cameras.convert(rows, to=("exposure", "detector"), constants=A)
    assert told(made, "line", "columns", "problem", "candidates") == [
        (1, "raft", "ambiguous", "0, 1, 2, 3"),
        (1, "group", "ambiguous", "2026010101, 2026010102"),
        (2, "raft", "ambiguous", "4, 5, 6, 7"),
        (2, "group", "unmatched", None),
    ]
    made = cameras.convert(rows, to=("exposure", "detector"), constants=A, multiple=True)
    assert told(made, "line", "problem") == [(2, "unmatched")]
    assert found(made, "detector", "exposure") == [(detector, 2026010101 + more) for detector in range(4) for more in (0, 1)]
    assert set(found(made, "reason")) == {"clouds"}
    assert found(cameras.convert(rows[:1], to=("group",), constants=A, ignore=["raft"]), "group") == ["20260101-1"]


def test_the_wanted_dimensions_decide_whose_number_it_is(cameras: DataIdSets) -> None:
    rows = [{"day_obs": 20260102, "seq_num": 3}, {"day_obs": 20260102, "seq_num": 4}]
    with pytest.raises(DataIdSetValueError, match=r"seq_num may be exposure.seq_num or visit.seq_num") as raised:
        cameras.convert(rows, constants=A)
    assert codes(raised) == ["ambiguous_column"]
    assert found(cameras.convert(rows, to=["exposure"], constants=A), "exposure") == [2026010203, 2026010204]
    made = cameras.convert(rows, to="visit", constants=A)
    assert found(made, "visit") == [2026010203]
    assert told(made, "line", "columns", "value") == [(2, "day_obs, seq_num", "day_obs=20260102, seq_num=4")]
    named = [{"day_obs": row["day_obs"], "exposure.seq_num": row["seq_num"]} for row in rows]
    assert found(cameras.convert(named, constants=A), "exposure") == [2026010203, 2026010204]
    both = [{"day_obs": 20260102, "exposure.seq_num": 4, "visit.seq_num": 3}]
    assert found(cameras.convert(both, constants=A), "exposure", "visit") == [(2026010204, 2026010203)]
    with pytest.raises(DataIdSetValueError, match="seq_num may be"):
        cameras.convert(rows, to=["exposure", "visit"], constants=A)


def test_a_firm_column_decides_what_another_means(cameras: DataIdSets) -> None:
    made = cameras.convert([{"visit": 2026010101, "seq_num": 1}, {"visit": 2026010101, "seq_num": 2}], constants=A)
    assert found(made, "visit") == [2026010101]
    assert told(made, "line", "columns") == [(2, "visit, seq_num")]


def test_columns_must_fit_the_same_record(cameras: DataIdSets) -> None:
    rows = [
        {"exposure": 2026010101, "obs_id": "20260101_001", "day_obs": 20260101},
        {"exposure": 2026010102, "obs_id": "20260101_001", "day_obs": 20260101},
        {"exposure": 2026010101, "obs_id": "20260101_001", "day_obs": 20260102},
    ]
    made = cameras.convert(rows, constants=A)
    assert told(made, "line", "problem") == [(2, "unmatched"), (3, "unmatched")]
    assert found(made, "exposure") == [2026010101]


def test_primary_keys_pass_unseen(cameras: DataIdSets) -> None:
    made = cameras.convert(
        [{"exposure": 1, "detector": 99, "physical_filter": "x"}],
        to=["exposure", "detector"],
        ignore=["physical_filter"],
        constants=A,
    )
    assert made.ok
    assert made.table.arrow.to_pylist() == [{"detector": 99, "exposure": 1, "instrument": "CamA", "reason": None}]


def test_constants_may_be_keys(cameras: DataIdSets) -> None:
    rows = [{"seq_num": 1}, {"seq_num": 2}]
    made = cameras.convert(
        rows, to=["exposure", "detector"], constants={**A, "day_obs": 20260101, "full_name": "R02_S3", "reason": "dark"}
    )
    assert found(made, "exposure", "detector", "reason") == [(2026010101, 11, "dark"), (2026010102, 11, "dark")]
    made = cameras.convert(rows, to=["exposure", "detector"], constants={**A, "day_obs": 20260101, "raft": "R01"}, multiple=True)
    assert found(made, "detector") == [4, 4, 5, 5, 6, 6, 7, 7]
    with pytest.raises(DataIdSetValueError, match="4 records of detector of instrument=CamA, raft=R01: 4, 5, 6, 7"):
        cameras.convert(rows, to=["exposure", "detector"], constants={**A, "day_obs": 20260101, "raft": "R01"})
    with pytest.raises(DataIdSetValueError, match="no detector of instrument=CamA, raft=R77"):
        cameras.convert(rows, to=["exposure", "detector"], constants={**A, "day_obs": 20260101, "raft": "R77"})
    with pytest.raises(DataIdSetValueError, match="seq_num takes a whole number, not 'two'"):
        cameras.convert([{"day_obs": 20260101}], to=["exposure"], constants={**A, "seq_num": "two"})


@pytest.mark.parametrize(
    ("row", "to", "code", "message"),
    [
        ({"obsid": "x"}, None, "unknown_column", "Did you mean obs_id"),
        ({"exposure.obs": "x"}, None, "unknown_column", "exposure.obs is neither"),
        ({"exposure_time": 30.0, "exposure": 1}, None, "unusable_column", "Have it ignored"),
        ({"obs_id": "x", "full_name": "y"}, ["exposure"], "unwanted_column", "full_name tells detector"),
        (
            {"obs_id": "x"},
            ["exposure", "detector"],
            "missing_column",
            "Add a column detector or full_name, or some of name_in_raft",
        ),
        ({"obs_id": "x"}, ["exposur"], "unknown_dimension", "Did you mean exposure"),
        ({"obs_id": "x"}, [], "no_dimensions", "No dimension is named"),
        ({"obs_id": 3.5}, None, "wrong_type", "obs_id takes text, not double"),
        ({"seq_num": True}, ["exposure"], "wrong_type", "seq_num takes whole numbers, not bool"),
        ({"instrument": "CamA", "obs_id": "x"}, None, "repeated_column", "a column and a constant"),
        ({"exposure": 1, "exposure.id": 1}, None, "repeated_column", "are the same"),
    ],
)
def test_columns_that_cannot_be_used(cameras: DataIdSets, row: dict[str, Any], to: Any, code: str, message: str) -> None:
    with pytest.raises(DataIdSetValueError, match=message) as raised:
        cameras.convert([row], to=to, constants=A)
    assert code in codes(raised)


def test_nothing_tells_dimensions(cameras: DataIdSets) -> None:
    for data in ([{"reason": "x"}], []):
        with pytest.raises(DataIdSetValueError, match="no columns that tell"):
            cameras.convert(data)


def test_types_that_readers_guess_are_put_right(cameras: DataIdSets) -> None:
    expected = [2026010101, 2026010103]
    given = [
        pa.table({"day_obs": ["20260101", " 20260101"], "seq_num": pa.array([1, 3], pa.int8())}),
        pa.table({"day_obs": pa.array([20260101, 20260101], pa.uint32()), "seq_num": pa.array(["1", "3"]).dictionary_encode()}),
        pa.table(
            {
                "day_obs": pa.chunked_array([[20260101], [20260101]]),
                "seq_num": pa.chunked_array([["1"], ["+3"]], pa.large_string()),
            }
        ),
        astropy.table.Table({"day_obs": np.array([20260101, 20260101], ">i4"), "seq_num": np.array([b"1", b"3"])}),
        astropy.table.Table({"day_obs": np.array([20260101, "20260101"], object), "seq_num": [1, 3]}),
        [{"day_obs": np.int64(20260101), "seq_num": 1}, {"day_obs": "20260101", "seq_num": 3}],
    ]
    for data in given:
        assert found(cameras.convert(data, to=["exposure"], constants=A), "exposure") == expected
    made = cameras.convert(pa.table({"day_obs": [20260101, 20260101], "seq_num": ["one", "3.0"]}), to=["exposure"], constants=A)
    assert made.problems["message"].to_pylist() == [
        "seq_num takes whole numbers, not 'one'.",
        "seq_num takes whole numbers, not '3.0'.",
    ]


def test_masked_values_are_missing(cameras: DataIdSets) -> None:
    column = astropy.table.MaskedColumn(["20260101_001", "20260101_002"], mask=[True, False])
    made = cameras.convert(astropy.table.Table({"obs_id": column}), constants=A, lines=[7, 9])
    assert found(made, "exposure") == [2026010102]
    assert told(made, "line", "message") == [(7, "There is no value of obs_id.")]
    with pytest.raises(DataIdSetValueError, match="1 lines for 2 rows"):
        cameras.convert(astropy.table.Table({"obs_id": column}), constants=A, lines=[7])


def test_tables_without_rows_or_without_values(cameras: DataIdSets) -> None:
    empty = pa.table(
        {"instrument": pa.array([], pa.string()), "obs_id": pa.array([], pa.null()), "raft": pa.chunked_array([], pa.string())}
    )
    made = cameras.convert(empty, multiple=True)
    assert made.ok
    assert len(made.table) == 0
    assert list(made.table.dimensions.required) == ["instrument", "detector", "exposure"]
    nothing = pa.table({"instrument": ["CamA", None], "seq_num": pa.nulls(2), "day_obs": pa.nulls(2), "detector": [1, None]})
    made = cameras.convert(nothing, to=["exposure", "detector"])
    rest = [(line, column) for line in (1, 2) for column in ("instrument", "detector", "seq_num", "day_obs")]
    assert told(made, "line", "columns") == rest[2:]
    assert len(made.table) == 0


@pytest.mark.parametrize("n_keys", [0, 1, 499, 501, 20_001])
def test_any_number_of_keys(cameras: DataIdSets, n_keys: int) -> None:
    names = [f"20260101_{number:03d}" for number in range(n_keys)]
    for data in ({"obs_id": names}, {"exposure": [20260101_00 + number for number in range(n_keys)], "obs_id": names}):
        table = pa.table({name: pa.array(values, None if values else pa.string()) for name, values in data.items()})
        made = cameras.convert(table, constants=A)
        expected = [number for number in range(1, 7) if number < n_keys]
        assert found(made, "exposure") == [2026010100 + number for number in expected]
        assert len(made.problems) == n_keys - len(expected)


def test_text_that_no_database_holds_is_unmatched(cameras: DataIdSets) -> None:
    made = cameras.convert([{"obs_id": "\0"}, {"obs_id": "'; DROP TABLE exposure; --"}, {"obs_id": "é\n"}], constants=A)
    assert told(made, "problem") == [("unmatched",)] * 3
    made = cameras.convert([{"day_obs": 2**63 - 1, "seq_num": -(2**63)}], to=["exposure"], constants=A)
    assert told(made, "problem") == [("unmatched",)]
