"""Notes: what people wrote, about what, and in which state that was."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from campaigns.domain.states import CampaignStatus, Judgement, SubmissionStatus

__all__ = ("MAX_NOTE", "Attachment", "Note", "NoteKind", "PinnedTo", "mentioned_names")

MAX_NOTE: Final = 100_000
"""The most characters of a note."""

_CODE: Final = re.compile(r"(`+).+?\1|^(```|~~~).*?^\2", re.DOTALL | re.MULTILINE)
_MENTION: Final = re.compile(r"(?<![\w@./+-])@([a-z0-9][a-z0-9._@+-]{0,63})", re.IGNORECASE)


class NoteKind(StrEnum):
    """What sort of remark a note is."""

    OBSERVATION = "observation"
    DECISION = "decision"
    PROBLEM = "problem"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedTo:
    """What a note is about, and the state that it was in when the note was written.

    Attributes
    ----------
    campaign_status : `CampaignStatus`
        Where the campaign stood.
    revision : `int`
        The revision of its definition.
    step : `str`, optional
        The step.
    step_status : `str`, optional
        Where the step stood.
    submission : `str`, optional
        The submission's id, such as ``S-12``; with it ``attempt``, ``submission_status`` and ``judgement``.
    set_reference : `str`, optional
        What the definition calls the set; with it ``set_version`` and ``set_digest``, where they were known.
    """

    campaign_status: CampaignStatus
    revision: int
    step: str | None = None
    step_status: str | None = None
    submission: str | None = None
    attempt: int | None = None
    submission_status: SubmissionStatus | None = None
    judgement: Judgement | None = None
    set_reference: str | None = None
    set_version: int | None = None
    set_digest: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON; what is not told is left out."""
        return {name: value for name in PinnedTo.__slots__ if (value := getattr(self, name)) is not None}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PinnedTo:
        """Read it from JSON."""
        told = dict(data)
        for name, kind in (("submission_status", SubmissionStatus), ("judgement", Judgement)):
            if name in told:
                told[name] = kind(told[name])
        return cls(**{**told, "campaign_status": CampaignStatus(told["campaign_status"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that belongs to a note; its content lies in the file folder under its digest.

    Attributes
    ----------
    content_type : `str`
        What its first bytes say it is, or what whoever sent it says.
    is_image : `bool`
        Whether it may be shown as a picture.
    size : `int`
        In bytes.
    """

    name: str
    content_type: str
    is_image: bool
    size: int
    sha256: str
    added_by: str
    created_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A version of what somebody wrote. No version is ever changed.

    Attributes
    ----------
    uuid : `str`
        The version's UUID.
    root : `str`
        The first version's UUID, under which the note stays known.
    parent : `str`, optional
        The version that this one replaces.
    version : `int`
        From 1.
    author : `str`
        Who wrote this version.
    pinned : `PinnedTo`, optional
        What it is about and the state that was in, as of the first version; unknown for notes from before it was kept.
    mentions : `tuple` [`str`, ...]
        The users who are named in it by ``@name``.
    replaced : `bool`
        Whether a later version took its place.
    withdrawn_us : `int`, optional
        When it was withdrawn, UTC microseconds; the text stays.
    attachments : `tuple` [`Attachment`, ...]
        The note's files, whichever version brought them.
    """

    uuid: str
    root: str
    parent: str | None = None
    version: int = 1
    author: str
    kind: NoteKind
    body: str
    created_us: int
    campaign: str
    submission: str | None = field(default=None)
    step: str | None = None
    set_reference: str | None = None
    pinned: PinnedTo | None = None
    mentions: tuple[str, ...] = ()
    replaced: bool = False
    withdrawn_us: int | None = None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def about(self) -> str:
        """What it is about, in a word (`str`)."""
        return self.submission or self.set_reference or self.step or self.campaign


def mentioned_names(text: str) -> list[str]:
    """List the names after an at sign in a text, in the order in which they stand there, each once.

    Parameters
    ----------
    text : `str`
        Markdown; what stands in it as code is passed over.

    Notes
    -----
    A full stop or a comma that ends a sentence is no part of a name, though some of these letters may be in one.
    """
    found: Iterable[str] = (match.rstrip("._+-@").lower() for match in _MENTION.findall(_CODE.sub(" ", text)))
    return list(dict.fromkeys(name for name in found if name))
