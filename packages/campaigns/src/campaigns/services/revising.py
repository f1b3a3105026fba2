"""Giving a campaign that has begun a revision of its definition, where the service itself makes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.services.context import Context
from campaigns.storage.campaigns import CampaignStore

__all__ = ("revised_by",)


def revised_by(context: Context, campaign: Campaign, definition: Definition, *, author: Identity, reason: str) -> Campaign:
    """Write the next revision of a campaign, which the caller has locked.

    Parameters
    ----------
    context : `Context`
        The transaction.
    campaign : `Campaign`
        The campaign.
    definition : `Definition`
        Its new definition.
    author : `Identity`
        Who caused it.
    reason : `str`
        Why.

    Returns
    -------
    campaign : `Campaign`
        With the new definition; the caller records what happened.
    """
    document = definition.model_dump(mode="json", exclude_defaults=True)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    now = context.clock.now_us()
    revision = Revision(
        number=campaign.revision + 1,
        definition=definition,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        author=author.name,
        reason=reason,
        created_us=now,
    )
    store = CampaignStore(context.writing, SYSTEM)
    store.add_revision(campaign, revision)
    revised = replace(campaign, revision=revision.number, definition=definition, updated_us=now)
    store.save(revised)
    return revised
