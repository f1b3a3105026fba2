"""The list of campaigns: what is going on, and where the one is that I want."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain.campaign import CampaignListing, WaitKind
from campaigns.domain.states import CampaignStatus
from campaigns.pictures.looks import LEGEND, Look, look_of, settled
from campaigns.services.factory import Factory

__all__ = ("ListPage", "ListRow", "list_page")

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One campaign in the list."""

    listing: CampaignListing
    look: Look
    waits: str
    waits_look: Look | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """The page's content; ``next`` is the cursor of older campaigns."""

    rows: list[ListRow]
    next: str | None
    cursor: str | None


def list_page(factory: Factory, *, cursor: str | None) -> ListPage:
    """Gather the list of campaigns, newest first."""
    page = factory.campaign_list().list(limit=PAGE_SIZE, cursor=cursor)
    return ListPage(rows=[_row(listing) for listing in page.items], next=page.next, cursor=cursor)


def _row(listing: CampaignListing) -> ListRow:
    look = look_of(listing.status)
    # A campaign that has ended needs nobody any more.
    ended = listing.status in (CampaignStatus.FAILED, CampaignStatus.CANCELLED)
    return ListRow(
        listing=listing, look=settled(look) if ended else look, waits=waits_in_words(listing), waits_look=_waits_look(listing)
    )


def _waits_look(listing: CampaignListing) -> Look | None:
    """Give the sign before what is waited for: a cross where something must be recovered."""
    if not listing.waits:
        return None
    return LEGEND["failed" if any(wait.kind is WaitKind.RECOVER for wait in listing.waits) else "paused"]


def waits_in_words(listing: CampaignListing) -> str:
    """Say in a few words what a campaign waits for."""
    if listing.starting:
        return f"{listing.site} is looking whether it can run"
    if listing.waits:
        first, more = listing.waits[0], len(listing.waits) - 1
        return f"{first.text.rstrip('.')}{f' (and {more} more)' if more else ''}"
    if listing.status is CampaignStatus.PAUSED and listing.held:
        return "held: somebody has to resume it"
    if listing.n_active:
        return f"{listing.n_active} {'submission' if listing.n_active == 1 else 'submissions'} under way"
    return {CampaignStatus.DRAFT: "to be defined", CampaignStatus.DEFINED: "to be started"}.get(listing.status, "")
