"""A set as a condition on data IDs: whether it fits some dimensions, how it is translated to them, and the SQL of it."""

from __future__ import annotations

__all__ = ("Fit", "Fitness", "Role", "Rule", "SetCondition", "require_visit_system")

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup

from ._columns import REASON
from ._errors import DataIdSetDimensionsError, DataIdSetValueError, Problem
from ._internals import Inside
from ._table import DataIdTable


class Role(StrEnum):
    """What a set is for in a query."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class Rule(StrEnum):
    """When a visit counts as listed by a set of exposures: if any of its exposures is, or only if all are; and the reverse."""

    ANY = "any"
    ALL = "all"


class Fitness(StrEnum):
    """How a set meets the dimensions of a query."""

    APPLIED = "applied"
    TRANSLATED = "translated"
    NOT_APPLICABLE = "not_applicable"
    UNFIT = "unfit"


@dataclass(frozen=True)
class Fit:
    """How a set meets the dimensions of one query.

    Attributes
    ----------
    fitness : `Fitness`
        Whether it applies as it is, is translated, has nothing to do with the query, or does not fit.
    path : `tuple` [`str`, ...]
        The dimension that is replaced, what stands between, and what replaces it; empty where none is. Where the set applies as
        it is and there is a path none the less, data IDs are held against it both as it is and translated.
    missing : `tuple` [`str`, ...]
        The dimensions that the query lacks, where it does not fit.
    """

    fitness: Fitness
    path: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[Fit, ...]:
        """Each way in which data IDs are held against the set (`tuple` [`Fit`, ...])."""
        if self.fitness is not Fitness.APPLIED or not self.path:
            return (self,)
        return Fit(Fitness.APPLIED), Fit(Fitness.TRANSLATED, self.path)


_PATHS = (("exposure", "visit"), ("visit", "exposure"), ("group", "exposure", "visit"))
"""Which dimension may stand for which, by the relations that a registry records."""


@dataclass(frozen=True, kw_only=True)
class SetCondition:
    """A set, or rows given for this query alone, that data IDs must be in or must not be in.

    Attributes
    ----------
    role : `Role`
        Whether listed data IDs are the only ones to stay, or those to go.
    label : `str`
        What people call it.
    dimensions : `lsst.daf.butler.DimensionGroup`
        Its dimensions.
    digest, n_rows : `str`, `int`
        The digest of its data IDs, and how many there are.
    rows : `sqlalchemy.FromClause` or `None`
        The table of its rows, with a column for each required dimension; `None` until `table` has become one.
    table : `DataIdTable` or `None`
        The data IDs, where they are not in the registry.
    set_id : `int` or `None`
        Which rows of the table are its own; all of them where it is `None`.
    rule : `Rule`
        How exposures and visits stand for each other.
    visit_system : `int` or `None`
        The visit system whose definitions count; all of them where it is `None`.
    """

    role: Role
    label: str
    dimensions: DimensionGroup
    digest: str
    n_rows: int
    rows: sa.FromClause | None = None
    table: DataIdTable | None = None
    set_id: int | None = None
    rule: Rule = Rule.ANY
    visit_system: int | None = None

    @property
    def table_of_rows(self) -> sa.FromClause:
        """The table of its rows (`sqlalchemy.FromClause`).

        Raises
        ------
        LookupError
            If its data IDs have not been put into a temporary table yet.
        """
        if self.rows is None:
            raise LookupError(f"{self.label} is in no table yet")
        return self.rows

    def fit(self, names: Set[str]) -> Fit:
        """Judge the set by the dimensions of a query.

        Parameters
        ----------
        names : set of `str`
            All dimensions of the query, implied ones among them.
        """
        required = set(self.dimensions.required)
        if required <= names:
            return Fit(Fitness.APPLIED)
        path = self.path_to(names)
        if path and required - {path[0]} <= names:
            return Fit(Fitness.TRANSLATED, path)
        fitness = Fitness.UNFIT if self._is_related(names) else Fitness.NOT_APPLICABLE
        return Fit(fitness, missing=tuple(sorted(required - names)))

    def fit_to_graph(self, names: Set[str]) -> Fit:
        """Judge the set by the dimensions of a part of a pipeline.

        Parameters
        ----------
        names : set of `str`
            All dimensions of the part.

        Notes
        -----
        Where the part has both the exposures that a set lists and the visits that are made of them, the visits must hold to the
        set too: otherwise one would be made of those of its exposures that are left.
        """
        fit = self.fit(names)
        required = self.dimensions.required
        if fit.fitness is Fitness.APPLIED and "visit" in names and "visit" not in required:
            paths = (path for path in _PATHS if path[0] in required and path[-1] == "visit")
            return Fit(Fitness.APPLIED, next(paths, ()))
        return fit

    def _is_related(self, names: Set[str]) -> bool:
        """Whether the set has to do with a query that it does not fit.

        Notes
        -----
        A band that a query has only as that of its visits does not relate it to a set of tracts and bands, as long as it knows
        nothing of sky maps.
        """
        universe, required = self.dimensions.universe, set(self.dimensions.required)
        governors = universe.governor_dimensions.names
        related = {name for path in _PATHS if path[0] in required for name in path}
        shared = ((required | related) - governors) & names
        implied = {name for other in names & universe.dimensions.names for name in universe.dimensions[other].implied.names}
        return bool(shared - implied) or (bool(shared) and required & governors <= names)

    def path_to(self, names: Set[str]) -> tuple[str, ...]:
        """Give the path by which one of the set's dimensions is to be replaced among others; empty where none is."""
        for path in _PATHS:
            if path[0] in self.dimensions.required and path[0] not in names and path[-1] in names:
                return path
        return ()

    def require_fit(self, names: Set[str]) -> Fit:
        """Judge the set by the dimensions of a query that it must apply to.

        Raises
        ------
        DataIdSetDimensionsError
            If it does not.
        """
        fit = self.fit(names)
        if fit.fitness in (Fitness.UNFIT, Fitness.NOT_APPLICABLE):
            raise DataIdSetDimensionsError(self.misfit(names, fit))
        return fit

    def misfit(self, names: Set[str], fit: Fit) -> Problem:
        """Say why the set does not fit."""
        return Problem(
            code="dimensions_do_not_fit",
            where=f"{self.role.value} {self.label}",
            message=f"Its data IDs have {', '.join(self.dimensions.required)}; the query has {', '.join(sorted(names))} "
            f"and lacks {', '.join(fit.missing)}.",
            remedy="Join these dimensions into the query, or project the set to fewer with `butler combine-dataid-sets`.",
        )

    def sql(self, inside: Inside, fit: Fit, keys: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        """Give the condition in SQL.

        Parameters
        ----------
        inside : `Inside`
            The Butler's inside.
        fit : `Fit`
            How the set meets the query.
        keys : mapping of `str` to `sqlalchemy.ColumnElement`
            The query's column of each of its dimensions.
        """
        listed = [self._lists(inside, way, keys) for way in fit.ways]
        return sa.and_(*listed) if self.role is Role.INCLUDE else sa.and_(*[~each for each in listed])

    def _lists(self, inside: Inside, fit: Fit, keys: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        source, columns, having = self._source(inside, fit)
        match = [columns[name] == keys[name] for name in columns]
        listed = sa.select(sa.literal(1)).select_from(source).where(*match, *self._own())
        if having is not None:
            listed = listed.group_by(*columns.values()).having(having)
        return sa.exists(listed.correlate_except(source))

    def reasons(self, inside: Inside, fit: Fit, names: Set[str], told: sa.Table) -> sa.Subquery | None:
        """Give the reasons that the set has for data IDs of other dimensions.

        Parameters
        ----------
        inside : `Inside`
            The Butler's inside.
        fit : `Fit`
            How the set meets these dimensions.
        names : set of `str`
            The dimensions.
        told : `sqlalchemy.Table`
            The table of reasons.

        Returns
        -------
        rows : `sqlalchemy.Subquery` or `None`
            A column for each of the set's dimensions as it is translated, and ``reason``; a data ID may come several times.
            `None` where a dimension of the set is lacking, so that nothing tells which of its rows are meant.
        """
        aliased = self.table_of_rows.alias()
        source, columns, _ = replace(self, rows=aliased)._source(inside, fit)
        if not columns.keys() <= names:
            return None
        source = source.join(told, sa.and_(told.c.set_id == aliased.c.set_id, told.c.reason_id == aliased.c.reason_id))
        listed = [column.label(name) for name, column in columns.items()]
        select = sa.select(*listed, told.c.reason.label(REASON)).select_from(source)
        return select.where(aliased.c.set_id == self.set_id).subquery()

    def _own(self) -> list[sa.ColumnElement[bool]]:
        return [] if self.set_id is None else [self.table_of_rows.c.set_id == self.set_id]

    def _source(self, inside: Inside, fit: Fit) -> tuple[sa.FromClause, dict[str, Any], sa.ColumnElement[bool] | None]:
        """Give the rows joined with what translates them, the columns by dimension, and what each group must hold to."""
        rows = self.table_of_rows
        columns: dict[str, Any] = {name: rows.c[name] for name in sorted(self.dimensions.required)}
        if fit.fitness is Fitness.APPLIED:
            return rows, columns, None
        source: sa.FromClause = rows
        if fit.path[0] == "group":
            source, columns = _joined(inside, source, columns, "exposure", ("instrument", "group"), "exposure")
            columns.pop("group")
        there = fit.path[-1]
        here = "exposure" if there == "visit" else "visit"
        if there not in self.dimensions.required:
            source, columns = _joined(inside, source, columns, "visit_definition", ("instrument", here), there)
        replaced = columns.pop(here)
        if self.visit_system is not None:
            visit = columns["visit"] if there == "visit" else replaced
            source = self._in_system(inside, source, columns["instrument"], visit)
        having = None
        if self.rule is Rule.ALL:
            whole, of_whole = _aliased(*inside.element_columns(inside.universe["visit_definition"]))
            same = [of_whole[name] == columns[name] for name in ("instrument", there)]
            counted: sa.FromClause = whole
            if self.visit_system is not None and there == "exposure":
                counted = self._in_system(inside, whole, of_whole["instrument"], of_whole["visit"])
            count = sa.select(sa.func.count()).select_from(counted).where(*same).correlate_except(counted).scalar_subquery()
            having = sa.func.count(sa.distinct(replaced)) == count
        return source, columns, having

    def _in_system(self, inside: Inside, source: sa.FromClause, instrument: Any, visit: Any) -> sa.FromClause:
        """Narrow to the visits of the visit system."""
        member, columns = _aliased(*inside.element_columns(inside.universe["visit_system_membership"]))
        on = [columns["instrument"] == instrument, columns["visit"] == visit, columns["visit_system"] == self.visit_system]
        return source.join(member, sa.and_(*on))


def require_visit_system(inside: Inside, visit_system: int | None) -> int | None:
    """Check that a visit system exists; gives it.

    Raises
    ------
    DataIdSetValueError
        If no instrument has it: such a system has no visits, and what it is to translate would be empty without a word.
    """
    if visit_system is None:
        return None
    source, columns = inside.element_columns(inside.universe["visit_system"])
    with inside.reading() as connection:
        known = sorted(set(connection.execute(sa.select(columns["visit_system"]).select_from(source)).scalars()))
    if visit_system not in known:
        remedy = f"Known are {', '.join(map(str, known))}." if known else "The registry has none."
        raise DataIdSetValueError(f"There is no visit system {visit_system}.", where="visit_system", remedy=remedy)
    return visit_system


def _joined(
    inside: Inside, source: sa.FromClause, columns: dict[str, Any], element: str, on: tuple[str, ...], gained: str
) -> tuple[sa.FromClause, dict[str, Any]]:
    """Join the table of a dimension element, for one more dimension."""
    table, found = _aliased(*inside.element_columns(inside.universe[element]))
    joined = source.join(table, sa.and_(*[found[name] == columns[name] for name in on]))
    return joined, {**columns, gained: found[gained]}


def _aliased(table: sa.FromClause, columns: Mapping[str, Any]) -> tuple[sa.FromClause, dict[str, Any]]:
    """Give a table another name, since the query may have it already."""
    other = table.alias()
    return other, {name: other.c[column.key] for name, column in columns.items()}
