"""Queries with sets, against sums done by hand, on every database."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataid_sets import DataIdSetConflictError, DataIdSetDimensionsError, DataIdSets
from dataid_sets._headers import Person
from registries import SNAPS_VISIT

RUN = "HSC/runs/ci_hsc/20240806T180642Z"


def pairs(sets: DataIdSets) -> list[tuple[int, int]]:
    with sets.butler.query() as query:
        return sorted((ref.dataId["visit"], ref.dataId["detector"]) for ref in query.datasets("calexp", RUN))


def calexps(sets: DataIdSets, **conditions: object) -> list[tuple[int, int]]:
    with sets.query(**conditions) as query:
        return sorted((ref.dataId["visit"], ref.dataId["detector"]) for ref in query.datasets("calexp", RUN))


def as_rows(chosen: object) -> list[dict[str, object]]:
    return [{"instrument": "HSC", "visit": visit, "detector": detector} for visit, detector in chosen]


def test_inclusion_and_exclusion_in_several_dimensions(sets: DataIdSets, name: str) -> None:
    everything = pairs(sets)
    first, last = everything[:20], everything[15:]
    sets.create(name, as_rows(first))
    assert calexps(sets, include=[name]) == first
    assert calexps(sets, exclude=[name]) == everything[20:]
    assert calexps(sets, include=[name], exclude=[as_rows(last)]) == everything[:15]
    one = everything[0][0]
    of_visit = sets.create(f"{name}/visit", [{"instrument": "HSC", "visit": one}])
    assert calexps(sets, exclude=[of_visit]) == [pair for pair in everything if pair[0] != one]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_sets_give_what_brute_force_gives(sets: DataIdSets, data: st.DataObject) -> None:
    everything = pairs(sets)
    chosen = st.sets(st.sampled_from(everything), max_size=len(everything))
    include, exclude = data.draw(st.lists(chosen, max_size=2)), data.draw(st.lists(chosen, max_size=2))
    include, exclude = [each for each in include if each], [each for each in exclude if each]
    expected = [
        pair for pair in everything if all(pair in each for each in include) and not any(pair in each for each in exclude)
    ]
    assert calexps(sets, include=map(as_rows, include), exclude=map(as_rows, exclude)) == expected


def test_exposures_stand_for_visits_and_back(sets: DataIdSets, name: str) -> None:
    everything = pairs(sets)
    snaps = [{"instrument": "HSC", "exposure": SNAPS_VISIT}, {"instrument": "HSC", "exposure": SNAPS_VISIT + 1}]
    of_visit = [pair for pair in everything if pair[0] == SNAPS_VISIT]
    others = [pair for pair in everything if pair[0] != SNAPS_VISIT]
    one = sets.create(name, snaps[1:])
    assert of_visit
    assert calexps(sets, exclude=[one]) == others
    assert calexps(sets, exclude=[one], visit_system=0) == everything
    assert calexps(sets, exclude=[one], visit_system=1) == others
    assert calexps(sets, exclude=[one], rule="all") == everything
    assert calexps(sets, exclude=[snaps], rule="all") == others
    assert calexps(sets, include=[one]) == of_visit
    assert calexps(sets, exclude=[[{"instrument": "HSC", "group": f"group-{SNAPS_VISIT}"}]]) == others
    with sets.query(include=[[{"instrument": "HSC", "visit": SNAPS_VISIT}]]) as query:
        assert sorted(data_id["exposure"] for data_id in query.data_ids(["exposure"])) == [SNAPS_VISIT, SNAPS_VISIT + 1]


def test_a_set_that_does_not_fit_is_an_error_that_says_why(sets: DataIdSets, name: str) -> None:
    sets.create(name, as_rows(pairs(sets)[:3]))
    with (
        sets.query(exclude=[name]) as query,
        pytest.raises(DataIdSetDimensionsError, match=f"exclude {name}@1: .* lacks detector"),
    ):
        list(query.data_ids(["visit"]))


def test_a_query_may_be_counted_and_ordered(sets: DataIdSets, name: str) -> None:
    everything = pairs(sets)
    sets.create(name, as_rows(everything[:5]))
    with sets.query(exclude=[name]) as query:
        found = query.datasets("calexp", RUN)
        assert found.count() == len(everything) - 5
        assert len(list(found.order_by("-visit").limit(3))) == 3


def test_a_set_that_is_removed_while_it_is_in_use_is_told(sets: DataIdSets, name: str) -> None:
    everything = pairs(sets)
    made = sets.create(name, as_rows(everything[:5]))
    told = f"{name}@1 was removed while it was in use"
    with pytest.raises(DataIdSetConflictError, match=told), sets.query(exclude=[made]):
        sets.remove(made)
    again = sets.create(name, as_rows(everything[:5]))
    chosen = sets.conditions(exclude=[again])
    sets.require_there(chosen)
    sets.remove(again)
    with pytest.raises(DataIdSetConflictError, match=f"{name}@2 was removed"):
        sets.require_there(chosen)


def test_a_set_that_is_made_private_while_it_is_in_use_is_told(sets: DataIdSets, name: str) -> None:
    made = sets.create(name, as_rows(pairs(sets)[:5]))
    other = DataIdSets(sets.butler)
    other._headers._person = Person("somebody", ())
    with pytest.raises(DataIdSetConflictError, match="no longer shares it"), other.query(exclude=[made]):
        sets.share(made, "private")
