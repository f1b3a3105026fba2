"""What sets were used for: which quantum graphs, output runs and TAGGED collections."""

from __future__ import annotations

__all__ = ("SetUses", "Use", "UseKind")

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import astropy.time
import sqlalchemy as sa
from lsst.daf.butler.registry import MissingCollectionError

from . import _schema as schema
from ._conditions import Role, SetCondition
from ._errors import DataIdSetValueError, shortened
from ._internals import Inside
from ._part import SetsPart
from ._quotas import refusals_told
from ._record import DataIdSet, Reference, choice, parse_reference


class UseKind(StrEnum):
    """What a set was used for."""

    GRAPH = "graph"
    TAGGED = "tagged"


@dataclass(frozen=True, kw_only=True)
class Use:
    """One use of a set.

    Attributes
    ----------
    name, version, digest : `str`, `int`, `str`
        The set, and the digest of its data IDs.
    role : `Role`
        What it was for.
    kind : `UseKind`
        What it was used for.
    collection : `str`
        The graph's output run, or the TAGGED collection.
    graph : `str` or `None`
        Where the graph was saved.
    used : `datetime.datetime`
        When; aware, UTC.
    used_by : `str`
        Who did it.
    translation : `dict`
        How the set met the graph: ``rule``, ``visit_system``, ``fit`` by task, ``path``; and what the graph was made of: its data
        ``query``, its ``inputs``, and the collections of ``skip_existing_in``. Empty where nobody said.
    n_rows : `int`
        How many datasets the collection got that count against the quota of who did it, for as long as the collection exists:
        those tagged from sets not open to everyone.
    """

    name: str
    version: int
    digest: str
    role: Role
    kind: UseKind
    collection: str
    graph: str | None
    used: datetime.datetime
    used_by: str
    translation: Mapping[str, Any] = field(default_factory=dict)
    n_rows: int = 0

    @property
    def reference(self) -> str:
        """The set as people name it (`str`)."""
        return f"{self.name}@{self.version}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it (`dict`)."""
        used = self.used.isoformat(timespec="seconds").replace("+00:00", "Z")
        return {**asdict(self), "role": self.role.value, "kind": self.kind.value, "used": used}


class SetUses(SetsPart):
    """The record of uses; `DataIdSets` has it."""

    def record_use(
        self,
        used: SetCondition | str | Reference | DataIdSet,
        *,
        kind: UseKind | str,
        collection: str,
        graph: str | None = None,
        role: Role | str | None = None,
        translation: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write down what a set was used for; the same use by the same person is written down once.

        Parameters
        ----------
        used : `SetCondition`, `str`, `Reference` or `DataIdSet`
            The set, of the registry.
        kind : `UseKind` or `str`
            What it was used for.
        collection : `str`
            The graph's output run, or the TAGGED collection.
        graph : `str`, optional
            Where the graph is saved.
        role : `Role` or `str`, optional
            What it was for; a condition knows it.
        translation : mapping, optional
            How it met the graph, ready for JSON.

        Returns
        -------
        is_new : `bool`
            Whether it was not there yet.

        Raises
        ------
        DataIdSetPermissionError
            If the Butler may not write.
        DataIdSetValueError
            If the data IDs are not a set of the registry, or there is no role.
        NoSuchDataIdSetError
            If there is no such set.
        """
        self._require_writeable()
        if isinstance(used, SetCondition):
            if used.set_id is None:
                told = f"{shortened(used.label)} is no set of the registry."
                raise DataIdSetValueError(told, where="used", remedy="Load its data IDs as a set first.")
            role, used = used.role, used.label
        if role is None:
            raise DataIdSetValueError(
                "Nothing says whether the set was included or excluded.", where="role", remedy="Choose one of: include, exclude."
            )
        return self._write_use(
            self.find(used),
            kind=choice(UseKind, kind, where="kind"),
            collection=collection,
            graph=graph,
            role=choice(Role, role, where="role"),
            translation=translation or {},
        )

    def _write_use(
        self,
        found: DataIdSet,
        *,
        kind: UseKind,
        collection: str,
        role: Role,
        translation: Mapping[str, Any],
        graph: str | None = None,
        n_rows: int = 0,
    ) -> bool:
        """Write down a use, unless it was and no more rows count; tells whether it was written."""
        known = {"set_id": found.id, "role": role.value, "kind": kind.value, "collection": collection, "graph": graph}
        known |= {"translation": json.dumps(dict(translation), sort_keys=True), "used_by": self._headers.person.name}
        table = self._installation.table(schema.USE)
        # `IS NOT DISTINCT FROM` finds a missing graph, too.
        same = [table.c[key].is_not_distinct_from(value) for key, value in known.items()]
        with refusals_told(), self._inside.transaction() as connection:
            if not n_rows and connection.execute(sa.select(table.c.id).where(*same)).first() is not None:
                return False
            values = {
                **known,
                "set_name": found.name,
                "set_version": found.version,
                "digest": found.digest,
                "collection_id": self._collection_id(connection, collection),
                "n_rows": n_rows or None,
                "used": astropy.time.Time.now(),
            }
            connection.execute(sa.insert(table).values(**values))
        return True

    def _collection_id(self, connection: sa.Connection, name: str) -> int | None:
        """Give the number of a collection, if there is one; PostgreSQL looks for itself."""
        table = self._inside.collections
        found: int | None = connection.execute(sa.select(table.c.collection_id).where(table.c.name == name)).scalar()
        return found

    def uses(
        self,
        reference: str | Reference | DataIdSet | None = None,
        *,
        collection: str | None = None,
        graph: str | None = None,
    ) -> list[Use]:
        """Tell what sets were used for.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`, optional
            Only uses of this set; without a version, of all versions of its name. It may have been removed.
        collection : `str`, optional
            Only uses for this output run or TAGGED collection, or for members of this chain. Where there is no such collection
            yet, also for runs whose names begin with its name and a ``/``, as those of an output chain do.
        graph : `str`, optional
            Only uses for the graph that was saved there.

        Returns
        -------
        uses : `list` [`Use`]
            The oldest first. Those of sets that the caller may not read are left out.

        Raises
        ------
        NoSuchDataIdSetError
            If there is no such set.
        """
        table, header = self._installation.table(schema.USE), self._installation.table(schema.HEADER)
        terms = []
        if reference is not None:
            wanted = parse_reference(reference)
            self._headers.find(wanted, removed=True)
            terms.append(table.c.set_name == wanted.name)
            if wanted.version is not None:
                terms.append(table.c.set_version == wanted.version)
        if collection is not None:
            terms.append(_within(self._inside, table.c.collection, collection))
        if graph is not None:
            terms.append(table.c.graph == graph)
        with self._inside.reading() as connection:
            select = sa.select(table).where(*terms).order_by(table.c.used, table.c.id)
            rows = connection.execute(select).mappings().all()
        known = {row["set_id"] for row in rows}
        readable = {each.id for each in self._headers.list(header.c.id.in_(sorted(known)), removed=True)} if known else set()
        return [_use(row) for row in rows if row["set_id"] in readable]


def _within(inside: Inside, column: sa.ColumnElement[str], collection: str) -> sa.ColumnElement[bool]:
    """Give the condition that a use was for a collection or, if it is a chain, for any that belongs to it."""
    try:
        return column.in_({collection, *inside.butler.collections.query(collection, flatten_chains=True)})
    except MissingCollectionError:
        return sa.or_(column == collection, column.startswith(f"{collection}/", autoescape=True))


def _use(row: Any) -> Use:
    return Use(
        name=row["set_name"],
        version=row["set_version"],
        digest=row["digest"],
        role=Role(row["role"]),
        kind=UseKind(row["kind"]),
        collection=row["collection"],
        graph=row["graph"],
        used=row["used"].utc.to_datetime(datetime.UTC),
        used_by=row["used_by"],
        translation=json.loads(row["translation"] or "{}"),
        n_rows=row["n_rows"] or 0,
    )
