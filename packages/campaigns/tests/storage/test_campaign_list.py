"""Finding campaigns, on both databases: what a filter finds is what a plain look at each campaign finds."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url, text

from campaigns.config import Settings
from campaigns.domain.campaign import CampaignListing
from campaigns.domain.definition import Definition
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
    parse_filter,
    parse_ordering,
)
from campaigns.domain.filtering.tree import Interval, Value
from campaigns.domain.states import CampaignStatus
from campaigns.gateways.clock import FixedClock
from campaigns.services.factory import Factory
from campaigns.storage.campaignlist import CampaignListStore
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from campaigns.storage.filtering import FilterSql
from campaigns.storage.migration import upgrade
from campaigns.storage.textindex import TextIndex
from storage.sixty import HOUR_US, MARY, WORDS, Seen, look, make, make_sixty, some_definition
from support.people import NOW_US, add_people
from support.postgres import PostgresServer


@pytest.fixture(scope="module")
def with_sixty(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with sixty campaigns, made once."""
    path = tmp_path_factory.mktemp("sixty") / "campaigns.sqlite"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    make_sixty(database)
    database.close()
    return path


@pytest.fixture
def sqlite_database(with_sixty: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of it."""
    path = tmp_path / "campaigns.sqlite"
    shutil.copy(with_sixty, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(scope="module")
def postgres_with_sixty(postgres_server: PostgresServer) -> str:
    """The name of a PostgreSQL database with sixty campaigns, made once."""
    url = postgres_server.create("sixty")
    database = Database(url)
    upgrade(database)
    add_people(database)
    make_sixty(database)
    database.close()
    name = make_url(url).database
    assert name is not None
    postgres_server.remember(name)
    return name


@pytest.fixture
def postgres_database(postgres_server: PostgresServer, postgres_with_sixty: str) -> Iterator[Database]:
    """That database, whose rows each test finds as they were made."""
    database = Database(postgres_server.url(postgres_with_sixty))
    yield database
    database.close()
    postgres_server.restore(postgres_with_sixty)


@pytest.fixture(scope="module")
def looked() -> dict[str, list[Seen]]:
    """What was seen of the sixty on each database: they are the same for each test."""
    return {}


@pytest.fixture
def campaigns(database: Database, looked: dict[str, list[Seen]]) -> list[Seen]:
    """Tell what is known of each of the sixty campaigns."""
    if database.backend not in looked:
        looked[database.backend] = look(database)
    return looked[database.backend]


def _values(field: Field) -> st.SearchStrategy[Value]:
    match field.kind:
        case FieldKind.CHOICE:
            return st.sampled_from(field.choices)
        case FieldKind.FLAG:
            return st.sampled_from(["yes", "no"])
        case FieldKind.UUID:
            # Those that are there are asked for below: they differ from run to run.
            return st.just("00000000-0000-4000-8000-000000000000")
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
                *("hsc/calib", "/b/third.yaml", "visit > 5", "https://example.org/specs.git", "v1", "a1" * 20, "s-12", "usdf"),
                *("cafe", "cafes", "brigh", "moon", "lead", "c-1"),
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
    if field.kind in (FieldKind.CHOICE, FieldKind.FLAG, FieldKind.UUID):
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


@pytest.mark.parametrize(
    "examples", [120, pytest.param(3000, marks=[pytest.mark.chaos, pytest.mark.timeout(3600)])], ids=["some", "many"]
)
def test_filters_and_orders_against_a_plain_look(
    database: Database, campaigns: list[Seen], monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    """Alike, however far SQLite walks and whatever it takes for few."""
    with database.read() as session:
        store = CampaignListStore(session, MARY)

        @given(
            CONDITIONS, st.sampled_from(ORDERS), st.integers(1, 8), st.sampled_from((1, 8, 5000)), st.sampled_from((-1, 5, 200))
        )
        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def check(condition: Condition, order: str, pages: int, walk: int, very_few: int) -> None:
            monkeypatch.setattr("campaigns.storage.campaignlist._WALK", walk)
            monkeypatch.setattr("campaigns.storage.textindex._VERY_FEW", very_few)
            way = parse_ordering(order)
            wanted = [each for each in campaigns if each.fits(condition)]
            missing = -1 if way.field.kind is FieldKind.TIME else None

            def place(each: Seen) -> tuple[Any, int]:
                own = each.value(way.field)
                return (missing if own is None else own.encode() if isinstance(own, str) else own), each.listing.number

            wanted.sort(key=place, reverse=way.descending)
            assert store.count(condition) == len(wanted)
            found = list(walked(store, condition, way, len(wanted) // pages + 1))
            assert [listing.number for listing in found] == [each.listing.number for each in wanted]

        check()


def test_steps_are_counted(database: Database) -> None:
    for number, steps in enumerate(([], [{"name": "step1"}, {"name": "step2", "needs": ["step1"]}])):
        plain = some_definition(2000 + number, random.Random(5)).model_dump(mode="json", exclude_defaults=True)
        make(database, NOW_US, Definition.model_validate({**plain, "steps": steps}))
    with database.read() as session:
        page = CampaignListStore(session, MARY).page(parse_filter("", now_us=NOW_US), parse_ordering("-id"), after=None, limit=2)
    assert [(listing.n_steps, listing.n_steps_begun) for _, listing in page] == [(2, 0), (0, 0)]


def test_the_largest_filters_are_within_what_the_databases_take(database: Database, campaigns: list[Seen]) -> None:
    """Many parts, one of them a list of as many values, as deep as they go."""
    for field in ("id", "parent", "created", "revision"):
        values = ",".join(["1970" if field == "created" else "1"] * 200)
        parts = " or ".join([f"{field} not in ({values})", *["id = 1"] * 199])
        condition = parse_filter("(" * 29 + parts + ")" * 29, now_us=NOW_US)
        wanted = sum(each.fits(condition) for each in campaigns)
        with database.read() as session:
            store = CampaignListStore(session, MARY)
            assert store.count(condition) == wanted
            assert len(store.page(condition, parse_ordering("id"), after=None, limit=100)) == wanted


@pytest.mark.parametrize("field", ["revision", "submissions", "quanta"])
def test_larger_numbers_than_a_column_has_are_compared(database: Database, campaigns: list[Seen], field: str) -> None:
    most = "9" * 15
    texts = [f"{field} {sign} {most}" for sign in ("=", "!=", "<", "<=", ">", ">=")] + [f"{field} in ({most}, 1)"]
    with database.read() as session:
        store = CampaignListStore(session, MARY)
        for condition in (parse_filter(text, now_us=NOW_US) for text in texts):
            assert store.count(condition) == sum(each.fits(condition) for each in campaigns)


def test_several_lists_are_counted_at_once(database: Database) -> None:
    wanted = [parse_filter(text, now_us=NOW_US) for text in ("", "status = draft", "not status = draft", "name = no-such")]
    with database.read() as session:
        store = CampaignListStore(session, MARY)
        numbers = store.counts(wanted, at_most=1000)
        assert numbers == [store.count(each) for each in wanted]
        assert numbers[0] == numbers[1] + numbers[2] > 1
        assert store.counts(wanted, at_most=1)[0] == 1


def test_notes_are_not_asked_for_campaign_by_campaign(database: Database) -> None:
    """Twenty parts on notes took seconds where no campaign had any."""
    with database.read() as session:
        condition = FilterSql(TextIndex(session), MARY).condition(parse_filter("note ~ a", now_us=NOW_US))
    assert "campaign.id IN (SELECT note.campaign_id" in " ".join(str(condition).split())
    assert "note.campaign_id =" not in str(condition)


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
        column = sort_key_name(field)
        assert {f"sort_campaign_{column}", "uq_campaign_number", "ix_campaign_updated_us_number"} & names, field.name


def test_a_uuid_finds_its_campaign(database: Database, campaigns: list[Seen]) -> None:
    """As a value, and as a word that stands alone."""
    one, other = campaigns[5].listing, campaigns[7].listing
    asked = {
        f"uuid = {one.uuid.upper()}": {one.number},
        one.uuid.upper(): {one.number},
        f"{one.uuid} or uuid in ({other.uuid})": {one.number, other.number},
        f"not {one.uuid}": {each.listing.number for each in campaigns} - {one.number},
        f"{one.uuid} title ~ '' uuid != {other.uuid}": {one.number},
    }
    with database.read() as session:
        store = CampaignListStore(session, MARY)
        for wanted, numbers in asked.items():
            page = store.page(parse_filter(wanted, now_us=NOW_US), parse_ordering("id"), after=None, limit=100)
            assert {listing.number for _, listing in page} == numbers, wanted


def test_the_sixty_differ_in_all_that_can_be_asked(campaigns: list[Seen]) -> None:
    """Otherwise what a filter finds would tell nothing about it."""
    for field in FIELDS.values():
        values = {frozenset(each.many[field.name]) if field.is_many else each.value(field) for each in campaigns}
        assert len(values) > 1 or field.name in ("owner", "revision", "site", "butler", "output"), field.name


def sort_key_name(field: Field) -> str:
    """Give the name of the column that a list is ordered by."""
    if field.kind is FieldKind.NUMBER and field.name != "revision":
        return f"n_{field.name}"
    return {"id": "number"}.get(field.name, field.name + ("_us" if field.kind is FieldKind.TIME else ""))


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
