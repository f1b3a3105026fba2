"""Finding campaigns, on both databases: what a filter finds is what a plain look at each campaign finds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from campaigns.config import Settings
from campaigns.domain.campaign import CampaignListing
from campaigns.domain.definition import Definition
from campaigns.domain.errors import NotebookClosed
from campaigns.domain.filtering import (
    FIELDS,
    Among,
    And,
    Compare,
    Condition,
    Empty,
    Field,
    FieldKind,
    Not,
    Operator,
    Or,
    Ordering,
    Text,
    parse_ordering,
)
from campaigns.domain.filtering.texts import search_text
from campaigns.domain.filtering.tree import Interval, Value, folded
from campaigns.domain.identity import Role
from campaigns.domain.lineage import Parent
from campaigns.domain.note import NoteKind
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.gateways.clock import FixedClock
from campaigns.services.factory import Factory
from campaigns.storage.campaignlist import CampaignListStore
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from campaigns.storage.notes import NoteStore
from support.people import NOW_US, identity_of

MARY = identity_of(Role.MANAGER)
WORDS = (
    "trailed",
    "Trailed light",
    "bright",
    "BRIGHT moon",
    "Straße",
    "STRASSE",
    "100%",
    "under_score",
    'quo"te',
    "ab",
    "Ǆ",
    "x\\y",
)
NAMES = ("ann", "Ann", "bob", "Ünal", "", None)
HOUR_US = 3_600_000_000


def make(database: Database, at_us: int, definition: Definition, parent: Parent | None = None) -> str:
    with database.write() as session:
        factory = Factory(session, identity=MARY, clock=FixedClock(at_us), settings=Settings())
        return factory.campaigns().create(definition, parent=parent).uuid


def some_definition(number: int, chance: random.Random) -> Definition:
    sets = {"exclude": chance.sample(["demo/bad@1", "demo/Bright", "x"], chance.randint(0, 2))}
    return Definition.model_validate(
        {
            "name": f"{chance.choice('abAB')}{number}",
            "title": chance.choice(WORDS),
            "reason": chance.choice(WORDS),
            "description": chance.choice(("", *WORDS)),
            "kind": chance.choice(list(Kind)),
            "lead": chance.choice(NAMES),
            "team": chance.choice(NAMES),
            "labels": chance.sample(["Nightly", "w_2026_46", "rc2", "RC2 hsc"], chance.randint(0, 3)),
            "ticket": chance.choice(("DM-1", "DM-22", None)),
            "stack": chance.choice(("w_2026_46", "w_2026_47", None)),
            "instrument": chance.choice(("HSC", "LSSTCam", None)),
            "sets": sets,
        }
    )


def write_notes(database: Database, uuid: str, chance: random.Random) -> None:
    """Write notes; some are edited, and some withdrawn."""
    for _ in range(chance.randint(1, 3)):
        with database.write() as session:
            notes = Factory(session, identity=MARY, clock=FixedClock(NOW_US), settings=Settings()).notes()
            try:
                note = notes.add(uuid, kind=NoteKind.PROBLEM, body=chance.choice(WORDS))
            except NotebookClosed:
                return
            if chance.random() < 0.3:
                note = notes.edit(uuid, note.uuid, parent=note.uuid, body=f"{chance.choice(WORDS)} again")
            if chance.random() < 0.2:
                notes.withdraw(uuid, note.uuid, reason="Not so")


@pytest.fixture
def campaigns(database: Database) -> list[Seen]:
    """Make sixty campaigns, and tell what is known of each."""
    chance = random.Random(7)
    line: list[str] = []
    for number in range(60):
        parent = Parent(chance.choice(line), 1, line[0]) if line and chance.random() < 0.4 else None
        uuid = make(database, NOW_US + chance.randrange(40) * HOUR_US, some_definition(number, chance), parent)
        line += [uuid] if parent or not line else []
        if chance.random() < 0.5:
            with database.write() as session:
                store = CampaignStore(session, MARY)
                campaign = store.find(uuid)
                assert campaign is not None
                started = chance.choice((None, NOW_US + chance.randrange(40) * HOUR_US))
                status, held = chance.choice(list(CampaignStatus)), chance.random() < 0.3
                adopted = chance.random() < 0.3
                store.save(replace(campaign, status=status, started_us=started, held=held, adopted=adopted))
                store.put_operators(uuid, chance.sample(["Otto", "ann"], chance.randint(0, 2)))
        if chance.random() < 0.6:
            write_notes(database, uuid, chance)
    return [seen(database, listing) for listing in everything(database)]


def everything(database: Database) -> list[CampaignListing]:
    with database.read() as session:
        found = CampaignListStore(session, MARY).page(And(()), parse_ordering("id"), after=None, limit=1000)
        return [listing for _, listing in found]


class Seen:
    """A campaign as a plain look sees it."""

    def __init__(self, listing: CampaignListing, definition: Definition, notes: Sequence[str]) -> None:
        self.listing = listing
        self.line: dict[str, int | None] = {}
        told = (listing.id, listing.name, listing.title, listing.reason, definition.description, *definition.labels)
        self.text = search_text((*told, definition.ticket, definition.lead, definition.team, definition.output))
        sets = (*definition.sets.include, *definition.sets.exclude)
        self.many = {
            "label": {folded(label) for label in definition.labels},
            "operator": set(listing.operators),
            "set": {folded(word) for name in sets for word in (name, name.partition("@")[0])},
            "note": {folded(note) for note in notes},
        }

    def value(self, field: Field) -> Any:
        listing = self.listing
        match field.name:
            case "id":
                return listing.number
            case "created" | "updated" | "started" | "ended":
                return getattr(listing, f"{field.name}_us")
            case "parent" | "root":
                return self.line[field.name]
            case "waits":
                return bool(listing.waits)
            case name:
                found = getattr(listing, name)
                return found if isinstance(found, int) else folded(found or "")

    def fits(self, condition: Condition) -> bool:
        match condition:
            case And(parts):
                return all(map(self.fits, parts))
            case Or(parts):
                return any(map(self.fits, parts))
            case Not(part):
                return not self.fits(part)
            case Text(wanted):
                return wanted in self.text
            case Among(field, values):
                return any(self._compares(field, Operator.EQUAL, value) for value in values)
            case Compare(field, operator, value):
                return self._compares(field, operator, value)
            case Empty(field):
                return not self.many[field.name] if field.is_many else self.value(field) in ("", None)

    def _compares(self, field: Field, operator: Operator, value: Value) -> bool:
        own = self.many[field.name] if field.is_many else {self.value(field)}
        if field.kind is FieldKind.FLAG:
            return own == {value == "yes"}
        if isinstance(value, str):
            return any(value == one if operator is Operator.EQUAL else value in one for one in own)
        (one,) = own
        if one is None:
            return False
        low, end = value.low, value.end
        match operator:
            case Operator.LESS:
                return low is not None and one < low
            case Operator.AT_MOST:
                return end is None or one < end
            case Operator.MORE:
                return end is not None and one >= end
            case Operator.AT_LEAST:
                return low is None or one >= low
            case _:
                return (low is None or one >= low) and (end is None or one < end)


def seen(database: Database, listing: CampaignListing) -> Seen:
    with database.read() as session:
        campaign = CampaignStore(session, MARY).find(listing.uuid)
        assert campaign is not None
        notes = NoteStore(session, MARY).of_campaign(campaign.uuid)
        told = Seen(listing, campaign.definition, [note.body for note in notes if note.withdrawn_us is None])
        line = (campaign.parent.uuid, campaign.parent.root) if campaign.parent else (None, None)
        before = [CampaignStore(session, MARY).find(uuid) if uuid else None for uuid in line]
        told.line = {name: one.number if one else None for name, one in zip(("parent", "root"), before, strict=True)}
        return told


def _values(field: Field) -> st.SearchStrategy[Value]:
    match field.kind:
        case FieldKind.CHOICE:
            return st.sampled_from(field.choices)
        case FieldKind.FLAG:
            return st.sampled_from(["yes", "no"])
        case FieldKind.WORD:
            words = [
                "ann",
                "dm-1",
                "w_2026_46",
                "hsc",
                "nightly",
                "rc2",
                "otto",
                "demo/bad",
                "demo/bad@1",
                "trailed",
                "mary",
                "a1",
                "%",
                "_",
            ]
            return st.one_of(st.sampled_from([*words, "", "a", "ü", "strasse", "straße"]))
        case _:
            scale = (
                st.integers(0, 45).map(lambda hour: NOW_US + hour * HOUR_US)
                if field.kind is FieldKind.TIME
                else st.integers(0, 70)
            )
            ends = st.one_of(st.none(), scale)
            return st.builds(Interval, ends, ends)


def _compare(field: Field) -> st.SearchStrategy[Condition]:
    if field.kind in (FieldKind.CHOICE, FieldKind.FLAG):
        operators = [Operator.EQUAL]
    elif field.kind is FieldKind.WORD:
        operators = [Operator.EQUAL, Operator.HAS]
    else:
        operators = [each for each in Operator if each not in (Operator.HAS, Operator.UNEQUAL)]
    values = _values(field)
    return st.one_of(
        st.builds(Compare, st.just(field), st.sampled_from(operators), values),
        st.builds(Among, st.just(field), st.lists(values, max_size=3).map(tuple)),
        st.just(Empty(field)),
    )


LEAVES = st.one_of(
    st.sampled_from(list(FIELDS.values())).flatmap(_compare),
    st.sampled_from(["trail", "strasse", "100%", "r_s", 'o"t', "ab", "bright moon", "c-1", "x\\y", "", "dž"]).map(Text),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
)
ORDERS = [f"{sign}{field.name}" for field in FIELDS.values() if field.is_sortable for sign in ("", "-")]


def test_filters_and_orders_against_a_plain_look(database: Database, campaigns: list[Seen]) -> None:
    with database.read() as session:
        store = CampaignListStore(session, MARY)

        @given(CONDITIONS, st.sampled_from(ORDERS), st.integers(1, 30))
        @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def check(condition: Condition, order: str, size: int) -> None:
            way = parse_ordering(order)
            wanted = [each for each in campaigns if each.fits(condition)]
            missing = -1 if way.field.kind is FieldKind.TIME else None

            def place(each: Seen) -> tuple[Any, int]:
                own = each.value(way.field)
                return (missing if own is None else own.encode() if isinstance(own, str) else own), each.listing.number

            wanted.sort(key=place, reverse=way.descending)
            assert store.count(condition) == len(wanted)
            found = list(walked(store, condition, way, size))
            assert [listing.number for listing in found] == [each.listing.number for each in wanted]

        check()


def walked(store: CampaignListStore, condition: Condition, way: Ordering, size: int) -> Iterator[CampaignListing]:
    after = None
    while page := store.page(condition, way, after=after, limit=size):
        yield from (listing for _, listing in page)
        after = page[-1][0]


@pytest.mark.parametrize("order", ["id", "-id", "created", "-updated", "updated", "status", "-status", "title"])
def test_paging_while_others_make_and_change_campaigns(
    database: Database, campaigns: list[Seen], clock: FixedClock, order: str
) -> None:
    """For orders that never change, each campaign exactly once; for all, none is missed."""
    chance = random.Random(3)
    there = {each.listing.number for each in campaigns}
    got: list[int] = []
    cursor: str | None = None
    for turn in itertools.count():
        with database.read() as session:
            factory = Factory(session, identity=MARY, clock=clock, settings=Settings())
            page = factory.campaign_list().list(wanted="", sort=order, limit=7, cursor=cursor)
        got += [listing.number for listing in page.items]
        cursor = page.next
        if cursor is None:
            break
        if turn < 12:
            clock.advance(seconds=3600)
            make(database, clock.now_us(), some_definition(1000 + turn, chance))
            for each in chance.sample(campaigns, 5):
                change(database, clock, each, chance)
    old = [number for number in got if number in there]
    assert set(old) == there
    if order.lstrip("-") in ("id", "created"):
        assert len(old) == len(there)


def change(database: Database, clock: FixedClock, each: Seen, chance: random.Random) -> None:
    with database.write() as session:
        factory = Factory(session, identity=MARY, clock=clock, settings=Settings())
        store = CampaignStore(session, MARY)
        campaign = store.find(each.listing.uuid, lock=True)
        assert campaign is not None
        status = chance.choice(list(CampaignStatus))
        store.save(replace(campaign, status=status, title=chance.choice(WORDS), updated_us=clock.now_us()))
        factory._context().record("campaign.changed", "changed by a test", campaign=campaign.uuid)


def test_each_order_has_its_index(database: Database) -> None:
    """A migration that copies the table would lose them, and nothing else would tell."""
    for field in FIELDS.values():
        if not field.is_sortable:
            continue
        with database.read() as session:
            names = index_names(session, database)
        column = {"id": "number"}.get(field.name, field.name + ("_us" if field.kind is FieldKind.TIME else ""))
        assert {f"sort_campaign_{column}", "uq_campaign_number", "ix_campaign_updated_us_number"} & names, field.name


def index_names(session: Any, database: Database) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if database.backend == "sqlite"
        else "SELECT indexname FROM pg_indexes"
    )
    return set(session.scalars(text(query)))


def test_text_is_found_by_the_index_and_by_walking_alike(
    database: Database, campaigns: list[Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(wanted: str) -> set[int]:
        with database.read() as session:
            page = CampaignListStore(session, MARY).page(Text(wanted), parse_ordering("id"), after=None, limit=100)
            return {listing.number for _, listing in page}

    wanted = ["trail", "bright moon", 'quo"te', "100%", "strasse", "nothing of it"]
    indexed = [found(each) for each in wanted]
    monkeypatch.setattr("campaigns.storage.textindex._FEW", -1)
    assert [found(each) for each in wanted] == indexed
    assert indexed[0]
    assert not indexed[-1]
