"""JSON documents, loaded or in files: what is read, and what is refused with which words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdFileError, DataIdSetValueError, DataIdTable
from dataid_sets.files import json_schema, parse_constant, parse_constants, parse_document, read_data_ids

UNIVERSE = DimensionUniverse()


def problems_of(document: Any, **given_: Any) -> dict[str, str]:
    with pytest.raises(DataIdFileError) as caught:
        parse_document(document, universe=UNIVERSE, **given_)
    return {problem.where: f"{problem.message} {problem.remedy}" for problem in caught.value.problems}


def rows_of(table: DataIdTable) -> list[dict[str, Any]]:
    return table.arrow.to_pylist()


def test_list_and_object_say_the_same() -> None:
    rows = [{"instrument": "HSC", "visit": 903342, "reason": "trailed"}, {"instrument": "HSC", "visit": 903344}]
    short = [{key: value for key, value in row.items() if key != "instrument"} for row in rows]
    by_list = parse_document(rows, universe=UNIVERSE)
    by_object = parse_document({"constants": {"instrument": "HSC"}, "data_ids": short}, universe=UNIVERSE)
    assert by_list == by_object
    assert set(by_list.dimensions.required) == {"instrument", "visit"}
    assert [row["reason"] for row in rows_of(by_list)] == ["trailed", None]


def test_a_reason_may_be_a_constant() -> None:
    document = {"constants": {"instrument": "HSC", "reason": "all"}, "data_ids": [{"visit": 1}, {"visit": 2, "reason": "own"}]}
    assert [row["reason"] for row in rows_of(parse_document(document, universe=UNIVERSE))] == ["all", "own"]


def test_an_empty_reason_is_none() -> None:
    document = [{"instrument": "HSC", "visit": 1, "reason": ""}]
    assert rows_of(parse_document(document, universe=UNIVERSE))[0]["reason"] is None


def test_an_empty_set_needs_its_dimensions() -> None:
    assert len(parse_document({"dimensions": ["visit"], "data_ids": []}, universe=UNIVERSE, constants={"instrument": "HSC"})) == 0
    assert "dimensions" in problems_of([])["dimensions"]
    # Constants alone say nothing of the others.
    assert "dimensions" in problems_of([], constants={"instrument": "HSC"})["dimensions"]
    assert len(parse_document([], universe=UNIVERSE, dimensions=["visit"], constants={"instrument": "HSC"})) == 0


def test_lists_and_ranges_stand_for_their_product() -> None:
    document = [{"instrument": ["A", "1..3"], "visit": [1, "10..20:5"], "detector": "0..1"}]
    found = {tuple(row.values())[:3] for row in rows_of(parse_document(document, universe=UNIVERSE))}
    assert found == {(d, i, v) for d in (0, 1) for i in ("A", "1..3") for v in (1, 10, 15, 20)}


def test_the_end_of_a_range_may_be_the_greatest_number() -> None:
    document = [{"instrument": "A", "visit": f"{2**63 - 2}..{2**63 - 1}"}]
    assert [row["visit"] for row in rows_of(parse_document(document, universe=UNIVERSE))] == [2**63 - 2, 2**63 - 1]


@pytest.mark.parametrize(
    "visits", ["0..9223372036854775807", ["0..99999", "0..99999999:2"], "-9223372036854775808..9223372036854775807"]
)
def test_the_product_is_bounded_before_it_is_made(visits: Any) -> None:
    assert "more than 50,000,000" in problems_of([{"instrument": "A", "visit": visits, "detector": "0..999"}])["[0]"]


def test_all_problems_at_once() -> None:
    document = {"dimensions": ["visit"], "data_ids": [{"visit": "9", "instrument": "HSC"}, {"visit": True}, 5]}
    told = problems_of(document)
    assert "without the quotes" in told["data_ids[0].visit"]
    assert "whole number" in told["data_ids[1].visit"]
    assert "no value of instrument" in told["data_ids[1].instrument"]
    assert "object" in told["data_ids[2]"]


def test_names_are_checked() -> None:
    assert "Did you mean visit?" in problems_of([{"instrument": "HSC", "vist": 1}])["[0]"]
    assert "no field" in problems_of({"data_ids": [], "constant": {}})["constant"]
    document = {"dimensions": ["visit"], "data_ids": [{"instrument": "H", "visit": 1, "tract": 2}]}
    assert "no dimension of" in problems_of(document)["data_ids[0].tract"]
    assert "follows from" in problems_of([{"instrument": "H", "visit": 1, "band": "r"}])["[0]"]
    assert len(parse_document(document, universe=UNIVERSE, ignore=["tract"])) == 1


def test_a_row_may_not_contradict_a_constant() -> None:
    told = problems_of({"constants": {"instrument": "HSC"}, "data_ids": [{"visit": 1, "instrument": "DECam"}]})
    assert "constant 'HSC'" in told["data_ids[0].instrument"]
    told = problems_of({"constants": {"instrument": "HSC"}, "data_ids": []}, constants={"instrument": "DECam"})
    assert "constants.instrument" in told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "no value"),
        (3.0, "Write 3."),
        (3.5, "decimal point"),
        (2**63, "64 bits"),
        ([], "empty"),
        ([[1]], "whole number"),
        ("1..0", "ends before"),
        ("1..2:0", "whole number"),
        ("x", "whole number"),
        ({}, "whole number"),
        (False, "whole number"),
    ],
)
def test_values_that_are_no_visits(value: Any, told: str) -> None:
    assert told in problems_of([{"instrument": "HSC", "visit": value}])["[0].visit"]


@pytest.mark.parametrize(
    ("value", "told"),
    [("", "empty"), ("a\0", "NUL"), ("\ud800", "Unicode"), ("x" * 33, "33 characters"), (1, "in quotes"), (None, "no value")],
)
def test_values_that_are_no_instruments(value: Any, told: str) -> None:
    assert told in problems_of([{"instrument": value, "visit": 1}])["[0].instrument"]


@pytest.mark.parametrize(("reason", "told"), [(1, "is text"), ("a\0", "NUL"), ("\udfff", "Unicode"), ([], "is text")])
def test_reasons_that_are_none(reason: Any, told: str) -> None:
    assert told in problems_of([{"instrument": "HSC", "visit": 1, "reason": reason}])["[0].reason"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[{", "line 1, column 3"),
        ('[{"visit": 1,\n "visit": 2}]', "twice"),
        ('{"data_ids": [],\n "data_ids": []}', "line 2: The field data_ids"),
        ("[" * 100_000, "nested"),
        ('[{"visit": ' + "9" * 5000 + "}]", "not valid JSON"),
        ('[{"visit": NaN}]', "NaN is no JSON"),
        ("[] []", "follows"),
        ("3", "A DataId file is"),
        ("", "empty"),
        ("  \n", "empty"),
        ("{}", "data_ids"),
        ('{"data_ids": 3}', "data_ids"),
        ('[{"instrument": "HSC", "visit": 1},\n{"instrument": "HSC", "visit": "x"}]', r"line 2, \[1\].visit"),
    ],
)
def test_files_that_are_no_json(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(DataIdFileError, match=told):
        read_data_ids(path, universe=UNIVERSE)


def test_a_file_that_is_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(b'[\n"\xff"]')
    with pytest.raises(DataIdFileError, match="line 2: This is not UTF-8"):
        read_data_ids(path, universe=UNIVERSE)


def test_constants_may_follow_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    path.write_text('\ufeff{"data_ids": [{"visit": 1}, {"visit": "2..3"}], "constants": {"instrument": "HSC"}}', encoding="utf-8")
    assert [row["visit"] for row in rows_of(read_data_ids(path, universe=UNIVERSE))] == [1, 2, 3]


def test_every_bad_line_of_json_lines_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"instrument": "HSC", "visit": 1}\n{\n\n{"instrument": "HSC", "visit": "x"}\n\xff\n[1]\n')
    with pytest.raises(DataIdFileError) as caught:
        read_data_ids(path, universe=UNIVERSE)
    places = [problem.where.removeprefix(f"{path}, ") for problem in caught.value.problems]
    assert places == ["line 2", "line 4, visit", "line 5", "line 6"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["instrument", "visit", "detector", "reason", "comment", "data_ids", "constants", "dimensions", "x"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_anything_gives_rows_or_problems(document: Any) -> None:
    try:
        table = parse_document(json.loads(json.dumps(document)), universe=UNIVERSE)
    except DataIdFileError as error:
        assert all(problem.message and problem.code for problem in error.problems)
    else:
        assert table.names


def test_constants_of_command_lines() -> None:
    assert parse_constant("instrument=LSSTCam", universe=UNIVERSE) == ("instrument", "LSSTCam")
    assert parse_constant("visit = 12", universe=UNIVERSE) == ("visit", 12)
    assert parse_constants(["reason=a=b", "detector=1"], universe=UNIVERSE) == {"reason": "a=b", "detector": 1}


def test_all_wrong_constants_are_told() -> None:
    given_ = ["instrument", "vist=1", "visit=x", "visit=1..2", "instrument=", "detector=1", "detector=2"]
    with pytest.raises(DataIdSetValueError) as caught:
        parse_constants(given_, universe=UNIVERSE)
    assert [problem.where for problem in caught.value.problems] == [*given_[:5], "detector=2"]


def test_the_schema_has_the_ranges_that_are_read() -> None:
    schema = json_schema()
    json.dumps(schema)
    pattern = re.compile(schema["$defs"]["range"]["pattern"])
    for text in ("0..8", "-3 .. 5 : 2", "1..0", "1..2:0", "1...2", "8"):
        document = [{"instrument": "A", "visit": text}]
        try:
            parse_document(document, universe=UNIVERSE)
        except DataIdFileError as error:
            assert error.problems[0].code == "wrong_range" or not pattern.match(text)
        else:
            assert pattern.match(text)
