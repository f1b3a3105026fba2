"""``butler upload-dataid-set``."""

from __future__ import annotations

__all__ = ("upload_dataid_set",)

import dataclasses
import datetime
import os
import re
import sys
from typing import IO, TYPE_CHECKING, Any

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator

from .._errors import DataIdFileError, DataIdSetValueError, Problem, UnknownDataIdsError
from ._command import SetsCommand
from ._opening import opened
from ._options import (
    chosen_access,
    constant_option,
    dimensions_option,
    format_option,
    ignore_column_option,
    json_option,
    new_set_options,
    repo_argument,
    source_file_argument,
    unknown_option,
)
from ._output import digits, echo_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .. import DataIdSet

_name_argument = MWArgumentDecorator("name", help="NAME is what the set shall be called, without a version.", required=True)


@click.command(
    cls=SetsCommand,
    short_help="Load a DataId file as a set.",
    examples=(
        "upload-dataid-set /repo/main demo/bad bad.csv --constant instrument=LSSTCam",
        "upload-dataid-set /repo/main u/ana/tonight list.json --unknown pending --expires 30d",
        "upload-dataid-set /repo/main demo/bad - --format csv --access private < bad.csv",
    ),
)
@repo_argument()
@_name_argument()
@source_file_argument()
@constant_option()
@dimensions_option(help="The dimensions; by default those that the file names, or its columns and the constants.")
@format_option()
@ignore_column_option()
@unknown_option()
@new_set_options()
@json_option()
def upload_dataid_set(
    *,
    repo: str,
    name: str,
    file: str,
    constants: tuple[str, ...],
    dimensions: tuple[str, ...],
    format_: str | None,
    ignore: tuple[str, ...],
    unknown: str,
    description: str,
    access: str | None,
    group: str | None,
    expires: datetime.datetime | None,
    as_json: bool,
) -> None:
    """Load the data IDs of a file into the registry, as the next version of a name.

    The file may be JSON, JSON Lines, CSV, ECSV, Parquet, VOTable, or text of one column, compressed by gzip or Zstandard. If
    anything is wrong with it, all of that is told with its lines and nothing is loaded. With its lists and ranges it may stand
    for 50,000,000 data IDs at most.
    """
    from ..files import parse_constants, read_data_ids

    with opened(repo, writeable=True) as sets:
        known: dict[str, Any] = {"format": format_, "dimensions": dimensions or None, "ignore": ignore, "universe": sets.universe}
        known["constants"] = parse_constants(constants, universe=sets.universe)
        try:
            table = read_data_ids(file, **known)
            made = sets.create(
                name,
                table,
                unknown=unknown,
                description=description,
                source=_source(file),
                access=chosen_access(access, group),
                group=group,
                expires=expires,
            )
        except DataIdFileError as error:
            # What is well is held against the registry, too, so that all is told at once.
            unknown_ones = None if error.good is None else sets.unknown(error.good, unknown)
            more = [] if unknown_ones is None else _placed(unknown_ones, file, known)
            raise DataIdFileError([*error.problems, *more]) from error
        except UnknownDataIdsError as error:
            raise DataIdSetValueError(_placed(error, file, known)) from error
    n_dropped = len(table) - made.n_rows
    if as_json:
        echo_json({**made.to_dict(), "dropped": n_dropped})
    else:
        _tell(made, n_dropped=n_dropped)


def _placed(error: UnknownDataIdsError, file: str, known: Mapping[str, Any]) -> list[Problem]:
    """Say in which lines of the file the unknown values are, in the order of these."""
    from ..files import places_of

    # Standard input is gone, unless it is a file.
    path = _begun_again() if file == "-" else file
    places = {} if path is None else places_of(path, error.keys.values(), **known)
    named = "standard input" if file == "-" else file
    told = []
    for problem in error.problems:
        place = places.get(error.keys.get(problem, ()))
        where = ", ".join((named, place, problem.where)) if place else problem.where
        told.append((_line(place), dataclasses.replace(problem, where=where)))
    return [problem for _, problem in sorted(told, key=lambda each: each[0])]


def _line(place: str | None) -> float:
    """Give a number to sort by: the first line; what has no line, such as the sum of all, comes last."""
    return float("inf") if place is None else int(re.findall("[0-9]+", place)[0])


def _begun_again() -> IO[bytes] | None:
    stream = None if sys.stdin is None else sys.stdin.buffer
    try:
        if stream is not None and stream.seekable():
            stream.seek(0)
            return stream
    except OSError:
        pass
    return None


def _source(file: str) -> str:
    """Say where the data IDs came from."""
    from ..files import is_elsewhere

    if file == "-":
        return "standard input"
    # Paths may have bytes that are no UTF-8.
    return file if is_elsewhere(file) else os.path.realpath(file).encode(errors="backslashreplace").decode()


def _tell(made: DataIdSet, *, n_dropped: int) -> None:
    click.echo(f"{made}: {digits(made.n_rows)} data IDs of {', '.join(made.dimensions.required)}, digest {made.digest[:12]}.")
    if n_dropped:
        click.echo(f"Of the file's data IDs left out: {digits(n_dropped)}, of which the registry has no records.")
    if made.n_pending:
        click.echo(f"Of these pending: {digits(made.n_pending)}, until the registry has records of them.")
