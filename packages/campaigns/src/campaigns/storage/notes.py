"""Notes, their versions, and who is named in them, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import campaign_id
from campaigns.domain.identity import Identity
from campaigns.domain.note import Attachment, Note, NoteKind, PinnedTo
from campaigns.domain.submission import submission_id
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.note import NoteRow
from campaigns.schema.note_file import NoteFileRow
from campaigns.schema.note_mention import NoteMentionRow
from campaigns.schema.submission import SubmissionRow
from campaigns.storage.visibility import may_see_campaign

__all__ = ("NoteStore",)

_Found: TypeAlias = Row[NoteRow, int, int | None]


class NoteStore:
    """Notes that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for writing.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def of_campaign(self, campaign_uuid: str) -> list[Note]:
        """List a campaign's notes as they stand, newest first, those on its submissions among them."""
        return self._newest(self._visible().where(NoteRow.campaign_id == campaign_uuid))

    def count(self, campaign_uuid: str) -> int:
        """Count a campaign's notes as they stand, those on its submissions among them."""
        counted = self._visible().where(NoteRow.campaign_id == campaign_uuid, ~NoteRow.replaced).with_only_columns(func.count())
        return self._session.scalar(counted) or 0

    def of_submission(self, submission_uuid: str) -> list[Note]:
        """List the notes on a submission as they stand, newest first."""
        return self._newest(self._visible().where(NoteRow.submission_id == submission_uuid))

    def of_set(self, site: str, butler: str, name: str) -> list[Note]:
        """List the notes as they stand on any version of a DataId set, of campaigns that use that repository, newest first."""
        named = or_(NoteRow.set_reference == name, NoteRow.set_reference.startswith(f"{name}@", autoescape=True))
        there = (CampaignRow.site == site, CampaignRow.butler == butler)
        return self._newest(self._visible().where(named, *there, NoteRow.withdrawn_us.is_(None)))

    def mentioning(self, user_name: str, *, limit: int, before: tuple[int, str] | None = None) -> list[Note]:
        """List the notes as they stand in which a user is named, the last written first, without those that were withdrawn.

        Parameters
        ----------
        user_name : `str`
            The user.
        limit : `int`
            How many at most.
        before : (`int`, `str`), optional
            Only what comes behind this: when a note was written, UTC microseconds, and its version's UUID.
        """
        statement = self._visible().where(*_naming(user_name))
        if before is not None:
            written, uuid = before
            same = and_(NoteRow.created_us == written, NoteRow.id > uuid)
            statement = statement.where(or_(NoteRow.created_us < written, same))
        return self._read(statement.order_by(NoteRow.created_us.desc(), NoteRow.id).limit(limit))

    def count_mentioning(self, user_name: str, *, since_us: int) -> int:
        """Count the notes in which a user is named and that were written since a time, UTC microseconds."""
        found = self._visible().where(*_naming(user_name), NoteRow.created_us >= since_us)
        counted = found.with_only_columns(func.count(), maintain_column_froms=True)
        return self._session.scalar(counted) or 0

    def versions(self, campaign_uuid: str, note_uuid: str) -> list[Note]:
        """List all versions of a campaign's note, oldest first; none if there is no such note.

        Parameters
        ----------
        campaign_uuid : `str`
            The campaign.
        note_uuid : `str`
            The note, by the UUID of any of its versions.
        """
        root = select(NoteRow.root_id).where(NoteRow.id == note_uuid).scalar_subquery()
        statement = self._visible().where(NoteRow.campaign_id == campaign_uuid, NoteRow.root_id == root)
        return self._read(statement.order_by(NoteRow.version))

    def replaced(self, campaign_uuid: str) -> dict[str, list[Note]]:
        """Give the older versions of a campaign's notes, newest first, by the UUIDs of the notes."""
        statement = self._visible().where(NoteRow.campaign_id == campaign_uuid, NoteRow.replaced)
        found: dict[str, list[Note]] = {}
        for note in self._read(statement.order_by(NoteRow.version.desc())):
            found.setdefault(note.root, []).append(note)
        return found

    def add(self, note: Note, *, campaign_uuid: str, submission_uuid: str | None) -> None:
        """Write a new version of a note; the one that it replaces is marked so."""
        if note.parent is not None:
            self._session.get_one(NoteRow, note.parent).replaced = True
        self._session.add(
            NoteRow(
                id=note.uuid,
                root_id=note.root,
                parent_id=note.parent,
                version=note.version,
                campaign_id=campaign_uuid,
                submission_id=submission_uuid,
                step=note.step,
                set_reference=note.set_reference,
                pinned={} if note.pinned is None else note.pinned.as_dict(),
                author=note.author,
                kind=note.kind.value,
                body=note.body,
                created_us=note.created_us,
                replaced=False,
            )
        )
        self._session.flush()
        if note.mentions:
            rows = [{"note_id": note.uuid, "user_name": name} for name in note.mentions]
            self._session.execute(insert(NoteMentionRow), rows)

    def withdraw(self, note: Note, *, by: str, reason: str, at_us: int) -> None:
        """Mark a note as withdrawn."""
        row = self._session.get_one(NoteRow, note.uuid)
        row.withdrawn_by, row.withdrawn_reason, row.withdrawn_us = by, reason, at_us
        self._session.flush()

    def attach(self, note: Note, files: Sequence[Attachment]) -> None:
        """Write the entries of a note's new files, whose content lies in the file folder already."""
        if files:
            self._session.execute(insert(NoteFileRow), [{"note_id": note.root, **asdict(file)} for file in files])

    def _visible(self) -> Select[NoteRow, int, int | None]:
        return (
            select(NoteRow, CampaignRow.number, SubmissionRow.number)
            .join(CampaignRow, CampaignRow.id == NoteRow.campaign_id)
            .outerjoin(SubmissionRow, SubmissionRow.id == NoteRow.submission_id)
            .where(may_see_campaign(self._identity))
        )

    def _newest(self, statement: Select[NoteRow, int, int | None]) -> list[Note]:
        standing = self._read(statement.where(~NoteRow.replaced))
        begun = self._begun([note.root for note in standing if note.version > 1])
        # An edit does not bring a note to the top: what one has read stays where it was.
        return sorted(standing, key=lambda note: (-begun.get(note.root, note.created_us), note.root))

    def _begun(self, roots: Sequence[str]) -> dict[str, int]:
        if not roots:
            return {}
        statement = select(NoteRow.id, NoteRow.created_us).where(NoteRow.id.in_(roots))
        return {row[0]: row[1] for row in self._session.execute(statement)}

    def _read(self, statement: Select[NoteRow, int, int | None]) -> list[Note]:
        rows: list[_Found] = list(self._session.execute(statement.execution_options(populate_existing=True)))
        ids, roots = [row[0].id for row in rows], list({row[0].root_id for row in rows})
        mentions: dict[str, tuple[str, ...]] = {}
        named = select(NoteMentionRow).where(NoteMentionRow.note_id.in_(ids)).order_by(NoteMentionRow.user_name)
        for mention in self._session.scalars(named) if ids else ():
            mentions[mention.note_id] = (*mentions.get(mention.note_id, ()), mention.user_name)
        files: dict[str, tuple[Attachment, ...]] = {}
        kept = select(NoteFileRow).where(NoteFileRow.note_id.in_(roots)).order_by(NoteFileRow.created_us, NoteFileRow.name)
        for file in self._session.scalars(kept) if roots else ():
            files[file.note_id] = (*files.get(file.note_id, ()), _attachment(file))
        return [
            replace(_note(row), mentions=mentions.get(row[0].id, ()), attachments=files.get(row[0].root_id, ())) for row in rows
        ]


def _naming(user_name: str) -> tuple[ColumnElement[bool], ...]:
    """Give the conditions that a note as it stands names a user."""
    named = select(NoteMentionRow.note_id).where(NoteMentionRow.user_name == user_name)
    return NoteRow.id.in_(named), ~NoteRow.replaced, NoteRow.withdrawn_us.is_(None)


def _note(found: _Found) -> Note:
    row, campaign, submission = found
    return Note(
        uuid=row.id,
        root=row.root_id,
        parent=row.parent_id,
        version=row.version,
        author=row.author,
        kind=NoteKind(row.kind),
        body=row.body,
        created_us=row.created_us,
        campaign=campaign_id(campaign),
        submission=None if submission is None else submission_id(submission),
        step=row.step,
        set_reference=row.set_reference,
        pinned=PinnedTo.from_dict(row.pinned) if row.pinned else None,
        replaced=row.replaced,
        withdrawn_us=row.withdrawn_us,
        withdrawn_by=row.withdrawn_by,
        withdrawn_reason=row.withdrawn_reason,
    )


def _attachment(row: NoteFileRow) -> Attachment:
    return Attachment(
        name=row.name,
        content_type=row.content_type,
        is_image=row.is_image,
        size=row.size,
        sha256=row.sha256,
        added_by=row.added_by,
        created_us=row.created_us,
    )
