"""``/api/v1/mentions``: the notes that name who asks."""

from __future__ import annotations

from fastapi import APIRouter

from campaigns.api.dependencies import Reading
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, moment_of
from campaigns.api.policy import viewer
from campaigns.wire.notes import NoteList, NoteModel

__all__ = ("router",)

router = APIRouter(prefix="/mentions", tags=["notes"])


@router.get("", dependencies=[viewer])
def list_mentions(reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> NoteList:
    """List the notes, as they stand, that name who asks, the last written first."""
    notes = reading.notes().mentioning_me(limit=limit + 1, before=moment_of(cursor))
    items, following = cut(notes, limit=limit, key=lambda note: (note.created_us, note.uuid))
    return NoteList(items=[NoteModel.of(note) for note in items], next=following)
