"""One campaign: where it stands, what waits, what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from markupsafe import Markup

from campaigns.domain.campaign import Campaign, Wait, WaitKind
from campaigns.domain.dataidsets import named_sets
from campaigns.domain.decisions import newest_attempts
from campaigns.domain.definition import missing_for_start
from campaigns.domain.errors import Fault
from campaigns.domain.exclusions import AwaitedExclusion
from campaigns.domain.failures import PlacedFailure
from campaigns.domain.note import Note
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.specifications import SpecPin
from campaigns.domain.states import ACTIVE, ENDING, CampaignStatus
from campaigns.domain.steps import StepState, StepStatus, step_states
from campaigns.domain.submission import Submission
from campaigns.pictures.looks import Look, look_of, settled
from campaigns.services.factory import Factory
from campaigns.web.accepting import acceptance_in_words
from campaigns.web.actions import Action, campaign_actions, submission_actions, withdrawal
from campaigns.web.views.dataidsets import CampaignData, campaign_data
from campaigns.web.views.failures import Failures, failures_of
from campaigns.web.views.grid import StepGrid, step_grids
from campaigns.web.views.history import History, campaign_history
from campaigns.web.views.lineage import LineageView, Origin, campaign_lineage, origin_of
from campaigns.web.views.notes import campaign_notes
from campaigns.web.views.people import signing_of
from campaigns.web.views.results import Results, campaign_results
from campaigns.web.views.revisions import RevisionView, revision_views
from campaigns.web.views.specifications import spec_pins_of_newest
from campaigns.web.views.steps import graph_of_states

__all__ = ("CampaignPage", "Tab", "WaitView", "campaign_page", "campaign_version")

FAILURES_EACH = 200
"""How many failures are read of each submission."""


class Tab(StrEnum):
    """The sections of a campaign's page, by their names in its address."""

    SUBMISSIONS = "submissions"
    FAILURES = "failures"
    DATA = "data"
    RESULTS = "results"
    NOTES = "notes"
    HISTORY = "history"
    DEFINITION = "definition"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitView:
    """A decision that is waited for, its sentence on both sides of the submission's id, and what may be done about it."""

    wait: Wait
    before: str
    after: str
    submission: Submission | None
    actions: list[Action]

    @property
    def remedy(self) -> str:
        """What can be done where something must be recovered, in the words of the site (`str`)."""
        if self.submission is None or self.wait.kind is not WaitKind.RECOVER:
            return ""
        told = [fault.remedy for fault in self.submission.faults if fault.remedy]
        return " ".join(dict.fromkeys(told)) or self.submission.status_remedy or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage:
    """The page's content.

    Attributes
    ----------
    version : `str`
        Changes whenever the page would; the live stream compares it.
    actions : `list` [`Action`]
        What can be done but to end it.
    endings : `list` [`Action`]
        How it can be ended.
    under_way : `list` [`Submission`]
        What is under way.
    content : `dict`
        What the chosen section shows.
    """

    campaign: Campaign
    look: Look
    ended: bool
    tab: Tab
    tabs: list[tuple[Tab, int | None]]
    actions: list[Action]
    endings: list[Action]
    under_way: list[Submission]
    waits: list[WaitView]
    awaited: list[AwaitedExclusion]
    withdrawals: dict[str, Action]
    states: list[StepState]
    grids: list[StepGrid]
    making: list[str]
    refusal: list[Fault]
    missing: list[Fault]
    quanta: QuantaCounts
    graph: Markup
    failures: Failures
    spec_pins: dict[str, SpecPin]
    version: str
    origin: Origin
    operators: dict[str, list[str]]
    content: dict[str, Any]

    def look_of_step(self, state: StepState) -> Look:
        """Give the look of a step: once the campaign has ended, nothing needs anyone."""
        look = look_of(state.status)
        return settled(look) if self.ended else look

    @property
    def n_accepted(self) -> int:
        """How many steps are accepted (`int`)."""
        return sum(state.status is StepStatus.ACCEPTED for state in self.states)

    @property
    def is_counted(self) -> bool:
        """Whether the quanta of all that is to run are known (`bool`): graphs are made one after the other."""
        groups = [group for state in self.states for group in state.groups]
        return all(group.newest is not None and group.newest.quanta.expected for group in groups)


def campaign_version(factory: Factory, ref: str) -> str:
    """Give a word that changes whenever a campaign does."""
    campaign = factory.campaigns().get(ref)
    return f"{factory.events().last_number(ref)}-{max(campaign.updated_us, factory.submissions().changed_us(ref))}"


def campaign_page(
    factory: Factory, ref: str, *, tab: Tab, before: int | None = None, kind: str = "", who: str = ""
) -> CampaignPage:
    """Gather a campaign's page.

    Parameters
    ----------
    factory : `Factory`
        The services.
    ref : `str`
        The campaign's id or UUID.
    tab : `Tab`
        The section.
    before : `int`, optional
        In the history: only events with smaller numbers.
    kind, who : `str`, optional
        In the history: only events of this kind, and only what this person did.
    """
    # The version is read first: a change that comes in between makes one refresh too many, never one too few.
    version = campaign_version(factory, ref)
    campaign = factory.campaigns().get(ref)
    submissions = factory.submissions().of_campaign(ref)
    newest = newest_attempts(submissions)
    states = step_states(campaign.definition, submissions, waits=campaign.waits)
    failures = _failures(factory, list(newest.values()))
    under_way = [one for one in submissions if one.status in ACTIVE]
    ended = campaign.has_ended
    awaited = factory.exclusions().awaited_by(campaign)
    notes = factory.notes().of_campaign(ref)
    look = look_of(campaign.status)
    actions = campaign_actions(
        campaign,
        factory.campaigns().decision(ref).ready,
        under_way=under_way,
        identity=factory.identity,
    )
    # What starts a step that waits for it stands beside what waits.
    at_waits = [action for action in actions if action.id == "act-next" and any(w.kind is WaitKind.START for w in campaign.waits)]
    return CampaignPage(
        campaign=campaign,
        look=settled(look) if ended else look,
        ended=ended,
        tab=tab,
        tabs=_tabs(
            n_submissions=len(submissions),
            n_failures=failures.number,
            n_sets=len({one.reference for one in named_sets(campaign.definition)}),
            n_notes=len(notes),
        ),
        actions=[action for action in actions if action not in at_waits and action.label not in ENDING],
        endings=[action for action in actions if action.label in ENDING],
        under_way=under_way,
        waits=[_wait(wait, campaign, submissions, factory, next_actions=at_waits, awaited=awaited) for wait in campaign.waits],
        awaited=awaited,
        withdrawals={one.order_id: withdrawal(campaign, one) for one in awaited},
        states=states,
        grids=step_grids(states, submissions, ended=ended),
        making=factory.standing().making(campaign),
        refusal=factory.standing().refusal(campaign),
        missing=missing_for_start(campaign.definition) if campaign.status is CampaignStatus.DRAFT else [],
        quanta=QuantaCounts.total(state.quanta for state in states),
        graph=graph_of_states(states, base=f"/campaigns/{campaign.id}", ended=ended),
        failures=failures,
        spec_pins=spec_pins_of_newest(factory.specifications().of_campaign(campaign)),
        version=version,
        origin=origin_of(factory, campaign),
        operators=factory.operators().now_of_campaign(ref),
        content=_content(factory, campaign, submissions, tab=tab, before=before, notes=notes, kind=kind, who=who),
    )


def _content(
    factory: Factory,
    campaign: Campaign,
    submissions: Sequence[Submission],
    *,
    tab: Tab,
    before: int | None,
    notes: Sequence[Note],
    kind: str,
    who: str,
) -> dict[str, Any]:
    results: Results | None = None
    history: History | None = None
    revisions: list[RevisionView] = []
    data: CampaignData | None = None
    lineage: LineageView | None = None
    match tab:
        case Tab.DATA:
            data = campaign_data(factory, campaign, submissions)
        case Tab.RESULTS:
            results = campaign_results(factory, campaign, submissions)
        case Tab.HISTORY:
            history = campaign_history(factory, campaign, submissions, before=before, kind=kind, who=who)
        case Tab.DEFINITION:
            revisions = revision_views(
                factory.campaigns().revisions(campaign.id), factory.specifications().of_campaign(campaign), submissions
            )
            lineage = campaign_lineage(factory, campaign)
        case Tab.SUBMISSIONS | Tab.FAILURES | Tab.NOTES:
            pass
    return {
        "results": results,
        "history": history,
        "revisions": revisions,
        "lineage": lineage,
        "data": data,
        "notes": campaign_notes(factory, campaign, notes) if tab is Tab.NOTES else None,
        "signing": signing_of(factory, campaign) if tab is Tab.DEFINITION else None,
        "links": factory.links().of_campaign(campaign.uuid) if tab is Tab.RESULTS else [],
    }


def _failures(factory: Factory, newest: Sequence[Submission]) -> Failures:
    service = factory.submissions()
    placed = (
        PlacedFailure(submission.id, failure)
        for submission in newest
        if submission.n_failures
        for failure in service.failures(submission.id, limit=FAILURES_EACH)
    )
    return failures_of(newest, placed)


def _tabs(*, n_submissions: int, n_failures: int, n_sets: int, n_notes: int) -> list[tuple[Tab, int | None]]:
    numbers = {Tab.SUBMISSIONS: n_submissions, Tab.FAILURES: n_failures, Tab.DATA: n_sets, Tab.NOTES: n_notes}
    return [(tab, numbers.get(tab)) for tab in Tab]


def _wait(
    wait: Wait,
    campaign: Campaign,
    submissions: Sequence[Submission],
    factory: Factory,
    *,
    next_actions: list[Action],
    awaited: Sequence[AwaitedExclusion],
) -> WaitView:
    submission = next((one for one in submissions if one.id == wait.submission), None)
    if submission is None:
        return WaitView(wait=wait, before=wait.text, after="", submission=None, actions=next_actions)
    before, _, after = wait.text.partition(submission.id)
    steps = frozenset(step for one in awaited for step in one.steps)
    actions = submission_actions(
        submission,
        newest=True,
        under_way=True,
        identity=factory.identity,
        accepting=acceptance_in_words(campaign, submission, submissions, awaited=steps),
        prefix=f"wait-{submission.id}",
    )
    return WaitView(wait=wait, before=before, after=after, submission=submission, actions=actions)
