"""Teams and their members in the database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.domain.errors import Conflict
from campaigns.domain.identity import Identity
from campaigns.domain.people import Team, TeamMember
from campaigns.schema.team import TeamMemberRow, TeamRow

__all__ = ("TeamStore",)


class TeamStore:
    """Teams: people see all of them, agents none.

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

    def all(self) -> list[Team]:
        """List the teams by name."""
        if self._identity.site is not None:
            return []
        rows = list(self._session.scalars(select(TeamRow).order_by(TeamRow.name)))
        members = self._members([row.name for row in rows])
        return [_team(row, members.get(row.name, ())) for row in rows]

    def find(self, name: str) -> Team | None:
        """Give a team, or `None`."""
        row = None if self._identity.site is not None else self._session.get(TeamRow, name)
        return None if row is None else _team(row, self._members([name]).get(name, ()))

    def add(self, team: Team) -> None:
        """Write a new team.

        Raises
        ------
        Conflict
            If there is one of that name.
        """
        told = {name: getattr(team, name) for name in ("name", "description", "created_us", "created_by")}
        try:
            with self._session.begin_nested():
                self._session.add(TeamRow(**told))
        except IntegrityError:
            raise Conflict(f"There is a team {team.name} already.", where="name", remedy="Choose another name.") from None

    def add_member(self, team: str, member: TeamMember) -> None:
        """Write a new member of a team."""
        self._session.add(TeamMemberRow(team=team, user_name=member.user, added_us=member.added_us, added_by=member.added_by))
        self._session.flush()

    def remove_member(self, team: str, user: str) -> None:
        """Take a member out of a team."""
        mine = (TeamMemberRow.team == team, TeamMemberRow.user_name == user)
        self._session.execute(delete(TeamMemberRow).where(*mine))

    def _members(self, names: Collection[str]) -> dict[str, tuple[TeamMember, ...]]:
        statement = select(TeamMemberRow).where(TeamMemberRow.team.in_(list(names))).order_by(TeamMemberRow.user_name)
        found: dict[str, tuple[TeamMember, ...]] = {}
        for row in self._session.scalars(statement):
            member = TeamMember(user=row.user_name, added_us=row.added_us, added_by=row.added_by)
            found[row.team] = (*found.get(row.team, ()), member)
        return found


def _team(row: TeamRow, members: tuple[TeamMember, ...]) -> Team:
    return Team(name=row.name, description=row.description, created_us=row.created_us, created_by=row.created_by, members=members)
