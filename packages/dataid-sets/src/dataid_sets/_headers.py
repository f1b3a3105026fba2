"""Reading and writing what is known of sets beside their rows."""

from __future__ import annotations

__all__ = ("Headers", "Person", "Summary")

import datetime
import getpass
import grp
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import astropy.time
import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup
from lsst.utils.logging import getLogger

from . import _schema as schema
from ._errors import DataIdSetConflictError, DataIdSetPermissionError, NoSuchDataIdSetError, Problem
from ._installation import Installation
from ._internals import Inside
from ._quotas import Quotas, refusals_told
from ._record import Access, DataIdSet, Reference, parse_reference

if TYPE_CHECKING:
    from ._conditions import SetCondition


# Commands show what loggers below `lsst` say, and of others only warnings.
_LOG = getLogger("lsst.dataid_sets")


@dataclass(frozen=True)
class Person:
    """Who asks: a name, and the groups they belong to."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """What a header says of the rows."""

    dimensions: DimensionGroup
    n_rows: int
    digest: str
    reasons_digest: str


class Headers:
    """The headers of a registry's sets.

    Every reading is limited to what the caller may see: their own sets, those of their groups, and those open to everyone. On
    PostgreSQL the database holds to this by itself; on SQLite, whose file anyone with access may read, it is advice.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    installation : `Installation`
        The tables.
    """

    def __init__(self, inside: Inside, installation: Installation) -> None:
        self._inside = inside
        self._installation = installation
        self._person: Person | None = None
        self.quotas = Quotas(inside, installation, self)

    @property
    def person(self) -> Person:
        """Who asks: the database's role, or the system's user where the database has none (`Person`)."""
        if self._person is None:
            self._person = self._role() if self._inside.is_postgresql else _system_user()
        return self._person

    def _role(self) -> Person:
        groups = sa.text("SELECT rolname FROM pg_roles WHERE pg_has_role(current_user, oid, 'member')")
        with self._inside.reading() as connection:
            name = connection.execute(sa.text("SELECT current_user")).scalar_one()
            return Person(name, tuple(sorted(connection.execute(groups).scalars())))

    # ---- reading

    def find(self, reference: str | Reference | DataIdSet, *, removed: bool = False) -> DataIdSet:
        """Find a set by its name and version, or the newest of its name.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            What people call it.
        removed : `bool`, optional
            Whether a header without rows will do.

        Raises
        ------
        NoSuchDataIdSetError
            If there is none, the caller may not read it, or its rows were removed.
        """
        wanted = parse_reference(reference)
        header = self._installation.table(schema.HEADER)
        terms = [header.c.name == wanted.name]
        if wanted.version is not None:
            terms.append(header.c.version == wanted.version)
        found = self._select(*terms, order=header.c.version.desc())
        alive = [each for each in found if each.removed is None]
        if alive or (removed and found):
            chosen = (found if removed else alive)[0]
            if wanted.version is None:
                self._warn_of_newer(chosen, found)
            return chosen
        raise NoSuchDataIdSetError(self._not_found(wanted, found))

    def _warn_of_newer(self, chosen: DataIdSet, found: list[DataIdSet]) -> None:
        """Say that the newest version is not the newest that the caller may use: nobody would see it otherwise."""
        newest = self._newest(chosen.name)
        if newest <= chosen.version:
            return
        gone = next((each for each in found if each.version == newest and each.removed is not None), None)
        why = "was removed, or you may not read it" if gone is None else f"was removed on {gone.removed:%Y-%m-%d}"
        _LOG.warning("%s is taken, though there was a newer version: %s@%d %s.", chosen, chosen.name, newest, why)

    def _newest(self, name: str) -> int:
        """Give the number of the newest version that ever was."""
        names = self._installation.table(schema.NAME)
        with self._inside.reading() as connection:
            if self._inside.is_postgresql:
                function = sa.text(f'SELECT "{self._inside.namespace}".dataid_set_newest(:name)')
                return connection.execute(function, {"name": name}).scalar() or 0
            return connection.execute(sa.select(names.c.newest).where(names.c.name == name)).scalar() or 0

    def _select(self, *terms: sa.ColumnElement[bool], order: Any, everyone: bool = False) -> list[DataIdSet]:
        header = self._installation.table(schema.HEADER)
        me = self.person
        readable = sa.or_(
            header.c.access == Access.EVERYONE.value,
            header.c.owner == me.name,
            sa.and_(header.c.access == Access.GROUP.value, header.c.group_name.in_(me.groups)),
        )
        select = (
            sa.select(header)
            .where(sa.true() if everyone else readable, *terms)
            .order_by(*(order if isinstance(order, tuple) else (order,)))
        )
        with self._inside.reading() as connection:
            return [self._record(dict(row)) for row in connection.execute(select).mappings()]

    def require_there(self, conditions: Iterable[SetCondition]) -> None:
        """See that sets in use can still be read: a set without rows excludes nothing, and nobody would notice.

        Raises
        ------
        DataIdSetConflictError
            If one was removed, or its owner no longer lets the caller read it.
        """
        wanted = {each.set_id: each.label for each in conditions if each.set_id is not None}
        if not wanted:
            return
        there = {each.id for each in self.list(self._installation.table(schema.HEADER).c.id.in_(sorted(wanted)))}
        gone = [
            Problem(
                code="conflict",
                where=label,
                message=f"{label} was removed while it was in use, or its owner no longer shares it; "
                "the results may be wrong or incomplete.",
                remedy="Do it again with sets that are there.",
            )
            for key, label in wanted.items()
            if key not in there
        ]
        if gone:
            raise DataIdSetConflictError(gone)

    def _not_found(self, wanted: Reference, found: list[DataIdSet]) -> Problem:
        if found and found[0].removed is not None:
            told = f"The data IDs of {found[0]} were removed on {found[0].removed:%Y-%m-%d}; only its header is kept."
            return Problem(code="removed", where=str(wanted), message=told)
        versions = [str(each.version) for each in self.list(self._installation.table(schema.HEADER).c.name == wanted.name)]
        remedy = (
            f"There are versions {', '.join(versions)}."
            if versions
            else "`butler query-dataid-sets REPO` lists those you may read."
        )
        return Problem(code="no_such_set", where=str(wanted), message=f"There is no DataId set {wanted}.", remedy=remedy)

    def _record(self, row: Mapping[str, Any]) -> DataIdSet:
        return DataIdSet(
            id=row["id"],
            name=row["name"],
            version=row["version"],
            dimensions=self._inside.universe.conform(row["dimensions"].split(",")),
            n_rows=row["n_rows"],
            n_pending=row["n_pending"],
            digest=row["digest"],
            reasons_digest=row["reasons_digest"],
            owner=row["owner"],
            access=Access(row["access"]),
            group=row["group_name"],
            description=row["description"] or "",
            source=row["source"] or "",
            created=_utc(row["created"]),
            expires=None if row["expires"] is None else _utc(row["expires"]),
            removed=None if row["removed"] is None else _utc(row["removed"]),
            parents=tuple(json.loads(row["parents"] or "[]")),
            recipe=json.loads(row["recipe"] or "{}"),
        )

    def reasons(self, set_id: int) -> dict[int, str]:
        """Give the reasons of a set's rows by their numbers."""
        table = self._installation.table(schema.REASON_TABLE)
        with self._inside.reading() as connection:
            select = sa.select(table.c.reason_id, table.c.reason).where(table.c.set_id == set_id)
            return {number: reason for number, reason in connection.execute(select)}

    # ---- writing, in the caller's transaction

    def next_version(self, connection: sa.Connection, name: str) -> int:
        """Take the next number of a name; whoever loads the same name waits for this transaction.

        Raises
        ------
        DataIdSetPermissionError
            If the name is another's, or the caller may not make sets.
        """
        names = self._installation.table(schema.NAME)
        insert = _insert(connection, names).values(name=name, owner=self.person.name, newest=0).on_conflict_do_nothing()
        with refusals_told():
            connection.execute(insert)
        mine = sa.update(names).where(names.c.name == name, names.c.owner.in_(self._owners()))
        taken = connection.execute(mine.values(newest=names.c.newest + 1).returning(names.c.newest)).scalar_one_or_none()
        if taken is None:
            raise DataIdSetPermissionError(
                Problem(
                    code="not_allowed",
                    where="name",
                    message=f"The name {name} belongs to someone else.",
                    remedy=f"Choose another, such as u/{self.person.name}/{name}, or ask for the name to be given to a group: "
                    f"`butler share-dataid-set REPO {name} --give-name-to GROUP`.",
                )
            )
        return int(taken)

    def give_name(self, name: str, group: str) -> bool:
        """Let a group own a name that is the caller's; tells whether it was."""
        names = self._installation.table(schema.NAME)
        mine = sa.update(names).where(names.c.name == name, names.c.owner == self.person.name)
        with refusals_told(), self._inside.transaction() as connection:
            return connection.execute(mine.values(owner=f"{schema.GROUP_SIGN}{group}")).rowcount == 1

    def _owners(self) -> list[str]:
        """Give what may stand for the caller as the owner of a name."""
        return [self.person.name, *(f"{schema.GROUP_SIGN}{group}" for group in self.person.groups)]

    def insert(self, connection: sa.Connection, rows: Summary, name: str, version: int, **known: Any) -> int:
        """Write a header; gives its id.

        Raises
        ------
        DataIdSetPermissionError
            If the caller's quota does not allow for so many rows.
        """
        self.quotas.require(connection, rows.n_rows)
        header = self._installation.table(schema.HEADER)
        values = {
            "name": name,
            "version": version,
            "dimensions": ",".join(rows.dimensions.required),
            "n_rows": rows.n_rows,
            "digest": rows.digest,
            "reasons_digest": rows.reasons_digest,
            "owner": self.person.name,
            "created": astropy.time.Time.now(),
            **known,
        }
        values["parents"] = json.dumps(list(values.get("parents", ())))
        values["recipe"] = json.dumps(values.get("recipe", {}), sort_keys=True)
        try:
            return int(connection.execute(sa.insert(header).values(values).returning(header.c.id)).scalar_one())
        except sa.exc.IntegrityError as error:
            raise DataIdSetConflictError(f"There is a set {name}@{version} already.", where="name") from error

    # ---- last, since it hides the type of the same name from what follows it

    def list(self, *terms: sa.ColumnElement[bool], removed: bool = False, everyone: bool = False) -> list[DataIdSet]:
        """Give the sets that hold to all terms, by name and version; those of `everyone` to an administrator."""
        header = self._installation.table(schema.HEADER)
        alive = () if removed else (header.c.removed.is_(None),)
        return self._select(*terms, *alive, order=(header.c.name, header.c.version), everyone=everyone)


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    dialects = {"postgresql": sa.dialects.postgresql, "sqlite": sa.dialects.sqlite}
    return dialects[connection.dialect.name].insert(table)


def _system_user() -> Person:
    groups = []
    # The list may lack the group that new files get.
    for number in {*os.getgroups(), os.getegid()}:
        try:
            groups.append(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return Person(getpass.getuser(), tuple(sorted(groups)))


def _utc(moment: astropy.time.Time) -> datetime.datetime:
    found: datetime.datetime = moment.utc.to_datetime(datetime.UTC)
    return found
