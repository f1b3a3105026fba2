"""The least that making a campaign over HTTP can be: one handler that makes the same inserts in SQL, and commits.

It checks nothing and nobody. Its rows are those that the service writes: the campaign, its revision, its words, the index of
texts, the event, and the two counters.
"""

from __future__ import annotations

import os
import random
from typing import Any

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from sqlalchemy import insert, text

from campaigns.storage.database import Database
from campaigns.storage.migration import all_tables
from notebook_bench.filling import END_US, campaign_rows, whole

__all__ = ("app",)

app = FastAPI()
_database = Database(os.environ["CAMPAIGN_DATABASE_URL"])
_tables = all_tables().tables
_campaign, _revision, _word, _event = (_tables[name] for name in ("campaign", "revision", "campaign_word", "event"))
_chance = random.Random()
_NEXT = "UPDATE counter SET value = value + 1 WHERE name = :name RETURNING value"


@app.get("/ready")
def ready() -> dict[str, bool]:
    """Say that it is there."""
    return {"ready": True}


@app.post("/campaigns", status_code=201)
async def receive(request: Request) -> dict[str, Any]:
    """Take the document, as the service does."""
    document = await request.json()
    return await run_sync(_make, document)


def _make(document: dict[str, Any]) -> dict[str, Any]:
    with _database.write() as session:
        connection = session.connection()
        number = connection.execute(text(_NEXT), {"name": "campaign"}).scalar_one()
        campaign, words = campaign_rows(document, number, _chance)
        connection.execute(insert(_campaign), [whole(_campaign, campaign)])
        if _database.backend == "sqlite":
            statement = text("INSERT INTO campaign_fts (rowid, search_text) VALUES (:number, :told)")
            connection.execute(statement, {"number": number, "told": campaign["search_text"]})
        connection.execute(insert(_word), words)
        told = {"campaign_id": campaign["id"], "number": 1, "author": "bare", "reason": "bare", "digest": "0" * 64}
        connection.execute(insert(_revision), [whole(_revision, {**told, "document": document, "created_us": END_US})])
        event = connection.execute(text(_NEXT), {"name": "event"}).scalar_one()
        happened = {"number": event, "campaign_id": campaign["id"], "at_us": END_US, "actor": "bare", "details": {}}
        connection.execute(insert(_event), [whole(_event, {**happened, "kind": "campaign.created", "summary": "made"})])
    return {"id": campaign["id"], "number": number}
