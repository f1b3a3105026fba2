"""Differences of documents: whole, stable, and none where there are none."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.definition import Definition
from campaigns.domain.differences import (
    DifferenceKind,
    apply_differences,
    definition_differences,
    differences,
    document_of,
    line_changes,
    value_at,
)

WORDS = st.sampled_from(["a", "b", "c", "a@1", "a@2", "b@1"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 1.5]) | WORDS | st.just("two\nlines")


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    things = st.dictionaries(st.sampled_from(["name", "title", "x"]), inner, max_size=3)
    return st.lists(inner, max_size=4) | st.lists(things, max_size=4) | st.dictionaries(WORDS, inner, max_size=4)


VALUES = st.recursive(SCALARS, _nested, max_leaves=12)
DOCUMENTS = st.dictionaries(st.sampled_from(["name", "sets", "steps", "inputs", "bps"]), VALUES, max_size=5)


def _typed(value: Any) -> Any:
    """Tell 1, 1.0 and true apart, which Python takes for the same."""
    if isinstance(value, dict):
        return {key: _typed(inner) for key, inner in value.items()}
    return [_typed(inner) for inner in value] if isinstance(value, list) else (type(value), value)


@settings(max_examples=400, deadline=None)
@given(before=DOCUMENTS, after=DOCUMENTS)
def test_applying_the_differences_gives_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = differences(before, after)
    assert _typed(apply_differences(before, found)) == _typed(after)
    assert bool(found) == (_typed(before) != _typed(after))
    assert found == differences(before, after)
    assert not differences(after, after)


@settings(max_examples=100, deadline=None)
@given(before=DOCUMENTS, after=DOCUMENTS)
def test_each_difference_tells_what_stands_there(before: dict[str, Any], after: dict[str, Any]) -> None:
    for one in differences(before, after):
        if one.kind is not DifferenceKind.ORDER:
            assert value_at(before, one.path) == one.before
            assert value_at(after, one.path) == one.after


def _definition(**fields: Any) -> Definition:
    told = {"name": "a", "title": "A", "reason": "why", "kind": "integration", **fields}
    return Definition.model_validate(told)


def test_things_are_matched_by_name() -> None:
    before = _definition(
        inputs=["x", "y"],
        labels=["rc2"],
        sets={"exclude": ["demo/bad@2"]},
        steps=[{"name": "s1"}, {"name": "s2", "bps": {"requestMemory": 2048}}],
        links=[{"title": "metrics", "url": "https://example.org/1"}],
    )
    after = _definition(
        inputs=["y", "x"],
        labels=["rc2", "weekly"],
        sets={"exclude": ["demo/bad@3"]},
        steps=[{"name": "s2", "bps": {"requestMemory": 4096}, "gate": {"accept": "person"}}, {"name": "s3"}],
        links=[{"title": "metrics", "url": "https://example.org/2"}],
    )
    found = {(one.where, one.kind.value): (one.before, one.after) for one in definition_differences(before, after)}
    assert found["inputs", "order"] == (["x", "y"], ["y", "x"])
    assert found["labels[weekly]", "added"] == (None, "weekly")
    assert found["sets.exclude[demo/bad]", "changed"] == ("demo/bad@2", "demo/bad@3")
    assert found["steps[s2].bps.requestMemory", "changed"] == (2048, 4096)
    assert found["steps[s2].gate.accept", "changed"] == ("thresholds", "person")
    assert found["links[metrics].url", "changed"] == ("https://example.org/1", "https://example.org/2")
    assert [where for where, kind in found if kind == "removed"] == ["steps[s1]"]
    assert [where for where, kind in found if where.startswith("steps") and kind == "added"] == ["steps[s3]"]
    assert len(found) == 8


def test_long_text_is_compared_by_lines() -> None:
    [one] = definition_differences(_definition(description="a\nb\nc\nd\n"), _definition(description="a\nb\nC\nd\n"))
    assert one.is_text
    assert [(line.sign, line.text) for line in line_changes(one.before, one.after)] == [
        ("@", "@@ -2,3 +2,3 @@"),
        (" ", "b"),
        ("-", "c"),
        ("+", "C"),
        (" ", "d"),
    ]


def test_equal_definitions_do_not_differ() -> None:
    document = document_of(_definition(steps=[{"name": "s1", "split": {"dimension": "visit", "values": [1, 2]}}]))
    assert not differences(document, document_of(Definition.model_validate(document)))
