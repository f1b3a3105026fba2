"""Campaigns and their revisions in the database."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import (
    Campaign,
    Revision,
    Wait,
    campaign_id,
    parse_campaign_id,
)
from campaigns.domain.definition import Definition
from campaigns.domain.definition.parts import STORED
from campaigns.domain.filtering.texts import search_text
from campaigns.domain.identity import Identity
from campaigns.domain.lineage import Parent, likeness_of
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.counter import CounterRow
from campaigns.schema.revision import RevisionRow
from campaigns.storage.campaigncounts import add_up
from campaigns.storage.campaignwords import DEFINED, add_words, defined_words, put_words, rebuild_words, wait_words
from campaigns.storage.inserting import put_rows
from campaigns.storage.textindex import TextIndex
from campaigns.storage.visibility import may_see_campaign

__all__ = ("CampaignStore", "OutputNaming")


_CAMPAIGN: Final = CampaignRow.table().c
_HOLDER: Final = select(_CAMPAIGN.id, _CAMPAIGN.number).where(_CAMPAIGN.name == bindparam("wanted"))

_NOT_STARTED: Final = (CampaignStatus.DRAFT.value, CampaignStatus.DEFINED.value)

_HOLD: Final = select(CounterRow.table().c.value).where(CounterRow.table().c.name == "campaign").with_for_update()


@lru_cache(maxsize=256)
def _naming_output(identity: Identity) -> Select[str, int, bool, bool]:
    # Kept for each who asks, since making a statement takes longer than carrying it out.
    seen = may_see_campaign(identity)
    # Drafts that name no site yet may go to the same.
    place = [getattr(CampaignRow, name).is_not_distinct_from(bindparam(name)) for name in ("site", "butler")]
    named = [CampaignRow.output == bindparam("output"), *place]
    will_have_it = CampaignRow.status.in_(_NOT_STARTED) & seen
    statement = select(CampaignRow.id, CampaignRow.number, CampaignRow.claims_output, seen)
    statement = statement.where(*named, or_(CampaignRow.claims_output, will_have_it))
    return statement.order_by(CampaignRow.claims_output.desc(), CampaignRow.number).limit(3)


@dataclass(frozen=True, slots=True)
class OutputNaming:
    """A campaign that names an output collection.

    Attributes
    ----------
    uuid : `str`
        Its UUID.
    id : `str` or `None`
        Its local id, if who asked may see it.
    has_it : `bool`
        Whether it has started, and so has the collection as its own.
    """

    uuid: str
    id: str | None
    has_it: bool


class CampaignStore:
    """Campaigns that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for what changes anything.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def find(self, ref: str, *, lock: bool = False) -> Campaign | None:
        """Give a campaign by local id, UUID or name; `None` if there is none to be seen.

        Parameters
        ----------
        ref : `str`
            Such as ``C-42``.
        lock : `bool`, optional
            Whether to hold the campaign until the transaction ends; every change of it or its submissions does.
        """
        if lock:
            # On its own: where the row had to be waited for, PostgreSQL reads a join's other table as it was before the wait, and
            # a campaign that got a new revision meanwhile would seem to be gone.
            self._session.execute(select(CampaignRow.id).where(_matches(ref)).with_for_update(key_share=True))
        statement = self._visible().where(_matches(ref)).execution_options(populate_existing=lock)
        row = self._session.execute(statement).one_or_none()
        return None if row is None else _campaign(row[0], row[1])

    def several(self, ids: Collection[str]) -> dict[str, Campaign]:
        """Give campaigns by their local ids, as far as there are any to be seen, in one query."""
        numbers = [number for number in map(parse_campaign_id, ids) if number is not None]
        rows = self._session.execute(self._visible().where(CampaignRow.number.in_(numbers)))
        return {campaign_id(row[0].number): _campaign(row[0], row[1]) for row in rows}

    def find_named(self, name: str) -> Campaign | None:
        """Give the campaign of exactly this short name, or `None`."""
        row = self._session.execute(self._visible().where(CampaignRow.name == name)).one_or_none()
        return None if row is None else _campaign(row[0], row[1])

    def holder_of(self, name: str) -> tuple[str, str | None] | None:
        """Give the UUID of the campaign that has a name, whoever may see it, and its local id if the identity may."""
        row = self._session.connection().execute(_HOLDER, {"wanted": name}).one_or_none()
        if row is None:
            return None
        return row[0], campaign_id(row[1]) if self.find_named(name) is not None else None

    def revisions(self, campaign: Campaign) -> list[Revision]:
        """List the revisions of a campaign, newest first."""
        statement = select(RevisionRow).where(RevisionRow.campaign_id == campaign.uuid).order_by(RevisionRow.number.desc())
        return [_revision(row) for row in self._session.scalars(statement)]

    def revision(self, campaign: Campaign, number: int) -> Revision | None:
        """Give one revision, or `None`."""
        row = self._session.get(RevisionRow, (campaign.uuid, number))
        return None if row is None else _revision(row)

    def add(self, campaign: Campaign, revision: Revision) -> None:
        """Write a new campaign with its first revision."""
        text = _searched(campaign)
        row = {"id": campaign.uuid, "search_text": text, **_columns(campaign)}
        put_rows(self._session, CampaignRow, [row])
        TextIndex(self._session).put(campaign.number, text, old=None)
        add_words(self._session, campaign.uuid, defined_words(campaign.definition) | wait_words(campaign.waits))
        self.add_revision(campaign, revision)

    def add_revision(self, campaign: Campaign, revision: Revision) -> None:
        """Write a further revision; the campaign itself is saved apart."""
        row = {
            "campaign_id": campaign.uuid,
            "number": revision.number,
            "document": revision.definition.model_dump(mode="json", exclude_defaults=True),
            "digest": revision.digest,
            "author": revision.author,
            "reason": revision.reason,
            "created_us": revision.created_us,
        }
        put_rows(self._session, RevisionRow, [row])

    def save(self, campaign: Campaign) -> None:
        """Write what may have changed of a campaign."""
        row = self._session.get_one(CampaignRow, campaign.uuid)
        if row.revision != campaign.revision:
            text, old = _searched(campaign), row.search_text
            row.search_text = text
            TextIndex(self._session).put(campaign.number, text, old=old)
            put_words(self._session, campaign.uuid, DEFINED, defined_words(campaign.definition))
        if row.waits != [wait.as_dict() for wait in campaign.waits]:
            put_words(self._session, campaign.uuid, ("waits_for",), wait_words(campaign.waits))
        for name, value in _columns(campaign).items():
            setattr(row, name, value)

    def reindex(self, campaign_uuid: str) -> Campaign:
        """Have a campaign found by all that it can be found by, whose rows were written as they came."""
        campaign = self.find(campaign_uuid)
        if campaign is None:
            raise LookupError(f"the campaign {campaign_uuid} has no newest revision")
        row = self._session.get_one(CampaignRow, campaign.uuid)
        row.search_text = _searched(campaign)
        TextIndex(self._session).put(campaign.number, row.search_text, old=None)
        for name, value in _told_of_definition(campaign).items():
            setattr(row, name, value)
        self._session.flush()
        rebuild_words(self._session, campaign)
        add_up(self._session, campaign.uuid)
        return campaign

    def put_operators(self, campaign_uuid: str, names: Iterable[str]) -> None:
        """Write who operates a campaign's submissions, for searching, in the place of what was there."""
        put_words(self._session, campaign_uuid, ("operator",), [("operator", name) for name in names])

    def signed_revision(self, campaign: Campaign) -> int | None:
        """Give the revision that is signed off, as this transaction has it."""
        return self._session.get_one(CampaignRow, campaign.uuid).signed_revision

    def set_signed_revision(self, campaign: Campaign, revision: int | None, *, by: str | None = None) -> None:
        """Write which revision is signed off and by whom, or that none is. Saving the campaign leaves it as it is."""
        self._session.get_one(CampaignRow, campaign.uuid).signed_revision = revision
        self._session.flush()
        put_words(self._session, campaign.uuid, ("signed_by",), [("signed_by", by)] if by is not None else [])

    def set_start_order(self, campaign: Campaign, order_id: str | None) -> None:
        """Remember, or forget, the order by which the site looks before a start."""
        self._session.get_one(CampaignRow, campaign.uuid).start_order_id = order_id

    def hold_names(self) -> None:
        """Let nobody else take a name or an output collection until the transaction ends, so that a look at them stays true."""
        # All who make campaigns, rename or start them queue here; the counter's row is the lock. SQLite has one writer anyway.
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.connection().execute(_HOLD)

    def hold(self, uuids: Collection[str]) -> None:
        """Hold several campaigns until the transaction ends; always in the order of their numbers, and before all else."""
        several = select(CampaignRow.id).where(CampaignRow.id.in_(uuids)).order_by(CampaignRow.number)
        self._session.execute(several.with_for_update(key_share=True)).all()

    def naming_output(self, definition: Definition) -> list[OutputNaming]:
        """List campaigns that name a definition's output collection: the one that has it first, then such as have not started.

        Notes
        -----
        At most three, so that there is another one left besides that which has it and the definition's own. Of those that have
        not started only such as the identity may see.
        """
        if definition.output is None:
            return []
        told = {"site": definition.site, "butler": definition.butler, "output": definition.output}
        rows = self._session.connection().execute(_naming_output(self._identity), told)
        return [OutputNaming(row[0], campaign_id(row[1]) if row[3] else None, has_it=row[2]) for row in rows]

    def is_name_taken(self, name: str) -> bool:
        """Tell whether a campaign has this short name, whoever may see it."""
        return self._session.scalar(select(CampaignRow.number).where(CampaignRow.name == name)) is not None

    def is_output_taken(self, site: str | None, butler: str | None, output: str) -> bool:
        """Tell whether a campaign names an output collection, or one below it, in a repository; runs lie below it."""
        below = CampaignRow.output.startswith(f"{output}/", autoescape=True)
        mine = (CampaignRow.site == site, CampaignRow.butler == butler, or_(CampaignRow.output == output, below))
        return self._session.scalar(select(CampaignRow.number).where(*mine).limit(1)) is not None

    def start_order(self, campaign: Campaign) -> str | None:
        """Give the order by which the site looks before a start."""
        return self._session.get_one(CampaignRow, campaign.uuid).start_order_id

    def _visible(self) -> Select[CampaignRow, RevisionRow]:
        statement = select(CampaignRow, RevisionRow).join(
            RevisionRow,
            (RevisionRow.campaign_id == CampaignRow.id) & (RevisionRow.number == CampaignRow.revision),
        )
        return statement.where(may_see_campaign(self._identity))


def _matches(ref: str) -> ColumnElement[bool]:
    number = parse_campaign_id(ref)
    if number is not None:
        return CampaignRow.number == number
    origin, colon, there = ref.rpartition(":")
    if colon and (number := parse_campaign_id(there)) is not None:
        return CampaignRow.origin == f"{origin}:{campaign_id(number)}"
    try:
        return CampaignRow.id == str(uuid.UUID(ref))
    except ValueError:
        return CampaignRow.name == ref


def _columns(campaign: Campaign) -> dict[str, object]:
    return {
        "number": campaign.number,
        "name": campaign.name,
        "title": campaign.title,
        "reason": campaign.reason,
        "kind": campaign.kind.value,
        "status": campaign.status.value,
        "revision": campaign.revision,
        "owner": campaign.owner,
        "created_us": campaign.created_us,
        "updated_us": campaign.updated_us,
        "started_us": campaign.started_us,
        "ended_us": campaign.ended_us,
        "held": campaign.held,
        "status_reason": campaign.status_reason,
        "waits": [wait.as_dict() for wait in campaign.waits],
        "site": campaign.definition.site,
        "stack": campaign.definition.stack,
        "butler": campaign.definition.butler,
        "output": campaign.definition.output,
        "claims_output": campaign.started_us is not None and campaign.runs_here,
        "adopted": campaign.adopted,
        "origin": campaign.origin,
        "team": campaign.definition.team,
        "ticket": campaign.definition.ticket,
        "instrument": campaign.definition.instrument,
        **_told_of_definition(campaign),
        "waiting": bool(campaign.waits),
        "visible_to": _only_team(campaign.definition),
        "notebook_reopened_us": campaign.notebook_reopened_us,
        "parent_id": campaign.parent.uuid if campaign.parent else None,
        "parent_revision": campaign.parent.revision if campaign.parent else None,
        "root_id": campaign.parent.root if campaign.parent else None,
        "likeness": likeness_of(campaign.definition),
    }


def _told_of_definition(campaign: Campaign) -> dict[str, object]:
    """Give what is kept beside a definition for finding alone."""
    definition = campaign.definition
    queries = (definition.data_query, *(step.data_query for step in definition.steps))
    return {
        "lead": campaign.lead,
        "skymap": definition.skymap,
        "description": definition.description or None,
        "data_query": "\n".join(dict.fromkeys(query for query in queries if query)) or None,
    }


def _only_team(definition: Definition) -> str | None:
    """Give the only team that may see a campaign; a name that no team has, where the definition names none."""
    return (definition.team or "") if definition.visibility == "team" else None


def _searched(campaign: Campaign) -> str:
    """Give all that a search for words looks at."""
    definition = campaign.definition
    told = (campaign.name, campaign.title, campaign.reason, definition.description, *definition.labels)
    more = (definition.ticket, campaign.lead, definition.team, definition.output, campaign.origin)
    return search_text((campaign.id, *told, *more))


def _campaign(row: CampaignRow, revision: RevisionRow) -> Campaign:
    return Campaign(
        uuid=row.id,
        number=row.number,
        name=row.name,
        title=row.title,
        reason=row.reason,
        kind=Kind(row.kind),
        status=CampaignStatus(row.status),
        revision=row.revision,
        definition=Definition.model_validate(revision.document, context=STORED),
        owner=row.owner,
        created_us=row.created_us,
        updated_us=row.updated_us,
        started_us=row.started_us,
        ended_us=row.ended_us,
        adopted=row.adopted,
        origin=row.origin,
        held=row.held,
        starting=row.start_order_id is not None,
        status_reason=row.status_reason,
        waits=tuple(Wait.from_dict(wait) for wait in row.waits),
        notebook_reopened_us=row.notebook_reopened_us,
        signed_revision=row.signed_revision,
        parent=_parent(row),
    )


def _parent(row: CampaignRow) -> Parent | None:
    if row.parent_id is None or row.parent_revision is None:
        return None
    return Parent(row.parent_id, row.parent_revision, row.root_id or row.parent_id)


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        number=row.number,
        definition=Definition.model_validate(row.document, context=STORED),
        digest=row.digest,
        author=row.author,
        reason=row.reason,
        created_us=row.created_us,
    )
