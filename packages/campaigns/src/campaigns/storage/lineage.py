"""Where campaigns come from, and which came before like them, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, literal, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import Campaign, campaign_id
from campaigns.domain.definition import Definition
from campaigns.domain.definition.parts import STORED
from campaigns.domain.identity import Identity
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.revision import RevisionRow
from campaigns.storage.visibility import may_see_campaign

__all__ = ("Kin", "LineageStore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A campaign of a line, as it is stored.

    Attributes
    ----------
    parent_uuid : `str`, optional
        What it derives from; it need not be among the others.
    parent_revision : `int`, optional
        The revision that it derives from.
    """

    uuid: str
    number: int
    name: str
    title: str
    kind: Kind
    status: CampaignStatus
    revision: int
    created_us: int
    owner: str
    parent_uuid: str | None
    parent_revision: int | None

    @property
    def id(self) -> str:
        """The local id (`str`)."""
        return campaign_id(self.number)


class LineageStore:
    """Lines of the campaigns that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def ancestors(self, campaign: Campaign, *, depth: int) -> list[Kin]:
        """List what a campaign derives from, nearest first, as far back as somebody may see and ``depth`` goes."""
        if campaign.parent is None:
            return []
        begin = select(CampaignRow.id, CampaignRow.parent_id, literal(1).label("depth")).where(
            CampaignRow.id == campaign.parent.uuid
        )
        line = begin.cte("ancestors", recursive=True)
        more = select(CampaignRow.id, CampaignRow.parent_id, line.c.depth + 1).where(
            CampaignRow.id == line.c.parent_id, line.c.depth < depth
        )
        line = line.union(more)
        statement = self._visible().join(line, line.c.id == CampaignRow.id).order_by(line.c.depth)
        return self._read(statement)

    def descendants(self, campaign: Campaign, *, depth: int, limit: int) -> list[Kin]:
        """List what derives from a campaign, the nearest first and among them the oldest, at most so many."""
        begin = select(CampaignRow.id, literal(1).label("depth")).where(CampaignRow.parent_id == campaign.uuid)
        line = begin.cte("descendants", recursive=True)
        more = select(CampaignRow.id, line.c.depth + 1).where(CampaignRow.parent_id == line.c.id, line.c.depth < depth)
        line = line.union(more)
        statement = self._visible().join(line, line.c.id == CampaignRow.id).order_by(line.c.depth, CampaignRow.number)
        return self._read(statement.limit(limit))

    def definitions(self, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Definition]:
        """Give revisions of definitions, by the campaigns' UUIDs and the revisions' numbers; one statement for all."""
        if not wanted:
            return {}
        chosen = or_(*(and_(RevisionRow.campaign_id == uuid, RevisionRow.number == number) for uuid, number in set(wanted)))
        statement = (
            select(RevisionRow)
            .join(CampaignRow, CampaignRow.id == RevisionRow.campaign_id)
            .where(chosen, may_see_campaign(self._identity))
        )
        return {
            (row.campaign_id, row.number): Definition.model_validate(row.document, context=STORED)
            for row in self._session.scalars(statement)
        }

    def last_good(self, campaign: Campaign) -> Kin | None:
        """Give the newest completed campaign before one that has its kind, instrument and pipeline; `None` if there is none."""
        likeness = select(CampaignRow.likeness).where(CampaignRow.id == campaign.uuid).scalar_subquery()
        statement = self._visible().where(
            CampaignRow.likeness == likeness,
            CampaignRow.status == CampaignStatus.COMPLETED.value,
            CampaignRow.number < campaign.number,
        )
        return next(iter(self._read(statement.order_by(CampaignRow.number.desc()).limit(1))), None)

    def _visible(self) -> Select[CampaignRow]:
        return select(CampaignRow).where(may_see_campaign(self._identity))

    def _read(self, statement: Select[CampaignRow]) -> list[Kin]:
        return [_kin(row) for row in self._session.scalars(statement)]


def _kin(row: CampaignRow) -> Kin:
    return Kin(
        uuid=row.id,
        number=row.number,
        name=row.name,
        title=row.title,
        kind=Kind(row.kind),
        status=CampaignStatus(row.status),
        revision=row.revision,
        created_us=row.created_us,
        owner=row.owner,
        parent_uuid=row.parent_id,
        parent_revision=row.parent_revision,
    )
