"""Making, finding and reading sets, on every database."""

from __future__ import annotations

import pytest

from dataid_sets import DataIdSets, DataIdSetValueError, NoSuchDataIdSetError


def visits(sets: DataIdSets) -> list[int]:
    return sorted(record.id for record in sets.butler.query_dimension_records("visit"))


def test_what_goes_in_comes_out(sets: DataIdSets, name: str) -> None:
    given = [{"instrument": "HSC", "visit": visit, "reason": f"because {index % 3}"} for index, visit in enumerate(visits(sets))]
    made = sets.create(name, given, description="all of them", source="a test")
    table = sets.read(made)
    assert (made.n_rows, made.digest, made.reasons_digest) == (11, table.digest, table.reasons_digest)
    assert [(data_id["visit"], reason) for data_id, reason in zip(table, table.arrow["reason"].to_pylist(), strict=True)] == [
        (row["visit"], row["reason"]) for row in given
    ]
    assert sets.find(str(made)) == made


def test_versions_count_up_and_a_name_alone_is_the_newest(sets: DataIdSets, name: str) -> None:
    first = sets.create(name, [{"instrument": "HSC", "visit": visits(sets)[0]}])
    second = sets.create(name, [{"instrument": "HSC", "visit": visits(sets)[1]}])
    assert (first.version, second.version, sets.find(name)) == (1, 2, second)
    with pytest.raises(NoSuchDataIdSetError, match=f"{name}@3"):
        sets.find(f"{name}@3")


def test_unknown_data_ids_are_all_named(sets: DataIdSets, name: str) -> None:
    rows = [{"instrument": "HSC", "visit": visit} for visit in (1, visits(sets)[0], 2)]
    with pytest.raises(DataIdSetValueError) as raised:
        sets.create(name, rows)
    assert [problem.where for problem in raised.value.problems][:2] == ["instrument=HSC, visit=1", "instrument=HSC, visit=2"]
    assert sets.list(name=name) == []
    assert sets.create(name, rows, unknown="drop").n_rows == 1
    pending = sets.create(name, rows, unknown="pending")
    assert (pending.n_rows, pending.n_pending) == (3, 2)
    assert [data_id["visit"] for data_id in sets.pending(pending)] == [1, 2]
