"""Notes in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import Note, NoteKind, campaign_id
from campaigns.domain.identity import Identity
from campaigns.domain.submission import submission_id
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.note import NoteRow
from campaigns.schema.submission import SubmissionRow

__all__ = ("NoteStore",)


class NoteStore:
    """Notes that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for adding.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def of_campaign(self, campaign_uuid: str) -> list[Note]:
        """List a campaign's notes, newest first, those on its submissions among them."""
        if self._identity.site is not None:
            return []
        statement = (
            select(NoteRow, CampaignRow.number, SubmissionRow.number)
            .join(CampaignRow, CampaignRow.id == NoteRow.campaign_id)
            .outerjoin(SubmissionRow, SubmissionRow.id == NoteRow.submission_id)
            .where(NoteRow.campaign_id == campaign_uuid)
            .order_by(NoteRow.created_us.desc(), NoteRow.id)
        )
        return [
            Note(
                uuid=row.id,
                author=row.author,
                kind=NoteKind(row.kind),
                body=row.body,
                created_us=row.created_us,
                campaign=campaign_id(campaign),
                submission=None if submission is None else submission_id(submission),
            )
            for row, campaign, submission in self._session.execute(statement)
        ]

    def add(self, note: Note, *, campaign_uuid: str, submission_uuid: str | None) -> None:
        """Write a new note."""
        self._session.add(
            NoteRow(
                id=note.uuid,
                campaign_id=campaign_uuid,
                submission_id=submission_uuid,
                author=note.author,
                kind=note.kind.value,
                body=note.body,
                created_us=note.created_us,
            )
        )
