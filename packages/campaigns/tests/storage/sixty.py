"""Sixty campaigns that differ in all that can be filtered by, and a plain look at each: what a filter must find."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from campaigns.config import Settings
from campaigns.domain.campaign import Campaign, CampaignListing, Wait, WaitKind
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
from campaigns.domain.note import Note, NoteKind
from campaigns.domain.people import SignOff
from campaigns.domain.quanta import TaskCounts
from campaigns.domain.specifications import SpecPin, SpecRole
from campaigns.domain.states import CampaignStatus, Judgement, Kind, SubmissionStatus
from campaigns.domain.submission import Submission
from campaigns.gateways.clock import FixedClock
from campaigns.services.factory import Factory
from campaigns.storage.campaignlist import CampaignListStore
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database, WriteSession
from campaigns.storage.notes import NoteStore
from campaigns.storage.signoffs import SignOffStore
from campaigns.storage.specifications import SpecPinStore
from campaigns.storage.submissions import SubmissionStore
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
    "cafe\u0301s",
)
NAMES = ("ann", "Ann", "bob", "Ünal", "", None)
HOUR_US = 3_600_000_000
SPEC = {"repository": "https://example.org/Specs.git", "reference": "v1"}
WAITS = (
    Wait(kind=WaitKind.JUDGE, step="step1", group="a", text="step1 waits", submission="S-12"),
    Wait(kind=WaitKind.START, step="Step2", group="all", text="step2 waits"),
)
STEPS: tuple[list[dict[str, object]], ...] = (
    [],
    [{"name": "step1"}, {"name": "step2", "needs": ["step1"], "data_query": "visit > 5"}],
    [{"name": "step1", "pipeline": "/b/Third.yaml#step1", "data_query": "band = 'r'"}],
)


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
            "skymap": chance.choice(("hsc_rings_v1", "Demo", None)),
            "visibility": chance.choice(("staff", "staff", "team")),
            "inputs": chance.sample(["HSC/raw/all", "HSC/calib", "refcats"], chance.randint(0, 2)),
            "pipeline": chance.choice(("$DRP_PIPE_DIR/DRP.yaml", "/a/Other.yaml", None)),
            "data_query": chance.choice(("", "visit > 5", "tract = 9813")),
            "steps": chance.choice(STEPS),
            "processing_spec": chance.choice((SPEC, None)),
            "sets": sets,
        }
    )


def sign(session: WriteSession, store: CampaignStore, campaign: Campaign, chance: random.Random) -> None:
    """Have a campaign signed off, sometimes, and its specification resolved."""
    offs, by = SignOffStore(session, MARY), chance.choice(("ann", "mary"))
    if chance.random() < 0.5:
        off = SignOff(uuid=str(uuid4()), revision=1, signed_by=by, is_author=False, signed_us=NOW_US, comment="-", sets=())
        offs.add(off, campaign_uuid=campaign.uuid)
        store.set_signed_revision(campaign, 1, by=by)
    if chance.random() < 0.2:
        offs.undo(campaign.uuid, by="ann", reason="-", at_us=NOW_US)
        store.set_signed_revision(campaign, None)
    if campaign.definition.processing_spec is not None:
        pin = SpecPin(
            revision=1,
            role=SpecRole.PROCESSING,
            path="",
            commit=chance.choice(("a1" * 20, "b2" * 20)),
            resolved_us=NOW_US,
            **SPEC,
        )
        SpecPinStore(session, MARY).add(campaign.uuid, [pin])


def submit(session: WriteSession, campaign: Campaign, chance: random.Random) -> None:
    """Make submissions; later attempts take the places of earlier ones, and some are counted again."""
    store = SubmissionStore(session, MARY)
    for attempt in range(1, chance.randint(1, 4)):
        submission = Submission(
            uuid=str(uuid4()),
            number=session.next_number("submission"),
            campaign_uuid=campaign.uuid,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            revision=1,
            step="step1",
            group=chance.choice("ab"),
            attempt=attempt,
            status=SubmissionStatus.FAILED,
            judgement=Judgement.PENDING,
            **dict.fromkeys(("operator", "site", "stack", "repository", "pipeline", "output", "data_query"), "x"),
            input_collections=(),
            output_run=f"{campaign.name}/{attempt}",
            bps={},
            created_us=NOW_US,
            updated_us=NOW_US,
        )
        store.add(submission)
        for _ in range(chance.randint(0, 2)):
            store.set_counts(submission, [_some_counts(label, chance) for label in ("isr", "coadd")])


def _some_counts(label: str, chance: random.Random) -> TaskCounts:
    succeeded, failed = chance.randrange(15), chance.randrange(3)
    return TaskCounts(label=label, expected=succeeded + failed, succeeded=succeeded, failed=failed)


def write_notes(database: Database, uuid: str, chance: random.Random) -> None:
    """Write notes; some are edited, and some withdrawn."""
    for _ in range(chance.randint(1, 3)):
        with database.write() as session:
            notes = Factory(session, identity=MARY, clock=FixedClock(NOW_US), settings=Settings()).notes()
            try:
                note = notes.add(uuid, kind=NoteKind.PROBLEM, body=chance.choice((*WORDS, "@mary look", "to @otto and @mary")))
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
                ended = chance.choice((None, NOW_US + chance.randrange(40) * HOUR_US))
                why, origin = chance.choice((*WORDS, None)), chance.choice(("usdf:C-1", None))
                waits = tuple(chance.sample(WAITS, chance.randint(0, 2)))
                told = {"status": status, "held": held, "adopted": adopted, "status_reason": why, "waits": waits}
                store.save(replace(campaign, started_us=started, ended_us=ended, origin=origin, **told))
                store.put_operators(uuid, chance.sample(["Otto", "ann"], chance.randint(0, 2)))
                sign(session, store, campaign, chance)
                submit(session, campaign, chance)
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

    def __init__(self, listing: CampaignListing, definition: Definition, notes: Sequence[Note]) -> None:
        self.listing = listing
        self.line: dict[str, int | None] = {}
        told = (listing.id, listing.name, listing.title, listing.reason, definition.description, *definition.labels)
        self.text = search_text((*told, definition.ticket, listing.lead, definition.team, definition.output))
        sets = (*definition.sets.include, *definition.sets.exclude)
        pipelines = {definition.pipeline or "", *map(definition.pipeline_of, definition.steps)}
        queries = [definition.data_query, *(step.data_query for step in definition.steps)]
        waits = [(wait.kind.value, wait.step, wait.submission) for wait in listing.waits]
        spec = definition.processing_spec
        self.told = {
            "visibility": definition.visibility,
            "description": folded(definition.description),
            "skymap": folded(definition.skymap or ""),
            "data_query": folded("\n".join(dict.fromkeys(query for query in queries if query))),
        }
        self.many = {
            "label": {folded(label) for label in definition.labels},
            "operator": set(listing.operators),
            "set": {folded(word) for name in sets for word in (name, name.partition("@")[0])},
            "note": {folded(note.body) for note in notes},
            "mention": {name for note in notes for name in note.mentions},
            "input": {folded(name) for name in definition.inputs},
            "pipeline": {folded(name.partition("#")[0]) for name in pipelines} - {""},
            "spec": {folded(spec.repository), folded(spec.reference)} if spec else set(),
            "commit": set(),
            "waits_for": {folded(word) for words in waits for word in words if word},
            "signed_by": set(),
        }

    def value(self, field: Field) -> Any:
        listing = self.listing
        match field.name:
            case "id":
                return listing.number
            case "created" | "updated" | "started" | "ended":
                return getattr(listing, f"{field.name}_us")
            case "description" | "skymap" | "data_query" | "visibility":
                return self.told[field.name]
            case "quanta":
                return listing.quanta.expected
            case "succeeded" | "failed":
                return getattr(listing.quanta, field.name)
            case "submissions":
                return listing.n_submissions
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
        told = Seen(listing, campaign.definition, [note for note in notes if note.withdrawn_us is None])
        told.many["commit"] = {pin.commit for pin in SpecPinStore(session, MARY).of_campaign(campaign.uuid)}
        signed = SignOffStore(session, MARY).of_campaign(campaign.uuid)
        told.many["signed_by"] = {one.signed_by for one in signed if one.undone_us is None}
        line = (campaign.parent.uuid, campaign.parent.root) if campaign.parent else (None, None)
        before = [CampaignStore(session, MARY).find(uuid) if uuid else None for uuid in line]
        told.line = {name: one.number if one else None for name, one in zip(("parent", "root"), before, strict=True)}
        return told
