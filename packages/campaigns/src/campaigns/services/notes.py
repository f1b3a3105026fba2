"""What people write about a campaign."""

from __future__ import annotations

import uuid

from campaigns.domain.campaign import Note, NoteKind
from campaigns.domain.errors import InvalidInput, NotFound
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign, found_submission
from campaigns.storage.notes import NoteStore

__all__ = ("NoteService",)

MAX_BODY = 100_000


class NoteService:
    """Notes, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = NoteStore(context.session, context.identity)

    def of_campaign(self, ref: str) -> list[Note]:
        """List a campaign's notes, newest first, those on its submissions among them."""
        return self._store.of_campaign(found_campaign(self._context, ref).uuid)

    def add(self, ref: str, *, kind: NoteKind, body: str, submission: str | None = None) -> Note:
        """Write a note.

        Parameters
        ----------
        ref : `str`
            The campaign.
        kind : `NoteKind`
            What sort of remark.
        body : `str`
            Markdown.
        submission : `str`, optional
            A submission of the campaign that it is about.

        Raises
        ------
        InvalidInput
            If it is empty or much too long.
        NotFound
            If the submission is not one of the campaign's.
        """
        text = body.strip()
        if not text or len(text) > MAX_BODY:
            raise InvalidInput(f"A note has between 1 and {MAX_BODY} characters.", where="body")
        campaign = found_campaign(self._context, ref, lock=True)
        about = None if submission is None else found_submission(self._context, submission)
        if about is not None and about.campaign_uuid != campaign.uuid:
            raise NotFound(f"{about.id} is not a submission of {campaign.id}.", where="submission")
        note = Note(
            uuid=str(uuid.uuid4()),
            author=self._context.identity.name,
            kind=kind,
            body=text,
            created_us=self._context.clock.now_us(),
            campaign=campaign.id,
            submission=None if about is None else about.id,
        )
        about_uuid = None if about is None else about.uuid
        self._store.add(note, campaign_uuid=campaign.uuid, submission_uuid=about_uuid)
        self._context.record(
            "note.added",
            f"{kind.value} noted on {note.submission or campaign.id}",
            campaign=campaign.uuid,
            submission=about_uuid,
            details={"note": note.uuid},
        )
        Conductor(self._context).touch(campaign)
        return note
