"""How each state looks, in one place: its word, its shape, its glyph for plain text, and its colour's name.

Pages, pictures and the legend on the help page all take it from here. Colours are names of classes in the style sheet, so that
they can differ between light and dark; no state is told by its colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from campaigns.domain.states import CampaignStatus, Judgement, SubmissionStatus
from campaigns.domain.steps import StepStatus

__all__ = ("JUDGEMENTS", "LEGEND", "SHAPES", "Look", "Tone", "look_of", "settled", "sprite")


class Tone(StrEnum):
    """What a colour means. Red is kept for what needs someone now."""

    CALM = "calm"
    WAIT = "wait"
    RUN = "run"
    NEED = "need"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Look:
    """How one state looks.

    Attributes
    ----------
    key : `str`
        The name of its shape.
    glyph : `str`
        One character that stands for the shape in plain text, such as a window's title.
    word : `str`
        The state's word.
    tone : `Tone`
        The colour's meaning.
    meaning : `str`
        What the state means, for the legend.
    """

    key: str
    glyph: str
    word: str
    tone: Tone
    meaning: str


LEGEND: Final = {
    look.key: look
    for look in (
        Look("draft", "✎", "draft", Tone.CALM, "A campaign that is being written; a manager defines it once it is whole."),
        Look("defined", "□", "defined", Tone.CALM, "A campaign with all it needs to start."),
        Look("planned", "○", "planned", Tone.CALM, "Not begun: something before it has to end or be accepted first."),
        Look("queued", "◔", "queued", Tone.WAIT, "Ordered; the site's agent has not begun it yet."),
        Look("acquiring", "⋯", "acquiring", Tone.WAIT, "The site is building the quantum graph."),
        Look("running", "▶", "running", Tone.RUN, "Under way."),
        Look("paused", "⏸", "paused", Tone.NEED, "Waits for a person. Nothing is dropped; what runs goes on."),
        Look("succeeded", "✓", "succeeded", Tone.GOOD, "Every quantum succeeded."),
        Look("completed", "✓", "completed", Tone.GOOD, "The campaign has reached its goal."),
        Look("partly_succeeded", "◐", "partly succeeded", Tone.NEED, "It ended, and some quanta failed or never ran."),
        Look("failed", "✕", "failed", Tone.BAD, "It ended without what it should have made."),
        Look("cancelled", "⊘", "cancelled", Tone.CALM, "A person stopped it."),
        Look("imported", "⇣", "imported", Tone.CALM, "The record of a campaign of another server, which had not ended there."),
        Look("lost_contact", "?", "lost contact", Tone.BAD, "The agent cannot tell what became of it; a person must find out."),
        Look(
            "accepted", "☑", "accepted", Tone.GOOD, "Somebody, or the gate's rule, has said that later steps may use the outputs."
        ),
        Look("rejected", "☒", "rejected", Tone.CALM, "Somebody has said that the outputs must not be used."),
        Look("acknowledged", "⚑", "acknowledged", Tone.CALM, "A failure that somebody has seen and explained."),
    )
}
"""Every state's look, by its key."""

JUDGEMENTS: Final = {Judgement.ACCEPTED: LEGEND["accepted"], Judgement.REJECTED: LEGEND["rejected"]}

_RING = '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"/>'
_BOX = '<rect x="2.25" y="2.25" width="11.5" height="11.5" rx="2" fill="none" stroke="currentColor" stroke-width="1.5"/>'
_LINE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
_TICK = f'<path d="M3 8.6 6.6 12 13 4.6" {_LINE}/>'
_THIN = _LINE.replace('"2"', '"1.5"')

_FILLED = 'fill="currentColor"'
_FLAG = 'stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"'
_DOTS = "".join(f'<circle cx="{x}" cy="8" r="1.7"/>' for x in (3, 8, 13))
_BARS = "".join(f'<rect x="{x}" y="2.5" width="3.4" height="11" rx="1"/>' for x in (3.2, 9.4))
_DOT_BELOW = f'<circle cx="8" cy="13.4" r="1.25" {_FILLED}/>'

SHAPES: Final = {
    "draft": f'<path d="M3 13l.7-3 6.9-6.9a1.4 1.4 0 0 1 2 0l.3.3a1.4 1.4 0 0 1 0 2L6 12.3zM9.4 4.6l2 2" {_THIN}/>',
    "defined": _BOX,
    "planned": _RING,
    "queued": f'{_RING}<path d="M8 8V2.6A5.4 5.4 0 0 1 13.4 8z" {_FILLED}/>',
    "acquiring": f"<g {_FILLED}>{_DOTS}</g>",
    "running": f'<path d="M4 2.6v10.8a.6.6 0 0 0 .9.5l9-5.4a.6.6 0 0 0 0-1l-9-5.4a.6.6 0 0 0-.9.5z" {_FILLED}/>',
    "paused": f"<g {_FILLED}>{_BARS}</g>",
    "succeeded": _TICK,
    "completed": _TICK,
    "partly_succeeded": f'{_RING}<path d="M8 2.6a5.4 5.4 0 0 0 0 10.8z" {_FILLED}/>',
    "failed": f'<path d="M3.5 3.5l9 9m0-9l-9 9" {_LINE}/>',
    "cancelled": f'{_RING}<path d="M4.2 11.8l7.6-7.6" {_THIN}/>',
    "imported": f'<path d="M8 2.4v7.4m-3.2-3L8 10l3.2-3.2M2.8 10.4v2.8h10.4v-2.8" {_THIN}/>',
    "lost_contact": f'<path d="M4.9 5.2a3.1 3.1 0 1 1 4.5 2.9c-.9.5-1.4 1-1.4 2" {_LINE}/>{_DOT_BELOW}',
    "accepted": f'{_BOX}<path d="M4.9 8.3l2.2 2.2 4-4.6" {_THIN}/>',
    "rejected": f'{_BOX}<path d="M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2" {_THIN}/>',
    "acknowledged": f'<path d="M4 14.2V2.6m0 .2c3-1.6 4.6 1.4 8.3 0v6.4c-3.7 1.4-5.3-1.6-8.3 0" {_FILLED} {_FLAG}/>',
}
"""What is drawn for each key, in a square of 16 by 16, in the colour of the text around it."""


def look_of(status: CampaignStatus | SubmissionStatus | StepStatus) -> Look:
    """Give the look of a state."""
    return LEGEND[status.value]


def settled(look: Look) -> Look:
    """Give the look of a state that needs nobody any more: what was red or amber is calm."""
    return replace(look, tone=Tone.CALM) if look.tone in (Tone.BAD, Tone.NEED) else look


def sprite() -> str:
    """Give all shapes as symbols named ``i-<key>``, to be put into a page once."""
    symbols = "".join(f'<symbol id="i-{key}" viewBox="0 0 16 16">{shape}</symbol>' for key, shape in SHAPES.items())
    return f'<svg class="sprite" width="0" height="0" aria-hidden="true" focusable="false">{symbols}</svg>'
