"""Sets made from sets, against Python's own, on every database."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsst.daf.butler import Butler

from dataid_sets import Access, DataIdSetDimensionsError, DataIdSets, DataIdSetValueError, DataIdTable
from registries import BACKENDS, SNAPS_VISIT

Rows = dict[tuple[int, int], str | None]
VISITS = (903334, 903336, 903338, SNAPS_VISIT)
DETECTORS = (0, 1, 4, 5)
KEYS = st.tuples(st.sampled_from(VISITS), st.sampled_from(DETECTORS))
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
    told = {
        key: "; ".join(sorted({rows[key] for rows in (a, b, c) if rows.get(key) is not None})) or None for key in {**a, **b, **c}
    }
    union = sets.union("law/union", made)
    assert rows_of(sets, union) == told
    assert union.parents == tuple(map(str, made))
    assert rows_of(sets, sets.intersection("law/intersection", made)) == {
        key: told[key] for key in a.keys() & b.keys() & c.keys()
    }
    assert rows_of(sets, sets.difference("law/difference", made)) == {key: a[key] for key in a.keys() - b.keys() - c.keys()}
    # The laws of De Morgan's kind, by digests alone.
    left = sets.difference("law/left", [made[0], sets.union("law/bc", made[1:])])
    right = sets.intersection("law/right", [sets.difference("law/ab", made[:2]), sets.difference("law/ac", [made[0], made[2]])])
    assert left.digest == right.digest
    assert sets.union("law/turned", made[::-1]).reasons_digest == union.reasons_digest
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
    pairs = {(903334, 0): "b", (903334, 1): "a", (903336, 4): None}
    sets.create(name, table(sets, pairs), unknown="pending")
    visits = sets.project(f"{name}/visits", name, ["visit"])
    assert [(row["visit"], row["reason"]) for row in sets.read(visits).arrow.to_pylist()] == [(903334, "a; b"), (903336, None)]
    whole = sets.expand(f"{name}/whole", visits, ["visit", "detector"])
    detectors = [record.id for record in sets.butler.query_dimension_records("detector")]
    assert rows_of(sets, whole) == {
        (visit, each): reason for visit, reason in ((903334, "a; b"), (903336, None)) for each in detectors
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


def reasons_by(sets: DataIdSets, found: object, key: str) -> dict[object, str | None]:
    return {row[key]: row["reason"] for row in sets.read(found).arrow.to_pylist()}


def test_a_data_id_keeps_its_own_reasons_when_dimensions_change(sets: DataIdSets, name: str) -> None:
    rows = [(903334, 0, "zzz cloud"), (903336, 0, "aaa trailed"), (903336, 1, None)]
    sets.create(name, [{"instrument": "HSC", "exposure": e, "detector": d, "reason": r} for e, d, r in rows], unknown="pending")
    visits = sets.project(f"{name}/visits", name, ["visit"])
    assert reasons_by(sets, visits, "visit") == {903334: "zzz cloud", 903336: "aaa trailed"}
    nights = sorted(sets.butler.query_dimension_records("visit"), key=lambda record: record.id)
    sets.create(
        f"{name}/all", [{"instrument": "HSC", "visit": each.id, "reason": f"{each.day_obs} {each.id}"} for each in nights]
    )
    told: dict[int, list[str]] = {}
    for each in nights:
        told.setdefault(each.day_obs, []).append(f"{each.day_obs} {each.id}")
    found = reasons_by(sets, sets.project(f"{name}/nights", f"{name}/all", ["day_obs"]), "day_obs")
    assert found == {night: "; ".join(sorted(reasons)) for night, reasons in told.items()}


def test_reasons_of_several_rows_are_joined_as_those_of_a_file_are(sets: DataIdSets, name: str) -> None:
    """By bytes, each once, whatever order the database's language has; and through a translation, too."""
    reasons = ("été", "Zoo", "apple", "zoo", "apple")
    detectors = sorted(record.id for record in sets.butler.query_dimension_records("detector"))
    known = {"instrument": "HSC", "exposure": SNAPS_VISIT}
    rows = [{**known, "detector": each, "reason": reason} for each, reason in zip(detectors, reasons, strict=False)]
    sets.create(name, [*rows, {**rows[0], "exposure": 903334, "reason": None}])
    joined = "Zoo; apple; zoo; été"
    exposures = sets.project(f"{name}/exposures", name, ["exposure"])
    assert reasons_by(sets, exposures, "exposure") == {903334: None, SNAPS_VISIT: joined}
    assert reasons_by(sets, sets.project(f"{name}/visits", name, ["visit"]), "visit") == {903334: None, SNAPS_VISIT: joined}
    listed = [{"instrument": "HSC", "exposure": row["exposure"], "reason": row["reason"]} for row in rows]
    listed.append({"instrument": "HSC", "exposure": 903334, "reason": None})
    assert sets.create(f"{name}/listed", listed).reasons_digest == exposures.reasons_digest
    apart = [sets.create(f"{name}/{index}", [row]) for index, row in enumerate(listed)]
    assert sets.union(f"{name}/union", apart).reasons_digest == exposures.reasons_digest


def test_the_rule_holds_where_a_dimension_is_dropped_too(sets: DataIdSets, name: str) -> None:
    sets.create(name, [{"instrument": "HSC", "exposure": SNAPS_VISIT + 1, "detector": 0}])
    assert sets.project(f"{name}/any", name, ["visit"]).n_rows == 1
    assert sets.project(f"{name}/all", name, ["visit"], rule="all").n_rows == 0
    assert sets.project(f"{name}/system", name, ["visit"], visit_system=0).n_rows == 0


def test_a_set_of_exposures_and_visits_keeps_to_its_own_visits(two_visits: DataIdSets) -> None:
    pair = [{"instrument": "HSC", "exposure": 903334, "visit": 903334}]
    with two_visits.query(include=[pair]) as query:
        assert [data_id["visit"] for data_id in query.data_ids(["visit"])] == [903334]


def test_all_visits_of_an_exposure_are_those_of_the_system(two_visits: DataIdSets, name: str) -> None:
    two_visits.create(name, [{"instrument": "HSC", "visit": 999001}])
    assert two_visits.project(f"{name}/all", name, ["exposure"], rule="all", visit_system=7).n_rows == 1
    assert two_visits.project(f"{name}/of-all-systems", name, ["exposure"], rule="all").n_rows == 0


@pytest.fixture(scope="module", params=BACKENDS)
def two_visits(request: pytest.FixtureRequest, make_hsc) -> Iterator[DataIdSets]:
    """Give the sets of a registry in which exposure 903334 has a second visit, 999001, in visit system 7."""
    with Butler.from_config(make_hsc(request.param), writeable=True) as butler:
        sets, insert = DataIdSets(butler), butler.registry.insertDimensionData
        sets.init()
        insert("visit", other_visit(sets))
        insert("visit_definition", {"instrument": "HSC", "exposure": 903334, "visit": 999001})
        insert("visit_system", {"instrument": "HSC", "id": 7, "name": "other"})
        insert("visit_system_membership", {"instrument": "HSC", "visit_system": 7, "visit": 999001})
        yield sets


def other_visit(sets: DataIdSets) -> dict[str, object]:
    known = next(iter(sets.butler.query_dimension_records("visit", visit=903334, instrument="HSC")))
    return {
        "instrument": "HSC",
        "id": 999001,
        "day_obs": known.day_obs,
        "physical_filter": known.physical_filter,
        "name": "HSCA99900100",
        "seq_num": 999001,
        "exposure_time": 30.0,
        "timespan": known.timespan,
    }


def test_what_is_left_out_for_want_of_records_is_told(sets: DataIdSets, name: str) -> None:
    sets.create(name, [{"instrument": "HSC", "visit": visit} for visit in (903334, 77)], unknown="pending")
    some = sets.restrict(f"{name}/some", name, where="instrument = 'HSC'")
    assert (some.n_rows, some.recipe["pending_left_out"]) == (1, 1)
    assert sets.union(f"{name}/same", name).n_pending == 1


def test_a_reason_for_each_row_takes_no_longer_than_one_for_all(sets: DataIdSets, name: str) -> None:
    rows = [{"instrument": "HSC", "visit": visit, "reason": f"reason {visit}"} for visit in range(20_000)]
    made = sets.create(name, rows, unknown="pending")
    started = time.monotonic()
    assert sets.union(f"{name}/u", [made]).reasons_digest == made.reasons_digest
    assert time.monotonic() - started < 10


def test_a_mistake_in_a_data_query_has_a_place_and_a_remedy(sets: DataIdSets, name: str) -> None:
    sets.create(name, [{"instrument": "HSC", "visit": 903334}])
    for make in (sets.complement, sets.restrict):
        with pytest.raises(DataIdSetValueError, match="--where") as raised:
            make(f"{name}/x", name, where="visit ===")
        assert raised.value.problems[0].where == "where"
    assert [each.name for each in sets.list(name=f"{name}*")] == [name]


def test_unknown_dimensions_are_told(sets: DataIdSets, name: str) -> None:
    sets.create(name, [{"instrument": "HSC", "visit": 903334}])
    with pytest.raises(DataIdSetValueError, match=r"There is no dimension visti\. Did you mean visit"):
        sets.project(f"{name}/x", name, ["visti"])
