"""``/api/v1/campaigns/{ref}/…``: notes, links and events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.lists import DEFAULT_LIMIT, Limit
from campaigns.api.policy import operator, viewer
from campaigns.wire.campaigns import (
    EventList,
    EventModel,
    LinkList,
    LinkModel,
    NoteCreate,
    NoteList,
    NoteModel,
)

__all__ = ("router",)

router = APIRouter(prefix="/campaigns/{ref}", tags=["campaigns"])

After = Annotated[
    int, Query(ge=0, le=2**62, description="Events after this number; 0 for all. The answer's `next` is the number to give next.")
]


@router.get("/notes", dependencies=[viewer])
def list_notes(ref: str, reading: Reading) -> NoteList:
    """List a campaign's notes, newest first."""
    return NoteList(items=[NoteModel.of(note) for note in reading.notes().of_campaign(ref)])


@router.post("/notes", status_code=201, response_model=NoteModel, dependencies=[operator])
def add_note(ref: str, body: NoteCreate, writing: Writing, once: Once) -> Response:
    """Write a note on a campaign, or on one of its submissions."""
    return idempotent(
        writing,
        once,
        lambda: NoteModel.of(writing.notes().add(ref, kind=body.kind, body=body.body, submission=body.submission)),
    )


@router.get("/links", dependencies=[viewer])
def list_links(ref: str, reading: Reading) -> LinkList:
    """List the links of a campaign's definition."""
    definition = reading.campaigns().get(ref).definition
    return LinkList(items=[LinkModel.model_validate(link) for link in definition.links])


@router.get("/events", dependencies=[viewer])
def list_events(ref: str, reading: Reading, cursor: After = 0, limit: Limit = DEFAULT_LIMIT) -> EventList:
    """List a campaign's events in the order of their numbers. Whoever follows the numbers misses none."""
    events = reading.events().after(ref, cursor, limit=limit)
    following = str(events[-1].number) if events else None
    return EventList(items=[EventModel.of(event) for event in events], next=following)
