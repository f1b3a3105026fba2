"""Which columns a file must have: its dimensions, what constants fill, what is the reason, and what is too much."""

from __future__ import annotations

__all__ = ("Layout", "Options", "contradiction", "extra", "lay_out", "make_options", "printable", "repeated")

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lsst.daf.butler import Dimension, DimensionGroup, DimensionUniverse

from .._columns import REASON, no_dimension, reason_column
from .._errors import Problem
from ._mistakes import Mistake, Mistakes
from ._values import check_reason, single


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the caller said of a file.

    Attributes
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.
    dimensions : `tuple` [`str`, ...] or `None`
        The dimensions, if they are known.
    constants : mapping
        Values of dimensions that the file lacks.
    reason : `str` or `None`
        The reason of rows without one.
    ignore : `frozenset` [`str`]
        Columns to leave out.
    limit_rows : `int`
        The most data IDs that are read.
    """

    universe: DimensionUniverse
    dimensions: tuple[str, ...] | None
    constants: Mapping[str, int | str]
    reason: str | None
    ignore: frozenset[str]
    limit_rows: int

    def with_document(self, dimensions: Sequence[str] | None, constants: Mapping[str, Any], mistakes: Mistakes) -> Options:
        """Add what a JSON document says of itself; it may not contradict the caller."""
        own, reason = _constants(constants, self.universe, mistakes, place="constants")
        for name, value in own.items():
            if self.constants.get(name, value) != value:
                mistakes.add(contradiction(name, value, self.constants[name]), f"constants.{name}")
        mistakes.check()
        return replace(
            self,
            dimensions=self.dimensions if self.dimensions is not None or dimensions is None else tuple(dimensions),
            constants={**self.constants, **own},
            reason=reason or self.reason,
        )


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How rows become data IDs.

    Attributes
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        The dimensions.
    columns : `tuple` [`tuple`, ...]
        Name, dimension, and constant or `None`, of each required dimension in alphabetical order.
    present : `frozenset` [`str`]
        Those that the file has columns of.
    reason_from : `str` or `None`
        The file's column of reasons.
    reason : `str` or `None`
        The reason of rows without one.
    """

    group: DimensionGroup
    columns: tuple[tuple[str, Dimension, int | str | None], ...]
    present: frozenset[str]
    reason_from: str | None
    reason: str | None

    def is_integer(self, name: str) -> bool:
        """Tell whether a dimension has whole numbers."""
        return self.group.universe.dimensions[name].primary_key.pytype is int


def make_options(
    *,
    universe: DimensionUniverse,
    dimensions: Iterable[str] | None,
    constants: Mapping[str, Any] | None,
    ignore: Collection[str],
    limit_rows: int,
    mistakes: Mistakes,
) -> Options:
    """Check what the caller said of a file."""
    checked, reason = _constants(constants or {}, universe, mistakes, place="constants")
    names = None if dimensions is None else tuple(dimensions)
    mistakes.check()
    return Options(
        universe=universe, dimensions=names, constants=checked, reason=reason, ignore=frozenset(ignore), limit_rows=limit_rows
    )


def printable(name: str) -> str:
    """Give a name as it can be shown: short, and without what no encoding has."""
    return name[:60].encode(errors="backslashreplace").decode()


def lay_out(columns: Sequence[str], options: Options, mistakes: Mistakes, *, place: str = "header") -> Layout:
    """Find out what a file's columns mean.

    Parameters
    ----------
    columns : sequence of `str`
        The file's columns.
    options : `Options`
        What the caller said.
    mistakes : `Mistakes`
        Where problems go.
    place : `str`, optional
        Where the columns were found.

    Raises
    ------
    DataIdFileError
        If a column is missing, unknown or twice there.
    """
    used = [name for name in columns if name not in options.ignore]
    for mistake in repeated(used):
        mistakes.add(mistake, place)
    reason_from = reason_column(used)
    group = _group([name for name in used if name != reason_from], options, mistakes, place)
    required = sorted(group.required)
    for name in used:
        if name not in required and name != reason_from:
            mistakes.add(extra(name, group), place)
    for name in options.constants:
        if name not in required:
            mistakes.add(extra(name, group), f"constants.{name}")
    for name in required:
        if name not in used and name not in options.constants:
            remedy = f"Add the column, or give it as a constant: {name}=..."
            mistakes.add(Mistake("missing_column", f"There are no values of {name}.", remedy), place)
    mistakes.check()
    return Layout(
        group=group,
        columns=tuple((name, options.universe.dimensions[name], options.constants.get(name)) for name in required),
        present=frozenset(required) & frozenset(used),
        reason_from=reason_from,
        reason=options.reason,
    )


def repeated(names: Sequence[str]) -> Iterator[Mistake]:
    """Say which names are there more than once."""
    counts = Counter(names)
    for name in sorted(name for name, count in counts.items() if count > 1):
        yield Mistake("repeated_column", f"There are {counts[name]} columns {printable(name)}.", "Keep one of them.")


def extra(name: str, group: DimensionGroup) -> Mistake:
    """Say that a column is no part of data IDs."""
    if name in group.names:
        told = f"{name} follows from the rest of a data ID of {', '.join(group.required)}, and is no part of it."
    else:
        told = f"{printable(name)} is no dimension of {', '.join(group.required)}."
    return Mistake("unknown_column", told, "Leave the column out, or have it ignored.")


def contradiction(name: str, value: object, constant: object) -> Mistake:
    """Say that a value is not the constant that was given."""
    told = f"{name} is {_short(value)} here, but the constant {_short(constant)} was given."
    return Mistake("contradicts_constant", told, "Leave out the constant or mend the file.")


def _short(value: object) -> str:
    return printable(repr(value))


def _group(found: Sequence[str], options: Options, mistakes: Mistakes, place: str) -> DimensionGroup:
    named = list(dict.fromkeys((*found, *options.constants) if options.dimensions is None else options.dimensions))
    known = options.universe.dimensions.names
    for name in named:
        if name not in known:
            problem: Problem = no_dimension(printable(name), options.universe)
            wanted = "dimensions" if options.dimensions is not None else place
            mistakes.add(Mistake(problem.code, problem.message, problem.remedy), wanted)
    if not named:
        remedy = "Name the dimensions, or give at least one data ID."
        mistakes.add(Mistake("no_dimensions", "Nothing says which dimensions these data IDs have.", remedy), place)
    mistakes.check()
    return options.universe.conform(named)


def _constants(
    given: Mapping[str, Any], universe: DimensionUniverse, mistakes: Mistakes, *, place: str
) -> tuple[dict[str, int | str], str | None]:
    """Check constants, and take the reason from among them."""
    checked: dict[str, int | str] = {}
    reason = None
    for name, value in given.items():
        try:
            if name == REASON:
                reason = check_reason(value)
            elif name not in universe.dimensions.names:
                problem = no_dimension(printable(str(name)), universe)
                mistakes.add(Mistake(problem.code, problem.message, problem.remedy), f"{place}.{printable(str(name))}")
            else:
                checked[name] = single(value, universe.dimensions[name])
        except Mistake as mistake:
            mistakes.add(mistake, f"{place}.{name}")
    return checked, reason
