"""``/campaigns/{ref}/notes``: writing, editing and withdrawing notes, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from campaigns.api.dependencies import Caller, Reading, SettingsUsed, Writing
from campaigns.api.idempotency import IdempotencyKey
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.uploads import attachment_response, files_of
from campaigns.domain.attachments import MAX_FILES, GivenFile
from campaigns.domain.errors import InvalidInput
from campaigns.domain.note import NoteKind
from campaigns.schema.idempotency import KEY_LENGTH
from campaigns.services.notepins import THE_CAMPAIGN, About
from campaigns.web.flash import done
from campaigns.web.forms import Reason, local_path, on_refusal
from campaigns.web.once import FormKey, form_key_of, form_once
from campaigns.web.rendering import renderer_of

__all__ = ("router",)

router = APIRouter(prefix="/campaigns/{ref}", include_in_schema=False)

KINDS = (
    (NoteKind.OBSERVATION.value, "an observation"),
    (NoteKind.DECISION.value, "a decision"),
    (NoteKind.PROBLEM.value, "a problem"),
    (NoteKind.HANDOVER.value, "a handover"),
)


class Notebook(StrEnum):
    """What may be done with the notebook of a campaign that has ended."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNote:
    """The form of a note; ``about`` is empty, or a word, a colon and a name."""

    body: str
    kind: NoteKind
    about: str
    then: str
    files: list[GivenFile]
    once: IdempotencyKey | None


async def _sent_note(request: Request, identity: Caller, settings: SettingsUsed) -> SentNote:
    # Read here, since the framework's own way knows no limits of ours. Files are kept on disk while they come.
    limit = round(settings.max_upload_mb * 1_000_000)
    async with request.form(max_files=MAX_FILES + 1, max_fields=20, max_part_size=limit) as form:
        told = {name: value for name, value in form.items() if isinstance(value, str)}
        request.state.told = told.get("body", "")
        try:
            kind = NoteKind(told.get("kind", NoteKind.OBSERVATION))
        except ValueError:
            raise InvalidInput("There is no such kind of note.", where="kind", remedy="Choose one of the list.") from None
        return SentNote(
            body=told.get("body", ""),
            kind=kind,
            about=told.get("about", ""),
            then=told.get("then", ""),
            files=await files_of(form),
            once=await form_key_of(request, identity, told.get("once", "")[:KEY_LENGTH]),
        )


NoteForm = Annotated[SentNote, Depends(_sent_note)]
"""The form of a note, with its files."""


@router.post("/notes", dependencies=[operator])
def add_note(ref: str, sent: NoteForm, writing: Writing) -> Response:
    """Write a note, with files."""
    what, _, name = sent.about.partition(":")
    fields = {"submission": "submission", "step": "step", "set": "set_reference"}

    def write() -> Response:
        about = About(**{fields[what]: name}) if what in fields else THE_CAMPAIGN
        note = writing.notes().add(ref, kind=sent.kind, body=sent.body, about=about, files=sent.files)
        there = local_path(sent.then) if sent.then else f"/campaigns/{ref}?tab=notes"
        return done(f"{there}#note-{note.root}", message="The note is saved.")

    return form_once(writing, sent.once, write)


@router.get("/notes/{note}/edit", dependencies=[viewer])
def edit_form(ref: str, note: str, request: Request, reading: Reading) -> Response:
    """Show a note, to be edited."""
    newest = reading.notes().versions(ref, note)[-1]
    return _form(request, newest.campaign, newest.root, parent=newest.uuid, body=newest.body, kind=newest.kind)


@router.post("/notes/{note}/edit", dependencies=[operator])
def edit_note(
    ref: str,
    note: str,
    request: Request,
    writing: Writing,
    once: FormKey,
    parent: Annotated[str, Form()],
    kind: Annotated[NoteKind, Form()],
    body: Annotated[str, Form()] = "",
) -> Response:
    """Write a new version of a note; where somebody else was faster, both texts are shown."""
    on_refusal(request, lambda problem: _form(request, ref, note, parent=parent, body=body, kind=kind, problem=problem))

    def write() -> Response:
        edited = writing.notes().edit(ref, note, body=body, parent=parent, kind=kind)
        return done(
            f"/campaigns/{edited.campaign}?tab=notes#note-{edited.root}",
            message=f"The note is saved as version {edited.version}; what it was stays readable.",
        )

    return form_once(writing, once, write)


@router.post("/notes/{note}/withdraw", dependencies=[operator])
def withdraw_note(ref: str, note: str, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Withdraw a note."""

    def withdraw() -> Response:
        gone = writing.notes().withdraw(ref, note, reason=reason)
        return done(f"/campaigns/{gone.campaign}?tab=notes#note-{gone.root}", message="The note is withdrawn, and on record.")

    return form_once(writing, once, withdraw)


@router.get("/notes/{note}/files/{name}", dependencies=[viewer])
def give_attachment(ref: str, note: str, name: str, reading: Reading) -> Response:
    """Give a note's file."""
    return attachment_response(reading, ref, note, name)


@router.post("/notebook/{what}", dependencies=[manager])
def set_notebook(ref: str, what: Notebook, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Open the notebook of a campaign that has ended, or close it again."""

    def change() -> Response:
        writing.notes().set_notebook(ref, is_open=what is Notebook.OPEN, reason=reason)
        message = "The notebook is open again." if what is Notebook.OPEN else "The notebook is closed."
        return done(f"/campaigns/{ref}?tab=notes", message=message)

    return form_once(writing, once, change)


def _form(
    request: Request,
    campaign: str,
    root: str,
    *,
    parent: str,
    body: str,
    kind: NoteKind,
    problem: Mapping[str, Any] | None = None,
) -> Response:
    newest = (problem or {}).get("newest")
    context = {
        "campaign": campaign,
        "root": root,
        "parent": newest["uuid"] if newest else parent,
        "newest": newest,
        "body": body,
        "kind": kind.value,
        "kinds": KINDS,
        "problem": problem,
    }
    return renderer_of(request).page(request, "note_edit.html", context, status=problem["status"] if problem else 200)
