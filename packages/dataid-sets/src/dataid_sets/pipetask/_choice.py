"""The sets that a command line names."""

from __future__ import annotations

__all__ = ("SetChoice",)

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler
from lsst.utils.logging import getLogger

from .._conditions import Rule, SetCondition
from .._errors import DataIdSetError, DataIdSetValueError, Problem
from .._existence import absent_rows
from .._internals import Inside
from .._sets import DataIdSets
from .._table import DataIdTable
from ..files import parse_constants, read_data_ids

# Commands show what loggers below `lsst` say, and of others only warnings.
_LOG = getLogger("lsst.dataid_sets")
_TOLD = 5
"""How many unknown keys a warning names."""


@dataclass(frozen=True, kw_only=True)
class SetChoice:
    """What a command line says of sets.

    Attributes
    ----------
    include, exclude : `tuple` [`str`, ...]
        Sets of the registry.
    include_files, exclude_files : `tuple` [`str`, ...]
        DataId files.
    constants : `tuple` [`str`, ...]
        Values of dimensions that files lack, as ``instrument=HSC``.
    rule, visit_system : `str`, `int` or `None`
        How exposures and visits stand for each other.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include_files: tuple[str, ...] = ()
    exclude_files: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    rule: str = Rule.ANY.value
    visit_system: int | None = None

    def __bool__(self) -> bool:
        """Tell whether there are any sets."""
        return bool(self.include or self.exclude or self.include_files or self.exclude_files)

    def conditions(self, butler: Butler) -> list[SetCondition]:
        """Look up the sets and read the files.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            The Butler.

        Returns
        -------
        conditions : `list` [`SetCondition`]
            Sets have the versions that are the newest now, where none is named.

        Raises
        ------
        DataIdSetError
            If anything is wrong; all that is found in sets and files is told at once.
        """
        if not self:
            return []
        sets = DataIdSets(butler)
        problems: list[Problem] = []
        constants = _collected(problems, lambda: parse_constants(self.constants, universe=sets.universe)) or {}
        found = {
            "include": [*self._sets(sets, self.include, problems), *_files(sets, self.include_files, constants, problems)],
            "exclude": [*self._sets(sets, self.exclude, problems), *_files(sets, self.exclude_files, constants, problems)],
        }
        if problems:
            raise DataIdSetValueError(problems)
        return sets.conditions(**found, rule=self.rule, visit_system=self.visit_system)

    @staticmethod
    def _sets(sets: DataIdSets, names: Iterable[str], problems: list[Problem]) -> Iterator[Any]:
        for name in names:
            one = _collected(problems, lambda name=name: sets.find(name))
            if one is not None:
                _LOG.info("%s: %s data IDs of %s.", one, f"{one.n_rows:,}", ", ".join(one.dimensions.required))
                yield one


def _files(
    sets: DataIdSets, files: Iterable[str], constants: Mapping[str, int | str], problems: list[Problem]
) -> Iterator[tuple[str, DataIdTable]]:
    for file in files:
        table = _collected(problems, lambda file=file: read_data_ids(file, universe=sets.universe, constants=constants))
        if table is not None:
            label = "standard input" if file == "-" else str(Path(file).absolute())
            _warn_of_unknown(Inside(sets.butler), label, table, problems)
            yield label, table


def _warn_of_unknown(inside: Inside, label: str, table: DataIdTable, problems: list[Problem]) -> None:
    """Tell of data IDs without a record: they would exclude nothing, and nobody would see it.

    A set is checked when it is made; a file only here. An unknown instrument is a mistake, an unknown visit may be one to come.
    """
    absent = absent_rows(inside, table)
    problems.extend(absent.governors.problems())
    if absent.others:
        few = "; ".join(each.where for each in absent.others.problems(_TOLD)[:_TOLD])
        many = f" and {len(absent.others) - _TOLD:,} more" if len(absent.others) > _TOLD else ""
        _LOG.warning("%s: the registry has no records of %s%s; rows with them have no effect.", label, few, many)


def _collected(problems: list[Problem], look: Any) -> Any:
    """Call a function; if it says what is wrong, keep that and give `None`."""
    try:
        return look()
    except DataIdSetError as error:
        problems.extend(error.problems)
        return None
