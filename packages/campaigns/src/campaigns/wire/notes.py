"""Notes as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from pydantic import Field

from campaigns.domain.note import Note, NoteKind
from campaigns.domain.states import CampaignStatus, Judgement, SubmissionStatus
from campaigns.wire.interface import Wire

__all__ = (
    "AttachmentModel",
    "NoteCreate",
    "NoteEdit",
    "NoteList",
    "NoteModel",
    "NotebookBody",
    "PinnedModel",
)


class NoteCreate(Wire):
    """A note to be written."""

    body: str = Field(description="Markdown. `@name` names a user.")
    kind: NoteKind = NoteKind.OBSERVATION
    submission: str | None = Field(default=None, description="The submission that it is about.")
    step: str | None = Field(default=None, description="The step that it is about.")
    set: str | None = Field(default=None, description="The DataId set that it is about, as the definition calls it.")


class NoteEdit(Wire):
    """A new version of a note."""

    body: str = Field(description="The whole new text.")
    parent: str = Field(description="The `uuid` of the version that the change was made to.")
    kind: NoteKind | None = None


class NotebookBody(Wire):
    """Whether notes may be written though the campaign has ended."""

    open: bool
    reason: str = Field(description="Why, for those who come after.")


class PinnedModel(Wire):
    """What a note is about, and the state that it was in."""

    campaign_status: CampaignStatus
    revision: int = Field(description="Of the definition; for a submission, of the one that was run.")
    step: str | None
    step_status: str | None
    submission: str | None
    attempt: int | None
    submission_status: SubmissionStatus | None
    judgement: Judgement | None
    set_reference: str | None
    set_version: int | None
    set_digest: str | None


class AttachmentModel(Wire):
    """A file of a note."""

    name: str
    content_type: str
    is_image: bool
    size: int
    sha256: str
    added_by: str
    created_us: int


class NoteModel(Wire):
    """A version of what somebody wrote."""

    uuid: str
    root: str = Field(description="The first version; the note is known by it.")
    parent: str | None = Field(description="The version that this one replaces.")
    version: int
    author: str
    kind: NoteKind
    body: str
    created_us: int
    campaign: str
    submission: str | None
    step: str | None
    set_reference: str | None
    pinned: PinnedModel | None = Field(description="Nothing for notes from before it was kept.")
    mentions: list[str]
    replaced: bool
    withdrawn_us: int | None
    withdrawn_by: str | None
    withdrawn_reason: str | None
    attachments: list[AttachmentModel]

    @classmethod
    def of(cls, note: Note) -> NoteModel:
        """Make the model of a note."""
        return cls.model_validate(note)


class NoteList(Wire):
    """Notes, newest first; versions of one, oldest first."""

    items: list[NoteModel]
    next: str | None = None
