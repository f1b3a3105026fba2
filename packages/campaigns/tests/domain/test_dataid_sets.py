"""Sets in definitions, pins and drift; and what failures propose to leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaigns.domain.dataidsets import DataIdSetEntry, Pin, SetRole, drift_of, named_sets, sets_of_step
from campaigns.domain.definition import MAX_SETS, Definition
from campaigns.domain.definition.parts import SetRule, Sets
from campaigns.domain.document import dump_yaml, read_definition, read_yaml
from campaigns.domain.errors import InvalidDefinition
from campaigns.domain.exclusions import choices_of, finest_of, propose
from campaigns.domain.leavingout import excluded_from
from campaigns.domain.quanta import QuantumFailure

ENTRY = DataIdSetEntry(
    uuid="u", site="here", butler="main", name="demo/bad", version=1, digest="d1", dimensions=("visit",), n_rows=1, n_pending=0,
    owner="o", description="", source="", created_us=1, seen_us=1,
)  # fmt: skip
PIN = Pin(reference="demo/bad", name="demo/bad", version=1, digest="d1", rows=1, dimensions=("visit",), revision=1, pinned_us=1)


def _definition(**changes: Any) -> Definition:
    document = {
        "name": "a", "title": "a", "reason": "r", "kind": "other",
        "sets": {"exclude": ["demo/bad"]},
        "steps": [{"name": "step1"}, {"name": "step2", "sets": {"include": ["deep@2"], "exclude": ["demo/bad", "x@1"]}}],
    }  # fmt: skip
    return read_definition({**document, **changes})


def test_a_step_says_how_its_sets_are_translated_before_the_campaign_does() -> None:
    common = Sets(rule=SetRule.ALL, visit_system=0)
    assert Sets().below(common) == common
    assert Sets(rule=SetRule.ANY).below(common) == Sets(rule=SetRule.ANY, visit_system=0)
    assert Sets(visit_system=2).below(Sets()) == Sets(visit_system=2)


def test_a_steps_sets_add_to_the_campaigns() -> None:
    definition = _definition()
    assert [one.where for one in named_sets(definition)] == [
        "sets.exclude[0]", "steps[1].sets.include[0]", "steps[1].sets.exclude[0]", "steps[1].sets.exclude[1]",
    ]  # fmt: skip
    assert sets_of_step(definition, definition.step("step1")) == [(SetRole.EXCLUDE, "demo/bad")]
    assert sets_of_step(definition, definition.step("step2")) == [
        (SetRole.EXCLUDE, "demo/bad"),
        (SetRole.INCLUDE, "deep@2"),
        (SetRole.EXCLUDE, "x@1"),
    ]


def test_sets_stay_in_the_document() -> None:
    definition = _definition()
    assert read_yaml(dump_yaml(definition)) == definition
    assert "sets" not in dump_yaml(_definition(sets={}, steps=[{"name": "step1"}]))


@pytest.mark.parametrize("name", ["a b", "a@0", "a@", "@1", "a@1@2", "-a", "é"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        _definition(sets={"exclude": [name]})
    assert caught.value.faults[0].where == "sets.exclude[0]"


def test_a_set_is_not_both_taken_in_and_left_out() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        _definition(steps=[{"name": "step1", "sets": {"include": ["demo/bad"]}}])
    assert [(fault.code, fault.where) for fault in caught.value.faults] == [("contradicting_sets", "steps[0].sets.include[0]")]


def test_exclusions_add_to_what_is_excluded() -> None:
    changed = excluded_from(_definition(), "demo/bad@2", ["step2"])
    assert changed.step("step2").sets.exclude == ["demo/bad", "x@1", "demo/bad@2"]
    assert changed.step("step2").sets.include == ["deep@2"]
    assert changed.step("step1").sets.exclude == []
    assert excluded_from(changed, "demo/bad@2", ["step2"]) == changed


def test_a_definition_with_too_many_sets_is_never_made() -> None:
    full = [f"x@{number}" for number in range(1, MAX_SETS + 1)]
    definition = _definition(steps=[{"name": "step1", "sets": {"exclude": full}}])
    with pytest.raises(ValueError, match="at most 50"):
        excluded_from(definition, "one/more@1", ["step1"])


def test_drift() -> None:
    newer = replace(ENTRY, version=2, digest="d2")
    assert drift_of([PIN], [ENTRY]) == []
    [drift] = drift_of([PIN], [ENTRY, newer, replace(newer, name="other", version=9)])
    assert drift.text == "A newer version demo/bad@2 exists."
    # The newer one is used as well, by its own name.
    assert drift_of([PIN, replace(PIN, reference="demo/bad@2", version=2, digest="d2")], [ENTRY, newer]) == []
    [changed] = drift_of([PIN], [replace(ENTRY, digest="other")])
    assert changed.text == "demo/bad@1 is not what was pinned: its digest is another."


def _failed(status: str = "failed", **data_id: Any) -> QuantumFailure:
    return QuantumFailure(task="measure", status=status, data_id={"instrument": "HSC", **data_id}, message="Traceback\nno stars")


def test_failures_are_put_together_by_visit_first() -> None:
    failures = [
        _failed(visit=1, detector=3),
        _failed(visit=2, detector=3),
        _failed(visit=2, detector=4),
        _failed("blocked", visit=2),
        _failed("blocked", visit=7),
    ]
    assert choices_of(failures) == [("visit",), ("visit", "detector")]
    found = propose(failures, ("visit",))
    assert [(one.data_id, one.n_failed, one.n_blocked) for one in found] == [
        ({"instrument": "HSC", "visit": 2}, 2, 1),
        ({"instrument": "HSC", "visit": 1}, 1, 0),
    ]
    assert found[0].reason == "measure: no stars"
    assert propose([_failed(exposure=1)], ("visit",)) == []


def test_the_finest_that_failures_have_in_common_comes_first() -> None:
    both = [_failed(visit=1, detector=3), _failed(visit=2, detector=4), _failed("blocked", visit=2)]
    assert finest_of(both) == ("visit", "detector")
    assert finest_of([*both, _failed(visit=5)]) == ("visit",), "not all have a detector"
    assert finest_of([_failed(htm7=1)]) == finest_of([]) == ()
