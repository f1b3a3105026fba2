"""The tables of sets in a registry: making them, finding them, checking them.

An administrator installs; after that, users need no right to create anything. Where the caller may create tables, as on SQLite,
rows of further dimensions get their table when they are first needed.
"""

from __future__ import annotations

__all__ = ("Finding", "Installation", "damaged")

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup

from . import _schema as schema
from ._columns import no_dimension
from ._errors import DataIdSetPermissionError, DataIdSetSchemaError
from ._internals import Inside
from ._rights import guard, guard_rows, is_administrator, may_install, owned_alike, require_role, unguarded

_COMMON = (
    ("exposure",),
    ("exposure", "detector"),
    ("group",),
    ("group", "detector"),
    ("visit",),
    ("visit", "detector"),
    ("visit", "tract"),
    ("visit", "tract", "patch"),
    ("visit", "detector", "tract", "patch"),
    ("day_obs",),
    ("detector",),
    ("tract",),
    ("tract", "patch"),
    ("tract", "patch", "band"),
)
"""The dimensions whose tables are made at once, since users may not be allowed to make them later."""


@dataclass(frozen=True)
class Finding:
    """Something that a check found.

    Attributes
    ----------
    what : `str`
        What it is.
    where : `str`
        The table.
    count : `int`
        How many rows.
    mended : `bool`
        Whether it was put right.
    remedy : `str`
        What to do about it.
    """

    what: str
    where: str
    count: int
    mended: bool
    remedy: str = "Remove them by `butler init-dataid-sets REPO --check --mend`."

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it (`dict`)."""
        return asdict(self)


class Installation:
    """The tables of sets in one registry.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    """

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._static: dict[str, sa.Table] | None = None
        self._rows: dict[str, sa.Table] = {}

    # ---- using it

    def table(self, name: str) -> sa.Table:
        """Give one of the tables that every installation has.

        Raises
        ------
        DataIdSetSchemaError
            If there is no installation, or one of another version.
        """
        if self._static is None:
            self._require_version()
            found = {each: self._inside.table(each, spec) for each, spec in schema.STATIC.items()}
            missing = [each for each, table in found.items() if table is None]
            if missing:
                raise DataIdSetSchemaError(
                    f"The registry lacks the tables {', '.join(missing)}.",
                    remedy="Run `butler init-dataid-sets` on the repository.",
                )
            self._static = {each: table for each, table in found.items() if table is not None}
        return self._static[name]

    def rows(self, dimensions: DimensionGroup, *, create: bool = False) -> sa.Table:
        """Give the table that holds rows of these dimensions.

        Raises
        ------
        DataIdSetSchemaError
            If there is none, and it may not be made here.
        """
        name = schema.rows_table_name(dimensions)
        if name not in self._rows:
            table = self._inside.table(name, schema.rows_spec(dimensions))
            if table is None:
                table = self._new_rows(name, dimensions) if create else None
            elif self._inside.is_postgresql and not owned_alike(self._inside, name):
                raise DataIdSetSchemaError(
                    f"The table {name} is not guarded by the owner of the others.",
                    remedy="Put no data there; ask an administrator to run `butler init-dataid-sets REPO`.",
                )
            if table is None:
                raise DataIdSetSchemaError(
                    f"The registry has no table for sets of {(names := ','.join(dimensions.required))}.",
                    remedy=f"Ask an administrator to run `butler init-dataid-sets REPO --dimensions {names}`.",
                )
            self._rows[name] = table
        return self._rows[name]

    def version(self) -> int | None:
        """Give the version of the registry's tables, or `None` where there are none."""
        text = self._inside.attribute(schema.SCHEMA_ATTRIBUTE)
        return None if text is None else int(text)

    def _require_version(self) -> None:
        version = self.version()
        if version is None:
            raise DataIdSetSchemaError(
                "The registry has no tables for DataId sets.",
                remedy="Ask its administrator to run `butler init-dataid-sets REPO`.",
            )
        if version > schema.SCHEMA_VERSION:
            raise DataIdSetSchemaError(
                f"The registry's DataId sets have schema version {version}; this code knows {schema.SCHEMA_VERSION}.",
                remedy="Use a newer version of dataid-sets.",
            )
        if version < schema.SCHEMA_VERSION:
            raise DataIdSetSchemaError(
                f"The registry's DataId sets have schema version {version}; this code needs {schema.SCHEMA_VERSION}.",
                remedy="Ask its administrator to run `butler init-dataid-sets REPO`, which brings them up to date.",
            )

    def _new_rows(self, name: str, dimensions: DimensionGroup) -> sa.Table | None:
        """Make a table for rows, if the caller may; `None` if not."""
        if self._inside.in_transaction or not self._inside.writeable:
            return None
        # Who owns a table reads all that is in it.
        if self._inside.is_postgresql and not may_install(self._inside)[0]:
            return None
        try:
            table = self._inside.create_table(name, schema.rows_spec(dimensions))
        except sa.exc.DatabaseError:
            return None
        if self._inside.is_postgresql:
            guard_rows(self._inside, table)
        return table

    # ---- making it

    def install(self, dimensions: Iterable[Iterable[str]] = (), *, grant_to: str | None = None) -> list[str]:
        """Make the tables that are missing, bring older ones up to date, and on PostgreSQL guard them all anew.

        Parameters
        ----------
        dimensions : iterable of iterable of `str`, optional
            Dimensions that get a table for rows besides the usual ones.
        grant_to : `str`, optional
            The PostgreSQL role that may make sets, or ``PUBLIC``; by default as it was, and at first ``PUBLIC``. Whoever may use
            the registry's schema can read sets that are open to everyone.

        Returns
        -------
        names : `list` [`str`]
            The tables there are now.

        Raises
        ------
        DataIdSetSchemaError
            If the caller may not make tables, or the tables are newer than this code.
        """
        version = self.version()
        if version is not None and version > schema.SCHEMA_VERSION:
            self._require_version()
        self._require_owner()
        if self._inside.is_postgresql and grant_to is not None:
            require_role(self._inside, grant_to)
        try:
            static = {name: self._inside.create_table(name, spec) for name, spec in schema.STATIC.items()}
            groups = [group for group in map(self._known, (*_COMMON, *dimensions)) if group is not None]
            rows = [self._inside.create_table(schema.rows_table_name(group), schema.rows_spec(group)) for group in groups]
            if self._inside.is_postgresql:
                guard(self._inside, static, rows, grant_to=grant_to)
            self._inside.set_attribute(schema.SCHEMA_ATTRIBUTE, str(schema.SCHEMA_VERSION))
        except sa.exc.DatabaseError as error:
            raise DataIdSetSchemaError(
                f"The tables could not be made: {str(error.orig).splitlines()[0]}.",
                remedy="Run this as the owner of the registry's schema; or if others used the tables for long, try again.",
            ) from error
        self._static = None
        return [*schema.STATIC, *self._inside.table_names(schema.ROWS_PREFIX)]

    def _require_owner(self) -> None:
        if self._inside.is_postgresql:
            may, owner = may_install(self._inside)
            if not may:
                raise DataIdSetSchemaError(
                    "Only the owner of the registry's tables may make those of DataId sets.",
                    remedy=f"Ask an administrator to run `butler init-dataid-sets REPO` as {owner}.",
                )

    def _known(self, names: Iterable[str]) -> DimensionGroup | None:
        """Give the group of the names, or `None` where this universe lacks one of the usual dimensions."""
        universe = self._inside.universe
        listed = list(names)
        if listed and all(name in universe.dimensions.names for name in listed):
            return universe.conform(listed)
        if tuple(listed) in _COMMON:
            return None
        raise DataIdSetSchemaError([no_dimension(name, universe) for name in listed if name not in universe.dimensions.names])

    # ---- checking it

    def check(self, *, mend: bool = False) -> list[Finding]:
        """Look for rows and reasons that belong to no set, and for sets whose rows are not as many as they should be.

        Nothing that this package does leaves any: a set is loaded in one transaction. Hands that work on the tables may.

        Parameters
        ----------
        mend : `bool`, optional
            Whether to remove what belongs to no set.

        Returns
        -------
        findings : `list` [`Finding`]
            What was found; a set of which rows are missing is never mended, since nobody knows what they were.

        Raises
        ------
        DataIdSetPermissionError
            If someone mends who sees only what they may read.
        """
        if mend and not is_administrator(self._inside):
            raise DataIdSetPermissionError(
                "Only the registry's owner sees what belongs to nobody.", remedy="Ask an administrator."
            )
        header = self.table(schema.HEADER)
        findings = self._check_guards(mend=mend)
        fields = (header.c.id, header.c.name, header.c.version, header.c.n_rows, header.c.dimensions)
        with self._inside.transaction() as connection:
            alive = connection.execute(sa.select(*fields).where(header.c.removed.is_(None))).all()
            counted: dict[int, int] = {}
            for name in self._inside.table_names(schema.ROWS_PREFIX):
                table = sa.Table(name, sa.MetaData(), schema=self._inside.namespace, autoload_with=connection)
                listed = {each.dimensions for each in alive if self._rows_name(each.dimensions) == name}
                findings += _check_stray(connection, table, header, header.c.dimensions.in_(listed), mend=mend)
                counts = sa.select(table.c.set_id, sa.func.count()).group_by(table.c.set_id)
                own = {each.id for each in alive if each.dimensions in listed}
                counted.update({set_id: count for set_id, count in connection.execute(counts) if set_id in own})
            findings += _check_stray(connection, self.table(schema.REASON_TABLE), header, sa.true(), mend=mend)
        for each in alive:
            if counted.get(each.id, 0) != each.n_rows:
                what = f"{each.name}@{each.version} should have {each.n_rows:,} rows"
                findings.append(damaged(f"{each.name}@{each.version}", what, counted.get(each.id, 0)))
        return findings

    def _rows_name(self, dimensions: str) -> str:
        return schema.rows_table_name(self._inside.universe.conform(dimensions.split(",")))

    def _check_guards(self, *, mend: bool) -> list[Finding]:
        lacking = unguarded(self._inside)
        if lacking and mend:
            guard(self._inside, {name: self.table(name) for name in schema.STATIC}, ())
        remedy = "Guard it by `butler init-dataid-sets REPO`."
        return [Finding("a table that PostgreSQL does not guard", name, 0, mend, remedy) for name in lacking]


def damaged(name: str, what: str, count: int) -> Finding:
    """Tell of a set whose rows are not those that were loaded; nobody knows what they were."""
    remedy = f"Its owner removes it by `butler remove-dataid-set REPO {name}`, and loads its list again."
    return Finding(what, schema.HEADER, count, mended=False, remedy=remedy)


def _check_stray(
    connection: sa.Connection, table: sa.Table, header: sa.Table, fitting: sa.ColumnElement[bool], *, mend: bool
) -> list[Finding]:
    """Look for what belongs to no set that is alive, or to one of other dimensions."""
    stray = table.c.set_id.not_in(sa.select(header.c.id).where(header.c.removed.is_(None), fitting))
    count = connection.execute(sa.select(sa.func.count()).select_from(table).where(stray)).scalar_one()
    if count and mend:
        connection.execute(sa.delete(table).where(stray))
    return [Finding("rows of no set", table.name, count, mend)] if count else []
