"""The same action on all campaigns that a filter finds."""

from __future__ import annotations

from collections import Counter

from campaigns.domain.bulk import Bulk, BulkOutlook, hindrance
from campaigns.domain.campaign import CampaignListing
from campaigns.domain.errors import CampaignError, Conflict, Fault, InvalidInput
from campaigns.domain.filtering import parse_ordering
from campaigns.domain.states import CampaignAction
from campaigns.services.campaignlist import CampaignListService
from campaigns.services.campaigns import CampaignService
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason
from campaigns.storage.campaignlist import CampaignListStore
from campaigns.storage.campaigns import CampaignStore

__all__ = ("BulkService",)

MAX_CAMPAIGNS = 500
"""Each is changed and told of in one transaction; more of them would keep others waiting."""


class BulkService:
    """Actions on many campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def outlook(self, wanted: str, action: CampaignAction) -> BulkOutlook:
        """Tell what would become of an action on all campaigns that a filter finds, as far as a list tells; see `act`."""
        condition = CampaignListService(self._context).parsed(wanted)
        store = CampaignListStore(self._context.session, self._context.identity)
        found = [item for _, item in store.page(condition, parse_ordering("id"), after=None, limit=MAX_CAMPAIGNS)]
        why = Counter(hindrance(item, action) or "" for item in found)
        n_can = why.pop("", 0)
        return BulkOutlook(action=action, n_can=n_can, hindrances=dict(why.most_common()))

    def act(self, wanted: str, action: CampaignAction, *, reason: str, expected: int) -> Bulk:
        """Move all campaigns that a filter finds.

        Parameters
        ----------
        wanted : `str`
            The filter.
        action : `CampaignAction`
            What to do; see `CampaignService.act`.
        reason : `str`
            Why.
        expected : `int`
            How many the caller saw.

        Returns
        -------
        bulk : `Bulk`
            What was done and what was not: one that may not be moved so holds up no other.

        Raises
        ------
        Conflict
            If the filter finds another number of campaigns by now, or others.
        InvalidInput
            If they are too many, or there is no reason.
        """
        told = checked_reason(reason)
        listing = CampaignListService(self._context)
        condition = listing.parsed(wanted)
        store = CampaignListStore(self._context.session, self._context.identity)
        if expected > MAX_CAMPAIGNS:
            raise InvalidInput(
                f"{expected} campaigns are more than the {MAX_CAMPAIGNS} that are moved at once.",
                where="expected",
                remedy="Narrow the filter.",
            )

        def find() -> list[CampaignListing]:
            page = store.page(condition, parse_ordering("id"), after=None, limit=MAX_CAMPAIGNS + 1)
            return [item for _, item in page]

        # All are held before the first is moved: whoever takes numbers while it holds one must not wait for another.
        held = find()
        CampaignStore(self._context.session, self._context.identity).hold([item.uuid for item in held])
        found = find()
        if len(found) != expected:
            raise Conflict(
                f"The filter finds {len(found)} campaigns by now, not {expected}.",
                where="expected",
                remedy=f"Look at the list again; if all of them are meant, say that you expect {len(found)}.",
            )
        if [item.uuid for item in found] != [item.uuid for item in held]:
            raise Conflict("The filter finds other campaigns by now.", where="expected", remedy="Look at the list again.")
        bulk, campaigns = Bulk(action=action), CampaignService(self._context)
        for item in found:
            try:
                with self._context.writing.attempt():
                    campaigns.act(item.uuid, action, reason=told)
                bulk.done.append(item.id)
            except CampaignError as error:
                bulk.refused.append(Fault(error.code, error.message, item.id, error.remedy))
        return bulk
