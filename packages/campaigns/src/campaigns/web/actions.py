"""What can be done from here: each action says what it will do before it does it, and who may do it.

The services decide what is possible; this module only offers what has a chance to be, so that a page has no dead buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.decisions import Start
from campaigns.domain.definition import missing_for_start
from campaigns.domain.exclusions import AwaitedExclusion
from campaigns.domain.identity import Identity, Role, may
from campaigns.domain.states import ACTIVE, CampaignStatus, Judgement, SubmissionStatus
from campaigns.domain.submission import Submission

__all__ = ("Action", "campaign_actions", "submission_actions", "withdrawal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button with a form behind it.

    Attributes
    ----------
    id : `str`
        Stable; the element's id.
    label : `str`
        The word on the button.
    what : `str`
        What it is done to, on the button that does it: a bare ``cancel`` would look like a way out.
    url : `str`
        Where the form goes, by POST.
    sentence : `str`
        What it will do.
    key : `str`, optional
        The key that opens it.
    tone : `str`
        ``primary``, ``plain`` or ``danger``.
    """

    id: str
    label: str
    what: str
    url: str
    sentence: str
    key: str | None = None
    tone: str = "plain"


def campaign_actions(
    campaign: Campaign, ready: list[Start], *, under_way: Sequence[Submission], identity: Identity
) -> list[Action]:
    """List what somebody may do with a campaign as it stands.

    Parameters
    ----------
    campaign : `Campaign`
        The campaign.
    ready : `list` [`Start`]
        What could start if somebody says so.
    under_way : sequence of `Submission`
        Those of its submissions that are under way; as long as there are any, the campaign cannot be ended but by cancelling.
    identity : `Identity`
        Who looks.

    Returns
    -------
    actions : `list` [`Action`]
        The most likely one first; none for those who may only look.
    """
    if not may(identity, Role.OPERATOR) or campaign.origin is not None:
        return []
    manages = may(identity, Role.MANAGER)
    if campaign.adopted:
        runs = campaign.status is CampaignStatus.RUNNING and manages
        return [*(_ends(campaign) if not under_way else []), _cancel(campaign, under_way)] if runs else []
    offered: list[Action] = []
    match campaign.status:
        case CampaignStatus.DRAFT if manages and not missing_for_start(campaign.definition):
            offered.append(_define(campaign))
        case CampaignStatus.DEFINED if not campaign.starting:
            offered.append(_start(campaign))
        case CampaignStatus.RUNNING | CampaignStatus.PAUSED:
            offered.extend(_under_way(campaign, ready, may_end=manages and not under_way))
        case _:
            pass
    if manages and campaign.status in (
        CampaignStatus.DRAFT,
        CampaignStatus.DEFINED,
        CampaignStatus.RUNNING,
        CampaignStatus.PAUSED,
    ):
        offered.append(_cancel(campaign, under_way))
    return offered


def withdrawal(campaign: Campaign, awaited: AwaitedExclusion) -> Action:
    """Give the action that takes an exclusion back whose set is still to be made."""
    steps = ", ".join(awaited.steps)
    return Action(
        id=f"withdraw-{awaited.order_id}",
        label="withdraw",
        what=awaited.name,
        url=f"{_address(campaign)}/exclusions/{awaited.order_id}/withdraw",
        tone="danger",
        sentence=f"The data IDs are not left out: {steps} may start at once, with the data in. "
        "What the site still makes of it is not used.",
    )


def _define(campaign: Campaign) -> Action:
    sentence = "Says that the definition has all it needs, so that the campaign can be started. Nothing runs yet."
    return _action("define", campaign, sentence, tone="primary", key="s")


def _start(campaign: Campaign) -> Action:
    first = ", ".join(step.name for step in campaign.definition.steps if not step.needs)
    sentence = (
        f"The site {campaign.definition.site} looks first whether it can run; if so, {first} is submitted. "
        "If not, nothing is started, and what is wrong stands here."
    )
    return _action("start", campaign, sentence, tone="primary", key="s")


def _under_way(campaign: Campaign, ready: list[Start], *, may_end: bool) -> list[Action]:
    offered = []
    if ready:
        names = ready[0].step if ready[0].group == "all" else f"{ready[0].step} {ready[0].group}"
        more = f" {len(ready) - 1} more could start after it." if len(ready) > 1 else ""
        offered.append(_action("next", campaign, f"Submits {names} now.{more}", tone="primary", key="s"))
    if campaign.held:
        sentence = "Lifts the pause: whatever may start by rule starts at once."
        offered.append(_action("resume", campaign, sentence, tone="primary", key="r"))
    elif campaign.status is CampaignStatus.PAUSED:
        sentence = "Nothing new starts until somebody resumes, whatever is decided meanwhile. Nothing is dropped."
        offered.append(_action("pause", campaign, sentence, key="p", label="hold"))
    else:
        sentence = "Nothing new starts until somebody resumes. What runs goes on to its end, and nothing is dropped."
        offered.append(_action("pause", campaign, sentence, key="p"))
    if may_end:
        offered.extend(_ends(campaign))
    return offered


def _ends(campaign: Campaign) -> list[Action]:
    completed = "Marks the campaign as completed for good. Steps that have not run stay as they are."
    failed = "Marks the campaign as failed for good. What was accepted stays accepted."
    return [_action("complete", campaign, completed), _action("fail", campaign, failed, tone="danger")]


def _cancel(campaign: Campaign, under_way: Sequence[Submission]) -> Action:
    named = ", ".join(one.id for one in under_way[:4]) + (", …" if len(under_way) > 4 else "")
    if campaign.adopted:
        what = "Its record ends as cancelled. Nothing is stopped by that, since nothing of it runs here"
    elif campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
        what = "The campaign will never run"
    elif under_way:
        number = f"{len(under_way)} submission{'' if len(under_way) == 1 else 's'}"
        what = f"Stops {number} ({named}), and nothing more will start"
    else:
        what = "Nothing more will start"
    return _action("cancel", campaign, f"{what}. It cannot be undone; its record stays.", tone="danger")


def submission_actions(
    submission: Submission, *, newest: bool, under_way: bool, identity: Identity, accepting: str, prefix: str = "act"
) -> list[Action]:
    """List what somebody may do with a submission as it stands.

    Parameters
    ----------
    submission : `Submission`
        The submission.
    newest : `bool`
        Whether it is its group's newest attempt; older ones are history.
    under_way : `bool`
        Whether its campaign runs or is paused; after its end, submissions stand as they are.
    identity : `Identity`
        Who looks.
    accepting : `str`
        What accepting it would do, as sentences; see `acceptance_in_words`.
    prefix : `str`, optional
        What the ids begin with, where a page has actions of several submissions.

    Returns
    -------
    actions : `list` [`Action`]
        The most likely one first.
    """
    if not newest or not may(identity, Role.OPERATOR) or not (under_way or submission.status in ACTIVE):
        return []
    if submission.status in ACTIVE:
        return [_stop(submission, prefix)]
    accept = _action(
        "accept",
        submission,
        accepting,
        tone="primary",
        key="a",
        prefix=prefix,
    )
    reject = _action(
        "reject",
        submission,
        f"What {submission.id} made is not used. The group then waits to be restarted.",
        tone="danger",
        key="x",
        prefix=prefix,
    )
    restart = _action(
        "restart",
        submission,
        _restarting(submission),
        key="r",
        prefix=prefix,
    )
    if submission.judgement is Judgement.ACCEPTED:
        return [reject]
    if submission.status is SubmissionStatus.LOST_CONTACT:
        return [restart, _stop(submission, prefix)]
    has_outputs = submission.registered and submission.quanta.succeeded
    if submission.judgement is Judgement.REJECTED:
        return [restart]
    if submission.status is SubmissionStatus.CANCELLED:
        # What had lost contact may have come to its end, where somebody looks.
        return [restart, accept] if has_outputs else [restart]
    return [accept, reject, restart] if has_outputs else [restart, reject]


def _restarting(submission: Submission) -> str:
    sentence = f"Submits {submission.step} {submission.group} again as attempt {submission.attempt + 1}, into a new run."
    if submission.status is not SubmissionStatus.LOST_CONTACT:
        return sentence
    run = f", as {submission.workflow.run_id}" if submission.workflow.run_id else ""
    return (
        f"{submission.id} may still run: its agent is asked to stop it if it finds it. "
        f"Look for it in the workflow system of {submission.site} first{run}. {sentence}"
    )


def _stop(submission: Submission, prefix: str) -> Action:
    stays = f"Outputs that are there stay in {submission.output_run}."
    sentence = f"Asks {submission.site} to stop {submission.id}. {stays}"
    if submission.status is SubmissionStatus.LOST_CONTACT:
        sentence = f"Says, by your word, that nothing of {submission.id} runs any more. Look first: no rule can tell. {stays}"
    return _action("cancel", submission, sentence, tone="danger", key="x", prefix=prefix)


def _action(
    verb: str,
    thing: Campaign | Submission,
    sentence: str,
    *,
    tone: str = "plain",
    key: str | None = None,
    prefix: str = "act",
    label: str | None = None,
) -> Action:
    """Make an action that is called the same in its id, in its address and, without a label of its own, on its button."""
    return Action(
        id=f"{prefix}-{verb}",
        label=label or verb,
        what=thing.id,
        url=f"{_address(thing)}/{verb}",
        sentence=sentence,
        key=key,
        tone=tone,
    )


def _address(thing: Campaign | Submission) -> str:
    return f"/campaigns/{thing.id}" if isinstance(thing, Campaign) else f"/submissions/{thing.id}"
