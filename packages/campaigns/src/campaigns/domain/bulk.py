"""The same action on many campaigns: what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.domain.campaign import CampaignListing
from campaigns.domain.errors import Fault
from campaigns.domain.states import CAMPAIGN_TRANSITIONS, ENDING, FINAL_CAMPAIGNS, CampaignAction, CampaignStatus

__all__ = ("Bulk", "BulkOutlook", "hindrance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What became of an action on many.

    Attributes
    ----------
    action : `CampaignAction`
        What was done.
    done : `list` [`str`]
        The ids of the campaigns that it was done to.
    refused : `list` [`Fault`]
        Why not, for each of the others; the place is its id.
    """

    action: CampaignAction
    done: list[str] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutlook:
    """What would become of an action on many, as far as a list tells.

    Attributes
    ----------
    action : `CampaignAction`
        What would be done.
    n_can : `int`
        To how many it can be done.
    hindrances : `dict` [`str`, `int`]
        Why not to the others, and to how many.
    """

    action: CampaignAction
    n_can: int
    hindrances: dict[str, int]

    @property
    def n_cannot(self) -> int:
        """To how many it cannot be done (`int`)."""
        return sum(self.hindrances.values())

    @property
    def is_grave(self) -> bool:
        """Whether it cannot be undone and is no success (`bool`)."""
        return self.action in (CampaignAction.CANCEL, CampaignAction.FAIL)


def hindrance(listing: CampaignListing, action: CampaignAction) -> str | None:
    """Tell in a few words why an action cannot be done to a campaign, as far as a list tells; `None` if it can."""
    if listing.origin is not None:
        return "records of other servers"
    if listing.adopted and action not in ENDING:
        return "adopted"
    if listing.status in FINAL_CAMPAIGNS:
        return "already ended"
    if (listing.status, action) not in CAMPAIGN_TRANSITIONS:
        return listing.status.value
    if listing.starting and action is not CampaignAction.CANCEL:
        return "being started"
    if action is CampaignAction.RESUME and listing.status is CampaignStatus.PAUSED and not listing.held:
        return "held by nobody"
    if action in (CampaignAction.COMPLETE, CampaignAction.FAIL) and listing.n_active:
        return "with submissions under way"
    return None
