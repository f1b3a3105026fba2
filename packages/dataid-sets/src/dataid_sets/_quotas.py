"""How many rows an owner may keep.

PostgreSQL holds to quotas by itself, whatever SQL is used; see `_guards`. What is here asks beforehand, so that nothing is loaded
in vain, says it in words, and is all there is on SQLite.
"""

from __future__ import annotations

__all__ = ("Quotas", "refusals_told")

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from . import _guards as guards
from . import _schema as schema
from ._errors import DatabaseFailedError, DataIdSetPermissionError, DataIdSetValueError, Problem, shortened
from ._installation import Installation
from ._internals import Inside
from ._rights import is_administrator

if TYPE_CHECKING:
    from ._headers import Headers

EVERYONE_ELSE = "*"


class Quotas:
    """The quotas of a registry.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    installation : `Installation`
        The tables.
    headers : `Headers`
        Knows who asks.
    """

    def __init__(self, inside: Inside, installation: Installation, headers: Headers) -> None:
        self._inside = inside
        self._installation = installation
        self._headers = headers

    def set(self, owner: str, max_rows: int | None) -> None:
        """Set how many rows an owner may keep; see `DataIdSets.set_quota`."""
        if not owner or len(owner) > 64:
            raise DataIdSetValueError(
                f"{shortened(owner)!r} is nobody's name.", where="owner", remedy="Name a person, or * for everyone else."
            )
        if max_rows is not None and max_rows < 0:
            raise DataIdSetValueError("A quota is not negative.", where="max_rows", remedy="Give None to take it away.")
        if not is_administrator(self._inside):
            raise DataIdSetPermissionError("Only the registry's owner sets quotas.", remedy="Ask its administrator.")
        table = self._installation.table(schema.QUOTA)
        with self._inside.transaction() as connection:
            # An update first: on PostgreSQL a delete and an insert would let others see a moment without quota.
            changed = 0
            if max_rows is not None:
                changed = connection.execute(sa.update(table).where(table.c.owner == owner).values(max_rows=max_rows)).rowcount
            if not changed:
                connection.execute(sa.delete(table).where(table.c.owner == owner))
                if max_rows is not None:
                    connection.execute(sa.insert(table).values(owner=owner, max_rows=max_rows))

    def limit(self, connection: sa.Connection, owner: str) -> int | None:
        """Give how many rows an owner may keep; `None` where nothing limits them."""
        table = self._installation.table(schema.QUOTA)
        told = {name: most for name, most in connection.execute(sa.select(table.c.owner, table.c.max_rows))}
        if owner in told:
            return int(told[owner])
        # Whom nothing binds has no quota, unless it was set for them by name.
        if EVERYONE_ELSE not in told or (owner == self._headers.person.name and is_administrator(self._inside)):
            return None
        return int(told[EVERYONE_ELSE])

    def kept(self, connection: sa.Connection, owner: str) -> int:
        """Give how many rows an owner keeps.

        Notes
        -----
        These are the rows of their sets, and the datasets that they tagged from sets not open to everyone, for as long as the
        collection exists. Whatever else is to count is to be added here, and in ``dataid_set_kept`` of `_guards`.
        """
        header, use = self._installation.table(schema.HEADER), self._installation.table(schema.USE)
        there = self._inside.collections
        same = sa.and_(there.c.collection_id == use.c.collection_id, there.c.name == use.c.collection)
        alive = sa.exists(sa.select(sa.literal(1)).select_from(there).where(same))
        return sum(
            int(connection.execute(sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(*terms)).scalar_one())
            for column, *terms in (
                (header.c.n_rows, header.c.owner == owner, header.c.removed.is_(None)),
                (use.c.n_rows, use.c.used_by == owner, alive),
            )
        )

    def require(self, connection: sa.Connection, added: int) -> None:
        """Refuse more rows than the caller may keep.

        Raises
        ------
        DataIdSetPermissionError
            If their quota does not allow for them.
        """
        owner = self._headers.person.name
        most = self.limit(connection, owner)
        if most is not None and (kept := self.kept(connection, owner)) + added > most:
            raise DataIdSetPermissionError(_used_up(kept, most, added))


def _used_up(kept: int, most: int, added: int) -> Problem:
    return Problem(
        code="quota_used_up",
        where="quota",
        message=f"You keep {kept:,} of {most:,} rows; {added:,} more do not fit.",
        remedy="Remove sets that you no longer need (`butler remove-dataid-set`), or collections that you tagged from sets not "
        "open to everyone (`butler remove-collections`); or ask an administrator for more.",
    )


@contextmanager
def refusals_told() -> Iterator[None]:
    """Say in words what PostgreSQL refuses; to stand around a transaction, since some is refused at its end.

    Raises
    ------
    DataIdSetPermissionError
        If the caller's quota is used up, or they may not do this.
    DatabaseFailedError
        If the database failed in another way.
    """
    try:
        yield
    except Exception as error:
        # Rows go in by the driver itself, whose errors SQLAlchemy does not wrap.
        cause = getattr(error, "orig", None) or error
        problem = _problem(cause)
        if problem is not None:
            raise DataIdSetPermissionError(problem) from error
        if isinstance(cause, sqlite3.Error) or type(cause).__module__.partition(".")[0] in ("psycopg", "psycopg2"):
            raise DatabaseFailedError(
                f"The database failed: {str(cause).strip().splitlines()[0]}. Nothing was stored.",
                remedy="See that it can be reached and has room, and do it again.",
            ) from error
        raise


def _problem(error: BaseException | None) -> Problem | None:
    # The state is called pgcode by psycopg 2.
    match getattr(error, "sqlstate", None) or getattr(error, "pgcode", None):
        case guards.QUOTA_USED_UP:
            kept, most, added = map(int, error.diag.message_detail.split())  # type: ignore[union-attr]
            return _used_up(kept, most, added)
        case guards.NOT_ALLOWED:
            told = f"The database refused: {error.diag.message_primary}."  # type: ignore[union-attr]
            return Problem(code="not_allowed", message=told, remedy="Sets are not changed; load another version.")
        case "42501":
            told = f"The database refused: {error.diag.message_primary}."  # type: ignore[union-attr]
            return Problem(code="not_allowed", message=told, remedy="Ask an administrator for the right to make sets.")
    return None
