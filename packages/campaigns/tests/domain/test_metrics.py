"""Values of metrics, read and put side by side."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaigns.domain.metrics import compared_metrics, read_metrics


def bundle(**sets: Any) -> bytes:
    return json.dumps(sets).encode()


def test_measurements_are_read_and_all_else_is_passed_over() -> None:
    content = bundle(
        photometry=[
            {"metric": "analysis_tools.PA1", "identifier": "x", "value": 4.5, "unit": "mmag", "notes": {}},
            {"metric": "gone", "value": float("nan"), "unit": ""},
            {"metric": "text", "value": "x"},
            "nonsense",
        ],
        timestamp_version="explicit",
        dataset_identifier="x",
    )
    bundle_read = read_metrics(content, source="tract 1")
    [value] = bundle_read.values
    assert bundle_read.passed_over == "photometry[…]: no measurements as they are known here"
    assert (value.source, value.group, value.name, value.value, value.unit) == ("tract 1", "photometry", "PA1", 4.5, "mmag")


@pytest.mark.parametrize("content", [b"{", b"[]", b"1", b"\xff"])
def test_what_is_no_bundle_is_told(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_metrics(content, source="x")


def test_the_largest_change_comes_first() -> None:
    def read(**values: float) -> list[Any]:
        return read_metrics(bundle(s=[{"metric": n, "value": v, "unit": "mas"} for n, v in values.items()]), source="x").values

    rows = compared_metrics([read(a=10, b=10, c=1, d=0), read(a=11, b=5, c=1, d=1, e=1)])
    assert [row.name for row in rows] == ["b", "a", "d", "e", "c"]
    assert [row.relatives for row in rows] == [(None, -0.5), (None, 0.1), (None, None), (None, None), (None, 0.0)]
    assert [row.differs for row in rows] == [True, True, True, True, False]


def test_each_is_held_against_the_first_that_was_measured() -> None:
    columns = [
        read_metrics(bundle(s=[{"metric": "a", "value": value, "unit": ""}] if value else []), source="x").values
        for value in (0, 10, 12, 0, 5)
    ]
    [row] = compared_metrics(columns)
    assert row.base == 1
    assert row.changes == (None, None, 2, None, -5)
    assert row.relatives == (None, None, 0.2, None, -0.5)


@pytest.mark.parametrize(
    ("content", "passed_over"),
    [
        (bundle(timestamp="x"), "it has no metric sets"),
        (bundle(measurements={"a": 1}), "measurements: no measurements as they are known here"),
        (bundle(a=[{"metric": "m", "value": 1}], identifier="x", version=2), ""),
        (bundle(a=[{"metric": "m", "value": None}]), ""),
        (bundle(a=[{"name": "m", "number": 1}] * 3), "a[…]: no measurements as they are known here"),
        (bundle(a=[{"metric": "m", "value": 1}] * 20_002), "2 measurements after the first 20000"),
    ],
)
def test_what_is_not_understood_is_said(content: bytes, passed_over: str) -> None:
    assert read_metrics(content, source="x").passed_over == passed_over


def test_numbers_of_other_units_are_not_compared() -> None:
    one = read_metrics(bundle(s=[{"metric": "a", "value": 1, "unit": "mas"}]), source="x").values
    other = read_metrics(bundle(s=[{"metric": "a", "value": 1, "unit": "arcsec"}]), source="x").values
    [row] = compared_metrics([one, other])
    assert row.changes == (None, None)
    assert row.differs
    assert row.unit == "mas / arcsec"
