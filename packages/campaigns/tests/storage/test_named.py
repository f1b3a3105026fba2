"""What a definition names is looked up: its site, its people, and who else names its output collection."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition
from campaigns.domain.identity import Identity, Role
from campaigns.domain.people import Team, TeamMember
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.storage.campaigns import CampaignStore, OutputNaming
from campaigns.storage.database import Database
from campaigns.storage.named import Named, find_named
from campaigns.storage.sites import SiteStore
from campaigns.storage.teams import TeamStore
from support.people import NOW_US, SITE, identity_of

ADMIN, MANAGER, AGENT = (identity_of(role) for role in (Role.ADMIN, Role.MANAGER, Role.AGENT))
OUTPUT = "u/mary/run"


def _definition(**told: Any) -> Definition:
    return Definition(**{"name": "one", "title": "One", "reason": "-", "kind": Kind.OTHER, "output": OUTPUT} | told)


def _add(database: Database, number: int, *, started: bool = False, **told: Any) -> str:
    definition = _definition(name=f"one-{number}", **told)
    campaign = Campaign(
        uuid=str(uuid.UUID(int=number)), number=number, name=definition.name, title="One", reason="-", kind=Kind.OTHER,
        status=CampaignStatus.RUNNING if started else CampaignStatus.DRAFT, revision=1, definition=definition, owner="ada",
        created_us=NOW_US, updated_us=NOW_US, started_us=NOW_US if started else None,
    )  # fmt: skip
    first = Revision(number=1, definition=definition, digest="0" * 64, author="ada", reason="-", created_us=NOW_US)
    with database.write() as session:
        CampaignStore(session, ADMIN).add(campaign, first)
    return campaign.uuid


def _naming(database: Database, identity: Identity, **told: Any) -> list[OutputNaming]:
    with database.read() as session:
        return CampaignStore(session, identity).naming_output(_definition(**told))


def test_who_has_an_output_collection_comes_first_then_who_names_it(database: Database) -> None:
    place = {"site": SITE, "butler": "main"}
    uuids = [_add(database, number, started=number == 3, **place) for number in range(1, 6)]
    _add(database, 6, **place | {"butler": "other"})
    found = _naming(database, MANAGER, **place)
    assert [(one.uuid, one.id, one.has_it) for one in found] == [
        (uuids[2], "C-3", True),
        (uuids[0], "C-1", False),
        (uuids[1], "C-2", False),
    ]


def test_drafts_without_a_site_name_the_same_place_and_without_an_output_none(database: Database) -> None:
    _add(database, 1)
    _add(database, 2, output=None)
    assert [one.id for one in _naming(database, MANAGER)] == ["C-1"]
    assert _naming(database, MANAGER, output=None) == []
    assert _naming(database, MANAGER, site=SITE, butler="main") == []


def test_a_hidden_draft_is_not_told_and_a_hidden_owner_has_no_name(database: Database) -> None:
    hidden = {"team": "raptors", "visibility": "team"}
    _add(database, 1, **hidden)
    assert _naming(database, MANAGER) == []
    assert [one.id for one in _naming(database, ADMIN)] == ["C-1"]
    started = _add(database, 2, started=True, site=SITE, butler="main", **hidden)
    assert _naming(database, MANAGER, site=SITE, butler="main") == [OutputNaming(started, None, has_it=True)]
    # The same caller in the team: what is seen is asked anew each time.
    with database.write() as session:
        teams = TeamStore(session, ADMIN)
        teams.add(Team(name="raptors", description="", created_us=NOW_US, created_by="ada"))
        teams.add_member("raptors", TeamMember(user="mary", added_us=NOW_US, added_by="ada"))
    assert [one.id for one in _naming(database, MANAGER)] == ["C-1"]


@pytest.mark.parametrize("lead", ["mary", "nobody", None])
@pytest.mark.parametrize("team", ["raptors", "nobodys", None])
def test_people_and_teams(database: Database, lead: str | None, team: str | None) -> None:
    with database.write() as session:
        TeamStore(session, ADMIN).add(Team(name="raptors", description="", created_us=NOW_US, created_by="ada"))
    with database.read() as session:
        named = find_named(session, MANAGER, _definition(lead=lead, team=team))
        assert named == Named(offer=None, lead=lead == "mary", team=team == "raptors")
        assert find_named(session, AGENT, _definition(lead=lead, team=team)) == Named(offer=None, lead=False, team=False)


def test_a_site_is_known_to_people_and_to_its_own_agents(database: Database) -> None:
    document = {"stacks": [{"name": "w_2026_40"}], "repositories": [{"alias": "main"}]}
    with database.write() as session:
        for name in (SITE, "moon"):
            SiteStore(session, ADMIN).put(name, document, now_us=NOW_US)
    with database.read() as session:
        for identity, name, seen in ((MANAGER, "moon", True), (AGENT, SITE, True), (AGENT, "moon", False)):
            offer = find_named(session, identity, _definition(site=name)).offer
            assert (offer is not None) is seen
            assert SiteStore(session, identity).offer(name) == offer
            assert offer is None or (offer.name, offer.stacks, offer.repositories) == (name, ("w_2026_40",), ("main",))
