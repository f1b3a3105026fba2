"""Conversion gives what a dictionary gives, row by row."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convert.cameras import DAYS, DETECTORS, EXPOSURES, INSTRUMENTS
from dataid_sets import DataIdSets

EXPOSURE_KEYS = (
    ("obs_id",),
    ("day_obs", "seq_num"),
    ("group",),
    ("day_obs", "observation_type"),
    ("seq_num", "obs_id"),
    ("exposure",),
)
DETECTOR_KEYS = (("full_name",), ("raft", "name_in_raft"), ("name_in_raft",), ("detector", "raft"), ("detector",))


def values(records: list[dict[str, Any]], name: str, field: str) -> st.SearchStrategy[Any]:
    known = sorted({record["id" if field == name else field] for record in records})
    other = [10**6] if isinstance(known[0], int) else ["?", ""]
    return st.sampled_from([*known[:8], *known[-3:], *other]) | st.none()


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    columns = {"instrument": st.sampled_from([*INSTRUMENTS, INSTRUMENTS[0], "CamC"])}
    columns |= {name: values(EXPOSURES, "exposure", name) for name in draw(st.sampled_from(EXPOSURE_KEYS))}
    columns |= {name: values(DETECTORS, "detector", name) for name in draw(st.sampled_from(DETECTOR_KEYS))}
    columns["reason"] = st.sampled_from([None, "x", "y"])
    return draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=12))


def candidates(row: dict[str, Any], records: list[dict[str, Any]], name: str) -> list[int] | None:
    """Give the records that a row means; `None` if it lacks a value."""
    keys = [key for key in row if key == name or (key in records[0] and key != "instrument")]
    if keys == [name]:
        return None if row[name] is None else [row[name]]
    if any(row[key] in (None, "") for key in keys):
        return None
    alike = [record for record in records if record["instrument"] == row["instrument"]]
    return [each["id"] for each in alike if all(each["id" if key == name else key] == row[key] for key in keys)]


def brute_force(
    rows: list[dict[str, Any]], *, multiple: bool
) -> tuple[dict[tuple[str, int, int], set[str]], set[tuple[int, str]]]:
    """Give the data IDs with their reasons, and which lines have which errors."""
    made: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    wrong: set[tuple[int, str]] = set()
    for line, row in enumerate(rows, 1):
        if row["instrument"] not in INSTRUMENTS:
            wrong.add((line, "unmatched"))
        both = []
        for records, name in ((EXPOSURES, "exposure"), (DETECTORS, "detector")):
            found = candidates(row, records, name)
            both.append(found or [])
            if found is None or (not found and row["instrument"] in INSTRUMENTS):
                wrong.add((line, "unmatched"))
            elif len(found) > 1 and not multiple:
                wrong.add((line, "ambiguous"))
        if row["instrument"] in INSTRUMENTS and (multiple or all(len(found) == 1 for found in both)):
            for exposure in both[0]:
                for detector in both[1]:
                    made[row["instrument"], exposure, detector] |= {row["reason"]} - {None}
    return made, wrong


@given(rows=tables(), multiple=st.booleans(), encoded=st.booleans())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_conversion_is_what_a_dictionary_gives(
    cameras: DataIdSets, rows: list[dict[str, Any]], multiple: bool, encoded: bool
) -> None:
    expected, wrong = brute_force(rows, multiple=multiple)
    table = pa.Table.from_pylist(rows)
    if encoded:
        table = pa.table({name: table[name].dictionary_encode() for name in table.column_names})
    made = cameras.convert(table, to=("exposure", "detector"), multiple=multiple)
    arrow = made.table.arrow
    got = {
        (row["instrument"], row["exposure"], row["detector"]): set(row["reason"].split("; ")) if row["reason"] else set()
        for row in arrow.to_pylist()
    }
    assert got == expected
    problems = made.problems.to_pylist()
    assert {(row["line"], row["problem"]) for row in problems if row["severity"] == "error"} == wrong
    assert made.ok == (not wrong)
    assert [row["line"] for row in problems] == sorted(row["line"] for row in problems)


def test_the_pools_have_the_days() -> None:
    assert {record["day_obs"] for record in EXPOSURES} == set(DAYS)
