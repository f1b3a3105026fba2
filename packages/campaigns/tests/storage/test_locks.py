"""What transactions hold against each other in PostgreSQL. SQLite has one writer, and so nothing to wait for crosswise."""

from __future__ import annotations

import threading
import uuid

import pytest
from sqlalchemy import text

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition
from campaigns.domain.identity import SYSTEM
from campaigns.domain.links import Link, LinkKind, LinkOrigin
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database, WriteSession
from campaigns.storage.links import LinkStore
from support.people import NOW_US
from support.racing import PATIENCE_S, at_once

pytestmark = pytest.mark.postgres


@pytest.fixture
def campaign(postgres_database: Database) -> Campaign:
    definition = Definition(name="trial", title="A trial", reason="To see", kind=Kind.OTHER)
    made = Campaign(
        uuid=str(uuid.uuid4()), number=1, name="trial", title="A trial", reason="To see", kind=Kind.OTHER,
        status=CampaignStatus.DRAFT, revision=1, definition=definition, owner="mary", created_us=NOW_US, updated_us=NOW_US,
    )  # fmt: skip
    first = Revision(number=1, definition=definition, digest="0" * 64, author="mary", reason="To see", created_us=NOW_US)
    with postgres_database.write() as session:
        CampaignStore(session, SYSTEM).add(made, first)
    return made


def add_link(session: WriteSession, campaign: Campaign) -> None:
    """Write a row that refers to the campaign, whose row is held by that against being removed."""
    told = {"kind": LinkKind.OTHER, "title": "A page", "url": "https://example.org", "origin": LinkOrigin.ADDED}
    link = Link(**told, uuid=str(uuid.uuid4()), added_by="mary", added_us=NOW_US)
    LinkStore(session, SYSTEM).add(link, campaign_uuid=campaign.uuid, submission_uuid=None)


def test_rows_of_a_campaign_are_written_while_another_holds_it(postgres_database: Database, campaign: Campaign) -> None:
    with postgres_database.write() as holding:
        assert CampaignStore(holding, SYSTEM).find(campaign.uuid, lock=True) is not None
        with postgres_database.write() as session:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            add_link(session, campaign)
    with postgres_database.read() as session:
        assert len(LinkStore(session, SYSTEM).of_campaign(campaign.uuid)) == 1


def test_two_who_wrote_rows_of_a_campaign_may_both_hold_it_after(postgres_database: Database, campaign: Campaign) -> None:
    written = threading.Barrier(2)

    def write_and_hold() -> None:
        with postgres_database.write() as session:
            add_link(session, campaign)
            written.wait(PATIENCE_S)
            held = CampaignStore(session, SYSTEM).find(campaign.uuid, lock=True)
            assert held is not None
            CampaignStore(session, SYSTEM).save(held)

    at_once(write_and_hold, write_and_hold)
    with postgres_database.read() as session:
        assert len(LinkStore(session, SYSTEM).of_campaign(campaign.uuid)) == 2
