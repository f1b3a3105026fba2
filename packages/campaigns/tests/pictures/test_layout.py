"""Placing steps in layers."""

from __future__ import annotations

from campaigns.pictures.layout import place_in_layers


def test_a_step_stands_after_all_that_it_needs() -> None:
    needs = {"d": ["b", "c"], "a": [], "b": ["a"], "c": ["b"], "e": ["a"]}
    places = place_in_layers(needs)
    assert all(places[before].layer < places[name].layer for name, group in needs.items() for before in group)
    assert list(places) == list(needs)


def test_no_two_steps_stand_in_one_place() -> None:
    needs = {"a": [], **{f"b{number}": ["a"] for number in range(9)}, "c": [f"b{number}" for number in range(9)]}
    places = place_in_layers(needs)
    assert len({(place.layer, place.across) for place in places.values()}) == len(needs)


def test_neighbours_are_brought_together() -> None:
    # As they stand, the two arrows would cross.
    places = place_in_layers({"a": [], "b": [], "after-b": ["b"], "after-a": ["a"]})
    assert (places["a"].across < places["b"].across) == (places["after-a"].across < places["after-b"].across)


def test_a_cycle_is_cut_and_unknown_steps_are_passed_over() -> None:
    places = place_in_layers({"a": ["b", "a", "gone"], "b": ["a"]})
    assert set(places) == {"a", "b"}
