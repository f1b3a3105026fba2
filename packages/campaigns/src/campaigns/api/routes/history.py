"""``/api/v1/events``: what happened, of everything that the caller may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading
from campaigns.api.history import FileFormat, Wanted, history_file
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, decode_cursor
from campaigns.api.policy import viewer
from campaigns.wire.events import HistoryEvent, HistoryList

__all__ = ("router",)

router = APIRouter(tags=["history"])

After = Annotated[
    int | None,
    Query(
        ge=0, le=2**62, description="Give events after this number, in the order of their numbers; `next` is the number to go on."
    ),
]
Campaign = Annotated[str | None, Query(max_length=200, description="Only those of a campaign.")]


@router.get("/events", dependencies=[viewer])
def list_history(
    reading: Reading,
    wanted: Wanted,
    campaign: Campaign = None,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> HistoryList:
    """List what happened, newest first; with `after` in the order of the numbers, so that whoever follows them misses none."""
    if after is not None:
        found = reading.events().following(after, wanted=wanted, limit=limit, campaign=campaign)
        following = str(found[-1].event.number) if found else None
    else:
        before = max(0, min(decode_cursor(cursor, int)[0], 2**62)) if cursor else None
        newest = reading.events().newest(wanted=wanted, before=before, limit=limit + 1, campaign=campaign)
        found, following = cut(newest, limit=limit, key=lambda one: (one.event.number,))
    return HistoryList(
        items=[HistoryEvent.placed(one.event, campaign=one.campaign, submission=one.submission) for one in found],
        next=following,
    )


@router.get("/events/file", dependencies=[viewer])
def give_history(
    reading: Reading,
    wanted: Wanted,
    format: FileFormat,  # noqa: A002 - what it is called everywhere
    campaign: Campaign = None,
) -> Response:
    """Give the newest events, oldest of them first, as a file in CSV or JSON."""
    return history_file(reading, format, wanted=wanted, campaign=campaign)
