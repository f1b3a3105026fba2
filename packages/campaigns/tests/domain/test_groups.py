"""Cutting a step's data, and naming runs."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.definition import Definition
from campaigns.domain.groups import groups_of, output_run_of
from campaigns.domain.settings import merge


def _definition(step: dict[str, Any]) -> Definition:
    document = {"name": "a", "title": "b", "reason": "c", "kind": "other", "output": "u/a/b", "data_query": "instrument = 'HSC'"}
    return Definition.model_validate({**document, "steps": [{"name": "s", **step}]})


def test_without_a_split_there_is_one_group() -> None:
    definition = _definition({"data_query": "visit > 5 OR visit = 1"})
    (group,) = groups_of(definition, definition.steps[0])
    assert (group.name, group.data_query) == ("all", "(instrument = 'HSC') AND (visit > 5 OR visit = 1)")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200, unique=True), st.integers(1, 20))
def test_a_split_has_every_value_once(values: list[int], size: int) -> None:
    definition = _definition({"split": {"dimension": "visit", "values": values, "size": size}})
    groups = groups_of(definition, definition.steps[0])
    inside = [group.data_query.split("visit IN (")[1].rstrip(")") for group in groups]
    assert [int(value) for text in inside for value in text.split(", ")] == values
    assert len({group.name for group in groups}) == len(groups)
    assert [group.name for group in groups] == sorted(group.name for group in groups)


def test_queries_and_text_values() -> None:
    definition = _definition({"split": {"queries": {"blue": "band IN ('u', 'g')", "red": "band = 'r'"}}})
    assert [group.name for group in groups_of(definition, definition.steps[0])] == ["blue", "red"]
    definition = _definition({"split": {"dimension": "band", "values": ["r"]}})
    assert groups_of(definition, definition.steps[0])[0].data_query.endswith("(band IN ('r'))")


def test_runs_are_named_by_step_group_and_time() -> None:
    definition = _definition({})
    assert output_run_of(definition, step="s", group="all", at_us=0) == "u/a/b/s/19700101T000000Z"
    assert output_run_of(definition, step="s", group="g1", at_us=1_000_000) == "u/a/b/s/g1/19700101T000001Z"


def test_settings_are_merged_to_the_bottom() -> None:
    lower, upper = {"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2], "e": {"f": 4}}
    assert merge(lower, upper) == {"a": {"b": 3, "c": 2}, "d": [2], "e": {"f": 4}}
    assert lower == {"a": {"b": 1, "c": 2}, "d": [1]}
