"""``/mentions``: the notes that name who asks."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from campaigns.api.dependencies import Reading
from campaigns.api.lists import Cursor, cut, moment_of
from campaigns.api.policy import viewer
from campaigns.web.rendering import renderer_of
from campaigns.web.views.notes import notes_of_several

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 25


@router.get("/mentions", dependencies=[viewer])
def show_mentions(request: Request, reading: Reading, cursor: Cursor = None) -> Response:
    """Show the notes that name one, the last written first."""
    notes = reading.notes().mentioning_me(limit=PAGE_SIZE + 1, before=moment_of(cursor))
    items, following = cut(notes, limit=PAGE_SIZE, key=lambda note: (note.created_us, note.uuid))
    shown = {"views": notes_of_several(reading, items), "next": following, "cursor": cursor}
    return renderer_of(request).page(request, "mentions.html", shown)
