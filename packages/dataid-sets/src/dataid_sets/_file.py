"""Reading DataId files in JSON: the list, and the object with constants.

Notes
-----
Only the form is checked here: that the dimensions exist and belong together, and that values have their dimension's type.
Whether a data ID exists is the registry's to say.
"""

from __future__ import annotations

__all__ = ("DataIdFileError", "DataIdProblem", "DataIdRows", "parse_data_ids", "read_data_id_file")

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsst.daf.butler import Dimension, DimensionGroup, DimensionUniverse

REASON = "reason"
_FIELDS = ("dimensions", "constants", "data_ids")

Value = int | str


@dataclass(frozen=True)
class DataIdProblem:
    """One thing that is wrong in a DataId file.

    Attributes
    ----------
    where : `str`
        The place, such as ``data_ids[3].visit``.
    message : `str`
        What is wrong, and what to do about it.
    """

    where: str
    message: str


class DataIdFileError(ValueError):
    """A DataId file has mistakes; all of them are in ``problems``.

    Parameters
    ----------
    problems : `list` [`DataIdProblem`]
        The mistakes, in the order of the file.
    """

    def __init__(self, problems: list[DataIdProblem]) -> None:
        super().__init__("\n".join(f"{problem.where}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class DataIdRows:
    """The rows of a DataId file, in its order.

    Attributes
    ----------
    dimensions : `lsst.daf.butler.DimensionGroup`
        What every row has values for, with all that follows from it.
    data_ids : `tuple` [`dict` [`str`, `int` or `str`], ...]
        The required dimensions of each row.
    reasons : `tuple` [`str` or `None`, ...]
        Why each row is listed.
    """

    dimensions: DimensionGroup
    data_ids: tuple[dict[str, Value], ...]
    reasons: tuple[str | None, ...]


def read_data_id_file(path: str | Path, *, universe: DimensionUniverse) -> DataIdRows:
    """Read a DataId file.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        A JSON file.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.

    Returns
    -------
    rows : `DataIdRows`
        The rows.

    Raises
    ------
    DataIdFileError
        If it is not JSON, or has mistakes.
    """
    try:
        document = json.loads(Path(path).read_bytes(), object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise DataIdFileError([DataIdProblem(where, f"this is not valid JSON: {error.msg}")]) from None
    except RecursionError:
        raise DataIdFileError([DataIdProblem(str(path), "this is nested too deeply for a DataId file")]) from None
    except ValueError as error:
        # Not UTF-8, a key given twice, or a number of thousands of digits.
        raise DataIdFileError([DataIdProblem(str(path), f"this is not valid JSON: {error}")]) from None
    return parse_data_ids(document, universe=universe)


def parse_data_ids(document: Any, *, universe: DimensionUniverse) -> DataIdRows:
    """Check the document of a DataId file.

    Parameters
    ----------
    document : `typing.Any`
        A list of data-ID objects, or an object with ``dimensions`` (optional), ``constants`` (optional) and ``data_ids``.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.

    Returns
    -------
    rows : `DataIdRows`
        The rows.

    Raises
    ------
    DataIdFileError
        If it has mistakes.
    """
    problems: list[DataIdProblem] = []
    listed, constants, named = _parts(document, problems)
    if problems:
        raise DataIdFileError(problems)
    if named is None:
        named = sorted({name for row in (constants, *listed) if isinstance(row, dict) for name in row if name != REASON})
    prefix = "data_ids" if isinstance(document, dict) else ""
    unknown = [name for name in named if name not in universe.dimensions.names]
    problems.extend(DataIdProblem("dimensions", _no_dimension(name, universe)) for name in unknown)
    if not named and not problems:
        problems.append(DataIdProblem("dimensions", "no dimension is named; give `dimensions`, or at least one data ID"))
    if problems:
        raise DataIdFileError(problems)
    group = universe.conform(named)
    data_ids, reasons = [], []
    for index, row in enumerate(listed):
        where = f"{prefix}[{index}]"
        if not isinstance(row, dict):
            problems.append(DataIdProblem(where, "a data ID is an object of dimension names and values"))
            continue
        data_id, reason = _row({**constants, **row}, where, group, problems)
        data_ids.append(data_id)
        reasons.append(reason)
    if problems:
        raise DataIdFileError(problems)
    return DataIdRows(group, tuple(data_ids), tuple(reasons))


class _RepeatedKeyError(ValueError):
    """An object has a key twice."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RepeatedKeyError(f"an object has the key {twice!r} twice")
    return found


def _parts(document: Any, problems: list[DataIdProblem]) -> tuple[list[Any], dict[str, Any], list[str] | None]:
    """Take the document apart: its rows, its constants, and its dimensions where it names them."""
    if isinstance(document, list):
        return document, {}, None
    if not isinstance(document, Mapping):
        problems.append(DataIdProblem("file", "a DataId file is a list of data IDs, or an object with `data_ids`"))
        return [], {}, None
    told = f"there is no such field; known are {', '.join(_FIELDS)}"
    problems.extend(DataIdProblem(name, told) for name in document if name not in _FIELDS)
    listed, constants, named = document.get("data_ids"), document.get("constants", {}), document.get("dimensions")
    if not isinstance(listed, list):
        problems.append(DataIdProblem("data_ids", "this must be a list of data IDs"))
    if not isinstance(constants, dict):
        problems.append(DataIdProblem("constants", "this must be an object of dimension names and values"))
    if named is not None and not (isinstance(named, list) and all(isinstance(name, str) for name in named)):
        problems.append(DataIdProblem("dimensions", "this must be a list of names"))
    return listed or [], constants, named


def _row(
    row: dict[str, Any], where: str, group: DimensionGroup, problems: list[DataIdProblem]
) -> tuple[dict[str, Value], str | None]:
    reason = row.pop(REASON, None)
    if reason is not None and not isinstance(reason, str):
        problems.append(DataIdProblem(f"{where}.{REASON}", "a reason is text"))
    data_id: dict[str, Value] = {}
    for name in group.required:
        if name not in row:
            problems.append(DataIdProblem(where, f"the value of {name} is missing; give it here or among the constants"))
        else:
            _check(row[name], group.universe.dimensions[name], f"{where}.{name}", problems)
            data_id[name] = row[name]
    for name in row:
        if name not in group.required:
            told = f"{name} is no primary key of data IDs of {', '.join(group.required)}"
            problems.append(DataIdProblem(f"{where}.{name}", told))
    return data_id, reason


def _check(value: Any, dimension: Dimension, where: str, problems: list[DataIdProblem]) -> None:
    wanted = dimension.primary_key.pytype
    # JSON's truth values are numbers to Python, but not to people.
    if not isinstance(value, wanted) or isinstance(value, bool):
        noun = "a number" if wanted is int else "text"
        problems.append(DataIdProblem(where, f"{dimension.name} takes {noun}, not {json.dumps(value)[:60]}"))


def _no_dimension(name: str, universe: DimensionUniverse) -> str:
    close = difflib.get_close_matches(name, universe.dimensions.names, n=1)
    return f"there is no dimension {name}" + (f"; did you mean {close[0]}?" if close else "")
