"""Where imported campaigns came from, in the database, and the numbers that their parts had there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import campaign_id
from campaigns.domain.identity import Identity
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.campaign_alias import CampaignAliasRow
from campaigns.schema.event import EventRow
from campaigns.schema.submission import SubmissionRow
from campaigns.storage.visibility import may_see_campaign, may_see_rows_of

__all__ = ("Alias", "AliasStore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Where a campaign came from.

    Attributes
    ----------
    origin : `str`
        The server's name.
    number : `int`
        The campaign's number there.
    exported_us, imported_us : `int`
        Of when the newest was that came with it, and when it came here, UTC microseconds.
    kept : `dict`
        Columns of the campaign whose values there differ from those here.
    aside : `dict`
        Rows, by table, that refer to what is not here.
    """

    campaign_uuid: str
    origin: str
    number: int
    exported_us: int
    imported_us: int
    imported_by: str
    kept: dict[str, Any]
    aside: dict[str, Any]

    @property
    def name(self) -> str:
        """The campaign's name there, such as ``usdf:C-42`` (`str`)."""
        return f"{self.origin}:{campaign_id(self.number)}"


class AliasStore:
    """Origins of the campaigns that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for adding.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def find(self, campaign_uuid: str) -> Alias | None:
        """Give where a campaign came from; `None` if it was made here."""
        seen = may_see_rows_of(self._identity, CampaignAliasRow.campaign_id)
        row = self._session.scalar(select(CampaignAliasRow).where(CampaignAliasRow.campaign_id == campaign_uuid, seen))
        return None if row is None else _alias(row)

    def holder(self, origin: str, number: int) -> tuple[str, str | None] | None:
        """Give the UUID of the campaign that came from a server under a number, and its local id if the identity may see it."""
        statement = (
            select(CampaignRow.id, CampaignRow.number, may_see_campaign(self._identity))
            .join(CampaignAliasRow, CampaignAliasRow.campaign_id == CampaignRow.id)
            .where(CampaignAliasRow.origin == origin, CampaignAliasRow.number == number)
        )
        row = self._session.execute(statement).one_or_none()
        return None if row is None else (row[0], campaign_id(row[1]) if row[2] else None)

    def add(self, alias: Alias) -> None:
        """Write where a campaign came from."""
        self._session.add(
            CampaignAliasRow(
                campaign_id=alias.campaign_uuid,
                origin=alias.origin,
                number=alias.number,
                exported_us=alias.exported_us,
                imported_us=alias.imported_us,
                imported_by=alias.imported_by,
                kept=alias.kept,
                aside=alias.aside,
            )
        )
        self._session.flush()

    def submission_numbers(self, campaign_uuid: str) -> dict[int, int]:
        """Give the number that each submission of a campaign had at its origin, by the one that it has here."""
        statement = select(SubmissionRow.number, SubmissionRow.origin_number).where(
            SubmissionRow.campaign_id == campaign_uuid, may_see_rows_of(self._identity, SubmissionRow.campaign_id)
        )
        return {here: here if there is None else there for here, there in self._session.execute(statement)}

    def event_numbers(self, campaign_uuid: str) -> dict[int, int]:
        """Give the number that each event of a campaign had at its origin, by the one that it has here."""
        statement = select(EventRow.number, EventRow.origin_number).where(
            EventRow.campaign_id == campaign_uuid,
            EventRow.origin_number.is_not(None),
            may_see_rows_of(self._identity, EventRow.campaign_id),
        )
        return {here: there for here, there in self._session.execute(statement) if there is not None}


def _alias(row: CampaignAliasRow) -> Alias:
    return Alias(
        campaign_uuid=row.campaign_id,
        origin=row.origin,
        number=row.number,
        exported_us=row.exported_us,
        imported_us=row.imported_us,
        imported_by=row.imported_by,
        kept=row.kept,
        aside=row.aside,
    )
