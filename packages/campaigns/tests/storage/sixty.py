"""Sixty campaigns that differ in all that can be filtered by, and a plain look at each: what a filter must find."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from campaigns.config import Settings
from campaigns.domain.campaign import CampaignListing
from campaigns.domain.definition import Definition
from campaigns.domain.errors import NotebookClosed
from campaigns.domain.filtering import (
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
    Text,
    parse_ordering,
)
from campaigns.domain.filtering.texts import search_text
from campaigns.domain.filtering.tree import Value, folded
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

__all__ = ("HOUR_US", "MARY", "WORDS", "Seen", "look", "make", "make_sixty", "some_definition")

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


def make_sixty(database: Database) -> None:
    """Make sixty campaigns, which differ in all that can be filtered by."""
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


def look(database: Database) -> list[Seen]:
    """Look at each campaign there is, one after the other."""
    return [_seen(database, listing) for listing in _everything(database)]


def _everything(database: Database) -> list[CampaignListing]:
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


def _seen(database: Database, listing: CampaignListing) -> Seen:
    with database.read() as session:
        campaign = CampaignStore(session, MARY).find(listing.uuid)
        assert campaign is not None
        notes = NoteStore(session, MARY).of_campaign(campaign.uuid)
        told = Seen(listing, campaign.definition, [note.body for note in notes if note.withdrawn_us is None])
        line = (campaign.parent.uuid, campaign.parent.root) if campaign.parent else (None, None)
        before = [CampaignStore(session, MARY).find(uuid) if uuid else None for uuid in line]
        told.line = {name: one.number if one else None for name, one in zip(("parent", "root"), before, strict=True)}
        return told
