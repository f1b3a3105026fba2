"""What people write about a campaign. Nothing written is ever changed or deleted."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from campaigns.domain.attachments import FileLimits, GivenFile, check_sizes, file_name, file_type
from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import DataIdSetEntry
from campaigns.domain.errors import Conflict, EditConflict, Forbidden, InvalidInput, NotebookClosed, NotFound
from campaigns.domain.identity import Role, may
from campaigns.domain.note import MAX_NOTE, Attachment, Note, NoteKind, mentioned_names
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason, found_campaign, found_submission
from campaigns.services.notepins import THE_CAMPAIGN, About, pinned_state
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.notes import NoteStore
from campaigns.storage.users import UserStore

__all__ = ("RECENT_US", "NoteService")

RECENT_US = 7 * 86_400_000_000
"""How long a note that names somebody counts as new."""


class NoteService:
    """Notes, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    limits : `FileLimits`
        How much may be attached.
    """

    def __init__(self, context: Context, *, limits: FileLimits) -> None:
        self._context = context
        self._limits = limits
        self._store = NoteStore(context.session, context.identity)

    # ---- reading -------------------------------------------------------------------------------------------------

    def of_campaign(self, ref: str) -> list[Note]:
        """List a campaign's notes as they stand, newest first, those on its submissions among them."""
        return self._store.of_campaign(found_campaign(self._context, ref).uuid)

    def of_submission(self, ref: str) -> list[Note]:
        """List the notes on a submission as they stand, newest first."""
        return self._store.of_submission(found_submission(self._context, ref).uuid)

    def of_set(self, entry: DataIdSetEntry) -> list[Note]:
        """List the notes on a DataId set as they stand, newest first, in all campaigns that the caller may see.

        Those on another version are left out; one that was written before the version was known is on all of them.
        """
        notes = self._store.of_set(entry.site, entry.butler, entry.name)
        return [note for note in notes if _is_about(note, entry)]

    def replaced(self, ref: str) -> dict[str, list[Note]]:
        """Give the older versions of a campaign's notes, newest first, by the UUIDs of the notes."""
        return self._store.replaced(found_campaign(self._context, ref).uuid)

    def mentioning_me(self, *, limit: int, before: tuple[int, str] | None = None) -> list[Note]:
        """List the notes as they stand in which who asks is named, the last written first.

        Parameters
        ----------
        limit : `int`
            How many at most.
        before : (`int`, `str`), optional
            Only what comes behind this: when a note was written, UTC microseconds, and its version's UUID.
        """
        return self._store.mentioning(self._context.identity.name, limit=limit, before=before)

    def count_mentioning_me(self) -> int:
        """Count the notes of the last seven days in which who asks is named."""
        since = self._context.clock.now_us() - RECENT_US
        return self._store.count_mentioning(self._context.identity.name, since_us=since)

    def versions(self, ref: str, note: str) -> list[Note]:
        """List all versions of a note, oldest first.

        Raises
        ------
        NotFound
            If the campaign has no such note.
        """
        return self._versions(found_campaign(self._context, ref), note)

    def file(self, ref: str, note: str, name: str) -> tuple[Attachment, Path]:
        """Give a note's file, and the path of its content on the server.

        Raises
        ------
        NotFound
            If the note has no file of that name.
        """
        for file in self.versions(ref, note)[-1].attachments:
            if file.name == name:
                return file, self._context.files.path(file.sha256)
        raise NotFound(f"The note has no file {name}.", where=name, remedy="Look at the note for what is attached.")

    # ---- writing -------------------------------------------------------------------------------------------------

    def add(
        self,
        ref: str,
        *,
        kind: NoteKind,
        body: str,
        about: About = THE_CAMPAIGN,
        files: Sequence[GivenFile] = (),
    ) -> Note:
        """Write a note.

        Parameters
        ----------
        ref : `str`
            The campaign.
        kind : `NoteKind`
            What sort of remark.
        body : `str`
            Markdown.
        about : `About`, optional
            What of the campaign it is about; by default the campaign itself.
        files : sequence of `GivenFile`, optional
            What is attached.

        Raises
        ------
        InvalidInput
            If it is empty or much too long, is about several things, or a file cannot be attached.
        NotFound
            If what it is about is not the campaign's.
        NotebookClosed
            If the campaign has ended.
        """
        text = _checked_text(body)
        campaign = self._open_campaign(ref)
        found, pinned = pinned_state(self._context, campaign, about)
        name = str(uuid.uuid4())
        note = Note(
            uuid=name,
            root=name,
            author=self._context.identity.name,
            kind=kind,
            body=text,
            created_us=self._context.clock.now_us(),
            campaign=campaign.id,
            submission=pinned.submission,
            step=pinned.step if found is None else None,
            set_reference=pinned.set_reference,
            pinned=pinned,
            mentions=self._mentions(text),
        )
        about_uuid = None if found is None else found.uuid
        self._store.add(note, campaign_uuid=campaign.uuid, submission_uuid=about_uuid)
        kept = self._keep(note, files)
        self._tell(campaign, note, "note.added", f"{kind.value} noted on {note.about}", submission=about_uuid)
        return replace(note, attachments=kept)

    def edit(self, ref: str, note: str, *, body: str, parent: str, kind: NoteKind | None = None) -> Note:
        """Write a new version of a note; the older ones stay.

        Parameters
        ----------
        ref : `str`
            The campaign.
        note : `str`
            The note.
        body : `str`
            The whole new text.
        parent : `str`
            The UUID of the version that the change was made to.
        kind : `NoteKind`, optional
            What sort of remark, if that changes too.

        Raises
        ------
        EditConflict
            If somebody else has edited it since.
        Forbidden
            If it is neither one's own note nor one is a manager.
        NotebookClosed
            If the campaign has ended.
        """
        text = _checked_text(body)
        campaign = self._open_campaign(ref)
        newest = self._own(campaign, note)
        if parent != newest.uuid:
            raise EditConflict(
                f"The note was edited by {newest.author} meanwhile: it is at version {newest.version}.",
                where=note,
                remedy=f"Put the two texts together, and send the result with the parent {newest.uuid}.",
                newest={name: getattr(newest, name) for name in ("uuid", "version", "author", "body", "created_us")},
                yours=text,
            )
        if text == newest.body and kind in (None, newest.kind):
            raise InvalidInput("The text is the same as before.", where="body", remedy="Change it, or leave it.")
        edited = replace(
            newest,
            uuid=str(uuid.uuid4()),
            parent=newest.uuid,
            version=newest.version + 1,
            author=self._context.identity.name,
            kind=kind or newest.kind,
            body=text,
            created_us=self._context.clock.now_us(),
            mentions=self._mentions(text),
        )
        about = None if newest.submission is None else found_submission(self._context, newest.submission).uuid
        self._store.add(edited, campaign_uuid=campaign.uuid, submission_uuid=about)
        self._tell(campaign, edited, "note.edited", f"Note on {edited.about} edited: version {edited.version}", submission=about)
        return edited

    def withdraw(self, ref: str, note: str, *, reason: str) -> Note:
        """Withdraw a note: it stays, folded away, with who withdrew it and why.

        Raises
        ------
        Conflict
            If it was withdrawn before.
        Forbidden
            If it is neither one's own note nor one is a manager.
        NotebookClosed
            If the campaign has ended.
        """
        told = checked_reason(reason)
        campaign = self._open_campaign(ref)
        newest = self._own(campaign, note)
        now, by = self._context.clock.now_us(), self._context.identity.name
        self._store.withdraw(newest, by=by, reason=told, at_us=now)
        about = None if newest.submission is None else found_submission(self._context, newest.submission).uuid
        summary = f"Note of {newest.author} on {newest.about} withdrawn"
        self._tell(campaign, newest, "note.withdrawn", summary, submission=about, reason=told)
        return replace(newest, withdrawn_us=now, withdrawn_by=by, withdrawn_reason=told)

    def attach(self, ref: str, note: str, files: Sequence[GivenFile]) -> Note:
        """Attach files to a note that is there. One that it has already, with the same content, changes nothing.

        Raises
        ------
        Conflict
            If the note has another file of that name.
        Forbidden
            If it is neither one's own note nor one is a manager.
        InvalidInput, TooLarge
            If a file cannot be attached.
        NotebookClosed
            If the campaign has ended.
        """
        campaign = self._open_campaign(ref)
        newest = self._own(campaign, note)
        if not files:
            raise InvalidInput("There is no file.", where="files", remedy="Send one at least, as multipart/form-data.")
        kept = self._keep(newest, files)
        if kept:
            about = None if newest.submission is None else found_submission(self._context, newest.submission).uuid
            summary = f"{', '.join(file.name for file in kept)} attached to the note on {newest.about}"
            self._tell(campaign, newest, "note.attached", summary, submission=about)
        return self._versions(campaign, note)[-1]

    def set_notebook(self, ref: str, *, is_open: bool, reason: str) -> Campaign:
        """Open the notebook of a campaign that has ended, or close it again.

        Raises
        ------
        Conflict
            If it is so already, or the campaign has not ended.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        if not campaign.has_ended:
            raise Conflict(
                f"The notebook of {campaign.id} is open: the campaign is {campaign.status.value}.",
                where=campaign.id,
                remedy="It closes by itself when the campaign ends.",
            )
        if campaign.notebook_is_closed is not is_open:
            raise Conflict(f"The notebook of {campaign.id} is {'open' if is_open else 'closed'} already.", where=campaign.id)
        now = self._context.clock.now_us()
        changed = replace(campaign, notebook_reopened_us=now if is_open else None, updated_us=now)
        CampaignStore(self._context.session, self._context.identity).save(changed)
        self._context.record(
            "campaign.notebook_reopened" if is_open else "campaign.notebook_closed",
            f"{campaign.id}: notebook {'opened again' if is_open else 'closed'}",
            reason=told,
            campaign=campaign.uuid,
        )
        return changed

    # ---- what they have in common --------------------------------------------------------------------------------

    def _open_campaign(self, ref: str) -> Campaign:
        campaign = found_campaign(self._context, ref, lock=True)
        if campaign.notebook_is_closed:
            raise NotebookClosed(
                f"{campaign.id} is {campaign.status.value}, and its notebook is closed.",
                where=campaign.id,
                remedy=f"A manager can open it again: `campaign notebook {campaign.id} open --reason …`.",
            )
        return campaign

    def _versions(self, campaign: Campaign, note: str) -> list[Note]:
        try:
            found = self._store.versions(campaign.uuid, str(uuid.UUID(note)))
        except ValueError:
            found = []
        if not found:
            remedy = f"`campaign notes {campaign.id}` lists its notes."
            raise NotFound(f"{campaign.id} has no note {note}.", where=note, remedy=remedy)
        return found

    def _own(self, campaign: Campaign, note: str) -> Note:
        """Give a note's newest version, if the caller may change it."""
        versions = self._versions(campaign, note)
        first, newest, identity = versions[0], versions[-1], self._context.identity
        if first.author != identity.name and not may(identity, Role.MANAGER):
            raise Forbidden(
                f"The note is {first.author}'s; only its author and managers may change it.",
                where=note,
                remedy="Write a note of your own.",
            )
        if newest.withdrawn_us is not None:
            raise Conflict(f"The note was withdrawn by {newest.withdrawn_by}.", where=note, remedy="Write another.")
        return newest

    def _mentions(self, text: str) -> tuple[str, ...]:
        return tuple(sorted(UserStore(self._context.session).enabled(mentioned_names(text))))

    def _keep(self, note: Note, files: Sequence[GivenFile]) -> tuple[Attachment, ...]:
        """Keep what a note does not have yet: the content first, then the entry."""
        known = {file.name: file.sha256 for file in note.attachments}
        new: dict[str, GivenFile] = {}
        for file in files:
            name = file_name(file.name)
            if known.get(name) == hashlib.sha256(file.content).hexdigest():
                continue
            if name in known or name in new:
                raise Conflict(f"The note has a file {name} already.", where="files", remedy="Give it another name.")
            new[name] = GivenFile(name, file.content)
        kept_bytes = sum(file.size for file in note.attachments)
        check_sizes(list(new.values()), kept_bytes=kept_bytes, n_kept=len(known), limits=self._limits)
        types = {name: file_type(file) for name, file in new.items()}
        kept = tuple(
            Attachment(
                name=name,
                content_type=types[name].media_type,
                is_image=types[name].is_image,
                size=len(file.content),
                sha256=self._context.files.put(file.content),
                added_by=self._context.identity.name,
                created_us=self._context.clock.now_us(),
            )
            for name, file in new.items()
        )
        self._store.attach(note, kept)
        return kept

    def _tell(
        self, campaign: Campaign, note: Note, kind: str, summary: str, *, submission: str | None, reason: str | None = None
    ) -> None:
        details = {"note": note.root, "version": note.uuid, "mentions": list(note.mentions)}
        self._context.record(kind, summary, reason=reason, campaign=campaign.uuid, submission=submission, details=details)
        Conductor(self._context).touch(campaign)


def _is_about(note: Note, entry: DataIdSetEntry) -> bool:
    name, _, version = (note.set_reference or "").partition("@")
    if name != entry.name:
        return False
    if note.pinned is not None and note.pinned.set_digest is not None:
        return note.pinned.set_digest == entry.digest
    return version in ("", str(entry.version))


def _checked_text(body: str) -> str:
    text = body.replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_NOTE:
        raise InvalidInput(
            f"A note has between 1 and {MAX_NOTE} characters.", where="body", remedy="Attach a long text as a file."
        )
    return text
