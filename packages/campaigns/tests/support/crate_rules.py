"""The rules of RO-Crate 1.1 and of the Workflow Run Crate profiles 0.5, as far as they can be told without SHACL.

Each is a sentence of the specifications; `problems` gives those that a crate does not keep to. Terms are looked up in the context
that the package ``rocrate`` brings, and in the few that the profiles add.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

__all__ = ("problems",)

PROFILES = {f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow", "provenance")}
OF_THE_PROFILES = {"sha256", "environment", "resourceUsage", "containerImage"}
ACTIONS = {"CreateAction", "ActivateAction", "UpdateAction"}
TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}
STATES = {f"http://schema.org/{name}ActionStatus" for name in ("Active", "Completed", "Failed", "Potential")}


def problems(metadata: dict[str, Any], members: set[str]) -> list[str]:
    """Tell what a crate does not keep to.

    Parameters
    ----------
    metadata : `dict`
        The document ``ro-crate-metadata.json``.
    members : `set` [`str`]
        The names of the files that lie beside it.
    """
    graph = {one["@id"]: one for one in metadata["@graph"]}
    found = list(_form(metadata, graph))
    found += _root(graph, members)
    for one in graph.values():
        if ACTIONS & _types(one):
            found += _action(one, graph)
    return found + list(_provenance(graph))


def _form(metadata: dict[str, Any], graph: dict[str, Any]) -> Iterator[str]:
    if len(graph) != len(metadata["@graph"]):
        yield "an @id stands twice"
    contexts = metadata["@context"]
    if contexts[0] != "https://w3id.org/ro/crate/1.1/context" or len(contexts) != 2:
        yield f"the context is {contexts}"
    known = json.loads((files("rocrate") / "data" / "ro-crate.jsonld").read_text())["@context"].keys() | OF_THE_PROFILES
    for one in graph.values():
        for name in [*one, *_types(one)]:
            if not name.startswith("@") and name not in known:
                yield f"{one['@id']}: the term {name} is not in the context"
        for name, value in one.items():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and set(item) != {"@id"}:
                    yield f"{one['@id']}: {name} is not flat"
                elif isinstance(item, dict) and item["@id"] not in graph and not _is_elsewhere(item["@id"]):
                    yield f"{one['@id']}: {name} refers to {item['@id']}, which is not there"


def _is_elsewhere(name: str) -> bool:
    return name in STATES or name.startswith("https://w3id.org/ro/crate/")


def _root(graph: dict[str, Any], members: set[str]) -> list[str]:
    found = []
    descriptor, root = graph.get("ro-crate-metadata.json", {}), graph.get("./", {})
    if descriptor.get("about") != {"@id": "./"} or "CreativeWork" not in _types(descriptor):
        found.append("the descriptor is not about the root")
    if {"@id": "https://w3id.org/ro/crate/1.1"} not in _many(descriptor.get("conformsTo")):
        found.append("the descriptor does not say that it is RO-Crate 1.1")
    found += [f"the root has no {name}" for name in ("name", "description", "datePublished", "license") if not root.get(name)]
    profiles = {one["@id"] for one in _many(root.get("conformsTo"))}
    found += [f"the root does not conform to {name}" for name in PROFILES - profiles]
    found += [f"{name} is no CreativeWork with name and version" for name in profiles if not _is_profile(graph.get(name, {}))]
    parts = {one["@id"] for one in _many(root.get("hasPart"))}
    data = {one["@id"] for one in graph.values() if "File" in _types(one)}
    found += [f"{name} is no part of the root" for name in data - parts]
    found += [f"{name} is not among the files" for name in data - members]
    found += [f"{name} is not told of" for name in members - data - {"ro-crate-metadata.json"}]
    main = graph.get((root.get("mainEntity") or {}).get("@id", ""), {})
    if not {"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= _types(main):
        found.append("the main entity is no workflow")
    if not main.get("programmingLanguage") or not main.get("name"):
        found.append("the workflow has no language or no name")
    mentioned = {one["@id"] for one in _many(root.get("mentions"))}
    actions = {one["@id"] for one in graph.values() if ACTIONS & _types(one)}
    return found + [f"{name} is not mentioned by the root" for name in actions - mentioned]


def _action(action: dict[str, Any], graph: dict[str, Any]) -> list[str]:
    name, found = action["@id"], []
    instruments = [graph.get(one["@id"], {}) for one in _many(action.get("instrument"))]
    if len(instruments) != 1 or not TOOLS & _types(instruments[0]):
        found.append(f"{name}: its instrument is no software")
    agents = [graph.get(one["@id"], {}) for one in _many(action.get("agent"))]
    if not agents or not all({"Person", "Organization"} & _types(one) for one in agents):
        found.append(f"{name}: its agent is no person")
    state = (action.get("actionStatus") or {}).get("@id")
    if state not in STATES:
        found.append(f"{name}: its state is {state}")
    if (state == "http://schema.org/FailedActionStatus") != bool(action.get("error")):
        found.append(f"{name}: an error is told of where it did not fail, or none where it did")
    found += [f"{name}: it has no {field}" for field in ("name",) if not action.get(field)]
    return found


def _provenance(graph: dict[str, Any]) -> Iterator[str]:
    main = graph[graph["./"]["mainEntity"]["@id"]]
    steps = {one["@id"] for one in _many(main.get("step"))}
    tools = {one["@id"] for one in _many(main.get("hasPart"))}
    if "HowTo" not in _types(main):
        yield "the workflow is no HowTo"
    for name in steps:
        step = graph[name]
        if "HowToStep" not in _types(step) or not isinstance(step.get("position"), str):
            yield f"{name} is no step with a position"
        if not {one["@id"] for one in _many(step.get("workExample"))} <= tools:
            yield f"{name}: its tool is no part of the workflow"
    organised = [one for one in graph.values() if "OrganizeAction" in _types(one)]
    if len(organised) != 1:
        yield "not one action organises the others"
        return
    if not TOOLS & _types(graph[organised[0]["instrument"]["@id"]]):
        yield "the engine is no software"
    whole = graph[organised[0]["result"]["@id"]]
    if whole.get("instrument") != graph["./"]["mainEntity"]:
        yield "what was organised is no run of the workflow"
    controls = {one["@id"] for one in _many(organised[0].get("object"))}
    for one in graph.values():
        if "ControlAction" not in _types(one):
            continue
        if one["@id"] not in controls or one["instrument"]["@id"] not in steps:
            yield f"{one['@id']} controls no step of the workflow"
        if not ACTIONS & _types(graph[one["object"]["@id"]]):
            yield f"{one['@id']} controls no action"


def _is_profile(entity: dict[str, Any]) -> bool:
    return "CreativeWork" in _types(entity) and bool(entity.get("name")) and bool(entity.get("version"))


def _types(entity: dict[str, Any]) -> set[str]:
    return set(_many(entity.get("@type")))


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
