"""Sign-offs of definitions in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity
from campaigns.domain.people import SignedSet, SignOff
from campaigns.schema.sign_off import SignOffRow
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("SignOffStore",)


class SignOffStore:
    """Sign-offs of campaigns that an identity may see.

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

    def of_campaign(self, campaign_uuid: str) -> list[SignOff]:
        """List the sign-offs of a campaign, newest first."""
        seen = may_see_rows_of(self._identity, SignOffRow.campaign_id)
        statement = select(SignOffRow).where(SignOffRow.campaign_id == campaign_uuid, seen)
        rows = self._session.scalars(statement.order_by(SignOffRow.signed_us.desc(), SignOffRow.revision.desc(), SignOffRow.id))
        return [_sign_off(row) for row in rows]

    def add(self, sign_off: SignOff, *, campaign_uuid: str) -> None:
        """Write a new sign-off."""
        self._session.add(
            SignOffRow(
                id=sign_off.uuid,
                campaign_id=campaign_uuid,
                revision=sign_off.revision,
                signed_by=sign_off.signed_by,
                is_author=sign_off.is_author,
                signed_us=sign_off.signed_us,
                comment=sign_off.comment,
                sets=[one.as_dict() for one in sign_off.sets],
            )
        )
        self._session.flush()

    def undo(self, campaign_uuid: str, *, by: str, reason: str, at_us: int) -> None:
        """Write that the sign-off of a campaign that holds no longer does."""
        statement = select(SignOffRow).where(SignOffRow.campaign_id == campaign_uuid, SignOffRow.undone_us.is_(None))
        for row in self._session.scalars(statement):
            row.undone_us, row.undone_by, row.undone_reason = at_us, by, reason
        self._session.flush()


def _sign_off(row: SignOffRow) -> SignOff:
    return SignOff(
        uuid=row.id,
        revision=row.revision,
        signed_by=row.signed_by,
        is_author=row.is_author,
        signed_us=row.signed_us,
        comment=row.comment,
        sets=tuple(SignedSet(**one) for one in row.sets),
        undone_us=row.undone_us,
        undone_by=row.undone_by,
        undone_reason=row.undone_reason,
    )
