"""Writes the parts of the reference that the code itself tells: commands, settings, fields, routes, errors, states.

Each part stands in its page between two comments, ``<!-- begin generated NAME -->`` and ``<!-- end generated NAME -->``; what
stands around them is written by hand. Run it with the service's Python::

    .venv/bin/python docs/generate.py            # write
    .venv/bin/python docs/generate.py --check    # tell whether a page is out of date
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import yaml
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from campaigns.agent.site import EnvironmentSettings, LinkSettings, RepositorySettings, Site, StackSettings, WouldRunSettings
from campaigns.api import idempotency
from campaigns.api.app import API_PREFIX, create_app
from campaigns.api.policy import Policy
from campaigns.api.route_table import RouteInfo
from campaigns.cli.main import cli
from campaigns.config import PREFIX, Settings
from campaigns.domain import states
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
)
from campaigns.domain.definition.schema import definition_schema
from campaigns.domain.errors import CampaignError
from campaigns.domain.filtering import FIELDS
from campaigns.domain.savedquery import COLUMNS
from campaigns.pictures.looks import LEGEND
from campaigns.storage.database import Database

__all__ = ("PAGES", "PARTS", "known_errors", "page_text", "route_infos")

PAGES: Final = Path(__file__).parent / "reference"

COMMON_OPTIONS: Final = ("--server", "--token", "--json", "--help")
"""Options that many commands have; they are told once."""

ERROR_MODULES: Final = ("campaigns.agent.main", "campaigns.agent.site", "campaigns.client.errors", "campaigns.web.assets")
"""Modules that have errors of their own beside those of the domain."""


# ---- Markdown -----------------------------------------------------------------------------------------------------


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in line) + " |" for line in lines)


def _code(text: object) -> str:
    return f"`{text}`"


def _first_paragraph(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").partition("\n\n")[0].split()).replace("``", "`")


# ---- commands -----------------------------------------------------------------------------------------------------


def _commands() -> str:
    parts = []
    context = click.Context(cli, info_name="campaign")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None:
            parts.extend(_command(command, ["campaign", name]))
    return "\n\n".join(parts)


def _command(command: click.Command, path: list[str]) -> list[str]:
    context = click.Context(command, info_name=" ".join(path))
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    # Click takes a line break inside a paragraph for a blank.
    told = [" ".join(part.split()) for part in inspect.cleandoc(command.help or "").split("\n\n")]
    parts = [f"## {' '.join(path)}", f"```text\n{usage}\n```", *told]
    own = [param for param in command.params if isinstance(param, click.Option) and param.opts[0] not in COMMON_OPTIONS]
    if own:
        parts.append(_table(("Option", "Default", "Meaning"), [_option(option) for option in own]))
    common = [param.opts[0] for param in command.params if param.opts[0] in COMMON_OPTIONS]
    if common:
        parts.append(f"Also: {', '.join(map(_code, common))}.")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                parts.extend(_command(inner, [*path, name]))
    return parts


def _option(option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(option.opts)
    value = "" if option.is_flag else " " + _metavar(option)
    plain = isinstance(option.default, str | int | float | Path) and option.default != "" and not option.is_flag
    default = "required" if option.required else _code(option.default) if plain else ""
    return _code(names + value), default, option.help or ""


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "[" + ",".join(map(str, option.type.choices)) + "]"
    return option.metavar or (option.type.name or "text").upper().replace(" ", "_")


# ---- settings and fields ------------------------------------------------------------------------------------------


def _settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        rows.append((_code(PREFIX + name.upper()), _values(field), _default(field), field.description or ""))
    return _table(("Variable", "Value", "Default", "Meaning"), rows)


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(_code(item.value) for item in kind)
    if kind is float:
        return "number above 0"
    return "path" if "Path" in str(kind) else "text"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if field.default is PydanticUndefined:
        return "empty" if field.default_factory in (list, dict) else ""
    if field.default in (None, ""):
        return ""
    return _code(field.default.value if isinstance(field.default, StrEnum) else field.default)


def _campaign_file() -> str:
    schema = definition_schema()
    parts: dict[str, type[BaseModel]] = {
        "The campaign": Definition,
        "A step": Step,
        "Sets": Sets,
        "A split": Split,
        "A gate": Gate,
        "A link": Link,
        "A specification": Specification,
        "A configuration override": ConfigOverride,
        "What a task needs": TaskSettings,
        "A cluster": Cluster,
        "A command": Command,
    }
    return "\n\n".join(_fields(head, model, schema) for head, model in parts.items())


def _site_file() -> str:
    schema = Site.model_json_schema()
    parts: dict[str, type[BaseModel]] = {
        "The site": Site,
        "A stack": StackSettings,
        "A repository": RepositorySettings,
        "The environment": EnvironmentSettings,
        "A link": LinkSettings,
        "What would run": WouldRunSettings,
    }
    return "\n\n".join(_fields(head, model, schema) for head, model in parts.items())


def _fields(head: str, model: type[BaseModel], schema: Mapping[str, Any]) -> str:
    described = schema if model.__name__ == schema["title"] else schema["$defs"][model.__name__]
    rows = []
    for name, field in model.model_fields.items():
        if not field.description:
            raise LookupError(f"{model.__name__}.{name} does not say what it means")
        told = described["properties"][name]
        examples = [", ".join(_code(_in_yaml(one)) for one in told["examples"])] if "examples" in told else []
        rows.append((_code(name), _form(told, schema), _default(field), field.description, *examples))
    heads = ("Field", "Form", "Default", "Meaning", "Example")
    return f"## {head}\n\n" + _table(heads[: len(rows[0])], rows)


def _in_yaml(value: object) -> str:
    """Write an example as it may stand in the file, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _form(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Tell the form of a value from its JSON Schema."""
    match part:
        case {"$ref": str(ref)}:
            told = _form(schema["$defs"][ref.rpartition("/")[2]], schema)
        case {"anyOf": forms}:
            told = " or ".join(_form(form, schema) for form in forms if form != {"type": "null"})
        case {"enum": values}:
            told = ", ".join(_code(value) for value in values)
        case {"type": "array", "items": items}:
            told = f"list: {_form(items, schema)}"
        case {"type": "object", "properties": _}:
            told = f"mapping, see *{part['title'].removesuffix('Settings').lower()}*"
        case {"type": "object", "additionalProperties": {"type": _} | {"$ref": _}}:
            told = f"mapping of names to: {_form(part['additionalProperties'], schema)}"
        case {"type": "object", "patternProperties": _}:
            told = f"mapping of names to: {_form(next(iter(part['patternProperties'].values())), schema)}"
        case {"type": "object"}:
            told = "mapping"
        case {"type": "string", "pattern": pattern}:
            told = f"text, {_code(pattern)}"
        case {"type": "string"}:
            told = part.get("format", "text")
        case _:
            told = str(part["type"]) + _range(part)
    return told


def _range(part: Mapping[str, Any]) -> str:
    words = {"minimum": "from {:g}", "exclusiveMinimum": "above {:g}", "maximum": "to {:g}"}
    told = [text.format(part[key]) for key, text in words.items() if key in part]
    return f", {' '.join(told)}" if told else ""


# ---- routes and errors --------------------------------------------------------------------------------------------


def route_infos(app: FastAPI) -> list[tuple[RouteInfo, Callable[..., Any]]]:
    """List the routes of an application with their handlers, in the order in which they were added."""
    handlers = [context.endpoint for context in iter_route_contexts(app.routes) if context.endpoint is not None]
    table = app.state.route_table
    return [(table.find(handler), handler) for handler in handlers]


def _app() -> FastAPI:
    # A SQLite file is made when it is first opened, which it never is here.
    path = Path(tempfile.gettempdir()) / "never-opened.sqlite"
    return create_app(Settings(data_dir=path.parent), Database(f"sqlite:///{path}"))


def _routes(*, of_interface: bool) -> list[tuple[str, RouteInfo, Callable[..., Any]]]:
    return [
        (method, info, handler)
        for info, handler in route_infos(_app())
        for method in sorted(info.methods - {"HEAD"})
        if (info.path.startswith(API_PREFIX) or info.path == "/healthz") is of_interface
    ]


def _policy(info: RouteInfo) -> str:
    return next(item.name for item in info.dependencies if isinstance(item, Policy)).replace("_", " ")


def _rest() -> str:
    rows = []
    for method, info, handler in _routes(of_interface=True):
        once = "yes" if idempotency._once in info.everything_called else ""
        query = ", ".join(map(_code, sorted(info.query_parameters)))
        rows.append((_code(f"{method} {info.path}"), _policy(info), query, once, _first_paragraph(handler.__doc__)))
    return _table(("Route", "Policy", "Parameters", "Idempotency-Key", "What it does"), rows)


def _pages() -> str:
    rows = []
    for method, info, handler in _routes(of_interface=False):
        rows.append((_code(f"{method} {info.path}"), _policy(info), _first_paragraph(handler.__doc__)))
    return _table(("Page", "Policy", "What it does"), rows)


def known_errors() -> list[type[CampaignError]]:
    """List the errors that have a code, those of the domain first."""
    for name in ERROR_MODULES:
        importlib.import_module(name)
    found: dict[str, type[CampaignError]] = {}
    waiting = list(CampaignError.__subclasses__())
    while waiting:
        error = waiting.pop(0)
        if error.__module__.startswith("campaigns."):
            found.setdefault(error.code, error)
        waiting.extend(error.__subclasses__())
    return sorted(found.values(), key=lambda error: (error.__module__ != CampaignError.__module__, error.status, error.code))


def _errors() -> str:
    rows = [(_code(error.code), str(error.status), error.title, _first_paragraph(error.__doc__)) for error in known_errors()]
    return _table(("Code", "Status", "Title", "When"), rows)


# ---- states -------------------------------------------------------------------------------------------------------


def _signs() -> str:
    return _table(("Sign", "Word", "Meaning"), [(look.glyph, look.word, look.meaning) for look in LEGEND.values()])


StatusT = TypeVar("StatusT", bound=StrEnum)
ActionT = TypeVar("ActionT", bound=StrEnum)


def _filter_fields() -> str:
    rows = []
    for field in FIELDS.values():
        values = ", ".join(f"`{choice}`" for choice in field.choices) or field.kind.value
        rows.append((_code(field.name), values, "yes" if field.is_sortable else "no", field.description))
    return _table(("field", "values", "sorts", "what it is"), rows)


def _list_columns() -> str:
    return _table(("column", "head"), [(_code(name), head) for name, head in COLUMNS.items()])


def _transitions(table: Mapping[tuple[StatusT, ActionT], StatusT]) -> str:
    rows = [(_code(status.value), _code(action.value), _code(after.value)) for (status, action), after in table.items()]
    return _table(("State", "Action", "New state"), rows)


# ---- pages --------------------------------------------------------------------------------------------------------

PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "commands": _commands,
    "settings": _settings,
    "campaign-file": _campaign_file,
    "site-file": _site_file,
    "rest": _rest,
    "pages": _pages,
    "errors": _errors,
    "signs": _signs,
    "campaign-transitions": lambda: _transitions(states.CAMPAIGN_TRANSITIONS),
    "submission-transitions": lambda: _transitions(states.SUBMISSION_TRANSITIONS),
    "filter-fields": _filter_fields,
    "list-columns": _list_columns,
    "order-transitions": lambda: _transitions(states.ORDER_TRANSITIONS),
}
"""The name of each part and what writes it."""

MARKED: Final = re.compile(r"(<!-- begin generated ([a-z-]+) -->\n).*?(<!-- end generated \2 -->)", re.DOTALL)


def page_text(path: Path) -> str:
    """Give a page as it should be.

    Parameters
    ----------
    path : `pathlib.Path`
        The page as it is.

    Returns
    -------
    text : `str`
        The same, with its generated parts written anew.
    """
    return MARKED.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", path.read_text())


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--check", is_flag=True, help="Only tell whether a page is out of date.")
def main(*, check: bool) -> None:
    """Write all pages anew, or tell which are out of date."""
    pages = {path: page_text(path) for path in sorted(PAGES.glob("*.md"))}
    stale = [path for path, text in pages.items() if path.read_text() != text]
    for path in stale:
        if not check:
            path.write_text(pages[path])
        click.echo(f"{'out of date' if check else 'written'}: docs/reference/{path.name}", err=True)
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
