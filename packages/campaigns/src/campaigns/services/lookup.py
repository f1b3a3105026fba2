"""Finding what a caller names, or saying what is missing in the same words everywhere."""

from __future__ import annotations

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import InvalidInput, NotFound, NotReady
from campaigns.domain.identity import SYSTEM
from campaigns.domain.submission import Submission
from campaigns.services.context import Context
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("OF_A_TEAM", "check_runs_here", "checked_reason", "found_campaign", "found_submission", "locked_submission")

MAX_REASON = 5000

OF_A_TEAM = "a campaign that is kept to a team"
"""What a campaign is called that something collides with and that whoever asks may not see; who reads it later may."""


def found_campaign(context: Context, ref: str, *, lock: bool = False) -> Campaign:
    """Give a campaign by local id, UUID or name.

    Raises
    ------
    NotFound
        If the caller can see none of that name.
    """
    campaign = CampaignStore(context.session, context.identity).find(ref, lock=lock)
    if campaign is None:
        raise NotFound(f"There is no campaign {ref}.", where=ref, remedy="`campaign list` shows what there is.")
    return campaign


def found_submission(context: Context, ref: str) -> Submission:
    """Give a submission by local id or UUID.

    Raises
    ------
    NotFound
        If the caller can see none of that name.
    """
    submission = SubmissionStore(context.session, context.identity).find(ref)
    if submission is None:
        raise NotFound(f"There is no submission {ref}.", where=ref, remedy="`campaign submissions CAMPAIGN` shows what there is.")
    return submission


def locked_submission(context: Context, ref: str) -> tuple[Campaign, Submission]:
    """Give a submission with its campaign, which is held until the transaction ends.

    Raises
    ------
    NotFound
        If the caller can see none of that name.
    """
    submission = found_submission(context, ref)
    # The campaign is the lock of all that belongs to it; what was read before it was held may be old.
    campaign = CampaignStore(context.session, SYSTEM).find(submission.campaign_uuid, lock=True)
    if campaign is None:
        raise NotFound(f"There is no submission {ref}.", where=ref)
    return campaign, found_submission(context, submission.uuid)


def checked_reason(reason: str | None) -> str:
    """Give a reason without the blanks around it.

    Raises
    ------
    InvalidInput
        If it is empty or much too long.
    """
    told = (reason or "").strip()
    if not told:
        raise InvalidInput(
            "A change of state needs a reason.", where="reason", remedy="Say in a few words why, for those who come after."
        )
    if len(told) > MAX_REASON:
        raise InvalidInput(
            f"The reason has {len(told)} characters; at most {MAX_REASON} are kept.",
            where="reason",
            remedy="Put the rest into a note.",
        )
    return told


def check_runs_here(campaign: Campaign) -> None:
    """See that a campaign is run by this service.

    Raises
    ------
    NotReady
        If it is the record of one that another server runs, or was adopted from what ran without it.
    """
    if campaign.origin is not None:
        raise NotReady(
            f"{campaign.id} is a record of {campaign.origin}: nothing of it is moved here.",
            where=campaign.id,
            remedy="Do it where it runs; notes can be written here too.",
        )
    if campaign.adopted:
        raise NotReady(
            f"{campaign.id} was adopted: the service starts, stops and chains nothing of it.",
            where=campaign.id,
            remedy="Do it where it runs, and mark here what became of it: `campaign mark`.",
        )
