"""The list of campaigns: what is going on, and where the one is that I want."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from campaigns.domain.campaign import CampaignListing, WaitKind
from campaigns.domain.errors import CampaignError, Fault
from campaigns.domain.filtering import ALIASES, FIELDS, Field, FieldKind, Ordering, parse_ordering
from campaigns.domain.savedquery import COLUMNS, DEFAULT_COLUMNS, SavedQuery, checked_columns
from campaigns.domain.states import CampaignStatus
from campaigns.pictures.looks import LEGEND, Look, look_of, settled
from campaigns.services.bulk import MAX_CAMPAIGNS
from campaigns.services.factory import Factory
from campaigns.web.views.overview import Counted, NamedSet, counted_lists, meant, sets_called

__all__ = ("Asked", "Head", "ListPage", "ListRow", "list_page", "waits_in_words")

PAGE_SIZE = 50

COUNTED = 10_000
"""How far campaigns are counted; REST and the command count to the end."""

_OPERATORS = {
    FieldKind.WORD: ("=", "!=", "~", "!~", "is empty", "is not empty"),
    FieldKind.CHOICE: ("is", "is not"),
    FieldKind.FLAG: ("=",),
    FieldKind.UUID: ("=", "!="),
    FieldKind.TIME: (">", "<", "=", ">=", "<=", "is empty", "is not empty"),
    FieldKind.NUMBER: ("=", ">", "<", ">=", "<="),
    FieldKind.ID: ("=", ">", "<", ">=", "<="),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list was asked for, as it stands in the address.

    Attributes
    ----------
    filter, sort : `str`
        In the words of the list.
    columns : `tuple` [`str`, ...]
        What is to be shown; none for the usual ones.
    cursor : `str`, optional
        The page.
    query : `SavedQuery`, optional
        The saved query that the list is of; what the address gives itself comes before what the query has.
    """

    filter: str = ""
    sort: str = ""
    columns: tuple[str, ...] = ()
    cursor: str | None = None
    query: SavedQuery | None = None

    def url(self, path: str = "/campaigns", **changes: str | None) -> str:
        """Give the address of a list that differs in this; without a cursor, unless one is given."""
        told = {"filter": self.filter, "sort": self.sort, "columns": ",".join(self.columns), **changes}
        if (kept := self.query) is not None:
            own = {"filter": kept.filter, "sort": kept.sort, "columns": ",".join(kept.columns)}
            told = {"query": kept.uuid, **{name: value for name, value in told.items() if own.get(name) != value}}
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a column; ``url`` is that of the list sorted by it, if it can be."""

    key: str
    title: str
    url: str | None
    sorted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One campaign in the list."""

    listing: CampaignListing
    look: Look
    waits: str
    waits_look: Look | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """The page's content.

    Attributes
    ----------
    next : `str` or `None`
        The cursor of the page after it.
    count : `int` or `None`
        How many the filter finds; not more than `COUNTED`.
    and_more : `bool`
        Whether it finds more than that.
    lists : `list` [`Counted`]
        What mostly is looked for.
    meant : `list` [`str`]
        Filters that may be meant, where nothing is found.
    sets : sequence of `NamedSet`
        DataId sets of that name, where nothing is found.
    """

    asked: Asked
    rows: list[ListRow] = field(default_factory=list)
    next: str | None = None
    count: int | None = None
    heads: list[Head] = field(default_factory=list)
    faults: tuple[Fault, ...] = ()
    queries: list[SavedQuery] = field(default_factory=list)
    teams: Sequence[str] = ()
    may_move: bool = False
    and_more: bool = False
    lists: list[Counted] = field(default_factory=list)
    meant: list[str] = field(default_factory=list)
    sets: Sequence[NamedSet] = ()

    @property
    def is_filter_wrong(self) -> bool:
        """Whether it is the filter that is not valid (`bool`)."""
        return any((fault.where or "").startswith("filter") for fault in self.faults)

    @property
    def choices(self) -> dict[str, str]:
        """All columns there are, with their heads (`dict`)."""
        return dict(COLUMNS)

    @property
    def shown(self) -> set[str]:
        """The names of the columns that are shown (`set` [`str`])."""
        return {head.key for head in self.heads}

    @property
    def fields(self) -> list[tuple[Field, tuple[str, ...]]]:
        """What can be asked for, and with which signs (`list`)."""
        return [(each, _OPERATORS[each.kind]) for each in FIELDS.values()]

    @property
    def pointer(self) -> tuple[str, str] | None:
        """What of the filter stands before and at the first mistake (`tuple`), if there is one with a place."""
        where = self.faults[0].where or "" if self.faults else ""
        digits = where.removeprefix("filter, column ")
        if not digits.isdecimal():
            return None
        place = int(digits) - 1
        return self.asked.filter[:place], self.asked.filter[place : place + 60] or "…"


def list_page(factory: Factory, asked: Asked) -> ListPage:
    """Gather the list of campaigns.

    Parameters
    ----------
    factory : `Factory`
        Services on a read session.
    asked : `Asked`
        What is looked for.

    Returns
    -------
    page : `ListPage`
        With what is wrong, and without campaigns, where the filter or the order is not valid.
    """
    queries, teams = factory.queries().all(), factory.queries().teams()
    try:
        columns, ordering = checked_columns(asked.columns or _own_columns(asked)), parse_ordering(asked.sort)
        campaigns = factory.campaign_list()
        page = campaigns.list(wanted=asked.filter, sort=asked.sort, limit=PAGE_SIZE, cursor=asked.cursor)
        is_all = asked.cursor is None and page.next is None
        count = len(page.items) if is_all else campaigns.count(asked.filter, at_most=COUNTED + 1)
    except CampaignError as error:
        faults, lists = error.as_faults(), counted_lists(factory)
        return ListPage(
            asked=asked, queries=queries, teams=teams, faults=faults, lists=lists, heads=_heads(asked, DEFAULT_COLUMNS, None)
        )
    return ListPage(
        asked=asked,
        rows=[_row(listing) for listing in page.items],
        next=page.next,
        count=min(count, COUNTED),
        and_more=count > COUNTED,
        heads=_heads(asked, columns, ordering),
        queries=queries,
        teams=teams,
        may_move=0 < count <= MAX_CAMPAIGNS,
        lists=counted_lists(factory),
        meant=meant(asked.filter) if not count else [],
        sets=sets_called(factory, asked.filter) if not count else (),
    )


def _own_columns(asked: Asked) -> tuple[str, ...]:
    return asked.query.columns if asked.query is not None else ()


def _heads(asked: Asked, columns: tuple[str, ...], ordering: Ordering | None) -> list[Head]:
    heads = []
    for key in columns:
        name = ALIASES.get(key, key)
        sortable = name in FIELDS and FIELDS[name].is_sortable
        now = ordering is not None and ordering.field.name == name
        # What is newest or largest is mostly what one wants first.
        first = "" if sortable and FIELDS[name].is_text else "-"
        turned = first if not now else ("" if ordering is not None and ordering.descending else "-")
        heads.append(
            Head(
                key=key,
                title=COLUMNS[key],
                url=asked.url(sort=f"{turned}{name}") if sortable else None,
                sorted=None if not now else "descending" if ordering is not None and ordering.descending else "ascending",
            )
        )
    return heads


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
    if listing.origin is not None:
        return f"a record of {listing.origin}"
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
