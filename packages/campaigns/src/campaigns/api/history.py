"""What REST and pages share of the history: what is asked for, and files of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Query
from starlette.responses import Response

from campaigns.domain.history import HistoryFilter
from campaigns.services.factory import Factory
from campaigns.wire.events import HistoryEvent, as_csv, as_json

__all__ = ("MAX_EXPORTED", "FileFormat", "Wanted", "history_file")

MAX_EXPORTED: Final = 50_000
"""How many events a file has at most; the newest."""


class FileFormat(StrEnum):
    """What a file of the history is written as."""

    CSV = "csv"
    JSON = "json"


_MEDIA_TYPES: Final = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.JSON: "application/json"}


def _wanted(
    kind: Annotated[
        list[str] | None,
        Query(
            max_length=20, description="Kinds, such as `submission.failed`, or all of `submission`; may be given several times."
        ),
    ] = None,
    actor: Annotated[str | None, Query(max_length=200, description="Only what this principal did.")] = None,
    since_us: Annotated[int | None, Query(ge=0, le=2**62, description="Only from this time on, UTC microseconds.")] = None,
    until_us: Annotated[int | None, Query(ge=0, le=2**62, description="Only before this time, UTC microseconds.")] = None,
) -> HistoryFilter:
    kinds = tuple(one[:64] for one in kind or () if one)
    return HistoryFilter(kinds=kinds, actor=actor or None, since_us=since_us, until_us=until_us)


Wanted = Annotated[HistoryFilter, Depends(_wanted)]
"""Which events are asked for."""


def history_file(reading: Factory, file_format: FileFormat, *, wanted: HistoryFilter, campaign: str | None) -> Response:
    """Give the newest events, oldest of them first, as a file."""
    found = reading.events().newest(wanted=wanted, limit=MAX_EXPORTED, campaign=campaign)
    events = [HistoryEvent.placed(one.event, campaign=one.campaign, submission=one.submission) for one in reversed(found)]
    text = as_csv(events) if file_format is FileFormat.CSV else as_json(events)
    name = f"history{f'-{found[0].campaign}' if campaign and found else ''}.{file_format.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Events": str(len(events))}
    return Response(text, media_type=_MEDIA_TYPES[file_format], headers=headers)
