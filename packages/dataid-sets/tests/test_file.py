"""DataId files: what is read, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdFileError, parse_data_ids, read_data_id_file

UNIVERSE = DimensionUniverse()


def _problems(document: Any) -> dict[str, str]:
    with pytest.raises(DataIdFileError) as caught:
        parse_data_ids(document, universe=UNIVERSE)
    return {problem.where: problem.message for problem in caught.value.problems}


def test_list_and_object_say_the_same() -> None:
    rows = [{"instrument": "HSC", "visit": 903342, "reason": "trailed"}, {"instrument": "HSC", "visit": 903344}]
    short = [{key: value for key, value in row.items() if key != "instrument"} for row in rows]
    by_list = parse_data_ids(rows, universe=UNIVERSE)
    by_object = parse_data_ids({"constants": {"instrument": "HSC"}, "data_ids": short}, universe=UNIVERSE)
    assert by_list == by_object
    assert set(by_list.dimensions.required) == {"instrument", "visit"}
    assert by_list.reasons == ("trailed", None)


def test_a_reason_may_be_a_constant() -> None:
    document = {"constants": {"instrument": "HSC", "reason": "all"}, "data_ids": [{"visit": 1}, {"visit": 2, "reason": "own"}]}
    assert parse_data_ids(document, universe=UNIVERSE).reasons == ("all", "own")


def test_an_empty_set_needs_its_dimensions() -> None:
    assert parse_data_ids({"dimensions": ["visit"], "data_ids": []}, universe=UNIVERSE).data_ids == ()
    assert "no dimension" in _problems([])["dimensions"]


def test_all_problems_at_once() -> None:
    document = {"dimensions": ["visit"], "data_ids": [{"visit": "9", "instrument": "HSC"}, {"visit": True}, 5]}
    told = _problems(document)
    assert "takes a number" in told["data_ids[0].visit"]
    assert "takes a number" in told["data_ids[1].visit"]
    assert "instrument is missing" in told["data_ids[1]"]
    assert "object" in told["data_ids[2]"]


def test_names_are_checked() -> None:
    assert "did you mean visit?" in _problems([{"instrument": "HSC", "vist": 1}])["dimensions"]
    assert "no such field" in _problems({"data_ids": [], "constant": {}})["constant"]
    assert (
        "no primary key"
        in _problems({"dimensions": ["visit"], "data_ids": [{"instrument": "H", "visit": 1, "tract": 2}]})["data_ids[0].tract"]
    )


def test_files_that_are_no_json(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    for content, told in (("[{", "line 1"), ('[{"visit": 1, "visit": 2}]', "twice")):
        path.write_text(content)
        with pytest.raises(DataIdFileError, match=told):
            read_data_id_file(path, universe=UNIVERSE)
    path.write_bytes(b'["\xff"]')
    with pytest.raises(DataIdFileError, match="not valid JSON"):
        read_data_id_file(path, universe=UNIVERSE)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["instrument", "visit", "detector", "reason", "data_ids", "constants", "dimensions", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_anything_gives_rows_or_problems(document: Any) -> None:
    try:
        rows = parse_data_ids(json.loads(json.dumps(document)), universe=UNIVERSE)
    except DataIdFileError as error:
        assert all(problem.where and problem.message for problem in error.problems)
    else:
        assert len(rows.data_ids) == len(rows.reasons)
        assert all(set(data_id) == set(rows.dimensions.required) for data_id in rows.data_ids)
