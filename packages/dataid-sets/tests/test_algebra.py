"""Sets made from sets, against Python's own, on every database."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataid_sets import Access, DataIdSetDimensionsError, DataIdSets, DataIdTable
from registries import SNAPS_VISIT

Rows = dict[tuple[int, int], str | None]
VISITS = (903334, 903336, 903338, SNAPS_VISIT)
KEYS = st.tuples(st.sampled_from(VISITS), st.integers(0, 3))
SETS = st.dictionaries(KEYS, st.sampled_from([None, "trailed", "donuts", "été; \\'x"]), max_size=16)


def table(sets: DataIdSets, rows: Rows) -> DataIdTable:
    listed = [
        {"instrument": "HSC", "visit": visit, "detector": detector, "reason": reason}
        for (visit, detector), reason in rows.items()
    ]
    return DataIdTable.from_rows(listed, universe=sets.universe, dimensions=["visit", "detector"])


def rows_of(sets: DataIdSets, found: object) -> Rows:
    read = found if isinstance(found, DataIdTable) else sets.read(found)
    assert isinstance(found, DataIdTable) or (found.digest, found.reasons_digest) == (read.digest, read.reasons_digest)
    reasons = read.arrow["reason"].to_pylist()
    return {(data_id["visit"], data_id["detector"]): reason for data_id, reason in zip(read, reasons, strict=True)}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=SETS, b=SETS, c=SETS)
def test_operations_are_those_of_python(sets: DataIdSets, a: Rows, b: Rows, c: Rows) -> None:
    made = [
        sets.create(f"law/{letter}", table(sets, rows), unknown="pending") for letter, rows in zip("abc", (a, b, c), strict=True)
    ]
    first = {key: next((rows[key] for rows in (a, b, c) if rows.get(key) is not None), None) for key in {**a, **b, **c}}
    union = sets.union("law/union", made)
    assert rows_of(sets, union) == first
    assert union.parents == tuple(map(str, made))
    assert rows_of(sets, sets.intersection("law/intersection", made)) == {
        key: first[key] for key in a.keys() & b.keys() & c.keys()
    }
    assert rows_of(sets, sets.difference("law/difference", made)) == {key: a[key] for key in a.keys() - b.keys() - c.keys()}
    # The laws of De Morgan's kind, by digests alone.
    left = sets.difference("law/left", [made[0], sets.union("law/bc", made[1:])])
    right = sets.intersection("law/right", [sets.difference("law/ab", made[:2]), sets.difference("law/ac", [made[0], made[2]])])
    assert left.digest == right.digest
    assert sets.union("law/turned", made[::-1]).digest == union.digest
    comparison = sets.compare(made[0], made[1])
    assert rows_of(sets, comparison.only_in_a()) == {key: a[key] for key in a.keys() - b.keys()}
    assert rows_of(sets, comparison.only_in_b()) == {key: b[key] for key in b.keys() - a.keys()}
    differing = {key for key in a.keys() & b.keys() if a[key] != b[key]}
    assert [rows_of(sets, each) for each in comparison.reasons_differ()] == [
        {key: rows[key] for key in differing} for rows in (a, b)
    ]
    counts = comparison.to_dict()
    assert (counts["both"], counts["only_in_a"], counts["only_in_b"], counts["reasons_differ"]) == (
        len(a.keys() & b.keys()),
        len(a.keys() - b.keys()),
        len(b.keys() - a.keys()),
        len(differing),
    )


def test_complement_and_restriction_follow_a_query(sets: DataIdSets, name: str) -> None:
    visits = sorted(record.id for record in sets.butler.query_dimension_records("visit"))
    chosen = visits[:4]
    sets.create(name, [{"instrument": "HSC", "visit": visit, "reason": "because"} for visit in chosen])
    rest = sets.complement(f"{name}/rest", name, where="instrument = 'HSC' AND visit > limit", bind={"limit": visits[1]})
    assert [data_id["visit"] for data_id in sets.read(rest)] == visits[4:]
    some = sets.restrict(f"{name}/some", name, where=f"instrument = 'HSC' AND visit > {visits[1]}")
    assert [(row["visit"], row["reason"]) for row in sets.read(some).arrow.to_pylist()] == [
        (visit, "because") for visit in chosen[2:]
    ]
    assert some.recipe["where"].endswith(str(visits[1]))
    assert sets.union(f"{name}/all", [rest, name]).n_rows == len(visits)


def test_projection_and_expansion(sets: DataIdSets, name: str) -> None:
    pairs = {(903334, 0): "b", (903334, 1): "a", (903336, 2): None}
    sets.create(name, table(sets, pairs), unknown="pending")
    visits = sets.project(f"{name}/visits", name, ["visit"])
    assert [(row["visit"], row["reason"]) for row in sets.read(visits).arrow.to_pylist()] == [(903334, "a"), (903336, None)]
    whole = sets.expand(f"{name}/whole", visits, ["visit", "detector"])
    detectors = [record.id for record in sets.butler.query_dimension_records("detector")]
    assert rows_of(sets, whole) == {
        (visit, each): reason for visit, reason in ((903334, "a"), (903336, None)) for each in detectors
    }


def test_exposures_become_visits_and_back(sets: DataIdSets, name: str) -> None:
    sets.create(name, [{"instrument": "HSC", "exposure": SNAPS_VISIT + 1, "reason": "slew"}])
    visit = sets.project(f"{name}/visit", name, ["visit"])
    assert sets.read(visit).arrow.to_pylist() == [{"instrument": "HSC", "visit": SNAPS_VISIT, "reason": "slew"}]
    assert sets.project(f"{name}/none", name, ["visit"], rule="all").n_rows == 0
    back = sets.project(f"{name}/back", visit, ["exposure"])
    assert [row["exposure"] for row in sets.read(back).arrow.to_pylist()] == [SNAPS_VISIT, SNAPS_VISIT + 1]
    both = sets.expand(f"{name}/both", name, ["visit", "detector"])
    assert {row["reason"] for row in sets.read(both).arrow.to_pylist()} == {"slew"}


def test_sets_of_different_dimensions_do_not_mix(sets: DataIdSets, name: str) -> None:
    sets.create(f"{name}/a", [{"instrument": "HSC", "visit": 903334}], access=Access.PRIVATE)
    sets.create(f"{name}/b", [{"instrument": "HSC", "visit": 903334, "detector": 0}])
    with pytest.raises(DataIdSetDimensionsError, match="Project one to the dimensions of the other"):
        sets.union(f"{name}/c", [f"{name}/a", f"{name}/b"])
    assert sets.project(f"{name}/d", f"{name}/a", ["visit", "detector"]).access is Access.PRIVATE
