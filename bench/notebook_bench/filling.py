"""A database as after years: a hundred thousand campaigns with their submissions and events.

Campaigns are written with all that searching looks at, as the store writes them; submissions and events are then made by the
database itself, ten and thirty for each campaign.
"""

from __future__ import annotations

import datetime
import json
import random
import uuid
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Integer, Table, insert, text

from campaigns.domain.definition import Definition
from campaigns.domain.filtering.texts import search_text
from campaigns.domain.identity import SYSTEM, Role
from campaigns.domain.people import Team
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.domain.users import User
from campaigns.storage.database import Database
from campaigns.storage.migration import all_tables
from campaigns.storage.sites import SiteStore
from campaigns.storage.teams import TeamStore
from campaigns.storage.users import UserStore

__all__ = ("END_US", "N_EVENTS", "N_SUBMISSIONS", "campaign_rows", "document_of", "fill", "whole")

N_SUBMISSIONS, N_EVENTS = 10, 30
"""Of each campaign."""

END_US = int(datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC).timestamp()) * 1_000_000
_SPAN_US = 5 * 365 * 86_400_000_000
_CHUNK = 5_000
_PEOPLE = [f"{first}{number}" for first in ("ann", "bob", "cai", "dee") for number in range(15)]
_STACKS = [f"w_{year}_{week:02d}" for year in range(2022, 2027) for week in (3, 27)]
_TEAMS = ("execution", "pipelines", "commissioning")
_WORDS = (
    *("coadd", "trailed", "weekly", "regression", "deblender", "photometry", "calibration", "sky", "background", "warp", "visit"),
    *(
        "integration",
        "release",
        "crosstalk",
        "ghost",
        "guider",
        "alert",
        "template",
        "difference",
        "solar",
        "bright",
        "astrometry",
    ),
)


def fill(database: Database, n_campaigns: int) -> None:
    """Write so many campaigns, with the site, people and teams that they name, and bring the statistics up to date."""
    chance = random.Random(1)
    _named_by_them(database)
    with database.engine.begin() as connection:
        tables = dict(all_tables().tables)
        for start in range(1, n_campaigns + 1, _CHUNK):
            _campaigns(connection, tables, range(start, min(start + _CHUNK, n_campaigns + 1)), chance, n_campaigns)
        _submissions(connection, tables["submission"])
        _counts(connection)
        _events(connection)
        for counter, per in (("campaign", 1), ("submission", N_SUBMISSIONS), ("event", N_EVENTS)):
            values = {"value": n_campaigns * per, "name": counter}
            connection.execute(text("UPDATE counter SET value = :value WHERE name = :name"), values)
        if database.backend == "sqlite":
            connection.execute(text("INSERT INTO campaign_fts (campaign_fts) VALUES ('rebuild')"))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.backend == "sqlite" else "VACUUM ANALYZE")


def _named_by_them(database: Database) -> None:
    with database.write() as session:
        users, teams = UserStore(session), TeamStore(session, SYSTEM)
        offered = {"stacks": [{"name": name} for name in _STACKS], "repositories": [{"alias": "main"}]}
        SiteStore(session, SYSTEM).put("here", offered, now_us=END_US)
        for name in _PEOPLE:
            told = {"full_name": name, "role": Role.MANAGER, "disabled": False, "has_password": False, "created_us": END_US}
            users.add(User(name=name, **told), password_hash=None)
        for name in _TEAMS:
            teams.add(Team(name=name, description="", created_us=END_US, created_by="bench", members=()))


def _campaigns(connection: Connection, tables: dict[str, Table], numbers: range, chance: random.Random, n_all: int) -> None:
    campaigns, revisions, words = [], [], []
    for number in numbers:
        created = END_US - _SPAN_US + _SPAN_US * number // n_all
        campaign, listed, definition = _campaign(number, created, chance)
        told = {"campaign_id": campaign["id"], "number": 1, "author": campaign["owner"], "reason": campaign["reason"]}
        document = definition.model_dump(mode="json", exclude_defaults=True)
        revisions.append(whole(tables["revision"], {**told, "document": document, "digest": "0" * 64, "created_us": created}))
        campaigns.append(whole(tables["campaign"], campaign))
        words += [*listed, {"campaign_id": campaign["id"], "kind": "operator", "word": chance.choice(_PEOPLE)}]
    connection.execute(insert(tables["campaign"]), campaigns)
    connection.execute(insert(tables["revision"]), revisions)
    connection.execute(insert(tables["campaign_word"]), words)


def _campaign(number: int, created: int, chance: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]], Definition]:
    document = document_of(number, chance)
    status = CampaignStatus.COMPLETED if chance.random() < 0.9 else chance.choice(list(CampaignStatus))
    updated = min(created + chance.randrange(1, 30 * 86_400_000_000), END_US)
    campaign, words = campaign_rows(document, number, chance)
    campaign |= {"status": status.value, "created_us": created, "started_us": created, "updated_us": updated}
    campaign["ended_us"] = updated if status is CampaignStatus.COMPLETED else None
    return campaign, words, Definition.model_validate(document)


def document_of(number: int, chance: random.Random, *, prefix: str = "") -> dict[str, Any]:
    """Give a campaign file's document."""
    owner = chance.choice(_PEOPLE)
    return {
        "name": f"{prefix}{chance.choice(_WORDS)}-{number}",
        "title": " ".join(chance.sample(_WORDS, 5)),
        "reason": f"DM-{number % 30_000}: {' '.join(chance.sample(_WORDS, 4))}",
        "description": " ".join(chance.choices(_WORDS, k=25)),
        "kind": chance.choice(list(Kind)).value,
        "lead": chance.choice(_PEOPLE),
        "team": chance.choice(_TEAMS),
        "labels": chance.sample(_WORDS, 2),
        "ticket": f"DM-{number % 30_000}",
        "site": "here",
        "stack": _STACKS[number % len(_STACKS)],
        "butler": "main",
        "instrument": chance.choice(("LSSTCam", "HSC")),
        "inputs": ["LSSTCam/defaults", f"LSSTCam/runs/{2022 + number % 5}"],
        "output": f"u/{owner}/{prefix}run{number}",
        "pipeline": f"$DRP_PIPE_DIR/pipelines/LSSTCam/DRP-{number % 20}.yaml",
        "data_query": f"tract = {number % 20_000} AND skymap = 'lsst_cells_v1'",
        "skymap": "lsst_cells_v1",
        "steps": [{"name": f"step{each}"} for each in range(1, 4)],
    }


def campaign_rows(document: dict[str, Any], number: int, chance: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the row of a campaign as it is made, and those of its words."""
    told = [f"C-{number}", *(document[name] for name in ("name", "title", "reason", "description")), *document["labels"]]
    campaign = {
        **{name: document[name] for name in ("name", "title", "reason", "kind", "lead", "team", "ticket", "site", "stack")},
        **{name: document[name] for name in ("butler", "instrument", "output", "description", "data_query", "skymap")},
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "number": number,
        "status": "draft",
        "revision": 1,
        "owner": chance.choice(_PEOPLE),
        "created_us": END_US,
        "updated_us": END_US,
        "waits": [],
        "search_text": search_text((*told, *(document[name] for name in ("ticket", "lead", "team", "output")))),
    }
    words = [("label", label) for label in document["labels"]] + [("input", name.lower()) for name in document["inputs"]]
    words.append(("pipeline", document["pipeline"].lower()))
    return campaign, [{"campaign_id": campaign["id"], "kind": kind, "word": word} for kind, word in words]


def whole(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    """Give a row with something in each column that must have it."""
    return {**{column.name: _blank(column.type) for column in table.columns if not column.nullable}, **given}


def _blank(kind: Any) -> Any:
    if isinstance(kind, JSON):
        return {}
    if isinstance(kind, Boolean):
        return False
    return 0 if isinstance(kind, Integer) else ""


def _submissions(connection: Connection, table: Table) -> None:
    """Make ten submissions of each campaign."""
    text_of = {"postgresql": "n.n::text", "sqlite": "CAST(n.n AS TEXT)"}[connection.dialect.name]
    given = {
        "id": _fresh_uuid(connection),
        "number": f"(c.number - 1) * {N_SUBMISSIONS} + n.n",
        "campaign_id": "c.id",
        "revision": "1",
        "step": f"'step' || {text_of}",
        "group_name": "'all'",
        "attempt": "1",
        "status": "'succeeded'",
        "judgement": "'accepted'",
        "operator": "c.owner",
        "site": "c.site",
        "output_run": f"c.output || '/' || {text_of}",
        "created_us": "c.created_us",
        "updated_us": "c.updated_us",
    }
    columns = {column.name: _literal(connection, column.type) for column in table.columns if not column.nullable} | given
    names, values = ", ".join(columns), ", ".join(columns.values())
    connection.exec_driver_sql(f"INSERT INTO submission ({names}) SELECT {values} FROM campaign c, ({_series(N_SUBMISSIONS)}) n")


def _counts(connection: Connection) -> None:
    """Give each submission three tasks; one in fifty has failures. What is kept of them with the campaigns is added up."""
    failed = "CASE WHEN s.number % 50 = 0 THEN s.number % 7 ELSE 0 END"
    connection.execute(
        text(
            "INSERT INTO task_counts (submission_id, position, label, expected, succeeded, caveats, failed, blocked, unknown)"
            f" SELECT s.id, n.n, 'task', 1000, 998 - {failed}, 5, {failed}, 2, 0 FROM submission s, ({_series(3)}) n"
        )
    )
    connection.exec_driver_sql(
        "UPDATE campaign SET n_submissions = told.n, n_quanta = told.expected, n_succeeded = told.succeeded,"
        " n_failed = told.failed FROM (SELECT s.campaign_id, COUNT(DISTINCT s.id) AS n, SUM(t.expected) AS expected,"
        " SUM(t.succeeded) AS succeeded, SUM(t.failed) AS failed FROM submission s JOIN task_counts t ON t.submission_id = s.id"
        " GROUP BY s.campaign_id) AS told WHERE told.campaign_id = campaign.id"
    )


def _events(connection: Connection) -> None:
    document = "'{}'" if connection.dialect.name == "sqlite" else "'{}'::jsonb"
    connection.exec_driver_sql(
        "INSERT INTO event (number, campaign_id, at_us, actor, kind, summary, details)"
        f" SELECT (c.number - 1) * {N_EVENTS} + n.n, c.id, c.created_us + n.n, c.owner, 'test', 'changed', {document}"
        f" FROM campaign c, ({_series(N_EVENTS)}) n"
    )


def _series(most: int) -> str:
    return " UNION ALL ".join(f"SELECT {number} AS n" for number in range(1, most + 1))


def _fresh_uuid(connection: Connection) -> str:
    return "lower(hex(randomblob(16)))" if connection.dialect.name == "sqlite" else "gen_random_uuid()"


def _literal(connection: Connection, kind: Any) -> str:
    value = _blank(kind)
    if isinstance(value, dict):
        return f"'{json.dumps([])}'" + ("" if connection.dialect.name == "sqlite" else "::jsonb")
    if isinstance(value, bool):
        return "FALSE"
    return "0" if value == 0 else "''"
