"""Finding campaigns: filter, order, pages and counts."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from campaigns.domain.campaign import CampaignListing
from campaigns.domain.errors import InvalidInput
from campaigns.domain.filtering import Condition, Ordering, parse_filter, parse_ordering
from campaigns.domain.page import Page
from campaigns.services.context import Context
from campaigns.storage.campaignlist import CampaignListStore, Place

__all__ = ("CampaignListService",)

MAX_CURSOR = 2000


class CampaignListService:
    """Lists of campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.

    Notes
    -----
    A cursor is the place of the last campaign, so that what is made or goes meanwhile neither hides nor repeats another. Where
    the sort key is one that changes, a campaign may move to a place that has been passed: so the cursor also keeps the number of
    the newest event at the beginning, and after the last page come those that have changed since. They may come twice; none is
    missed.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = CampaignListStore(context.session, context.identity)

    def list(
        self,
        *,
        wanted: str | None = None,
        sort: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[CampaignListing]:
        """List campaigns.

        Parameters
        ----------
        wanted : `str`, optional
            What is looked for, in the filter language.
        sort : `str`, optional
            The order, such as ``-updated``; by default the newest come first.
        limit : `int`
            How many at most.
        cursor : `str`, optional
            The last page's ``next``; filter and order must be those of that page.

        Raises
        ------
        InvalidFilter
            If the filter is not valid.
        InvalidInput
            If there is no such order, or the cursor is none that this list gave.
        """
        condition, ordering = self.parsed(wanted), parse_ordering(sort)
        if cursor is None:
            began = 0 if ordering.field.is_fixed else self._store.last_event()
            return self._page(condition, ordering, after=None, began=began, limit=limit)
        after, began = _decoded(cursor, ordering)
        if after is not None:
            return self._page(condition, ordering, after=after, began=began, limit=limit)
        return self._moved(condition, ordering, began=began, limit=limit)

    def count(self, wanted: str | None, *, at_most: int | None = None) -> int:
        """Count the campaigns that a filter finds.

        Parameters
        ----------
        wanted : `str` or `None`
            What is looked for, in the filter language.
        at_most : `int`, optional
            How far to count; counting very many takes longer than listing some of them.

        Raises
        ------
        InvalidFilter
            If the filter is not valid.
        """
        return self._store.count(self.parsed(wanted), at_most=at_most)

    def counts(self, wanted: Sequence[str], *, at_most: int) -> Sequence[int]:
        """Count the campaigns that each of several filters finds, as far as a number."""
        return self._store.counts([self.parsed(each) for each in wanted], at_most=at_most)

    def parsed(self, wanted: str | None) -> Condition:
        """Read a filter, as of now and of who asks.

        Raises
        ------
        InvalidFilter
            If it is not valid.
        """
        return parse_filter(wanted or "", now_us=self._context.clock.now_us(), me=self._context.identity.name)

    def _page(
        self, condition: Condition, ordering: Ordering, *, after: Place | None, began: int, limit: int
    ) -> Page[CampaignListing]:
        found = self._store.page(condition, ordering, after=after, limit=limit + 1)
        items = [listing for _, listing in found[:limit]]
        if len(found) > limit:
            return Page(items, _encoded(ordering, found[limit - 1][0], began))
        # Only where somebody turned pages can anything have been passed.
        return Page(items, None if ordering.field.is_fixed or after is None else _encoded(ordering, None, began))

    def _moved(self, condition: Condition, ordering: Ordering, *, began: int, limit: int) -> Page[CampaignListing]:
        event: int | None = began
        while event is not None:
            items, event = self._store.changed_after(condition, event=event, limit=limit)
            if items:
                return Page(items, None if event is None else _encoded(ordering, None, event))
        return Page([], None)


def _encoded(ordering: Ordering, place: Place | None, began: int) -> str:
    text = json.dumps([str(ordering), began, *(place or ())], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str, ordering: Ordering) -> tuple[Place | None, int]:
    wrong = InvalidInput(
        "The cursor is none that this list gave.",
        where="cursor",
        remedy="Give the value of next as it was, with the same sort, or leave it out.",
    )
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise wrong from None
    if len(cursor) > MAX_CURSOR or not isinstance(parts, list) or len(parts) not in (2, 4):
        raise wrong
    sort, began, *place = parts
    if sort != str(ordering) or not _is_number(began) or not all(isinstance(part, str) or _is_number(part) for part in place):
        raise wrong
    if not place:
        return None, began
    key, number = place
    # A key of another kind than the column's is no error in SQLite and one in PostgreSQL.
    if not _is_number(number) or isinstance(key, str) != ordering.field.is_text or (isinstance(key, str) and "\0" in key):
        raise wrong
    return (key, number), began


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62
