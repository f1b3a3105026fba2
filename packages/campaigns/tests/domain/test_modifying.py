"""Partial documents, single places, and proposals for names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.definition import Definition
from campaigns.domain.differences import definition_differences
from campaigns.domain.errors import InvalidInput
from campaigns.domain.lineage import FieldGroup, Relation, group_of, likeness_of, relation_of
from campaigns.domain.modifying import merged, placed, proposed_name, proposed_output, with_exact_sets

DOCUMENT: dict[str, Any] = {"a": 1, "steps": [{"name": "s1", "bps": {"x": 1}}, {"name": "s2"}], "sets": {"exclude": ["d/b@1"]}}
NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ({"a": None}, {"b": {"c": 1}}),
        ({"a": 2, "b": {"c": None, "d": 1}}, {"a": 2, "b": {"d": 1}}),
        ({"b": [1]}, {"a": 1, "b": [1]}),
        ({"b": {"c": {"e": {"f": None}}}}, {"a": 1, "b": {"c": {"e": {}}}}),
        ({}, {"a": 1, "b": {"c": 1}}),
    ],
)
def test_a_partial_document_is_laid_over(patch: dict[str, Any], result: dict[str, Any]) -> None:
    document = {"a": 1, "b": {"c": 1}}
    assert merged(document, patch) == result
    assert document == {"a": 1, "b": {"c": 1}}, "the document stays"


def test_a_single_place_is_set() -> None:
    assert placed(DOCUMENT, "steps[s2].bps.y", 3)["steps"][1] == {"name": "s2", "bps": {"y": 3}}
    assert placed(DOCUMENT, "steps[0].bps.x", 3)["steps"][0]["bps"] == {"x": 3}
    assert placed(DOCUMENT, "steps[s1]", None)["steps"] == [{"name": "s2"}]
    assert placed(DOCUMENT, "sets.exclude[d/b]", "d/b@2")["sets"] == {"exclude": ["d/b@2"]}
    assert placed(DOCUMENT, "nothing", None) == DOCUMENT
    assert placed(DOCUMENT, "gate.accept", "person")["gate"] == {"accept": "person"}


def test_sets_are_named_exactly_and_how_they_are_translated_stays() -> None:
    rules = {"rule": "all", "visit_system": 0}
    document = {"sets": {"include": ["a/b", "c/d"], **rules}, "steps": [{"sets": {"exclude": ["a/b", "a/b@1"], **rules}}]}
    assert with_exact_sets(document, {"a/b": "a/b@1"}) == {
        "sets": {"include": ["a/b@1", "c/d"], **rules},
        "steps": [{"sets": {"exclude": ["a/b@1"], **rules}}],
    }


@given(st.text(max_size=20))
def test_no_path_breaks_it(path: str) -> None:
    try:
        placed(DOCUMENT, path, 1)
    except InvalidInput as error:
        assert error.remedy
        assert error.where is not None
        assert error.where.startswith("set")


@given(NAMES, st.integers(0, 5))
def test_proposed_names_are_free_and_valid(name: str, n_taken: int) -> None:
    taken: set[str] = {name}
    for _ in range(n_taken):
        taken.add(proposed_name(name, taken.__contains__))
    proposed = proposed_name(name, taken.__contains__)
    assert proposed not in taken
    assert Definition.model_validate({"name": proposed, "title": "t", "reason": "r", "kind": "other"}).name == proposed


def test_proposed_outputs_keep_their_form() -> None:
    free = set[str]().__contains__
    assert proposed_output("u/mary/test", free, renamed={}) == "u/mary/test-r2"
    assert proposed_output("u/mary/test-r2", free, renamed={"test-r2": "test-r3"}) == "u/mary/test-r3"
    assert proposed_output("HSC/runs/RC2/w_1/DM-1", free, renamed={"w_1": "w_2"}) == "HSC/runs/RC2/w_2/DM-1"
    assert proposed_output("HSC/runs/RC2/w_1/DM-1", free, renamed={"x": "y"}) == "HSC/runs/RC2/w_1-r2/DM-1"
    assert proposed_output("HSC/runs/RC2/w_1/DM-1", {"HSC/runs/RC2/w_2/DM-1"}.__contains__, renamed={"w_1": "w_2"}).endswith(
        "/w_1-r2/DM-1"
    )


def _definition(**fields: Any) -> Definition:
    return Definition.model_validate({"name": "a", "title": "A", "reason": "why", "kind": "integration", **fields})


@pytest.mark.parametrize(
    ("fields", "relation"),
    [
        ({"name": "b", "reason": "other", "lead": "ann", "output": "u/x", "site": "there"}, Relation.SAME),
        ({"data_query": "visit = 1"}, Relation.OTHER_DATA),
        ({"sets": {"exclude": ["demo/bad"]}}, Relation.OTHER_DATA),
        ({"steps": [{"name": "s", "split": {"dimension": "visit", "values": [1]}}]}, Relation.OTHER_DATA),
        ({"steps": [{"name": "s", "gate": {"accept": "person"}}]}, Relation.SAME),
        ({"stack": "w_2"}, Relation.OTHER_PROCESSING),
        ({"steps": [{"name": "s"}, {"name": "t"}]}, Relation.OTHER_PROCESSING),
        ({"bps": {"x": 1}, "inputs": ["a"]}, Relation.BOTH_DIFFER),
    ],
)
def test_what_two_have_in_common(fields: dict[str, Any], relation: Relation) -> None:
    assert relation_of(_definition(steps=[{"name": "s"}]), _definition(**{"steps": [{"name": "s"}], **fields})) is relation


def test_every_field_belongs_somewhere() -> None:
    """A new field is told in a group, and told by a difference."""
    for name in Definition.model_fields:
        assert isinstance(group_of((name,)), FieldGroup)
    [one] = definition_differences(_definition(), _definition(butler="main"))
    assert group_of(one.path) is FieldGroup.DATA


def test_campaigns_of_the_same_sort_are_alike() -> None:
    told = {"pipeline": "DRP.yaml", "instrument": "HSC"}
    assert likeness_of(_definition(**told)) == likeness_of(_definition(**told, name="b", stack="w_2"))
    assert likeness_of(_definition(**told)) != likeness_of(_definition(**{**told, "instrument": "LSSTCam"}))
    steps = [{"name": "s", "pipeline": "A.yaml#x"}, {"name": "t", "pipeline": "A.yaml#y"}]
    assert likeness_of(_definition(steps=steps)) == likeness_of(_definition(steps=steps[:1]))
