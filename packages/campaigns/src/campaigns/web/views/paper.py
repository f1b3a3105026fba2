"""A campaign's whole notebook on paper: what was meant, what was run, what came of it, what was decided and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import CampaignSet
from campaigns.domain.decisions import newest_attempts
from campaigns.domain.events import Event
from campaigns.domain.failures import FailurePattern, PlacedFailure, group_failures
from campaigns.domain.links import Link
from campaigns.domain.note import Note, NoteKind
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.specifications import SpecPin
from campaigns.domain.steps import StepState, step_states
from campaigns.domain.submission import Submission
from campaigns.pictures.looks import Look, look_of
from campaigns.services.factory import Factory
from campaigns.web.views.history import DECIDED, Happening, happenings
from campaigns.web.views.people import Signing, signing_of
from campaigns.web.views.revisions import RevisionView, revision_views
from campaigns.web.views.steps import graph_of_states

__all__ = ("PaperPage", "paper_page")

MAX_EVENTS = 5000
MAX_FAILURES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPage:
    """The page's content; lists are in the order in which things happened.

    Attributes
    ----------
    decisions : `list` [`Happening`]
        What was decided, by whom, and why.
    sets : sequence of `CampaignSet`
        The data that is left out and taken in.
    spec_pins : sequence of `SpecPin`
        What the specifications of each revision stand for.
    has_more : `bool`
        Whether there are older events than those shown.
    """

    campaign: Campaign
    look: Look
    graph: Markup
    quanta: QuantaCounts
    states: list[StepState]
    submissions: Sequence[Submission]
    revisions: list[RevisionView]
    patterns: Sequence[FailurePattern]
    decisions: list[Happening]
    decision_notes: list[Note]
    notes: list[Note]
    sets: Sequence[CampaignSet]
    spec_pins: Sequence[SpecPin]
    links: Sequence[Link]
    signing: Signing
    history: list[Happening]
    has_more: bool
    printed_us: int


def paper_page(factory: Factory, ref: str) -> PaperPage:
    """Gather the page."""
    campaign = factory.campaigns().get(ref)
    submissions = factory.submissions().of_campaign(campaign.uuid)
    states = step_states(campaign.definition, submissions, waits=campaign.waits)
    events = factory.events().of_campaign(campaign.uuid, limit=MAX_EVENTS + 1)
    shown: list[Event] = events[:MAX_EVENTS][::-1]
    notes = factory.notes().of_campaign(campaign.uuid)[::-1]
    history = happenings(shown, submissions)
    return PaperPage(
        campaign=campaign,
        look=look_of(campaign.status),
        graph=graph_of_states(states, base=f"/campaigns/{campaign.id}", ended=True),
        quanta=QuantaCounts.total(state.quanta for state in states),
        states=states,
        submissions=submissions,
        revisions=revision_views(factory.campaigns().revisions(campaign.uuid))[::-1],
        patterns=_patterns(factory, submissions),
        decisions=[one for one in history if one.event.kind in DECIDED],
        decision_notes=[note for note in notes if note.kind is NoteKind.DECISION],
        notes=notes,
        sets=factory.dataid_sets().used_by(campaign),
        spec_pins=factory.specifications().of_campaign(campaign),
        links=factory.links().of_campaign(campaign.uuid),
        signing=signing_of(factory, campaign),
        history=history,
        has_more=len(events) > MAX_EVENTS,
        printed_us=factory.clock.now_us(),
    )


def _patterns(factory: Factory, submissions: Sequence[Submission]) -> Sequence[FailurePattern]:
    service = factory.submissions()
    return group_failures(
        PlacedFailure(one.id, failure)
        for one in newest_attempts(submissions).values()
        if one.n_failures
        for failure in service.failures(one.id, limit=MAX_FAILURES)
    )
