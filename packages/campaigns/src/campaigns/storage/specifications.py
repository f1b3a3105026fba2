"""The commits that specifications were resolved to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity
from campaigns.domain.specifications import SpecPin, SpecRole
from campaigns.schema.spec_pin import SpecPinRow
from campaigns.storage.campaignwords import put_commits
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("SpecPinStore",)


class SpecPinStore:
    """What specifications of campaigns that an identity may see were resolved to.

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

    def of_campaign(self, campaign_uuid: str) -> list[SpecPin]:
        """List the pins of a campaign, newest revisions first, data before processing."""
        statement = (
            select(SpecPinRow)
            .where(SpecPinRow.campaign_id == campaign_uuid, may_see_rows_of(self._identity, SpecPinRow.campaign_id))
            .order_by(SpecPinRow.revision.desc(), SpecPinRow.role)
        )
        return [_pin(row) for row in self._session.scalars(statement)]

    def of_revision(self, campaign_uuid: str, revision: int) -> dict[SpecRole, SpecPin]:
        """Give the pins of one revision, by role."""
        return {pin.role: pin for pin in self.of_campaign(campaign_uuid) if pin.revision == revision}

    def add(self, campaign_uuid: str, pins: Sequence[SpecPin]) -> None:
        """Write new pins; a second one for a revision and role is an error."""
        for pin in pins:
            self._session.add(
                SpecPinRow(
                    campaign_id=campaign_uuid,
                    revision=pin.revision,
                    role=pin.role.value,
                    repository=pin.repository,
                    reference=pin.reference,
                    path=pin.path,
                    commit=pin.commit,
                    resolved_us=pin.resolved_us,
                )
            )
        self._session.flush()
        put_commits(self._session, campaign_uuid)


def _pin(row: SpecPinRow) -> SpecPin:
    return SpecPin(
        revision=row.revision,
        role=SpecRole(row.role),
        repository=row.repository,
        reference=row.reference,
        path=row.path,
        commit=row.commit,
        resolved_us=row.resolved_us,
    )
