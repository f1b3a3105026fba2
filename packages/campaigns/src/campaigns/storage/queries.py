"""Saved queries in the database."""

from __future__ import annotations

from sqlalchemy import Select, delete, false, literal, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity, Role
from campaigns.domain.savedquery import EVERYONE, TEAM, SavedQuery
from campaigns.schema.saved_query import SavedQueryRow
from campaigns.schema.team import TeamMemberRow
from campaigns.schema.user import UserRow

__all__ = ("QueryStore",)


class QueryStore:
    """Saved queries that an identity may see.

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

    def all(self) -> list[SavedQuery]:
        """List queries, one's own first, then by name."""
        statement = self._visible().order_by(
            (SavedQueryRow.owner != self._identity.name), SavedQueryRow.name, SavedQueryRow.owner
        )
        return [_query(row) for row in self._session.scalars(statement)]

    def find(self, uuid: str) -> SavedQuery | None:
        """Give one by its UUID, or `None`."""
        row = self._session.scalars(self._visible().where(SavedQueryRow.id == uuid)).one_or_none()
        return None if row is None else _query(row)

    def find_named(self, owner: str, name: str) -> SavedQuery | None:
        """Give an owner's query of a name, whoever may see it, or `None`."""
        statement = select(SavedQueryRow).where(SavedQueryRow.owner == owner, SavedQueryRow.name == name)
        row = self._session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
        return None if row is None else _query(row)

    def hold(self, owner: str) -> None:
        """Let nobody else save, change or remove an owner's queries until the transaction ends."""
        # The owner's row is the lock. SQLite has one writer anyway.
        self._session.execute(select(UserRow.name).where(UserRow.name == owner).with_for_update(key_share=True))

    def put(self, query: SavedQuery) -> None:
        """Write a query, new or changed."""
        self._session.merge(
            SavedQueryRow(
                id=query.uuid,
                owner=query.owner,
                name=query.name,
                filter=query.filter,
                sort=query.sort,
                columns=list(query.columns),
                shared=query.shared,
                created_us=query.created_us,
                updated_us=query.updated_us,
            )
        )
        self._session.flush()

    def remove(self, uuid: str) -> None:
        """Remove a query."""
        self._session.execute(delete(SavedQueryRow).where(SavedQueryRow.id == uuid))

    def teams(self) -> list[str]:
        """List the teams that who asks is in, by name."""
        mine = select(TeamMemberRow.team).where(TeamMemberRow.user_name == self._identity.name)
        return list(self._session.scalars(mine.order_by(TeamMemberRow.team)))

    def _visible(self) -> Select[SavedQueryRow]:
        statement = select(SavedQueryRow).execution_options(populate_existing=True)
        if self._identity.role is Role.AGENT:
            return statement.where(false())
        teams = select(literal(TEAM) + TeamMemberRow.team).where(TeamMemberRow.user_name == self._identity.name)
        shared = or_(SavedQueryRow.shared == EVERYONE, SavedQueryRow.shared.in_(teams))
        return statement.where(or_(SavedQueryRow.owner == self._identity.name, shared))


def _query(row: SavedQueryRow) -> SavedQuery:
    return SavedQuery(
        uuid=row.id,
        owner=row.owner,
        name=row.name,
        filter=row.filter,
        sort=row.sort,
        columns=tuple(row.columns),
        shared=row.shared,
        created_us=row.created_us,
        updated_us=row.updated_us,
    )
