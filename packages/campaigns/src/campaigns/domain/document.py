"""Reading a campaign file: YAML or JSON to a `Definition`, with all the problems at once, each with its place.

The same words go to page, command and REST, since all three read documents here, on the server.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from campaigns.domain.definition import Definition, graph_faults, needs_faults
from campaigns.domain.definition.parts import FORMS
from campaigns.domain.errors import Fault, InvalidDefinition
from campaigns.domain.keeping import WHOLE, place_text, unkeepable

__all__ = (
    "document_yaml",
    "dump_yaml",
    "read_definition",
    "read_partial",
    "read_yaml",
    "with_reason",
)

MAX_YAML_BYTES = 1_000_000


class _Loader(yaml.SafeLoader):
    """SafeLoader that keeps dates as text, and refuses aliases and keys given twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the base class's
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int):
                raise yaml.constructor.ConstructorError(None, None, "keys must be plain words", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} stands here twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """SafeDumper that writes text of several lines as it reads, and lists below their keys."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Go one level deeper, for lists as for mappings."""
        super().increase_indent(flow, False)  # noqa: FBT003


_NUMBER_IN_YAML_1_2 = re.compile(r"[-+]?(0o[0-7]+|0x[0-9a-fA-F]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)")
"""Text that the page's reader, which is of a later YAML than the server's, would take for a number."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _NUMBER_IN_YAML_1_2.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)

_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str, *, prepare: Callable[[Any], Any] | None = None) -> Definition:
    """Read a definition from YAML or JSON text.

    Parameters
    ----------
    text : `str`
        The campaign file.
    prepare : callable, optional
        Completes the document before it is checked.

    Returns
    -------
    definition : `Definition`
        The checked definition.

    Raises
    ------
    InvalidDefinition
        If the text is not YAML, or the document has mistakes; places are paths with line numbers.
    """
    document, node = _loaded(text)
    if prepare is not None:
        document = prepare(document)
    return read_definition(document, lines=_line_numbers(node))


def read_partial(text: str) -> Any:
    """Read YAML or JSON that is no whole definition: some of its fields, or a single value.

    Raises
    ------
    InvalidDefinition
        If the text is not YAML.
    """
    return _loaded(text)[0]


def _loaded(text: str) -> tuple[Any, yaml.Node | None]:
    if len(text) > MAX_YAML_BYTES:
        raise InvalidDefinition([Fault("too_large", f"The file is larger than {MAX_YAML_BYTES} bytes.", "campaign file", None)])
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError) as error:
        # The last two are what YAML's own constructors raise for words that are not what their tag says, such as `!!bool x`.
        raise InvalidDefinition([_yaml_fault(error)]) from None
    return document, node


def read_definition(document: Any, *, lines: Mapping[str, int] | None = None) -> Definition:
    """Check a document against the schema and the rules of the graph of steps.

    Parameters
    ----------
    document : `typing.Any`
        The parsed JSON or YAML.
    lines : mapping of `str` to `int`, optional
        The line of each path, for the messages.

    Returns
    -------
    definition : `Definition`
        The checked definition.

    Raises
    ------
    InvalidDefinition
        If there are mistakes; it carries all of them.
    """
    if not isinstance(document, dict):
        raise InvalidDefinition(
            [
                Fault(
                    "not_an_object", "A campaign file is a mapping of fields to values.", "campaign file", "Begin with `name: …`."
                )
            ]
        )
    if faults := unkeepable(document):
        raise InvalidDefinition(_with_lines(faults, lines))
    try:
        definition = Definition.model_validate(document)
    except ValidationError as error:
        faults = [_schema_fault(detail) for detail in error.errors(include_url=False)]
        faults += needs_faults(_readable_steps(document.get("steps")))
        faults += [fault for fault in _faults_beside(document, error) if fault not in faults]
        raise InvalidDefinition(_with_lines(faults, lines)) from None
    if faults := graph_faults(definition):
        raise InvalidDefinition(_with_lines(faults, lines))
    return definition


def dump_yaml(definition: Definition) -> str:
    """Write a definition as YAML, fields in the schema's order, defaults left out."""
    return document_yaml(definition.model_dump(mode="json", exclude_defaults=True))


def document_yaml(document: dict[str, Any]) -> str:
    """Write a campaign file's document as YAML, fields in the order they have."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def with_reason(text: str, reason: str) -> str:
    """Put a reason into the text of a campaign file; all else stays as it was written, comments too.

    Parameters
    ----------
    text : `str`
        The campaign file. What cannot be read stays as it is.
    reason : `str`
        What is to stand there.
    """
    try:
        _, node = _loaded(text)
    except InvalidDefinition:
        return text
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return text
    told = json.dumps(reason, ensure_ascii=False)
    for key, value in node.value:
        if key.value == "reason":
            begin, end = value.start_mark.index, value.end_mark.index
            line_end = "\n" if text[begin:end].endswith("\n") else ""
            return f"{text[:begin]}{'' if text[:begin].endswith(' ') else ' '}{told}{line_end}{text[end:]}"
    begin = node.start_mark.index
    return f"{text[:begin]}reason: {told}\n{text[begin:]}"


def _faults_beside(document: dict[str, Any], error: ValidationError) -> list[Fault]:
    """Look for what else is wrong, as if the fields that are not valid were not given."""
    rest = deepcopy(document)
    # What is told of the whole document has no place in it.
    places = [detail["loc"] for detail in error.errors(include_url=False) if detail["loc"]]
    for place in places:
        around: Any = rest
        for part in place[:-1]:
            found = part in around if isinstance(around, dict) else isinstance(around, list) and isinstance(part, int)
            around = around[part] if found else None
        if isinstance(around, dict):
            around.pop(place[-1], None)
    for name in ("name", "title", "reason", "kind"):
        rest.setdefault(name, "other")
    try:
        return graph_faults(Definition.model_validate(rest))
    except ValidationError as more:
        details = more.errors(include_url=False)
        # What was taken out is not missing.
        return [_schema_fault(detail) for detail in details if detail["type"] != "missing" and detail["loc"] not in places]


def _yaml_fault(error: Exception) -> Fault:
    mark = getattr(error, "problem_mark", None)
    where = f"campaign file, line {mark.line + 1}, column {mark.column + 1}" if mark else "campaign file"
    problem = getattr(error, "problem", None) or "the text cannot be read"
    return Fault("not_yaml", f"This is not valid YAML: {problem}.", where, "Correct the text at that place.")


def _readable_steps(steps: Any) -> list[tuple[str, list[str]]]:
    """Take what can be taken of steps in a document with mistakes; nothing if the steps cannot even be counted."""
    if not isinstance(steps, list) or not all(isinstance(step, dict) and isinstance(step.get("name"), str) for step in steps):
        return []
    needs = [step.get("needs") for step in steps]
    return [
        (step["name"], [name for name in needed if isinstance(name, str)] if isinstance(needed, list) else [])
        for step, needed in zip(steps, needs, strict=True)
    ]


def _schema_fault(detail: ErrorDetails) -> Fault:
    location = detail["loc"]
    where = place_text(location) or WHOLE
    match detail["type"]:
        case "extra_forbidden":
            known = _fields_at(location[:-1])
            close = difflib.get_close_matches(str(location[-1]), known, n=1)
            remedy = f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(known)}."
            return Fault("unknown_key", f"There is no field `{location[-1]}`.", where, remedy)
        case "missing":
            return Fault("missing", f"The field `{location[-1]}` is missing.", where, "Add it.")
        case "string_pattern_mismatch":
            if detail["input"] == "":
                return _empty(location, where)
            pattern = detail.get("ctx", {}).get("pattern", "")
            remedy = FORMS.get(pattern, f"It must match {pattern}.")
            return Fault("bad_form", f"{_shown(detail['input'])} has not the form it must have.", where, remedy)
        case "string_too_short":
            return _empty(location, where)
        case "string_too_long" | "too_long":
            most = detail.get("ctx", {}).get("max_length", "")
            return Fault("too_long", f"{_field(location)} is too long.", where, f"At most {most} are taken.")
        case "enum":
            expected = detail.get("ctx", {}).get("expected", "")
            return Fault("bad_value", f"{_shown(detail['input'])} is not one of the values.", where, f"Give {expected}.")
        case kind:
            message = detail["msg"].removeprefix("Value error, ")
            return Fault(kind, f"{message[:1].upper()}{message[1:].rstrip('.')}.", where, None)


def _empty(location: Sequence[str | int], where: str) -> Fault:
    return Fault("empty", f"{_field(location)} is empty.", where, "Write something there.")


def _field(location: Sequence[str | int]) -> str:
    name = next(part for part in reversed(location) if isinstance(part, str))
    return f"The field `{name}`" if name == location[-1] else f"A value of `{name}`"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"


def _fields_at(location: Sequence[str | int]) -> list[str]:
    """List the fields that are known at a place of the document."""
    model: type[BaseModel] = Definition
    for part in location:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        found = _models_in(model.model_fields[part].annotation)
        if not found:
            return []
        model = found[0]
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _line_numbers(node: yaml.Node | None) -> dict[str, int]:
    """Give the line, from 1, of each path of a YAML document."""
    lines: dict[str, int] = {}

    def visit(part: yaml.Node, location: tuple[str | int, ...]) -> None:
        if isinstance(part, yaml.MappingNode):
            for key, value in part.value:
                inner = (*location, str(key.value))
                lines[place_text(inner)] = key.start_mark.line + 1
                visit(value, inner)
        elif isinstance(part, yaml.SequenceNode):
            for index, value in enumerate(part.value):
                inner = (*location, index)
                lines[place_text(inner)] = value.start_mark.line + 1
                visit(value, inner)

    if node is not None:
        visit(node, ())
    return lines


def _with_lines(faults: list[Fault], lines: Mapping[str, int] | None) -> list[Fault]:
    if not lines:
        return faults
    return [Fault(fault.code, fault.message, _located(fault.where, lines), fault.remedy) for fault in faults]


def _located(where: str | None, lines: Mapping[str, int]) -> str | None:
    """Add the line to a path; where the path itself has none, that of the nearest place above it."""
    path = where or ""
    while path:
        if path in lines:
            return f"{where} (line {lines[path]})"
        path = re.sub(r"(\.[^.\[\]]+|\[\d+\])$", "", path) if re.search(r"[.\[]", path) else ""
    return where
