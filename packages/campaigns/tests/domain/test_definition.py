"""The fields of a definition: what they mean together, what is refused, and that documents keep all they say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.definition import Definition, definition_warnings, missing_for_start
from campaigns.domain.document import dump_yaml, read_definition, read_yaml
from campaigns.domain.errors import Fault, InvalidDefinition
from campaigns.domain.groups import groups_of
from campaigns.domain.places import placed
from campaigns.domain.processing import bps_settings, repository_is_used
from campaigns.domain.revising import changed_beside, continuing_faults, merged

SPEC = {"repository": "https://github.com/lsst/drp_pipe", "reference": "v1.2"}


def defined(**fields: Any) -> Definition:
    document = {"name": "a", "title": "t", "reason": "r", "kind": "development", "pipeline": "/p.yaml", **fields}
    if "commands" not in fields:
        document.setdefault("steps", [{"name": "step1"}])
    return read_definition({key: value for key, value in document.items() if value is not None})


def refused(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as caught:
        defined(**fields)
    return [(fault.where or "", fault.message) for fault in caught.value.faults]


def test_commands_are_steps_one_after_the_other() -> None:
    definition = defined(pipeline=None, commands=["bps/1 step.yaml".replace(" ", "-"), {"file": "/b.yaml", "name": "two"}])
    assert [(step.name, step.file, step.needs) for step in definition.steps] == [
        ("bps-1-step", "bps/1-step.yaml", []),
        ("two", "/b.yaml", ["bps-1-step"]),
    ]
    assert "steps" not in definition.model_dump(mode="json", exclude_defaults=True)
    assert read_yaml(dump_yaml(definition)) == definition
    assert [fault.where for fault in missing_for_start(definition)][-1] == "commands[0].file"
    assert missing_for_start(defined(pipeline=None, commands=["/b.yaml"]))[-1].where == "inputs"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"commands": ["/a.yaml"], "steps": [{"name": "s"}]}, "commands"),
        ({"environment": {"PATH": "/x"}}, "environment"),
        ({"environment": {"CAMPAIGN_TOKEN": "x"}}, "environment"),
        ({"environment": {"A": "${HOME}"}}, "environment"),
        ({"local_packages": ["here"]}, "local_packages"),
        ({"include_configs": ["../../secret.yaml"]}, "include_configs[0]"),
        ({"include_configs": ["/a b.yaml"]}, "include_configs[0]"),
        ({"include_configs": ["$(touch x)"]}, "include_configs[0]"),
        ({"qgraph_options": ["--output u/other"]}, "qgraph_options[0]"),
        ({"qgraph_options": ["--skip-existing -b /other"]}, "qgraph_options[0]"),
        ({"run_options": ["timeout"]}, "run_options[0]"),
        ({"config_overrides": [{"label": "isr"}]}, "config_overrides[0]"),
        ({"config_overrides": [{"label": "isr", "settings": {"a": "{x}"}}]}, "config_overrides[0]"),
        ({"tasks": {"isr": {}}}, "tasks.isr"),
        ({"clusters": {"a": {"tasks": ["isr"]}, "b": {"tasks": ["isr"]}}}, "campaign file"),
        ({"processing_spec": {**SPEC, "reference": "--upload-pack=x"}}, "processing_spec.reference"),
        ({"processing_spec": {**SPEC, "reference": "a..b"}}, "processing_spec.reference"),
        ({"processing_spec": {**SPEC, "repository": "http://x/y"}}, "processing_spec.repository"),
        ({"data_spec": {**SPEC, "path": "../x"}}, "data_spec.path"),
        ({"output": "HSC/runs/a/b/DM-1", "inputs": ["HSC/defaults", "u/mary/x"]}, "inputs[1]"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(fields: dict[str, Any], where: str) -> None:
    assert [place for place, _ in refused(**fields)] == [where]


def test_shared_outputs_have_the_form_of_dmtn_167() -> None:
    assert definition_warnings(defined(output="u/mary/anything"), owner="mary") == []
    assert definition_warnings(defined(output="LSSTCam/runs/DRP/w_2026_40/DM-12345"), owner="mary") == []
    [warning] = definition_warnings(defined(output="LSSTCam/mine"), owner="mary")
    assert (warning.where, warning.code) == ("output", "output_form")


def test_an_output_below_another_user_is_a_warning() -> None:
    [warning] = definition_warnings(defined(output="u/otto/anything"), owner="mary")
    assert (warning.where, warning.code) == ("output", "others_output")
    assert definition_warnings(defined(output="u/otto/anything", lead="otto"), owner="mary") == []


def test_a_skymap_is_named_where_tracts_are() -> None:
    definition = defined(
        skymap="cells", data_query="tract = 5", steps=[{"name": "a"}, {"name": "b", "data_query": "skymap = 'x'"}]
    )
    assert groups_of(definition, definition.steps[0])[0].data_query == "(skymap = 'cells') AND (tract = 5)"
    assert "cells" not in groups_of(definition, definition.steps[1])[0].data_query
    visits = defined(skymap="cells", data_query="visit = 5 AND instrument = 'tract'")
    assert "cells" not in groups_of(visits, visits.steps[0])[0].data_query


def test_relative_paths_need_a_repository() -> None:
    assert not repository_is_used(defined(processing_spec=SPEC))
    assert repository_is_used(defined(processing_spec=SPEC, pipeline="pipelines/drp.yaml"))
    assert repository_is_used(defined(processing_spec=SPEC, config_overrides=[{"label": "a", "file": "a.py"}]))
    faults = missing_for_start(defined(steps=[{"name": "s", "include_configs": ["bps/a.yaml"]}]))
    assert ("no_repository", "steps[0].include_configs[0]") in [(fault.code, fault.where) for fault in faults]


def test_faults_of_commands_stand_at_the_commands() -> None:
    definition = defined(pipeline=None, commands=["/a.yaml"])
    faults = [Fault("x", f"of {where}", where) for where in ("steps[0].pipeline", "steps[0].file", "input_collections[1]")]
    assert [fault.where for fault in placed(faults, definition)] == ["commands[0].file", "commands[0].file", "inputs[1]"]


def test_what_a_step_says_wins_over_the_campaign() -> None:
    definition = defined(
        tasks={"isr": {"memory_mb": 1, "retries": 0}}, bps={"requestCpus": 1, "pipetask": {"isr": {"requestDisk": 3}}},
        steps=[{"name": "s", "tasks": {"isr": {"memory_mb": 2}}, "bps": {"requestCpus": 2}}],
    )  # fmt: skip
    assert bps_settings(definition, definition.steps[0]) == {
        "pipetask": {"isr": {"requestMemory": 2, "numberOfRetries": 0, "requestDisk": 3}},
        "requestCpus": 2,
    }


def test_two_changes_are_put_together_where_they_do_not_meet() -> None:
    base = defined(title="a", steps=[{"name": "one"}, {"name": "two", "needs": ["one"]}])
    yours = defined(title="b", steps=[{"name": "one", "title": "x"}, {"name": "two", "needs": ["one"]}])
    newest = defined(title="c", team="t", steps=[{"name": "one"}, {"name": "two", "needs": ["one"], "start": "person"}])
    places = {one.where: one for one in changed_beside(base, yours, newest)}
    assert set(places) == {"title", "team", "steps[one].title", "steps[two].start"}
    assert [one.where for one in places.values() if one.is_conflict] == ["title"]
    both = merged(base, yours, newest)
    assert (both.title, both.team, both.steps[0].title, both.steps[1].start.value) == ("b", "t", "x", "person")


def test_a_started_campaign_keeps_what_it_is_known_by() -> None:
    before = defined(output="u/m/a", steps=[{"name": "one"}, {"name": "two", "needs": ["one"]}])
    free = defined(output="u/m/a", steps=[{"name": "one", "bps": {"a": 1}}, {"name": "other"}])
    assert continuing_faults(before, free, {"one": ["all"]}) == []
    codes = [fault.code for fault in continuing_faults(before, free, {"one": ["all"], "two": ["all"]})]
    assert codes == ["step_gone"]


# ---- documents keep what they say -----------------------------------------------------------------------------------

words = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
paths = st.from_regex(r"(/|\$DIR/)?[a-z]{1,5}(/[a-z]{1,5}){0,2}\.(py|yaml)", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(str.strip)
scalars = st.one_of(st.booleans(), st.integers(-999, 999), words)
resources = st.fixed_dictionaries({"memory_mb": st.integers(1, 9999)}, optional={"retries": st.integers(0, 9)})
overrides = st.one_of(
    st.fixed_dictionaries({"label": words, "file": paths}),
    st.fixed_dictionaries({"label": words, "settings": st.dictionaries(words, scalars, min_size=1, max_size=3)}),
)
clusters = st.fixed_dictionaries({"tasks": st.lists(words, min_size=1, max_size=1)})
processing = {
    "config_overrides": st.lists(overrides, min_size=1, max_size=3),
    "tasks": st.dictionaries(words, resources, min_size=1, max_size=2),
    "clusters": st.dictionaries(words, clusters, min_size=1, max_size=1),
    "include_configs": st.lists(paths, min_size=1, max_size=2),
    "qgraph_options": st.lists(st.just("--skip-existing"), min_size=1, max_size=2),
    "run_options": st.lists(st.from_regex(r"--timeout [0-9]{1,4}", fullmatch=True), min_size=1, max_size=1),
    "bps": st.dictionaries(st.just("requestMemory"), st.integers(1, 99), min_size=1),
}
spec = st.fixed_dictionaries({"repository": st.just(SPEC["repository"]), "reference": words}, optional={"path": words})
documents = st.fixed_dictionaries(
    {"name": st.just("random-one"), "title": texts, "reason": texts, "kind": st.just("development")},
    optional={
        **processing,
        "description": texts,
        "skymap": words,
        "data_spec": spec,
        "processing_spec": spec,
        "environment": st.dictionaries(st.just("MODE"), words, min_size=1),
        "local_packages": st.lists(st.just("/opt/mine"), min_size=1, max_size=2),
        "labels": st.lists(words, min_size=1, max_size=3),
        "steps": st.lists(words, min_size=1, max_size=3, unique=True).map(lambda names: [{"name": name} for name in names]),
    },
)


@settings(max_examples=60, deadline=None)
@given(documents)
def test_a_document_keeps_all_it_says(document: dict[str, Any]) -> None:
    definition = read_definition(document)
    assert read_yaml(dump_yaml(definition)) == definition
    assert re.match(r"name: ", dump_yaml(definition))
