"""What columns mean: which dimension each of them is, or helps to find."""

from __future__ import annotations

__all__ = ("Plan", "Use", "make_plan")

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lsst.daf.butler import Dimension, DimensionGroup, DimensionUniverse

from .._columns import REASON, no_dimension, reason_column
from .._errors import DataIdSetValueError, Problem
from ..files._layout import printable

_KEY_TYPES = (int, str)


@dataclass(frozen=True)
class Use:
    """What a column is used for.

    Attributes
    ----------
    column : `str`
        The column or constant, as it was given.
    element : `str`
        The dimension that it tells.
    field : `str`
        What it is of the dimension's records: the dimension's own name for the primary key, else an alternate key, another
        field, or a dimension that the record implies.
    kind : `type`
        `int` or `str`.
    """

    column: str
    element: str
    field: str
    kind: type

    @property
    def is_primary(self) -> bool:
        """Whether this is the dimension's primary key (`bool`)."""
        return self.field == self.element


@dataclass(frozen=True)
class Plan:
    """How columns become data IDs.

    Attributes
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        The dimensions of the data IDs.
    uses : `dict` [`str`, `list` [`Use`]]
        For each required dimension, in an order in which each comes after those it depends on, what tells it.
    reason : `str` or `None`
        The column of reasons.
    """

    group: DimensionGroup
    uses: dict[str, list[Use]]
    reason: str | None


def make_plan(
    columns: Sequence[str],
    constants: Collection[str],
    *,
    to: DimensionGroup | Iterable[str] | None,
    universe: DimensionUniverse,
) -> Plan:
    """Find out what columns and constants mean.

    Parameters
    ----------
    columns, constants : collection of `str`
        Their names; ``obs_id`` or ``exposure.obs_id``.
    to : `DimensionGroup` or iterable of `str`, or `None`
        The dimensions that are wanted; by default those that the names tell.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.

    Raises
    ------
    DataIdSetValueError
        If a name means nothing or several things, or nothing tells a dimension.
    """
    reason = reason_column(columns)
    names = [name for name in (*columns, *constants) if name not in (reason, REASON)]
    problems = [
        Problem(
            code="repeated_column",
            where=name,
            message=f"{name} is a column and a constant, too.",
            remedy="Leave out one of them.",
        )
        for name in constants
        if name in columns and name != REASON
    ]
    meanings: dict[str, list[Use]] = {}
    for name in names:
        meanings[name] = _meanings(name, universe)
        if not meanings[name]:
            problems.append(_unknown(name, universe))
    group = _wanted(to, universe) if to is not None else _inferred(meanings, universe, problems)
    if problems:
        raise DataIdSetValueError(problems)
    uses: dict[str, list[Use]] = {name: [] for name in group.required}
    for name, possible in meanings.items():
        for use in _chosen(name, possible, group, problems):
            uses[use.element].append(use)
    problems.extend(_uncovered(uses, universe))
    if problems:
        raise DataIdSetValueError(problems)
    return Plan(group, uses, reason)


def _fields(dimension: Dimension) -> dict[str, type]:
    """Give the fields of a dimension's records that can tell it, and their types."""
    if not dimension.has_own_table:
        return {}
    own = {field.name: field.pytype for field in dimension.schema.remainder if field.pytype in _KEY_TYPES}
    implied = {name: dimension.universe.dimensions[name].primary_key.pytype for name in dimension.implied.names}
    return {**own, **implied}


def _meanings(name: str, universe: DimensionUniverse) -> list[Use]:
    """Give all that a name can mean, a primary key first."""
    dimensions = universe.dimensions
    if name in dimensions.names:
        primary = Use(name, name, name, dimensions[name].primary_key.pytype)
        return [
            primary,
            *(Use(name, other.name, name, primary.kind) for other in _tables(universe) if name in other.implied.names),
        ]
    element, dot, field = name.partition(".")
    if not dot:
        return [Use(name, each.name, name, _fields(each)[name]) for each in _tables(universe) if name in _fields(each)]
    if element not in dimensions.names:
        return []
    dimension = dimensions[element]
    if field in (element, dimension.primary_key.name):
        return [Use(name, element, element, dimension.primary_key.pytype)]
    return [Use(name, element, field, _fields(dimension)[field])] if field in _fields(dimension) else []


def _tables(universe: DimensionUniverse) -> list[Dimension]:
    return [dimension for dimension in universe.dimensions if dimension.has_own_table]


def _unknown(name: str, universe: DimensionUniverse) -> Problem:
    shown = printable(name)
    last = name.rpartition(".")[2]
    for dimension in _tables(universe):
        odd = {field.name for field in dimension.schema.remainder} - _fields(dimension).keys()
        if last in odd and name in (last, f"{dimension.name}.{last}"):
            told = f"{shown} cannot tell data apart: only whole numbers and text can."
            return Problem(code="unusable_column", where=shown, message=told, remedy="Have it ignored.")
    known = sorted(
        {*(each.name for each in _tables(universe)), *(field for each in _tables(universe) for field in _fields(each))}
    )
    close = difflib.get_close_matches(last, known, n=1)
    told = f"{shown} is neither a dimension nor a field of one."
    remedy = (f"Did you mean {close[0]}? " if close else "") + "Leave the column out, or have it ignored."
    return Problem(code="unknown_column", where=shown, message=told, remedy=remedy)


def _wanted(to: DimensionGroup | Iterable[str], universe: DimensionUniverse) -> DimensionGroup:
    if isinstance(to, DimensionGroup):
        return to
    named = [to] if isinstance(to, str) else list(to)
    problems = [no_dimension(printable(name), universe, where="to") for name in named if name not in universe.dimensions.names]
    if not named:
        problems.append(Problem(code="no_dimensions", where="to", message="No dimension is named."))
    if problems:
        raise DataIdSetValueError(problems)
    return universe.conform(named)


def _inferred(meanings: dict[str, list[Use]], universe: DimensionUniverse, problems: list[Problem]) -> DimensionGroup:
    """Find the dimensions by the names: those that mean one thing decide what the others mean."""
    firm = {uses[0].element for uses in meanings.values() if len(uses) == 1 or (uses and uses[0].is_primary)}
    for name, uses in meanings.items():
        possible = [use for use in uses if use.element in firm]
        if len(uses) > 1 and not uses[0].is_primary and len(possible) != 1:
            problems.append(_ambiguous(name, possible or uses))
    if not firm and not problems:
        problems.append(
            Problem(code="no_dimensions", message="There are no columns that tell data IDs.", remedy="Say what is wanted.")
        )
    return universe.conform(firm)


def _ambiguous(name: str, uses: list[Use]) -> Problem:
    choices = " or ".join(f"{use.element}.{use.field}" for use in uses)
    remedy = f"Say which dimensions are wanted ({' or '.join(use.element for use in uses)}), or call the column so."
    return Problem(code="ambiguous_column", where=name, message=f"{name} may be {choices}.", remedy=remedy)


def _chosen(name: str, possible: list[Use], group: DimensionGroup, problems: list[Problem]) -> list[Use]:
    """Decide what a name means where certain dimensions are wanted."""
    fitting = [use for use in possible if use.element in group.required]
    if not fitting:
        elements = ", ".join(dict.fromkeys(use.element for use in possible))
        told = f"{name} tells {elements}, but what is wanted are data IDs of {', '.join(group.required)}."
        problems.append(Problem(code="unwanted_column", where=name, message=told, remedy="Have it ignored, or want that, too."))
        return []
    if fitting[0].is_primary:
        return fitting[:1]
    # A day or a group is the same for all whose records imply it; a number or a name is not.
    if len(fitting) > 1 and not possible[0].is_primary:
        problems.append(_ambiguous(name, fitting))
        return []
    return fitting


def _uncovered(uses: dict[str, list[Use]], universe: DimensionUniverse) -> Iterable[Problem]:
    """Find dimensions that nothing tells; the governors are the caller's matter."""
    for name, found in uses.items():
        primaries = [use.column for use in found if use.is_primary]
        if len(primaries) > 1:
            told = f"{' and '.join(primaries)} are the same."
            yield Problem(code="repeated_column", where=primaries[1], message=told, remedy="Keep one of them.")
        if found or name in universe.governor_dimensions.names:
            continue
        dimension = universe.dimensions[name]
        keys = [key.name for key in dimension.alternate_keys] if dimension.has_own_table else []
        rest = [key for key in (_fields(dimension)) if key not in keys]
        remedy = f"Add a column {' or '.join([name, *keys])}" + (f", or some of {', '.join(rest)}." if rest else ".")
        yield Problem(code="missing_column", where=name, message=f"Nothing tells the {name}.", remedy=remedy)
