"""A sign-off ends by itself where what was signed is not what holds any more."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import Pin
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.services.context import Context
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.signoffs import SignOffStore

__all__ = ("pins_change_meaning", "undo_sign_off")


def undo_sign_off(context: Context, campaign: Campaign, *, reason: str, actor: Identity = SYSTEM) -> None:
    """Take a sign-off back, if there is one.

    Parameters
    ----------
    context : `Context`
        The transaction.
    campaign : `Campaign`
        The campaign, locked by this transaction.
    reason : `str`
        Why.
    actor : `Identity`, optional
        Who did it; by default it follows by rule.
    """
    campaigns = CampaignStore(context.writing, SYSTEM)
    # As it is in this transaction, which may have undone it already.
    signed = campaigns.signed_revision(campaign)
    if signed is None:
        return
    SignOffStore(context.writing, SYSTEM).undo(campaign.uuid, by=actor.name, reason=reason, at_us=context.clock.now_us())
    campaigns.set_signed_revision(campaign, None)
    context.record(
        "campaign.sign_off_undone",
        f"{campaign.id}: the sign-off of revision {signed} no longer holds",
        reason=reason,
        campaign=campaign.uuid,
        actor=actor,
        details={"revision": signed},
    )


def pins_change_meaning(pins: Sequence[Pin]) -> list[str]:
    """List what is newly pinned though it was left open in the definition: names without a version.

    Notes
    -----
    A name with its version means the same before it is pinned as after: versions never change.
    """
    return [pin.reference for pin in pins if "@" not in pin.reference]
