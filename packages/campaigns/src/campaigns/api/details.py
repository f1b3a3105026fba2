"""Campaigns as REST answers with them: with their definition, and what the server knows to be wrong with it."""

from __future__ import annotations

from campaigns.domain.campaign import Campaign
from campaigns.services.factory import Factory
from campaigns.wire.campaigns import CampaignDetail

__all__ = ("detail_of",)


def detail_of(services: Factory, campaign: Campaign) -> CampaignDetail:
    """Make the model of a campaign, with warnings.

    Parameters
    ----------
    services : `Factory`
        The services.
    campaign : `Campaign`
        The campaign as it stands.
    """
    return CampaignDetail.of(campaign, services.checking().warnings(campaign))
