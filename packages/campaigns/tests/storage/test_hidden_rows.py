"""Stores give nothing of a campaign that is kept to a team to those who are not in it."""

from __future__ import annotations

import uuid

import pytest

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition
from campaigns.domain.identity import Identity, Role
from campaigns.domain.specifications import SpecPin, SpecRole
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.storage.aliases import Alias, AliasStore
from campaigns.storage.belongings import BelongingStore
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from campaigns.storage.events import EventStore
from campaigns.storage.specifications import SpecPinStore
from support.people import NOW_US, identity_of

OWNER = identity_of(Role.ADMIN)
AGENT = identity_of(Role.AGENT)


@pytest.fixture
def hidden(database: Database) -> Campaign:
    """An imported campaign of a team that has no members; ``mary`` is its lead."""
    definition = Definition(
        name="kestrel", title="A trial", reason="-", kind=Kind.OTHER, team="raptors", visibility="team", lead="mary"
    )
    campaign = Campaign(
        uuid=str(uuid.uuid4()), number=1, name="kestrel", title="A trial", reason="-", kind=Kind.OTHER,
        status=CampaignStatus.IMPORTED, revision=1, definition=definition, owner="ada", created_us=NOW_US, updated_us=NOW_US,
        origin="there:C-7",
    )  # fmt: skip
    first = Revision(number=1, definition=definition, digest="0" * 64, author="ada", reason="-", created_us=NOW_US)
    pin = SpecPin(revision=1, role=SpecRole.DATA, repository="r", reference="v1", path="", commit="0" * 40, resolved_us=NOW_US)
    alias = Alias(
        campaign_uuid=campaign.uuid, origin="there", number=7, exported_us=1, imported_us=2, imported_by="ada", kept={}, aside={}
    )  # fmt: skip
    with database.write() as session:
        CampaignStore(session, OWNER).add(campaign, first)
        SpecPinStore(session, OWNER).add(campaign.uuid, [pin])
        AliasStore(session, OWNER).add(alias)
    return campaign


@pytest.mark.parametrize(
    ("identity", "sees"),
    [(OWNER, True), (identity_of(Role.MANAGER), True), (identity_of(Role.OPERATOR), False), (AGENT, False)],
    ids=["administrator", "lead", "stranger", "agent"],
)
def test_rows_beside_it(database: Database, hidden: Campaign, identity: Identity, sees: bool) -> None:
    with database.read() as session:
        aliases, pins = AliasStore(session, identity), SpecPinStore(session, identity)
        assert (aliases.find(hidden.uuid) is not None) is sees
        # That something is there may be told, since its place is taken; but not what.
        assert aliases.holder("there", 7) == (hidden.uuid, "C-1" if sees else None)
        assert aliases.holder("there", 8) is None
        assert len(pins.of_campaign(hidden.uuid)) == len(pins.of_revision(hidden.uuid, 1)) == int(sees)
        for table in ("campaign", "revision", "spec_pin"):
            assert len(list(BelongingStore(session, identity).rows(table, hidden.uuid))) == int(sees), table
        assert EventStore(session, identity).last_number(hidden.uuid) == 0
