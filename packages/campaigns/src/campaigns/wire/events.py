"""What happened, as it goes over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import Field

from campaigns.domain.events import Event
from campaigns.wire.interface import Wire

__all__ = ("COLUMNS", "EventList", "EventModel", "HistoryEvent", "HistoryList", "as_csv", "as_json")

COLUMNS: Final = ("number", "at", "kind", "actor", "campaign", "submission", "summary", "reason", "details")
"""The columns of the history as CSV."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class EventModel(Wire):
    """What happened."""

    number: int
    kind: str
    summary: str
    actor: str
    at_us: int
    reason: str | None
    submission_id: str | None = Field(description="The submission's UUID.")
    details: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> EventModel:
        """Make the model of an event."""
        return cls.model_validate(event)


class EventList(Wire):
    """Events in the order of their numbers."""

    items: list[EventModel]
    next: str | None


class HistoryEvent(EventModel):
    """What happened, in the history of everything."""

    campaign_id: str | None = Field(description="The campaign's UUID.")
    campaign: str | None = Field(description="The campaign's local id.")
    submission: str | None = Field(description="The submission's local id.")

    @classmethod
    def placed(cls, event: Event, *, campaign: str | None, submission: str | None) -> HistoryEvent:
        """Make the model of an event and of what it is about."""
        told = EventModel.of(event).model_dump()
        return cls(**told, campaign_id=event.campaign_id, campaign=campaign, submission=submission)


class HistoryList(Wire):
    """Events of everything."""

    items: list[HistoryEvent]
    next: str | None


def as_csv(events: Iterable[HistoryEvent]) -> str:
    """Write events as CSV, a line for each, with times in ISO 8601."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for event in events:
        at = (_EPOCH + timedelta(microseconds=event.at_us)).isoformat()
        details = json.dumps(event.details, ensure_ascii=False, sort_keys=True) if event.details else ""
        told = (event.kind, event.actor, event.campaign or "", event.submission or "", event.summary, event.reason or "", details)
        writer.writerow((event.number, at, *map(_harmless, told)))
    return text.getvalue()


def as_json(events: Iterable[HistoryEvent]) -> str:
    """Write events as a JSON document, as the list has them."""
    return json.dumps({"items": [event.model_dump(mode="json") for event in events]}, ensure_ascii=False, indent=1) + "\n"


def _harmless(text: str) -> str:
    # Spreadsheets carry out what begins so.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
