"""What a note is about, in the exact state that it is in when the note is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import named_sets
from campaigns.domain.errors import InvalidInput, NotFound
from campaigns.domain.identity import SYSTEM
from campaigns.domain.note import PinnedTo
from campaigns.domain.steps import step_states
from campaigns.domain.submission import Submission
from campaigns.services.context import Context
from campaigns.services.lookup import found_submission
from campaigns.storage.dataidsets import DataIdSetStore, PinStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("THE_CAMPAIGN", "About", "pinned_state")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What of a campaign a note is about: one of these at most; none for the campaign itself."""

    submission: str | None = None
    step: str | None = None
    set_reference: str | None = None


THE_CAMPAIGN: Final = About()
"""The campaign itself."""


def pinned_state(context: Context, campaign: Campaign, about: About) -> tuple[Submission | None, PinnedTo]:
    """Give what a note is about, as it is now.

    Parameters
    ----------
    context : `Context`
        The transaction.
    campaign : `Campaign`
        The campaign, locked by this transaction.
    about : `About`
        What of it.

    Returns
    -------
    submission : `Submission` or `None`
        The submission, where it is about one.
    pinned : `PinnedTo`
        The state.

    Raises
    ------
    InvalidInput
        If it is about several things.
    NotFound
        If the campaign has no such thing.
    """
    if sum(one is not None for one in (about.submission, about.step, about.set_reference)) > 1:
        raise InvalidInput(
            "A note is about one thing: a submission, a step, a set, or the campaign.",
            where="submission",
            remedy="Choose one; the text can name the others.",
        )
    if about.submission is not None:
        return _of_submission(context, campaign, about.submission)
    if about.step is not None:
        return None, _of_step(context, campaign, about.step)
    if about.set_reference is not None:
        return None, _of_set(context, campaign, about.set_reference)
    return None, PinnedTo(campaign_status=campaign.status, revision=campaign.revision)


def _of_submission(context: Context, campaign: Campaign, ref: str) -> tuple[Submission, PinnedTo]:
    submission = found_submission(context, ref)
    if submission.campaign_uuid != campaign.uuid:
        raise NotFound(
            f"{submission.id} is not a submission of {campaign.id}.",
            where="submission",
            remedy=f"`campaign submissions {campaign.id}` lists them.",
        )
    return submission, PinnedTo(
        campaign_status=campaign.status,
        # What was run, not what is defined by now.
        revision=submission.revision,
        step=submission.step,
        submission=submission.id,
        attempt=submission.attempt,
        submission_status=submission.status,
        judgement=submission.judgement,
    )


def _of_step(context: Context, campaign: Campaign, name: str) -> PinnedTo:
    submissions = SubmissionStore(context.session, context.identity).of_campaign(campaign.uuid)
    states = {one.step.name: one.status for one in step_states(campaign.definition, submissions, waits=campaign.waits)}
    if name not in states:
        remedy = f"Its steps are {', '.join(states)}." if states else "Write about the campaign."
        raise NotFound(f"{campaign.id} has no step {name}.", where="step", remedy=remedy)
    return PinnedTo(campaign_status=campaign.status, revision=campaign.revision, step=name, step_status=states[name].value)


def _of_set(context: Context, campaign: Campaign, reference: str) -> PinnedTo:
    named = list(dict.fromkeys(one.reference for one in named_sets(campaign.definition)))
    pins = PinStore(context.session, SYSTEM).of_campaign(campaign.uuid)
    if reference not in named and reference not in pins:
        remedy = f"It names {', '.join(named)}." if named else "Its definition names none."
        raise NotFound(f"{campaign.id} has no set {reference}.", where="set", remedy=remedy)
    version, digest = None, None
    if reference in pins:
        version, digest = pins[reference].version, pins[reference].digest
    elif campaign.definition.site and campaign.definition.butler:
        name, _, said = reference.partition("@")
        wanted = int(said) if said.isascii() and said.isdecimal() else None
        sets = DataIdSetStore(context.session, context.identity)
        known = sets.find(campaign.definition.site, campaign.definition.butler, name, wanted)
        version, digest = (known.version, known.digest) if known else (None, None)
    return PinnedTo(
        campaign_status=campaign.status,
        revision=campaign.revision,
        set_reference=reference,
        set_version=version,
        set_digest=digest,
    )
