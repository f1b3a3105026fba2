"""``/api/v1/campaigns/{ref}/notes``: what people write, its versions and files."""

from __future__ import annotations

from fastapi import APIRouter, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.uploads import FILES_BODY, SentFiles, attachment_response
from campaigns.services.notepins import About
from campaigns.wire.campaigns import CampaignModel, ReasonBody
from campaigns.wire.notes import NotebookBody, NoteCreate, NoteEdit, NoteList, NoteModel

__all__ = ("router",)

router = APIRouter(prefix="/campaigns/{ref}", tags=["notes"])


@router.get("/notes", dependencies=[viewer])
def list_notes(ref: str, reading: Reading) -> NoteList:
    """List a campaign's notes as they stand, newest first."""
    return NoteList(items=[NoteModel.of(note) for note in reading.notes().of_campaign(ref)])


@router.post("/notes", status_code=201, response_model=NoteModel, dependencies=[operator])
def add_note(ref: str, body: NoteCreate, writing: Writing, once: Once) -> Response:
    """Write a note on a campaign, or on one of its submissions, steps or sets, in the state that it is in."""
    about = About(submission=body.submission, step=body.step, set_reference=body.set)
    return idempotent(writing, once, lambda: NoteModel.of(writing.notes().add(ref, kind=body.kind, body=body.body, about=about)))


@router.get("/notes/{note}/versions", dependencies=[viewer])
def list_versions(ref: str, note: str, reading: Reading) -> NoteList:
    """List all versions of a note, oldest first."""
    return NoteList(items=[NoteModel.of(one) for one in reading.notes().versions(ref, note)])


@router.post("/notes/{note}/versions", status_code=201, response_model=NoteModel, dependencies=[operator])
def edit_note(ref: str, note: str, body: NoteEdit, writing: Writing, once: Once) -> Response:
    """Write a new version of one's own note, or as a manager of anybody's. What it was stays."""
    return idempotent(
        writing,
        once,
        lambda: NoteModel.of(writing.notes().edit(ref, note, body=body.body, parent=body.parent, kind=body.kind)),
    )


@router.post("/notes/{note}/withdraw", dependencies=[operator])
def withdraw_note(ref: str, note: str, body: ReasonBody, writing: Writing) -> NoteModel:
    """Withdraw one's own note, or as a manager anybody's. It stays on record."""
    return NoteModel.of(writing.notes().withdraw(ref, note, reason=body.reason))


@router.post("/notes/{note}/files", status_code=201, dependencies=[operator], openapi_extra=FILES_BODY)
def attach_files(ref: str, note: str, files: SentFiles, writing: Writing) -> NoteModel:
    """Attach files to a note, as `multipart/form-data` with fields `files`. Sent again, the same file changes nothing."""
    return NoteModel.of(writing.notes().attach(ref, note, files))


@router.get("/notes/{note}/files/{name}", dependencies=[viewer])
def show_attachment(ref: str, note: str, name: str, reading: Reading) -> Response:
    """Give the content of a note's file."""
    return attachment_response(reading, ref, note, name)


@router.post("/notebook", dependencies=[manager])
def set_notebook(ref: str, body: NotebookBody, writing: Writing) -> CampaignModel:
    """Open the notebook of a campaign that has ended, or close it again."""
    return CampaignModel.of(writing.notes().set_notebook(ref, is_open=body.open, reason=body.reason))
