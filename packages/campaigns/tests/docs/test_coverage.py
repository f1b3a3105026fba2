"""What users meet is documented: settings, commands, pages, routes, errors, fields, kinds of events."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import click
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

import campaigns
import campaigns.services
from campaigns.agent import site
from campaigns.api.app import API_PREFIX, create_app
from campaigns.cli.main import COMMANDS, cli
from campaigns.config import PREFIX, Settings
from campaigns.domain import definition, states
from campaigns.storage.database import Database

REFERENCE = Path(__file__).parents[4] / "docs" / "reference"


@pytest.fixture
def app(settings: Settings, sqlite_database: Database) -> FastAPI:
    return create_app(settings, sqlite_database)


def _page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    text = _page("settings")
    assert f"`{PREFIX}{name.upper()}`" in text
    assert Settings.model_fields[name].description


def _commands(group: click.Group, path: str) -> list[str]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append(f"{path} {name}")
        if isinstance(command, click.Group):
            found.extend(_commands(command, f"{path} {name}"))
    return found


def test_every_command_is_documented() -> None:
    text = _page("commands")
    commands = _commands(cli, "campaign")
    assert set(COMMANDS) <= {command.split()[1] for command in commands}
    for command in commands:
        assert f"\n## {command}\n" in text, command


def test_every_option_of_a_command_has_a_meaning(generate: ModuleType) -> None:
    rows = re.findall(r"^\| `--[^|]*\|[^|]*\|(.*)\|$", generate.PARTS["commands"](), re.MULTILINE)
    assert len(rows) > 20
    # `--kind` of `campaign note` shows its values, which say it all.
    assert sum(1 for meaning in rows if not meaning.strip()) <= 1


def test_every_route_is_documented(app: FastAPI) -> None:
    rest, pages = _page("rest"), _page("pages")
    routes = app.state.route_table.routes()
    assert len(routes) > 40
    for route in routes:
        of_interface = route.path.startswith(API_PREFIX) or route.path == "/healthz"
        for method in route.methods - {"HEAD"}:
            assert f"`{method} {route.path}`" in (rest if of_interface else pages), f"{method} {route.path}"


def test_every_page_is_explained(app: FastAPI) -> None:
    answers = _page("pages").partition("## What each page answers")[2]
    # What belongs to a page and is none of its own.
    parts = (
        "/",
        "/campaigns/{ref}/live",
        "/submissions/{ref}/live",
        "/submissions/{ref}/raw/{name}",
        "/login/{secret}",
        "/campaigns/{ref}/notes/{note}/files/{name}",
        "/history/file",
    )
    for route in app.state.route_table.routes():
        if "GET" in route.methods and not route.path.startswith("/api/") and route.path not in ("/healthz", *parts):
            assert f"`{route.path}`" in answers, route.path


def test_every_error_is_documented(generate: ModuleType) -> None:
    text = _page("rest")
    errors = generate.known_errors()
    assert len(errors) > 15
    for error in errors:
        assert f"| `{error.code}` | {error.status} |" in text, error.code


def test_every_code_of_a_fault_is_documented() -> None:
    source = "\n".join(path.read_text() for path in Path(campaigns.__path__[0]).rglob("*.py"))
    given = re.findall(r'\b(?:Fault|FaultModel|StackError|Cause)\(\s*(?:code=)?"([a-z_]+)"', source)
    sent = re.findall(r'"error": \{"code": "([a-z_]+)"', source)
    assert len(given) > 25
    for code in {*given, *sent, "unknown_stack", "unknown_butler"}:
        assert f"`{code}`" in _page("rest"), code


MODELS = (
    *(
        ("campaign-file", getattr(definition, name))
        for name in (
            "Definition",
            "Step",
            "Sets",
            "Split",
            "Gate",
            "Link",
            "Specification",
            "ConfigOverride",
            "TaskSettings",
            "Cluster",
            "Command",
        )
    ),
    *(
        ("site-file", getattr(site, name))
        for name in ("Site", "StackSettings", "RepositorySettings", "EnvironmentSettings", "LinkSettings", "WouldRunSettings")
    ),
)


@pytest.mark.parametrize(("page", "model"), MODELS)
def test_every_field_is_documented(page: str, model: type[BaseModel]) -> None:
    text = _page(page)
    for field in model.model_fields:
        assert f"\n| `{field}` |" in text, field


def _kinds_of_events() -> set[str]:
    """Find the kinds in the source of the services, and spell out those that are made of an action or a state."""
    source = "\n".join(path.read_text() for path in Path(campaigns.services.__path__[0]).glob("*.py"))
    found = set(
        re.findall(r'"((?:campaign|submission|note|link|team|agent|order|user|token|login_link|dataid_set)\.[a-z_]+)"', source)
    )
    made = set(re.findall(r'f"([a-z]+\.\{[a-z]+\.value\})"', source))
    assert made == {"campaign.{action.value}", "submission.{judgement.value}", "submission.{status.value}"}
    found |= {f"campaign.{action.value}" for action in states.CampaignAction}
    found |= {f"submission.{judgement.value}" for judgement in states.Judgement if judgement is not states.Judgement.PENDING}
    reached = {
        after for (_, action), after in states.SUBMISSION_TRANSITIONS.items() if action is not states.SubmissionAction.QUEUE
    }
    return found | {f"submission.{status.value}" for status in reached}


def test_every_kind_of_event_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", _page("events"))) - {"details.faults"}
    assert documented == _kinds_of_events()


@pytest.mark.parametrize("values", [states.CampaignStatus, states.SubmissionStatus, states.OrderStatus, states.Judgement])
def test_every_state_is_documented(values: type[StrEnum]) -> None:
    text = _page("states")
    for value in values:
        assert f"`{value.value}`" in text, value
