"""Querying a Butler under sets; `DataIdSets` has it."""

from __future__ import annotations

__all__ = ("Listed", "SetQuerying")

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from lsst.daf.butler.queries import Query

from ._conditions import Role, Rule, SetCondition, require_visit_system
from ._part import SetsPart
from ._query import open_query
from ._record import DataIdSet, Reference, choice
from ._rows import as_table

Listed: TypeAlias = Any
"""A set by name, name and version or itself; or data IDs in any form that `DataIdSets.create` takes, or a label and these."""


class SetQuerying(SetsPart):
    """Querying a Butler under sets; `DataIdSets` has it."""

    @contextmanager
    def query(
        self,
        *,
        include: Iterable[Listed] = (),
        exclude: Iterable[Listed] = (),
        rule: Rule | str = Rule.ANY,
        visit_system: int | None = None,
    ) -> Iterator[Query]:
        """Open a Butler query that sees only data IDs that are in, or not in, sets.

        Parameters
        ----------
        include, exclude : iterable of `str`, `DataIdSet`, or data IDs, optional
            Sets by name or name and version, or data IDs in any form that `create` takes; these become temporary tables. A data
            ID stays if it is in all that are included, and in none that is excluded.
        rule : `Rule` or `str`, optional
            Where a set of exposures meets a query for visits: whether a visit counts as listed if any of its exposures is, or if
            all are; and the same the other way round.
        visit_system : `int`, optional
            The visit system whose definitions count; by default those of all.

        Yields
        ------
        query : `lsst.daf.butler.queries.Query`
            As `lsst.daf.butler.Butler.query` gives it.

        Raises
        ------
        NoSuchDataIdSetError
            If a set does not exist.
        DataIdSetDimensionsError
            When a query is run whose dimensions a set does not fit, even translated.
        DataIdSetConflictError
            At the block's end, if a set was removed meanwhile or may no longer be read: results may be wrong.
        """
        chosen = self.conditions(include=include, exclude=exclude, rule=rule, visit_system=visit_system)
        with open_query(self._inside, chosen) as query:
            self._headers.require_there(chosen)
            yield query
            self._headers.require_there(chosen)

    def conditions(
        self,
        *,
        include: Iterable[Listed] = (),
        exclude: Iterable[Listed] = (),
        rule: Rule | str = Rule.ANY,
        visit_system: int | None = None,
    ) -> list[SetCondition]:
        """Give the conditions of a query.

        Parameters
        ----------
        include, exclude, rule, visit_system
            As for `query`.

        Returns
        -------
        conditions : `list` [`SetCondition`]
            One for each set or list of data IDs, those included first. A set without a version has the newest of now.

        Raises
        ------
        DataIdSetValueError
            If a rule, a visit system or data IDs are not valid.
        NoSuchDataIdSetError
            If a set does not exist.
        """
        rule, system = choice(Rule, rule, where="rule"), require_visit_system(self._inside, visit_system)
        given = [(Role.INCLUDE, each) for each in include] + [(Role.EXCLUDE, each) for each in exclude]
        return [self._condition(role, each, rule, system) for role, each in given]

    def require_there(self, conditions: Iterable[SetCondition]) -> None:
        """See that sets in use can still be read: a set without rows excludes nothing, and nobody would notice.

        Parameters
        ----------
        conditions : iterable of `SetCondition`
            The conditions of a query.

        Raises
        ------
        DataIdSetConflictError
            If a set was removed, or its owner no longer lets the caller read it.
        """
        self._headers.require_there(conditions)

    def _condition(self, role: Role, listed: Listed, rule: Rule, visit_system: int | None) -> SetCondition:
        if isinstance(listed, str | DataIdSet | Reference):
            return self._condition_of(self.find(listed), role, rule=rule, visit_system=visit_system)
        label, listed = listed if isinstance(listed, tuple) else ("the data IDs given", listed)
        table = as_table(listed, universe=self.universe)
        return SetCondition(
            role=role,
            label=label,
            dimensions=table.dimensions,
            digest=table.digest,
            n_rows=len(table),
            table=table,
            rule=rule,
            visit_system=visit_system,
        )

    def _condition_of(
        self, found: DataIdSet, role: Role = Role.INCLUDE, *, rule: Rule = Rule.ANY, visit_system: int | None = None
    ) -> SetCondition:
        """Give the condition that a set of the registry makes."""
        return SetCondition(
            role=role,
            label=str(found),
            dimensions=found.dimensions,
            digest=found.digest,
            n_rows=found.n_rows,
            rows=self._installation.rows(found.dimensions),
            set_id=found.id,
            rule=rule,
            visit_system=visit_system,
        )
