"""Constants as command lines give them: ``instrument=LSSTCam``."""

from __future__ import annotations

__all__ = ("parse_constant", "parse_constants")

from collections.abc import Iterable

from lsst.daf.butler import DimensionUniverse

from .._columns import REASON, no_dimension
from .._errors import DataIdSetValueError, Problem
from ._layout import printable
from ._mistakes import Mistake
from ._values import check_reason, from_cell, single


def parse_constant(text: str, *, universe: DimensionUniverse) -> tuple[str, int | str]:
    """Take a constant apart.

    Parameters
    ----------
    text : `str`
        A dimension, or ``reason``, and its value with ``=`` between.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are; they say which values are numbers.

    Returns
    -------
    name : `str`
        The dimension.
    value : `int` or `str`
        Its value.

    Raises
    ------
    DataIdSetValueError
        If there is no such dimension, or the value is not one of its values.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    where = printable(text)
    if not sign or not name:
        raise DataIdSetValueError(
            Problem(
                code="invalid_constant", where=where, message="This is no constant.", remedy="Write it as instrument=LSSTCam."
            )
        )
    try:
        if name == REASON:
            return name, check_reason(value) or ""
        if name not in universe.dimensions.names:
            raise DataIdSetValueError(no_dimension(printable(name), universe, where=where))
        values = from_cell(value, universe.dimensions[name])
        if isinstance(values, list):
            raise Mistake("wrong_type", "A constant is one value, not several.", "Write lists and ranges into the file.")
        return name, single(values, universe.dimensions[name])
    except Mistake as mistake:
        problem = Problem(code=mistake.code, where=where, message=mistake.message, remedy=mistake.remedy)
        raise DataIdSetValueError(problem) from None


def parse_constants(texts: Iterable[str], *, universe: DimensionUniverse) -> dict[str, int | str]:
    """Take constants apart, and say all that is wrong with them.

    Parameters
    ----------
    texts : iterable of `str`
        Constants as for `parse_constant`.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.

    Returns
    -------
    constants : `dict` [`str`, `int` or `str`]
        The values by their dimensions.

    Raises
    ------
    DataIdSetValueError
        If one of them is wrong, or two contradict each other.
    """
    constants: dict[str, int | str] = {}
    problems: list[Problem] = []
    for text in texts:
        try:
            name, value = parse_constant(text, universe=universe)
        except DataIdSetValueError as error:
            problems.extend(error.problems)
            continue
        if constants.setdefault(name, value) != value:
            told = f"{name} is already {constants[name]!r}."
            problems.append(Problem(code="contradicts_constant", where=printable(text), message=told, remedy="Give it once."))
    if problems:
        raise DataIdSetValueError(problems)
    return constants
