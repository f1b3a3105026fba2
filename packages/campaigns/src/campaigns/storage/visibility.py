"""Who may see which campaign, and with it all that belongs to it. The one place that says so.

All staff see a campaign, unless its definition keeps it to its team; its owner, its lead and administrators always see it.
Agents see none: they know their orders.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, false, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from campaigns.domain.identity import Identity, Role
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.team import TeamMemberRow

__all__ = ("may_see_campaign", "may_see_rows_of")


def may_see_campaign(identity: Identity, campaign: type[CampaignRow] = CampaignRow) -> ColumnElement[bool]:
    """Give the condition on a campaign's row by which an identity may see it.

    Parameters
    ----------
    identity : `Identity`
        Who asks.
    campaign : `type`, optional
        The rows, where a statement has those of campaigns under another name too.
    """
    if identity.site is not None or identity.role is Role.AGENT:
        return false()
    if identity.role is Role.ADMIN:
        return true()
    member = exists().where(TeamMemberRow.team == campaign.visible_to, TeamMemberRow.user_name == identity.name)
    mine = or_(campaign.owner == identity.name, campaign.lead == identity.name)
    return or_(campaign.visible_to.is_(None), mine, member.correlate(campaign))


def may_see_rows_of(identity: Identity, campaign_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Give the condition on rows that name their campaign by which an identity may see them.

    Parameters
    ----------
    identity : `Identity`
        Who asks.
    campaign_id : column
        The campaign's UUID; rows without one are not seen by it.
    """
    if identity.role is Role.ADMIN and identity.site is None:
        return campaign_id.is_not(None)
    return exists().where(CampaignRow.id == campaign_id, may_see_campaign(identity))
