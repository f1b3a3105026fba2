"""Which actions can be asked for over REST: those that a person does, and not the system's own."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ("BulkAction", "TransitionAction")

BulkAction: TypeAlias = Literal["define", "pause", "resume", "complete", "fail", "cancel"]
"""What can be done with many campaigns at once: `campaigns.domain.states.BY_HAND`."""

TransitionAction: TypeAlias = Literal["define", "start", "pause", "resume", "complete", "fail", "cancel"]
"""What can be done with one: that, and starting it."""
