"""DataId sets: what there is at the sites, one of them, and what a campaign uses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from campaigns.api.lists import cut, decode_cursor, encode_cursor, moment_of
from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import CampaignSet, DataIdSetEntry, ReasonCount, SetFit, SetRole
from campaigns.domain.decisions import newest_attempts
from campaigns.domain.order import AgentOrder
from campaigns.domain.site import SiteView
from campaigns.domain.submission import Submission
from campaigns.services.factory import Factory
from campaigns.web.addresses import set_address
from campaigns.web.views.already import Already, already_in
from campaigns.web.views.notes import NoteView, notes_of_several
from campaigns.wire.agentsets import MAX_SENT_ROWS

__all__ = ("CampaignData", "SetListPage", "SetPageView", "address_of", "asked_by", "campaign_data", "set_list_page", "set_page")

PAGE_SIZE = 100
ROWS = 200
REASONS_SHOWN = 3

_MARK = re.compile(r" \(order [0-9a-f-]{36}\)$")
"""What an agent writes behind the source of a set, to know it again."""

_PERSON = re.compile(r"[A-Za-z0-9_.@+-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSet:
    """A set in the list."""

    entry: DataIdSetEntry
    address: str
    reasons: tuple[ReasonCount, ...]
    n_more: int
    users: Sequence[tuple[str, str, int]]
    asked_by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetListPage:
    """The list's content; ``repositories`` are those that can be looked at anew."""

    rows: list[ListedSet]
    orders: Sequence[AgentOrder]
    sites: Sequence[SiteView]
    site: str | None
    butler: str | None
    name: str | None
    cursor: str | None
    next: str | None

    @property
    def filtered(self) -> bool:
        """Whether only some are asked for (`bool`)."""
        return bool(self.site or self.butler or self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsCompared:
    """What a set has, and another version of it has not, and the other way; only the first of them are listed.

    Attributes
    ----------
    other : `int`
        The other version.
    came, went : `list` [`dict`]
        Data IDs that this one has, and that only the other has; `None` where those of one are not here.
    """

    other: int
    came: list[dict[str, Any]] | None = None
    went: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPageView:
    """One set: what is known of it, and a piece of its data IDs."""

    entry: DataIdSetEntry
    address: str
    versions: list[tuple[int, str]]
    users: Sequence[tuple[str, str, int]]
    notes: list[NoteView]
    rows: list[dict[str, Any]] | None
    start: int
    next: str | None
    wanted: str = ""
    n_found: int = 0
    compared: SetsCompared | None = None

    @property
    def asked_by(self) -> tuple[str, str]:
        """Who had it made, and why (`tuple`)."""
        return asked_by(self.entry)

    def url(self, **query: Any) -> str:
        """Give the address of the page with some of its data IDs."""
        told = urlencode({name: value for name, value in query.items() if value})
        return f"{self.address}?{told}" if told else self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUse:
    """A step that a set is for, what the set did to its newest submission, and what the site expects it to do to each task."""

    step: str
    submission: Submission | None
    outcome: str | None
    detail: str
    expected: SetFit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerSet:
    """A newer version of a set that is used.

    Attributes
    ----------
    address : `str`
        Of the page that compares it with the one that is used.
    n_came, n_went : `int`
        How many data IDs it has more and less; `None` where those of one are not here.
    """

    address: str
    n_came: int | None
    n_went: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSet:
    """A set of a campaign, with the steps it is for, and those that it can be dropped from."""

    used: CampaignSet
    address: str | None
    reasons: tuple[ReasonCount, ...]
    more: tuple[ReasonCount, ...]
    steps: list[StepUse]
    droppable: list[str]
    newer: NewerSet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignData:
    """What a campaign takes in and leaves out.

    Attributes
    ----------
    sets : `list` [`UsedSet`]
        In the definition's order.
    looked : `AgentOrder`, optional
        The newest look at what the outputs have of some data IDs already.
    already : `Already`, optional
        What it found.
    """

    sets: list[UsedSet]
    looked: AgentOrder | None
    already: Already | None

    @property
    def n_drifted(self) -> int:
        """How many of the sets have drifted (`int`)."""
        return sum(one.used.drift is not None for one in self.sets)


def address_of(entry: DataIdSetEntry, version: int | None = None) -> str:
    """Give the address of a set's page."""
    return set_address(entry.site, entry.butler, entry.name, entry.version if version is None else version)


def set_list_page(factory: Factory, *, site: str | None, butler: str | None, name: str | None, cursor: str | None) -> SetListPage:
    """Gather the list of sets, newest first."""
    after = moment_of(cursor)
    service = factory.dataid_sets()
    found = service.list(site=site or None, butler=butler or None, name=name or None, after=after, limit=PAGE_SIZE + 1)
    entries, following = cut(found, limit=PAGE_SIZE, key=lambda entry: (entry.created_us, entry.uuid))
    users = service.users_of(entries)
    return SetListPage(
        rows=[_listed(entry, users[entry.uuid]) for entry in entries],
        orders=service.under_way(),
        sites=factory.sites().list(),
        site=site,
        butler=butler,
        name=name,
        cursor=cursor,
        next=following,
    )


def _listed(entry: DataIdSetEntry, users: Sequence[tuple[str, str, int]]) -> ListedSet:
    person, why = asked_by(entry)
    return ListedSet(
        entry=entry,
        address=address_of(entry),
        reasons=entry.reasons[:2],
        n_more=max(0, (entry.n_reasons or 0) - 2),
        users=[user for user in users if user[2] == entry.version],
        asked_by=person,
        why=why,
    )


def asked_by(entry: DataIdSetEntry) -> tuple[str, str]:
    """Give who had a set made, and why; of a set that was made at the site, its owner there."""
    told = _MARK.sub("", entry.source)
    person, colon, why = told.partition(": ")
    return (person, why) if colon and _PERSON.fullmatch(person) else (entry.owner, told)


def _compared(factory: Factory, entry: DataIdSetEntry, other: int) -> SetsCompared:
    """Compare a set with another version of its name."""
    service = factory.dataid_sets()
    before = service.get(entry.site, entry.butler, f"{entry.name}@{other}")
    pages = [service.rows(one, start=0, limit=MAX_SENT_ROWS) for one in (before, entry)]
    if pages[0] is None or pages[1] is None:
        return SetsCompared(other=other)
    keyed = [{tuple(row[name] for name in entry.dimensions if name in row): row for row in page.rows} for page in pages if page]
    went, came = ([row for key, row in keyed[one].items() if key not in keyed[1 - one]] for one in (0, 1))
    return SetsCompared(other=other, came=came, went=went)


def set_page(
    factory: Factory,
    site: str,
    butler: str,
    reference: str,
    *,
    cursor: str | None,
    wanted: str = "",
    other: int | None = None,
) -> SetPageView:
    """Gather one set and a piece of its data IDs: those with a value or a word in their reason, or all."""
    service = factory.dataid_sets()
    entry = service.get(site, butler, reference)
    start = max(0, min(decode_cursor(cursor, int)[0], 2**31)) if cursor else 0
    page = service.rows(entry, start=start, limit=ROWS, wanted=wanted)
    return SetPageView(
        entry=entry,
        address=address_of(entry),
        versions=[(one.version, address_of(entry, one.version)) for one in service.versions(entry)],
        users=service.users(entry),
        notes=notes_of_several(factory, factory.notes().of_set(entry)),
        rows=None if page is None else page.rows,
        start=start,
        next=None if page is None or page.next is None else encode_cursor(page.next),
        wanted=wanted,
        n_found=0 if page is None else page.n_found,
        compared=None if other is None else _compared(factory, entry, other),
    )


def campaign_data(factory: Factory, campaign: Campaign, submissions: Sequence[Submission]) -> CampaignData:
    """Gather what a campaign takes in and leaves out."""
    newest = newest_attempts(submissions)
    looked = factory.exclusions().looked(campaign.uuid)
    droppable = factory.readmissions().droppable(campaign, submissions)
    return CampaignData(
        sets=[_used(factory, one, list(newest.values()), droppable) for one in factory.dataid_sets().used_by(campaign)],
        looked=looked,
        already=already_in(looked),
    )


def _newer(factory: Factory, one: CampaignSet) -> NewerSet | None:
    if one.drift is None or one.drift.newest.version == one.drift.pin.version:
        return None
    newest, version = one.drift.newest, one.drift.pin.version
    # What was pinned may be gone from the repository meanwhile.
    found = _compared(factory, newest, version) if one.entry is not None else SetsCompared(other=version)
    return NewerSet(
        address=f"{address_of(newest)}?with={version}#compared",
        n_came=None if found.came is None else len(found.came),
        n_went=None if found.went is None else len(found.went),
    )


def _used(factory: Factory, one: CampaignSet, newest: Sequence[Submission], droppable: dict[str, list[str]]) -> UsedSet:
    reasons = one.entry.reasons if one.entry else ()
    return UsedSet(
        used=one,
        address=address_of(one.entry) if one.entry else None,
        reasons=reasons[:REASONS_SHOWN],
        more=reasons[REASONS_SHOWN:],
        steps=[_step_use(step, one, newest) for step in one.steps],
        droppable=droppable.get(one.reference, []) if one.role is SetRole.EXCLUDE else [],
        newer=_newer(factory, one),
    )


def _step_use(step: str, one: CampaignSet, newest: Sequence[Submission]) -> StepUse:
    expected = next((fit for fit in one.fits if fit.step == step), None)
    for submission in newest:
        use = next((use for use in submission.sets if use.reference == one.reference and use.role == one.role.value), None)
        if submission.step == step and use is not None:
            return StepUse(step=step, submission=submission, outcome=use.outcome, detail=use.detail, expected=expected)
    begun = next((submission for submission in newest if submission.step == step), None)
    outcome = "not_known" if begun is not None else None
    return StepUse(step=step, submission=begun, outcome=outcome, detail="", expected=expected)
