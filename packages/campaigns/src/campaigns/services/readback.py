"""Reading back, as pages will, what an import has written; what cannot be read, or could not be made here, is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.orm import Session

from campaigns.domain.attachments import file_name, is_kept_type, is_plain_name
from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import CampaignError, InvalidArchive
from campaigns.domain.identity import SYSTEM
from campaigns.domain.links import address_fault
from campaigns.domain.note import Note
from campaigns.domain.submission import StoredFile
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.dataidsets import PinStore
from campaigns.storage.links import LinkStore
from campaigns.storage.notes import NoteStore
from campaigns.storage.signoffs import SignOffStore
from campaigns.storage.specifications import SpecPinStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.agent import FileKind

__all__ = ("read_back",)

ALL: Final = 2**31 - 1


def read_back(session: Session, campaign_uuid: str) -> Campaign:
    """Read all that was written of a campaign.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction that wrote it.
    campaign_uuid : `str`
        The campaign.

    Raises
    ------
    InvalidArchive
        If some of it cannot be read, or could not have been made here; it tells in which table.
    """
    with _table("campaign"):
        campaigns = CampaignStore(session, SYSTEM)
        campaign = campaigns.reindex(campaign_uuid)
    with _table("revision"):
        campaigns.revisions(campaign)
    with _table("set_pin"):
        PinStore(session, SYSTEM).of_campaign(campaign.uuid)
    with _table("spec_pin"):
        SpecPinStore(session, SYSTEM).of_campaign(campaign.uuid)
    with _table("sign_off"):
        SignOffStore(session, SYSTEM).of_campaign(campaign.uuid)
    with _table("link"):
        for link in LinkStore(session, SYSTEM).of_campaign(campaign.uuid):
            if fault := address_fault(link.url):
                raise ValueError(fault)
    _read_notes(session, campaign)
    _read_submissions(session, campaign)
    return campaign


def _read_notes(session: Session, campaign: Campaign) -> None:
    with _table("note"):
        store = NoteStore(session, SYSTEM)
        older = [note for versions in store.replaced(campaign.uuid).values() for note in versions]
        notes = [*store.of_campaign(campaign.uuid), *older]
    with _table("note_file"):
        for note in notes:
            _check_attachments(note)


def _check_attachments(note: Note) -> None:
    for file in note.attachments:
        if file_name(file.name) != file.name:
            raise ValueError(f"{file.name!r} is not a plain file name.")
        if not is_kept_type(file.content_type, is_image=file.is_image):
            raise ValueError(f"{file.name} is of no type that can be attached.")


def _read_submissions(session: Session, campaign: Campaign) -> None:
    store = SubmissionStore(session, SYSTEM)
    with _table("submission"):
        submissions = store.of_campaign(campaign.uuid)
    for submission in submissions:
        with _table("submission_graph"):
            store.graph(submission)
        with _table("task_spent"):
            store.spent(submission)
        with _table("quantum_failure"):
            store.failures(submission, limit=ALL)
        with _table("stored_file"):
            for file in store.files(submission):
                _check_file(file)


def _check_file(file: StoredFile) -> None:
    if not is_plain_name(file.name):
        raise ValueError(f"{file.name!r} is not a plain file name.")
    FileKind(file.kind)
    # It came in a header, and goes out in one.
    if not file.content_type.isascii() or not file.content_type.isprintable():
        raise ValueError(f"{file.name} has no media type.")


@contextmanager
def _table(name: str) -> Iterator[None]:
    """Tell of what cannot be read in which table it is."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, CampaignError) as error:
        why = str(error).splitlines()[0][:200] if str(error) else "it cannot be read."
        raise InvalidArchive(f"What the file has makes no sense here: {why}", where=f"tables/{name}.jsonl") from error
