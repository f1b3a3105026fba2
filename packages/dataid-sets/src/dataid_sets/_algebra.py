"""Making sets from sets, on the server.

Each operation is one SELECT of data IDs and reasons into a temporary table, from which the new set is filled; what comes to the
client is only what its digest needs.
"""

from __future__ import annotations

__all__ = ("SetAlgebra",)

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup

from . import _schema as schema
from ._columns import REASON, group_of
from ._comparison import Comparison
from ._conditions import Fit, Fitness, Role, Rule, SetCondition, require_visit_system
from ._description import described
from ._errors import DataIdSetDimensionsError, DataIdSetValueError, Problem
from ._existence import pending_condition
from ._internals import mistakes_told
from ._query import open_query, staged
from ._querying import SetQuerying
from ._quotas import refusals_told
from ._record import Access, DataIdSet, Reference, check_name, choice
from ._selection import Selection, fill
from ._table import DataIdTable

Named = str | Reference | DataIdSet
_AS_IT_IS = Fit(Fitness.APPLIED)


class SetAlgebra(SetQuerying):
    """The operations on sets; `DataIdSets` has them all.

    Notes
    -----
    Where several sets, or several rows that become one, give reasons, the data ID has all distinct ones, sorted and put one after
    another with ``; `` between them. A difference and a restriction keep the reasons of the first set alone. A set made from one
    that is not open to everyone is private, unless the caller says otherwise.

    Data IDs without a record stay in what looks at sets alone: union, intersection, difference, and projection to fewer
    dimensions. What asks the registry leaves them out, and says how many in the new set's recipe, as ``pending_left_out``.
    """

    def union(self, name: str, sets: Iterable[Named], **known: Any) -> DataIdSet:
        """Make a set of the data IDs that are in any of several.

        Parameters
        ----------
        name : `str`
            The new set's name.
        sets : iterable of `str` or `DataIdSet`
            The sets, of the same dimensions.
        **known
            ``description``, ``access``, ``group`` and ``expires`` as `DataIdSets.create` takes them.

        Returns
        -------
        made : `DataIdSet`
            The new set.

        Raises
        ------
        DataIdSetDimensionsError
            If the sets have different dimensions.
        """
        parents = self._alike(sets)
        return self._made(name, parents, {"operation": "union"}, Selection(rows=self._merged(parents)), known)

    def intersection(self, name: str, sets: Iterable[Named], **known: Any) -> DataIdSet:
        """Make a set of the data IDs that are in all of several.

        Parameters
        ----------
        name, sets, **known
            As for `union`.

        Returns
        -------
        made : `DataIdSet`
            The new set.

        Raises
        ------
        DataIdSetDimensionsError
            If the sets have different dimensions.
        """
        parents = self._alike(sets)
        selection = Selection(rows=self._merged(parents), at_least=len({parent.id for parent in parents}))
        return self._made(name, parents, {"operation": "intersection"}, selection, known)

    def difference(self, name: str, sets: Iterable[Named], **known: Any) -> DataIdSet:
        """Make a set of the first set's data IDs that are in none of the others.

        Parameters
        ----------
        name, sets, **known
            As for `union`.

        Returns
        -------
        made : `DataIdSet`
            The new set.

        Raises
        ------
        DataIdSetDimensionsError
            If the sets have different dimensions.
        """
        parents = self._alike(sets)
        first, others = self._condition_of(parents[0]), [self._condition_of(parent, Role.EXCLUDE) for parent in parents[1:]]
        select = self._with_reasons(first, first.dimensions)
        keys = {each: first.table_of_rows.c[each] for each in sorted(first.dimensions.required)}
        renamed = [replace(other, rows=other.table_of_rows.alias()) for other in others]
        terms = [other.sql(self._inside, _AS_IT_IS, keys) for other in renamed]
        return self._made(name, parents, {"operation": "difference"}, Selection(rows=select.where(*terms), repeats=False), known)

    def complement(self, name: str, of: Named, *, where: str, bind: Mapping[str, Any] | None = None, **known: Any) -> DataIdSet:
        """Make a set of the data IDs that a data query gives and a set does not have.

        Parameters
        ----------
        name : `str`
            The new set's name.
        of : `str` or `DataIdSet`
            The set.
        where : `str`
            The data query, in Butler's query language.
        bind : mapping, optional
            Values of the query's identifiers.
        **known
            As for `union`.

        Returns
        -------
        made : `DataIdSet`
            The new set.

        Raises
        ------
        DataIdSetValueError
            If the data query has a mistake.
        NoSuchDataIdSetError
            If there is no such set.
        """
        parent = self.find(of)
        recipe = {"operation": "complement", "where": where, "bind": _plain(bind)}
        conditions = [self._condition_of(parent, Role.EXCLUDE)]
        return self._queried(name, parent, parent.dimensions, conditions, recipe, known, where=where, bind=bind)

    def restrict(self, name: str, to: Named, *, where: str, bind: Mapping[str, Any] | None = None, **known: Any) -> DataIdSet:
        """Make a set of a set's data IDs that a data query gives, too.

        Parameters
        ----------
        name : `str`
            The new set's name.
        to : `str` or `DataIdSet`
            The set.
        where, bind, **known
            As for `complement`.

        Returns
        -------
        made : `DataIdSet`
            The new set.

        Raises
        ------
        DataIdSetValueError
            If the data query has a mistake.
        NoSuchDataIdSetError
            If there is no such set.
        """
        parent = self.find(to)
        recipe = {"operation": "restrict", "where": where, "bind": _plain(bind)}
        return self._queried(name, parent, parent.dimensions, [self._condition_of(parent)], recipe, known, where=where, bind=bind)

    def project(
        self,
        name: str,
        of: Named,
        dimensions: Iterable[str],
        *,
        rule: Rule | str = Rule.ANY,
        visit_system: int | None = None,
        **known: Any,
    ) -> DataIdSet:
        """Make a set of other dimensions from a set: fewer, more, or exposures for visits and the other way round.

        Parameters
        ----------
        name : `str`
            The new set's name.
        of : `str` or `DataIdSet`
            The set.
        dimensions : iterable of `str`
            The new set's dimensions. Values of dimensions that the set lacks are all those the registry has records of.
        rule, visit_system : `Rule` or `str`, `int`, optional
            How exposures and visits stand for each other; see `DataIdSets.query`.
        **known
            As for `union`.

        Returns
        -------
        made : `DataIdSet`
            The new set.

        Raises
        ------
        DataIdSetDimensionsError
            If nothing relates the dimensions to those of the set.
        DataIdSetValueError
            If there is no such dimension, rule or visit system.
        NoSuchDataIdSetError
            If there is no such set.
        """
        parent = self.find(of)
        rule = choice(Rule, rule, where="rule")
        group = group_of(dimensions, (), self._inside.universe)
        recipe = {
            "operation": "project",
            "dimensions": list(group.required),
            "rule": rule.value,
            "visit_system": visit_system,
        }
        system = require_visit_system(self._inside, visit_system)
        condition = self._condition_of(parent, rule=rule, visit_system=system)
        if set(group.required) <= set(parent.dimensions.required):
            repeats = group.required != parent.dimensions.required
            selection = Selection(rows=self._with_reasons(condition, group), repeats=repeats)
            return self._made(name, [parent], recipe, selection, known, group)
        return self._queried(name, parent, group, [condition], recipe, known, where="")

    expand = project

    def compare(self, a: Named, b: Named) -> Comparison:
        """Compare two sets of the same dimensions.

        Parameters
        ----------
        a, b : `str` or `DataIdSet`
            The sets.

        Returns
        -------
        comparison : `Comparison`
            How many data IDs are only in one of them, and of how many the reasons differ; it gives these rows when asked.

        Raises
        ------
        DataIdSetDimensionsError
            If they have different dimensions.
        NoSuchDataIdSetError
            If there is no such set.
        """
        first, second = self._alike([a, b])
        rows = self._installation.rows(first.dimensions)
        reasons = self._installation.table(schema.REASON_TABLE)
        return Comparison(self._inside, rows, reasons, first, second)

    # ---- how they are made

    def _alike(self, sets: Iterable[Named]) -> list[DataIdSet]:
        named = [sets] if isinstance(sets, str | Reference | DataIdSet) else sets
        found = [self.find(each) for each in named]
        if not found:
            raise DataIdSetValueError("No set is named.", remedy="Name at least one.")
        wanted = ", ".join(found[0].dimensions.required)
        told = [
            Problem(
                code="dimensions_do_not_fit",
                where=str(each),
                message=f"It has {', '.join(each.dimensions.required)}; {found[0]} has {wanted}.",
                remedy="Project one to the dimensions of the other first.",
            )
            for each in found
            if each.dimensions.required != found[0].dimensions.required
        ]
        if told:
            raise DataIdSetDimensionsError(told)
        return found

    def _merged(self, parents: Sequence[DataIdSet]) -> sa.Select[Any]:
        """Select the data IDs of several sets, each as often as sets have it, with their reasons."""
        rows = self._installation.rows(parents[0].dimensions)
        return self._told(rows, parents[0].dimensions).where(rows.c.set_id.in_([parent.id for parent in parents]))

    def _with_reasons(self, condition: SetCondition, group: DimensionGroup) -> sa.Select[Any]:
        """Select a set's data IDs with their reasons; with fewer dimensions if `group` has fewer."""
        rows = condition.table_of_rows
        return self._told(rows, group).where(rows.c.set_id == condition.set_id)

    def _told(self, rows: sa.FromClause, group: DimensionGroup) -> sa.Select[Any]:
        reasons = self._installation.table(schema.REASON_TABLE)
        source = rows.outerjoin(reasons, sa.and_(reasons.c.set_id == rows.c.set_id, reasons.c.reason_id == rows.c.reason_id))
        return sa.select(*[rows.c[each] for each in sorted(group.required)], reasons.c.reason.label(REASON)).select_from(source)

    def _queried(
        self,
        name: str,
        parent: DataIdSet,
        group: DimensionGroup,
        conditions: Sequence[SetCondition],
        recipe: Mapping[str, Any],
        known: Mapping[str, Any],
        *,
        where: str,
        bind: Mapping[str, Any] | None = None,
    ) -> DataIdSet:
        """Make a set of the data IDs of a Butler query, with the reasons that the parent gives for them."""
        condition = conditions[0]
        self._installation.rows(group, create=True)
        with open_query(self._inside, conditions) as query, ExitStack() as stack:
            wanted = self._dimensions_met(condition, group)
            with mistakes_told(where="where", remedy="Write it as `butler query-data-ids --where` takes it."):
                narrowed = query.where(where, bind=dict(bind)) if bind else query.where(where) if where else query
                results = narrowed.join_dimensions(wanted).data_ids(wanted)
                selected: sa.FromClause | None = self._inside.selected_data_ids(query, results)
                if selected is None:  # Butler filters in Python what this query gives
                    table = DataIdTable.from_rows(results, universe=self._inside.universe, dimensions=wanted)
                    selected = stack.enter_context(staged(self._inside, table))
            repeats = wanted.required != group.required or bool(condition.path_to(group.names))
            selection = Selection(rows=self._given_reasons(selected, condition, wanted, group), repeats=repeats)
            return self._made(name, [parent], {**recipe, **self._left_out(condition)}, selection, known, group)

    def _given_reasons(
        self, selected: sa.FromClause, condition: SetCondition, wanted: DimensionGroup, group: DimensionGroup
    ) -> sa.Select[Any]:
        """Select the data IDs of a query with the reasons that a set has for them; what it excludes has none."""
        told = None
        if condition.role is Role.INCLUDE:
            fit = condition.require_fit(wanted.names)
            there = {each for each in wanted.names if each in selected.c}
            told = condition.reasons(self._inside, fit, there, self._installation.table(schema.REASON_TABLE))
        kept = [selected.c[each] for each in sorted(group.required)]
        if told is None:
            return sa.select(*kept, sa.cast(sa.null(), sa.Text).label(REASON))
        same = sa.and_(*[selected.c[each.name] == each for each in told.c if each.name != REASON])
        return sa.select(*kept, told.c[REASON].label(REASON)).select_from(selected.outerjoin(told, same))

    def _left_out(self, condition: SetCondition) -> dict[str, int]:
        """Count the set's data IDs that no Butler query gives, since they have no record yet."""
        if condition.role is Role.EXCLUDE:
            return {}
        rows = condition.table_of_rows
        lacking = pending_condition(self._inside, condition.dimensions, rows)
        select = sa.select(sa.func.count()).select_from(rows).where(rows.c.set_id == condition.set_id, lacking)
        with self._inside.reading() as connection:
            count = connection.execute(select).scalar_one()
        return {"pending_left_out": count} if count else {}

    def _made(
        self,
        name: str,
        parents: Sequence[DataIdSet],
        recipe: Mapping[str, Any],
        selection: Selection,
        known: Mapping[str, Any],
        group: DimensionGroup | None = None,
    ) -> DataIdSet:
        """Fill a new set from a selection."""
        group = group or parents[0].dimensions
        narrow = {} if all(each.access is Access.EVERYONE for each in parents) else {"access": Access.PRIVATE}
        chosen = described(self._inside, **{"source": ", ".join(map(str, parents)), **narrow, **known})
        header = {**chosen, "parents": [str(parent) for parent in parents], "recipe": dict(recipe)}
        if not self._inside.in_transaction:
            self._installation.rows(group, create=True)
        selection = replace(selection, may_be_pending=any(each.n_pending for each in parents))
        place = (self._inside, self._installation, self._headers)
        with refusals_told(), self._inside.transaction() as connection:
            version = fill(*place, connection, check_name(name), group, selection, header)
        return self.find(Reference(name, version))

    def _dimensions_met(self, condition: SetCondition, group: DimensionGroup) -> DimensionGroup:
        """Give the dimensions of a query in which a set meets others, translated if it must be."""
        path = condition.path_to(group.names)
        replaced = {path[0]} if path else set()
        return self._inside.universe.conform({*group.required, *(set(condition.dimensions.required) - replaced)})


def _plain(bind: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value if isinstance(value, int | float | str) else str(value) for key, value in (bind or {}).items()}
