"""One submission: what was run, exactly; what happened; what can be done."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from campaigns.domain.campaign import Campaign, Wait
from campaigns.domain.failures import PlacedFailure
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.identity import Role, may
from campaigns.domain.links import Link
from campaigns.domain.quanta import TaskSpent
from campaigns.domain.states import (
    ACTIVE,
    FINAL_CAMPAIGNS,
    MARKS,
    CampaignStatus,
    Judgement,
    SubmissionStatus,
)
from campaigns.domain.submission import LeftAtSite, StoredFile, Submission
from campaigns.pictures.looks import Look, look_of, settled
from campaigns.services.factory import Factory
from campaigns.web.accepting import acceptance_in_words
from campaigns.web.actions import Action, submission_actions
from campaigns.web.views.failures import Failures, failures_of
from campaigns.web.views.history import Happening, happenings
from campaigns.web.views.notes import NoteView, note_views
from campaigns.web.views.people import Operators, submission_operators
from campaigns.wire.agent import FileKind

__all__ = ("SubmissionPage", "look_of_submission", "shown_command", "submission_page", "submission_version")

MAX_FAILURES = 500
MAX_EVENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPage:
    """The page's content."""

    submission: Submission
    look: Look
    newest: bool
    active: bool
    attempts: Sequence[Submission]
    actions: list[Action]
    wait: Wait | None
    command: str
    settings: str
    spent: dict[str, TaskSpent]
    failures: Failures
    graph: GraphPins | None
    files: Sequence[StoredFile]
    left: LeftAtSite
    happenings: list[Happening]
    notes: list[NoteView]
    may_note: bool
    operators: Operators
    links: list[Link]
    may_exclude: bool
    marks: list[SubmissionStatus]
    may_tell: bool
    adopted: bool
    origin: str
    version: str


def look_of_submission(submission: Submission, *, newest: bool = True) -> Look:
    """Give the look of a submission: what is judged, or is no longer the newest attempt, needs nobody."""
    look = look_of(submission.status)
    return look if newest and submission.judgement is Judgement.PENDING else settled(look)


def submission_version(factory: Factory, ref: str) -> str:
    """Give a word that changes whenever a submission, or its campaign, does."""
    submission = factory.submissions().get(ref)
    # Its campaign's events tell of other attempts, and of what it waits for.
    return f"{factory.events().last_number(submission.campaign_uuid)}-{submission.updated_us}"


def submission_page(factory: Factory, ref: str) -> SubmissionPage:
    """Gather a submission's page."""
    version = submission_version(factory, ref)
    service = factory.submissions()
    submission = service.get(ref)
    attempts = sorted(service.attempts(ref), key=lambda one: one.attempt)
    newest = not attempts or attempts[-1].uuid == submission.uuid
    failures = service.failures(ref, limit=MAX_FAILURES)
    events = factory.events().of_submission(submission.uuid, before=None, limit=MAX_EVENTS)
    campaign = factory.campaigns().get(submission.campaign_uuid)
    under_way = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    return SubmissionPage(
        submission=submission,
        look=look_of_submission(submission, newest=newest),
        newest=newest,
        active=submission.status in ACTIVE,
        attempts=attempts,
        actions=_actions(factory, campaign, submission, newest=newest),
        wait=next((wait for wait in campaign.waits if wait.submission == submission.id), None),
        command=shown_command(submission.command),
        settings=yaml.safe_dump(submission.bps, sort_keys=False, allow_unicode=True) if submission.bps else "",
        spent={one.label: one for one in submission.spent},
        failures=failures_of([submission], (PlacedFailure(submission.id, failure) for failure in failures)),
        graph=service.graph(ref),
        files=[file for file in service.files(ref) if file.kind != FileKind.QUANTUM_LOG],
        left=service.left_at_site(ref),
        happenings=happenings(events, [submission]),
        notes=note_views(factory, campaign, factory.notes().of_submission(submission.uuid)),
        operators=submission_operators(factory, submission),
        links=factory.links().of_submission(submission.uuid),
        may_note=may(factory.identity, Role.OPERATOR) and not campaign.notebook_is_closed,
        marks=_marks(factory, campaign, submission),
        may_tell=_may_tell(factory, campaign),
        adopted=campaign.adopted,
        origin=(campaign.origin or "").partition(":")[0],
        may_exclude=campaign.runs_here and under_way and bool(submission.n_failures) and may(factory.identity, Role.OPERATOR),
        version=version,
    )


def _actions(factory: Factory, campaign: Campaign, submission: Submission, *, newest: bool) -> list[Action]:
    under_way = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    awaited = frozenset(step for one in factory.exclusions().awaited_by(campaign) for step in one.steps)
    accepting = acceptance_in_words(campaign, submission, factory.submissions().of_campaign(campaign.id), awaited=awaited)
    offered = submission_actions(submission, newest=newest, under_way=under_way, identity=factory.identity, accepting=accepting)
    # What was adopted can be judged; starting and stopping it is for those who run it.
    return offered if campaign.runs_here else [one for one in offered if campaign.adopted and one.label in ("accept", "reject")]


def _marks(factory: Factory, campaign: Campaign, submission: Submission) -> list[SubmissionStatus]:
    """List what somebody may say became of a submission that the service does not run."""
    if campaign.status in FINAL_CAMPAIGNS or not _may_tell(factory, campaign):
        return []
    return [status for status in MARKS if status is not submission.status]


def _may_tell(factory: Factory, campaign: Campaign) -> bool:
    return campaign.adopted and campaign.origin is None and may(factory.identity, Role.OPERATOR)


def shown_command(command: Sequence[str]) -> str:
    """Write a command as it would be typed, an option on each line."""
    lines: list[str] = []
    for word in map(_quoted, command):
        if lines and not word.startswith("-"):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return " \\\n    ".join(lines)


def _quoted(word: str) -> str:
    """Quote a word for a shell, in the way a person would: data queries are full of single quotes."""
    plain = shlex.quote(word)
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else plain
