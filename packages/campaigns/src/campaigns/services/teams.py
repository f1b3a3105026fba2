"""Teams, for definitions that name one and campaigns that only one may see."""

from __future__ import annotations

from campaigns.domain.errors import Conflict, InvalidInput, NotFound
from campaigns.domain.people import Team, TeamMember
from campaigns.services.context import Context
from campaigns.storage.teams import TeamStore
from campaigns.storage.users import UserStore

__all__ = ("TeamService",)

MAX_NAME = 200


class TeamService:
    """Teams, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = TeamStore(context.session, context.identity)

    def list(self) -> list[Team]:
        """List the teams by name, with their members."""
        return self._store.all()

    def get(self, name: str) -> Team:
        """Give a team.

        Raises
        ------
        NotFound
            If there is none of that name.
        """
        team = self._store.find(name)
        if team is None:
            raise NotFound(f"There is no team {name}.", where=name, remedy="`campaign team list` shows what there is.")
        return team

    def create(self, name: str, *, description: str = "") -> Team:
        """Make a team without members.

        Raises
        ------
        Conflict
            If there is one of that name.
        InvalidInput
            If that cannot be a name.
        """
        told = " ".join(name.split())
        if not told or len(told) > MAX_NAME or "/" in told or len(description) > MAX_NAME:
            raise InvalidInput(
                f"{name!r} cannot be a team's name, or what is told of it is too long.",
                where="name",
                remedy=f"Give at most {MAX_NAME} characters, and no slash in the name.",
            )
        now, by = self._context.clock.now_us(), self._context.identity.name
        team = Team(name=told, description=description.strip(), created_us=now, created_by=by)
        self._store.add(team)
        self._context.record("team.created", f"Team {told} was made", details={"team": told})
        return team

    def add_member(self, name: str, user: str) -> Team:
        """Add a user to a team.

        Raises
        ------
        Conflict
            If they are in it.
        NotFound
            If there is no such team or user.
        """
        team = self.get(name)
        if UserStore(self._context.session).get(user) is None:
            raise NotFound(f"There is no user {user}.", where="user", remedy="Give the name that they sign in with.")
        if any(member.user == user for member in team.members):
            raise Conflict(f"{user} is in the team {name} already.", where="user")
        now, by = self._context.clock.now_us(), self._context.identity.name
        self._store.add_member(team.name, TeamMember(user=user, added_us=now, added_by=by))
        self._context.record("team.member_added", f"{user} came into the team {name}", details={"team": name, "user": user})
        return self.get(name)

    def remove_member(self, name: str, user: str) -> Team:
        """Take a user out of a team.

        Raises
        ------
        NotFound
            If there is no such team, or they are not in it.
        """
        team = self.get(name)
        if all(member.user != user for member in team.members):
            raise NotFound(f"{user} is not in the team {name}.", where=user, remedy="Look at its members.")
        self._store.remove_member(team.name, user)
        self._context.record("team.member_removed", f"{user} left the team {name}", details={"team": name, "user": user})
        return self.get(name)
