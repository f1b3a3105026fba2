"""Users in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.domain.errors import Conflict
from campaigns.domain.identity import Identity, Role
from campaigns.domain.users import User
from campaigns.schema.user import UserRow

__all__ = ("UserStore",)

_USER: Final = UserRow.table().c
# Made once, since making a statement takes longer than carrying it out.
_ENABLED: Final = select(_USER.name).where(_USER.name.in_(bindparam("names", expanding=True)), ~_USER.disabled)


class UserStore:
    """Reads and writes users.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction to work in.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> User | None:
        """Look a user up by name."""
        row = self._session.get(UserRow, name)
        return None if row is None else _user(row)

    def password_hash(self, name: str) -> str | None:
        """Give the hash of an enabled user's password, if there are such a user and a password."""
        return self._session.scalar(select(UserRow.password_hash).where(UserRow.name == name, ~UserRow.disabled))

    def list_users(self, identity: Identity, *, after: str | None, limit: int) -> list[User]:
        """List users in order of name.

        Parameters
        ----------
        identity : `Identity`
            Who asks. Agents see nobody; all others see everyone, since everyone may be assigned to something.
        after : `str`, optional
            Start after this name.
        limit : `int`
            How many at most.

        Returns
        -------
        users : `list` [`User`]
            In order of name.
        """
        if identity.role is Role.AGENT:
            return []
        query = select(UserRow).order_by(UserRow.name).limit(limit)
        if after is not None:
            query = query.where(UserRow.name > after)
        return [_user(row) for row in self._session.scalars(query)]

    def enabled(self, names: Collection[str]) -> set[str]:
        """Give those of some names that are of users who are not disabled."""
        if not names:
            return set()
        return set(self._session.connection().execute(_ENABLED, {"names": list(names)}).scalars())

    def names_with(self, roles: Iterable[Role]) -> list[str]:
        """List the names of users who have one of some roles and are not disabled."""
        wanted = [role.value for role in roles]
        return list(
            self._session.scalars(select(UserRow.name).where(UserRow.role.in_(wanted), ~UserRow.disabled).order_by(UserRow.name))
        )

    def count_admins(self) -> int:
        """Count the administrators that are not disabled, and keep them as they are until the transaction ends.

        Notes
        -----
        Without the lock two administrators could demote each other at once, and nobody would be left.
        """
        query = select(UserRow.name).where(UserRow.role == Role.ADMIN.value, ~UserRow.disabled)
        # In one order everywhere, or two who lock them at once could wait for each other.
        query = query.order_by(UserRow.name).with_for_update()
        return len(self._session.scalars(query).all())

    def add(self, user: User, *, password_hash: str | None) -> None:
        """Add a user.

        Raises
        ------
        Conflict
            If the name is taken.
        """
        row = UserRow(
            name=user.name,
            full_name=user.full_name,
            role=user.role.value,
            password_hash=password_hash,
            disabled=user.disabled,
            created_us=user.created_us,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:
            raise Conflict(f"There is a user {user.name} already.", where="name", remedy="Choose another name.") from None

    def save(self, user: User) -> None:
        """Write what may change of a user."""
        row = self._session.get_one(UserRow, user.name)
        row.full_name = user.full_name
        row.role = user.role.value
        row.disabled = user.disabled
        self._session.flush()

    def set_password_hash(self, name: str, password_hash: str) -> None:
        """Replace the hash of a password."""
        self._session.get_one(UserRow, name).password_hash = password_hash
        self._session.flush()


def _user(row: UserRow) -> User:
    return User(
        name=row.name,
        full_name=row.full_name,
        role=Role(row.role),
        disabled=row.disabled,
        has_password=row.password_hash is not None,
        created_us=row.created_us,
    )
