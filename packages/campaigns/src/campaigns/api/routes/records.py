"""``/api/v1/campaigns/{ref}/…``: links and events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from campaigns.api.dependencies import Reading
from campaigns.api.lists import DEFAULT_LIMIT, Limit
from campaigns.api.policy import viewer
from campaigns.wire.events import EventList, EventModel

__all__ = ("router",)

router = APIRouter(prefix="/campaigns/{ref}", tags=["campaigns"])

After = Annotated[
    int, Query(ge=0, le=2**62, description="Events after this number; 0 for all. The answer's `next` is the number to give next.")
]


@router.get("/events", dependencies=[viewer])
def list_events(ref: str, reading: Reading, cursor: After = 0, limit: Limit = DEFAULT_LIMIT) -> EventList:
    """List a campaign's events in the order of their numbers. Whoever follows the numbers misses none."""
    events = reading.events().after(ref, cursor, limit=limit)
    following = str(events[-1].number) if events else None
    return EventList(items=[EventModel.of(event) for event in events], next=following)
