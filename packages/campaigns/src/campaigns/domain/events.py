"""What happened, who did it and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ("Event", "EventDraft")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event that its transaction has not numbered yet.

    Attributes
    ----------
    kind : `str`
        What sort of thing, dotted, such as ``submission.failed``.
    summary : `str`
        One sentence for the timeline.
    actor : `str`
        The principal's name; ``system`` for what follows by rule.
    at_us : `int`
        When, UTC microseconds.
    reason : `str`, optional
        Why, in the actor's words.
    campaign_id, submission_id : `str`, optional
        The UUIDs of what it is about.
    details : `dict`
        What changed, for programs.
    """

    kind: str
    summary: str
    actor: str
    at_us: int
    reason: str | None = None
    campaign_id: str | None = None
    submission_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(EventDraft):
    """An event with its number: whoever follows the numbers misses none."""

    number: int
