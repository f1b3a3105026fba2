"""Links that people added, and what was found at addresses, in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity
from campaigns.domain.links import Link, LinkCheck, LinkKind, LinkOrigin
from campaigns.domain.submission import submission_id
from campaigns.schema.link import LinkCheckRow, LinkRow
from campaigns.schema.submission import SubmissionRow
from campaigns.storage.dialects import insertion
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("LinkStore",)


class LinkStore:
    """Links that an identity may see.

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

    def of_campaign(self, campaign_uuid: str) -> list[Link]:
        """List the links that were added to a campaign and its submissions, oldest first, without those that were removed."""
        statement = self._visible().where(LinkRow.campaign_id == campaign_uuid)
        rows = self._session.execute(statement.order_by(LinkRow.added_us, LinkRow.id))
        return [_link(row, number) for row, number in rows]

    def find(self, campaign_uuid: str, uuid: str) -> Link | None:
        """Give one of them, or `None`."""
        statement = self._visible().where(LinkRow.campaign_id == campaign_uuid, LinkRow.id == uuid)
        found = self._session.execute(statement).one_or_none()
        return None if found is None else _link(found[0], found[1])

    def add(self, link: Link, *, campaign_uuid: str, submission_uuid: str | None) -> None:
        """Write a new link."""
        self._session.add(
            LinkRow(
                id=link.uuid,
                campaign_id=campaign_uuid,
                submission_id=submission_uuid,
                kind=link.kind.value,
                title=link.title,
                url=link.url,
                added_by=link.added_by,
                added_us=link.added_us,
            )
        )
        self._session.flush()

    def remove(self, uuid: str, *, by: str, reason: str, at_us: int) -> None:
        """Mark a link as removed."""
        row = self._session.get_one(LinkRow, uuid)
        row.removed_by, row.removed_us, row.removed_reason = by, at_us, reason
        self._session.flush()

    def checks(self, urls: Collection[str]) -> dict[str, LinkCheck]:
        """Give what was found at addresses, by address."""
        digests = {_digest(url): url for url in urls}
        statement = select(LinkCheckRow).where(LinkCheckRow.url_sha256.in_(list(digests)))
        return {
            digests[row.url_sha256]: LinkCheck(reached=row.reached, answer=row.answer, checked_us=row.checked_us)
            for row in self._session.scalars(statement)
        }

    def put_checks(self, found: Mapping[str, LinkCheck]) -> None:
        """Write what was found at addresses, over what was found there before."""
        # In one order always: two who look at the same addresses wait for each other, and never both.
        for url in sorted(found, key=_digest):
            check = found[url]
            told = {"reached": check.reached, "answer": check.answer, "checked_us": check.checked_us}
            statement = insertion(self._session, LinkCheckRow).values({"url_sha256": _digest(url), **told})
            self._session.execute(statement.on_conflict_do_update(index_elements=["url_sha256"], set_=told))

    def _visible(self) -> Select[LinkRow, int | None]:
        return (
            select(LinkRow, SubmissionRow.number)
            .outerjoin(SubmissionRow, SubmissionRow.id == LinkRow.submission_id)
            .where(LinkRow.removed_us.is_(None), may_see_rows_of(self._identity, LinkRow.campaign_id))
        )


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _link(row: LinkRow, number: int | None) -> Link:
    return Link(
        kind=LinkKind(row.kind),
        title=row.title,
        url=row.url,
        origin=LinkOrigin.ADDED,
        uuid=row.id,
        submission=None if number is None else submission_id(number),
        added_by=row.added_by,
        added_us=row.added_us,
    )
