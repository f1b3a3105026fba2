"""Operators and sign-offs as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.identity import Role, may
from campaigns.domain.people import Assignment, SignOff
from campaigns.domain.states import CampaignStatus
from campaigns.domain.submission import Submission
from campaigns.services.factory import Factory
from campaigns.web.actions import Action

__all__ = ("Operators", "Signing", "signing_of", "submission_operators")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """Who operates a submission.

    Attributes
    ----------
    now : `list` [`str`]
        By name, longest assigned first.
    history : sequence of `Assignment`
        Oldest first.
    removals : `dict`
        The action that ends each, by name; none where one alone is left.
    candidates : `list` [`str`]
        Who could be assigned by the one who looks.
    """

    now: list[str]
    history: Sequence[Assignment]
    removals: dict[str, Action]
    candidates: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Whether a campaign's newest revision is signed off, and what can be done about it.

    Attributes
    ----------
    holds : `SignOff`, optional
        The sign-off that holds.
    before : sequence of `SignOff`
        Those that no longer do, newest first.
    may_sign : `bool`
        Whether the one who looks may sign it now.
    undo : `Action`, optional
        Takes it back.
    """

    holds: SignOff | None
    before: Sequence[SignOff]
    may_sign: bool
    undo: Action | None


def submission_operators(factory: Factory, submission: Submission) -> Operators:
    """Gather who operates a submission, and who did."""
    history = factory.operators().of_submission(submission.uuid)
    now = [one.operator for one in history if one.until_us is None]
    acts = may(factory.identity, Role.OPERATOR)
    removals = {name: _removal(submission, name) for name in now} if acts and len(now) > 1 else {}
    candidates = [name for name in factory.operators().candidates() if name not in now] if acts else []
    return Operators(now=now, history=history, removals=removals, candidates=candidates)


def signing_of(factory: Factory, campaign: Campaign) -> Signing:
    """Gather how a campaign's definition is signed off."""
    found = factory.sign_offs().of_campaign(campaign.uuid)
    holds = next((one for one in found if one.undone_us is None), None) if campaign.signed else None
    manages = may(factory.identity, Role.MANAGER)
    open_to_it = campaign.status is not CampaignStatus.DRAFT and not campaign.has_ended
    return Signing(
        holds=holds,
        before=[one for one in found if one is not holds],
        may_sign=manages and open_to_it and holds is None,
        undo=_undo(campaign) if manages and holds is not None else None,
    )


def _removal(submission: Submission, name: str) -> Action:
    return Action(
        id=f"unassign-{name}",
        label="remove",
        what=name,
        url=f"/submissions/{submission.id}/operators/{name}/remove",
        sentence=f"{name} is no longer answerable for {submission.id}. The record of when it was so stays.",
    )


def _undo(campaign: Campaign) -> Action:
    return Action(
        id="sign-off-undo",
        label="take back",
        what="the sign-off",
        url=f"/campaigns/{campaign.id}/sign-off/undo",
        tone="danger",
        sentence=f"Revision {campaign.revision} counts as not signed off. That it was stays on record.",
    )
