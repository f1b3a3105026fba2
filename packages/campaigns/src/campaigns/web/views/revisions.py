"""The revisions of a definition, each with what it changed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.campaign import Revision
from campaigns.domain.document import dump_yaml
from campaigns.domain.specifications import SpecPin
from campaigns.domain.submission import Submission

__all__ = ("DiffLine", "RevisionView", "revision_views")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a comparison: ``+`` came, ``-`` went, a space stayed, ``@`` begins a place."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """A revision, its text, and the difference to the one before; empty for the first.

    Attributes
    ----------
    pins : sequence of `SpecPin`
        What its specifications were resolved to.
    submissions : sequence of `Submission`
        What was submitted by it, oldest first.
    """

    revision: Revision
    yaml: str
    pins: Sequence[SpecPin]
    submissions: Sequence[Submission]
    diff: list[DiffLine]


def revision_views(
    revisions: Sequence[Revision], pins: Sequence[SpecPin] = (), submissions: Sequence[Submission] = ()
) -> list[RevisionView]:
    """Put revisions in order, newest first, each compared with the one before it, with what was made by it."""
    ordered = sorted(revisions, key=lambda revision: revision.number)
    texts = [dump_yaml(revision.definition) for revision in ordered]
    views = [
        RevisionView(
            revision=revision,
            yaml=text,
            diff=_diff(before, text) if before is not None else [],
            pins=[pin for pin in pins if pin.revision == revision.number],
            submissions=[one for one in submissions if one.revision == revision.number],
        )
        for revision, text, before in zip(ordered, texts, [None, *texts], strict=False)
    ]
    return views[::-1]


def _diff(before: str, after: str) -> list[DiffLine]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return [DiffLine(line[:1], line[1:] if line[:1] != "@" else line) for line in lines]
