"""``/api/v1/submissions``: what was run, what became of it, and decisions about it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, decode_cursor, encode_cursor
from campaigns.api.policy import operator, viewer
from campaigns.wire.campaigns import (
    FailureList,
    FileList,
    FileModel,
    GraphModel,
    ReasonBody,
    SubmissionDetail,
    SubmissionList,
    SubmissionModel,
)
from campaigns.wire.events import EventList, EventModel

__all__ = ("router",)

router = APIRouter(prefix="/submissions", tags=["submissions"])

SHOWN_INLINE = ("image/png", "text/plain")
"""What a browser may show by itself; all else is downloaded, so that an uploaded page can do nothing here."""


@router.get("/{ref}", dependencies=[viewer])
def show_submission(ref: str, reading: Reading) -> SubmissionDetail:
    """Show a submission with what was run and the three truths about it."""
    return SubmissionDetail.of(reading.submissions().get(ref))


@router.get("/{ref}/attempts", dependencies=[viewer])
def list_attempts(ref: str, reading: Reading) -> SubmissionList:
    """List all attempts at the group of a submission, oldest first."""
    return SubmissionList(items=[SubmissionModel.of(item) for item in reading.submissions().attempts(ref)])


@router.get("/{ref}/graph", dependencies=[viewer])
def show_graph(ref: str, reading: Reading) -> GraphModel:
    """Show what a submission's quantum graph was made from: flattened inputs, the runs it reads, universe and skymaps."""
    return GraphModel.of(reading.submissions().graph(ref))


@router.get("/{ref}/failures", dependencies=[viewer])
def list_failures(ref: str, reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> FailureList:
    """List the quanta that did not succeed, with what they said, in the order in which they were reported."""
    start = decode_cursor(cursor, int)[0] if cursor else 0
    found = reading.submissions().failures(ref, limit=limit + 1, start=_bounded(start))
    return FailureList(items=found[:limit], next=encode_cursor(start + limit) if len(found) > limit else None)


@router.get("/{ref}/events", dependencies=[viewer])
def list_events(ref: str, reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> EventList:
    """List a submission's events, newest first."""
    before = _bounded(decode_cursor(cursor, int)[0]) if cursor else None
    found = reading.events().of_submission(ref, before=before, limit=limit + 1)
    items, following = cut(found, limit=limit, key=lambda event: (event.number,))
    return EventList(items=[EventModel.of(event) for event in items], next=following)


@router.get("/{ref}/files", dependencies=[viewer])
def list_files(ref: str, reading: Reading) -> FileList:
    """List the files that the agent uploaded."""
    return FileList(items=[FileModel.of(file) for file in reading.submissions().files(ref)])


@router.get("/{ref}/files/{name}", dependencies=[viewer])
def show_file(ref: str, name: str, reading: Reading) -> FileResponse:
    """Give the content of a file."""
    file, path = reading.submissions().file(ref, name)
    shown = file.content_type.partition(";")[0] in SHOWN_INLINE
    return FileResponse(
        path,
        media_type=file.content_type if shown else "application/octet-stream",
        filename=file.name,
        content_disposition_type="inline" if shown else "attachment",
    )


@router.post("/{ref}/accept", dependencies=[operator])
def accept_submission(ref: str, body: ReasonBody, writing: Writing) -> SubmissionDetail:
    """Accept a submission's outputs: they are chained, and later steps may use them."""
    return SubmissionDetail.of(writing.submissions().accept(ref, reason=body.reason))


@router.post("/{ref}/reject", dependencies=[operator])
def reject_submission(ref: str, body: ReasonBody, writing: Writing) -> SubmissionDetail:
    """Reject a submission's outputs: its group must be restarted before the step can be accepted."""
    return SubmissionDetail.of(writing.submissions().reject(ref, reason=body.reason))


@router.post("/{ref}/cancel", dependencies=[operator])
def cancel_submission(ref: str, body: ReasonBody, writing: Writing) -> SubmissionDetail:
    """Stop a submission."""
    return SubmissionDetail.of(writing.submissions().cancel(ref, reason=body.reason))


@router.post("/{ref}/restart", status_code=201, response_model=SubmissionModel, dependencies=[operator])
def restart_submission(ref: str, body: ReasonBody, writing: Writing, once: Once) -> Response:
    """Make a new attempt at a submission's group."""
    return idempotent(
        writing,
        once,
        lambda: SubmissionModel.of(writing.submissions().restart(ref, reason=body.reason)),
        headers=lambda made: {"Location": f"/api/v1/submissions/{made.id}"},
    )


def _bounded(number: int) -> int:
    """Keep a number from outside within what both databases can compare."""
    return max(0, min(number, 2**62))
