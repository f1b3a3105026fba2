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
        When it left there and came here, UTC microseconds.
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
        Who asks; agents see none.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def find(self, campaign_uuid: str) -> Alias | None:
        """Give where a campaign came from; `None` if it was made here."""
        row = None if self._identity.site is not None else self._session.get(CampaignAliasRow, campaign_uuid)
        return None if row is None else _alias(row)

    def holder(self, origin: str, number: int) -> str | None:
        """Give the local id of the campaign that came from a server under a number."""
        statement = (
            select(CampaignRow.number)
            .join(CampaignAliasRow, CampaignAliasRow.campaign_id == CampaignRow.id)
            .where(CampaignAliasRow.origin == origin, CampaignAliasRow.number == number)
        )
        found = self._session.scalar(statement)
        return None if found is None else campaign_id(found)

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
        statement = select(SubmissionRow.number, SubmissionRow.origin_number).where(SubmissionRow.campaign_id == campaign_uuid)
        return {here: here if there is None else there for here, there in self._session.execute(statement)}

    def event_numbers(self, campaign_uuid: str) -> dict[int, int]:
        """Give the number that each event of a campaign had at its origin, by the one that it has here."""
        statement = select(EventRow.number, EventRow.origin_number).where(
            EventRow.campaign_id == campaign_uuid, EventRow.origin_number.is_not(None)
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
