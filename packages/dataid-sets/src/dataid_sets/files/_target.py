"""What the readers of all formats have in common: how they are called, and where their rows go.

Rows become data IDs, whose columns are dimensions, or stay columns of any names; a reader need not know which.
"""

from __future__ import annotations

__all__ = ("DataIds", "FormatReader", "Gatherer", "Target")

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol

from .._columns import REASON, reason_column
from ._collector import Collector
from ._layout import Options, lay_out
from ._mistakes import Mistake, Mistakes
from ._source import Source


class Gatherer(Protocol):
    """Takes rows."""

    @property
    def used(self) -> Mapping[str, str]:
        """Which of the file's columns are taken, and what each is to be called (mapping of `str` to `str`)."""

    @property
    def known(self) -> Set[str]:
        """What a row may have, by these names (set of `str`)."""

    @property
    def wants_lines(self) -> bool:
        """Whether whole columns come only with their lines (`bool`)."""

    def kind(self, name: str) -> type | None:
        """Give what a column holds, `int` or `str`; `None` if it may be either."""

    def unknown(self, name: str) -> Mistake:
        """Say that a row has what it may not have."""

    def add_arrays(self, columns: Mapping[str, Any], *, n_rows: int, strip: bool = False, first_line: int | None = None) -> bool:
        """Add rows from whole columns; `False`, and nothing is added, if they are to be looked at row by row."""

    def add_row(self, row: Mapping[str, Any], read: Any, *, line: int | None = None) -> list[tuple[str, Mistake]]:
        """Add a row, and give what is wrong with it, by its columns."""

    def finish(self) -> Any:
        """Give all rows, or raise `DataIdFileError`."""


class Target(Protocol):
    """Where rows go."""

    @property
    def limit_rows(self) -> int:
        """The most rows (`int`)."""

    def begin(self, names: Sequence[str], mistakes: Mistakes, *, place: str = "header") -> Gatherer:
        """Begin with a table of these columns."""

    def begin_objects(self, names: Sequence[str], mistakes: Mistakes, *, place: str) -> Gatherer:
        """Begin with objects, the first of which has these names."""

    def begin_nothing(self, mistakes: Mistakes) -> Gatherer:
        """Begin with objects, of which there are none."""

    def begin_text(self, mistakes: Mistakes) -> tuple[Gatherer, str]:
        """Begin with a text of one column; gives also what that is called."""

    def named(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        """Leave out of an object what is to be ignored, and give the rest the names that a gatherer knows."""

    def with_document(self, dimensions: Sequence[str] | None, constants: Mapping[str, Any], mistakes: Mistakes) -> Target:
        """Add what a JSON document says of all its rows."""


class FormatReader(Protocol):
    """Reads the files of one format."""

    def __call__(self, source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
        """Read a file.

        Parameters
        ----------
        source : `Source`
            The file.
        target : `Target`
            Where its rows go.
        mistakes : `Mistakes`
            Where problems go.

        Returns
        -------
        gathered : `Gatherer`
            The rows.

        Raises
        ------
        Mistake
            If the file is damaged, empty, or too large.
        DataIdFileError
            If it cannot be read any further; this and all before is told.
        """


@dataclass(frozen=True)
class DataIds:
    """Makes data IDs of rows.

    Parameters
    ----------
    options : `Options`
        What the caller said of the file.
    """

    options: Options

    @property
    def limit_rows(self) -> int:
        """The most data IDs (`int`)."""
        return self.options.limit_rows

    def begin(self, names: Sequence[str], mistakes: Mistakes, *, place: str = "header") -> Collector:
        """Begin with a table of these columns."""
        return Collector(lay_out(names, self.options, mistakes, place=place), self.options, mistakes)

    def begin_objects(self, names: Sequence[str], mistakes: Mistakes, *, place: str) -> Collector:
        """Begin with objects, the first of which has these names."""
        if self.options.dimensions is not None:
            # What is missing or too much differs from row to row, and is told there.
            named = self._dimensions()
            names = list(self.options.universe.conform(named).required) if len(named) == len(self.options.dimensions) else []
        return self.begin(names, mistakes, place=place or "dimensions")

    def begin_nothing(self, mistakes: Mistakes) -> Collector:
        """Begin with objects, of which there are none: constants alone do not say which dimensions they would have."""
        if self.options.dimensions is None:
            remedy = "Name the dimensions, or give at least one data ID."
            told = "There are no data IDs, and nothing says which dimensions they would have."
            raise mistakes.fail(Mistake("no_dimensions", told, remedy), "dimensions")
        return self.begin_objects((), mistakes, place="dimensions")

    def begin_text(self, mistakes: Mistakes) -> tuple[Collector, str]:
        """Begin with a text of one column; gives also its dimension."""
        if self.options.dimensions is None:
            remedy = "Name the dimension, and give the others as constants."
            raise Mistake("no_dimensions", "A file of one column does not say which dimension it has.", remedy)
        named = self._dimensions()
        required = self.options.universe.conform(named).required
        free = [name for name in required if name not in self.options.constants]
        if len(named) == len(self.options.dimensions) and len(free) != 1:
            told = f"A file of one column has values of one dimension, not of {', '.join(free) or 'none'}."
            raise Mistake("missing_column", told, "Give all the others as constants.")
        return self.begin(free, mistakes, place="dimensions"), free[0]

    def _dimensions(self) -> list[str]:
        return [name for name in self.options.dimensions or () if name in self.options.universe.dimensions.names]

    def named(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        """Leave out what is to be ignored, and give the reason its name."""
        # A document that came from elsewhere than JSON may have names that are no text.
        kept = {str(name): value for name, value in row.items() if name not in self.options.ignore}
        reason = reason_column(kept)
        if reason is not None and reason != REASON:
            kept[REASON] = kept.pop(reason)
        return kept

    def with_document(self, dimensions: Sequence[str] | None, constants: Mapping[str, Any], mistakes: Mistakes) -> DataIds:
        """Add what a JSON document says of itself; it may not contradict the caller."""
        return DataIds(self.options.with_document(dimensions, constants, mistakes))
