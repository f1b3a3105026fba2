"""Campaigns as REST answers with them, also once it has made them: with the definition, and what is known to be wrong with it."""

from __future__ import annotations

from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition
from campaigns.services.factory import Factory
from campaigns.wire.campaigns import CampaignDetail

__all__ = ("detail_of", "made_campaign")


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


def made_campaign(services: Factory, definition: Definition, *, draft: bool) -> CampaignDetail:
    """Make a campaign of a definition, and its model with warnings; see `CampaignService.create`.

    Parameters
    ----------
    services : `Factory`
        The services.
    definition : `Definition`
        A valid definition.
    draft : `bool`
        Whether to leave it a draft though it is complete.

    Returns
    -------
    model : `CampaignDetail`
        The new campaign.

    Raises
    ------
    Conflict
        If the name is taken.
    """
    warnings = services.checking().warnings_of_new(definition)
    return CampaignDetail.of(services.campaigns().create(definition, draft=draft), warnings)
