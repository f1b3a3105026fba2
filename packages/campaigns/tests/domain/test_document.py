"""Campaign files: what is read, and in which words mistakes are told."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from campaigns.domain.definition import (
    Cluster,
    Command,
    ConfigOverride,
    Definition,
    Gate,
    Link,
    Sets,
    Specification,
    Split,
    Step,
    TaskSettings,
    missing_for_start,
)
from campaigns.domain.definition.schema import definition_schema
from campaigns.domain.document import dump_yaml, read_definition, read_yaml
from campaigns.domain.errors import Fault, InvalidDefinition

HEAD = "name: a\ntitle: b\nreason: c\nkind: development\n"


def _faults(text: str) -> list[Fault]:
    with pytest.raises(InvalidDefinition) as caught:
        read_yaml(text)
    return list(caught.value.faults)


def test_a_draft_needs_four_fields() -> None:
    definition = read_yaml(HEAD)
    missing = {fault.where for fault in missing_for_start(definition)}
    assert missing == {"site", "stack", "butler", "output", "inputs", "steps"}
    names = {fault.where for fault in _faults("description: x\n")}
    assert names == {"name", "title", "reason", "kind"}


@pytest.mark.parametrize(
    ("more", "where", "told"),
    [
        ("labls: []\n", "labls (line 5)", "Did you mean `labels`?"),
        ("steps:\n- name: s\n  gate: {acept: person}\n", "steps[0].gate.acept (line 7)", "Did you mean `accept`?"),
        ("steps:\n- name: s\n  needs: [t]\n", "steps[0].needs[0] (line 7)", "Steps are: s."),
        ("steps:\n- name: s\n- name: s\n", "steps[1].name (line 7)", "Give each step its own name."),
        ("bps: {payload: {}}\n", "bps.payload (line 5)", "It comes from `butler`, `inputs`, `output` and `data_query`."),
        ("ticket: dm1\n", "ticket (line 5)", "It must match"),
        ("ticket: ''\n", "ticket (line 5)", "Write something there."),
        ("steps:\n- name: a b\n", "steps[0].name (line 6)", "Take letters, digits, `_` and `-`, the first a letter; at most 50."),
    ],
)
def test_where_and_remedy(more: str, where: str, told: str) -> None:
    (fault,) = _faults(HEAD + more)
    assert fault.where == where
    assert told in (fault.remedy or "")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("inputs: ['']\n", "A value of `inputs` is empty."),
        ("ticket: ''\n", "The field `ticket` is empty."),
        (f"labels: [{'x' * 10_000}]\n", "A value of `labels` is too long."),
        (f"lead: {'x' * 10_000}\n", "The field `lead` is too long."),
    ],
)
def test_what_is_empty_or_too_long_is_named(more: str, told: str) -> None:
    assert [fault.message for fault in _faults(HEAD + more)] == [told]


def test_all_mistakes_at_once() -> None:
    faults = _faults("name: '-'\ntitle: b\nreason: c\nkind: x\nsteps: [{name: s, start: never}]\nx: 1\n")
    assert [fault.where for fault in faults] == ["name (line 1)", "kind (line 4)", "steps[0].start (line 5)", "x (line 6)"]


def test_what_the_schema_does_not_know_is_told_beside_what_it_does() -> None:
    faults = _faults(
        "name: a\ntitle: b\nreason: c\nkind: x\nbps: {payload: {}}\n"
        "steps: [{name: s, start: never, bps: {operator: me}, needs: [t]}]\n"
    )
    places = ["kind (line 4)", "steps[0].start (line 6)", "steps[0].needs[0] (line 6)", "steps[0].bps.operator (line 6)"]
    assert [fault.where for fault in faults] == [*places, "bps.payload (line 5)"]


def test_cycles_are_shown() -> None:
    (fault,) = _faults(HEAD + "steps:\n- {name: a, needs: [c]}\n- {name: b, needs: [a]}\n- {name: c, needs: [b]}\n")
    assert fault.code == "cycle"
    assert "a → c → b → a" in fault.message


@pytest.mark.parametrize(
    "text", ["a: [", "name: a\nname: b", "x: &a 1\ny: *a", "!!python/object:os.system {}", "", "- 1", "\x00", "1: 2"]
)
def test_what_is_no_campaign_file(text: str) -> None:
    assert all(fault.where and fault.message for fault in _faults(text))


def test_a_quote_cannot_leave_a_value_of_a_split() -> None:
    faults = _faults(HEAD + "steps:\n- name: s\n  split: {dimension: band, values: [\"r') OR ('1' = '1\"]}\n")
    assert "steps[0].split.values[0]" in (faults[0].where or "")


def test_yaml_and_back() -> None:
    text = (
        HEAD
        + "labels: [x, é]\nsteps:\n- name: s\n  gate: {accept: person}\n  split: {dimension: visit, values: [1, 2], size: 2}\n"
    )
    definition = read_yaml(text)
    assert read_yaml(dump_yaml(definition)) == definition
    assert read_definition(json.loads(definition.model_dump_json())) == definition


def test_schema_names_every_field_and_describes_it() -> None:
    schema = definition_schema()
    assert set(schema["properties"]) == set(Definition.model_fields)
    models = [schema, *schema["$defs"].values()]
    undescribed = [name for model in models for name, field in model.get("properties", {}).items() if "description" not in field]
    assert undescribed == []
    assert schema["$id"] == "campaign.schema.json"


PARTS = (Definition, Step, Command, Cluster, ConfigOverride, Gate, Link, Sets, Specification, Split, TaskSettings)

NEEDED = {("Split", name): ("dimension", "values") for name in ("dimension", "values", "size")} | {
    ("ConfigOverride", "label"): ("settings",)
}
"""What an example needs besides what is required."""


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_each_property_has_an_example_that_holds(part: type[BaseModel]) -> None:
    schema = definition_schema()
    described = schema if part is Definition else schema["$defs"][part.__name__]
    examples = {name: told["examples"] for name, told in described["properties"].items()}
    assert set(examples) == set(part.model_fields)
    required = {name for name, field in part.model_fields.items() if field.is_required()}
    for name, (example,) in examples.items():
        own = {**described["properties"][name], "$defs": schema["$defs"]}
        jsonschema_rs.validate(own, example)
        others = required | set(NEEDED.get((part.__name__, name), ()))
        part.model_validate({**{other: examples[other][0] for other in others}, name: example})


def test_the_examples_make_a_campaign() -> None:
    told = {name: part["examples"][0] for name, part in definition_schema()["properties"].items() if name != "commands"}
    assert missing_for_start(read_definition(told)) == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*Definition.model_fields, "needs", "split", "gate", "accept", "x", "s"]), inner, max_size=6
        )
    ),
    max_leaves=15,
)


@given(anything)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        definition = read_definition(document)
    except InvalidDefinition as error:
        assert error.faults
        assert all(fault.code and fault.message and fault.where for fault in error.faults)
    else:
        assert read_yaml(dump_yaml(definition)) == definition


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(InvalidDefinition):
        read_yaml(text)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('"\\ud800"', "not_json"),
        ('"\\0"', "not_json"),
        (".nan", "not_json"),
        ("9" * 30, "not_json"),
        ("0x" + "f" * 9000, "not_json"),
        ("!!binary /w==", "not_json"),
        ("!!set {b, c}", "not_json"),
        ("{b: " * 60 + "1" + "}" * 60, "too_deep"),
        ("9" * 5000, "not_yaml"),
        ("!!bool maybe", "not_yaml"),
        ("!!int ''", "not_yaml"),
        ("!!timestamp soon", "not_yaml"),
    ],
)
def test_what_no_database_can_keep_is_refused(value: str, code: str) -> None:
    faults = _faults(f"{HEAD}bps: {{a: {value}}}\n")
    assert {fault.code for fault in faults} == {code}
    assert all((fault.where or "").startswith(("bps", "campaign file")) for fault in faults)
