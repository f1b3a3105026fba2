"""``butler convert-dataids``."""

from __future__ import annotations

__all__ = ("convert_dataids",)

from collections.abc import Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator, split_commas

from .._errors import DataIdSetValueError, Problem, shortened
from ._command import MOST_TOLD, SetsCommand
from ._opening import opened
from ._options import FORMATS, constant_option, format_option, ignore_column_option, json_option, repo_argument
from ._output import digits, echo_json, one_line

if TYPE_CHECKING:
    from lsst.daf.butler import DimensionUniverse

    from .. import DataIdSets
    from ..convert import Conversion

_file_argument = MWArgumentDecorator("file", help="FILE is the file of keys; - is standard input.", required=True)
_out_argument = MWArgumentDecorator("out", help="OUT is the DataId file to write; - is standard output.", required=True)
_HEADERS_TO = ("exposure", "detector")
_MOST_DIGITS = 100
"""Longer texts Python may refuse to take for numbers."""


@click.command(
    cls=SetsCommand,
    short_help="Turn names, numbers and headers into data IDs.",
    examples=(
        "convert-dataids /repo/main observations.csv bad.csv --to exposure,detector --constant instrument=LSSTCam",
        "convert-dataids /repo/main days-and-numbers.csv bad.csv --to exposure --constant instrument=LSSTCam",
        "convert-dataids /repo/main names.txt - --column obs_id --out-format csv --problems problems.csv",
        "convert-dataids /repo/main raws.txt raws.parquet --headers",
    ),
)
@repo_argument()
@_file_argument()
@_out_argument()
@click.option(
    "--to",
    "dimensions",
    multiple=True,
    callback=split_commas,
    metavar="TEXT",
    help="The dimensions that are wanted, with commas between; by default the columns tell.",
)
@constant_option(help="What is the same in all rows, as instrument=LSSTCam; by any name that a column could have.")
@ignore_column_option()
@click.option("--multiple", is_flag=True, help="Let a row stand for all that it fits, as a raft for its detectors.")
@click.option("--headers", is_flag=True, help="FILE is a FITS file or a header in YAML or JSON, or a text of their paths.")
@click.option("--column", help="What the lines of a text FILE are, as obs_id.")
@format_option(help="The format of FILE; by default that of its suffix.")
@click.option(
    "--out-format",
    type=click.Choice([name for name in FORMATS if name != "text"]),
    help="The format of OUT; by default that of its suffix.",
)
@click.option("--problems", metavar="FILE", help="The CSV or ECSV file for what cannot be converted; the rest goes to OUT.")
@json_option()
def convert_dataids(
    *,
    repo: str,
    file: str,
    out: str,
    dimensions: tuple[str, ...],
    constants: tuple[str, ...],
    ignore: tuple[str, ...],
    multiple: bool,
    headers: bool,
    column: str | None,
    format_: str | None,
    out_format: str | None,
    problems: str | None,
    as_json: bool,
) -> None:
    """Turn what people know data by into data IDs: names of observations, days and numbers, names of detectors, headers.

    Columns are dimensions, or fields of their records (obs_id, seq_num, full_name, or visit.name); day_obs and seq_num tell
    exposures with --to exposure. Without --problems, nothing is written if a row cannot be converted; with it, the rest is
    written, and the exit code is still 1. Rows with the data ID of another are told of, and do no harm.
    """
    from ..files import write_data_ids

    if as_json and out == "-":
        raise click.UsageError("--json and standard output as OUT do not go together; see --out-format.")
    if headers and (constants or ignore or multiple or column or format_):
        raise click.UsageError("--headers takes no --constant, --ignore-column, --multiple, --column or --format.")
    options = {"to": dimensions or None, "multiple": multiple}
    with opened(repo) as sets:
        if headers:
            conversion = sets.convert_headers(_paths(file), to=dimensions or _HEADERS_TO)
        else:
            given = {"format": format_, "column": column, "ignore": ignore}
            conversion = _converted(sets, file, given=given, constants=constants, options=options)
        _warn(conversion)
        if problems is None:
            conversion.raise_for_problems()
        else:
            conversion.save_problems(problems)
        write_data_ids(conversion.table, out, format=out_format)
    _tell(conversion, out=out, problems=problems, as_json=as_json)
    if not conversion.ok:
        raise click.exceptions.Exit(1)


def _converted(
    sets: DataIdSets, file: str, *, given: dict[str, Any], constants: Iterable[str], options: dict[str, Any]
) -> Conversion:
    from ..files import read_columns

    keys = read_columns(file, **given)
    fixed = {**keys.constants, **_constants(constants, sets.universe)}
    options = {**options, "to": options["to"] or keys.dimensions}
    return sets.convert(keys.data, constants=fixed, lines=keys.lines, **options)


def _constants(texts: Iterable[str], universe: DimensionUniverse) -> dict[str, int | str]:
    """Take constants apart; those of a column of numbers become numbers."""
    found: dict[str, int | str] = {}
    problems = []
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name or not value:
            told = "This is no constant."
            where = f"--constant {shortened(text)}"
            problems.append(Problem(code="invalid_constant", where=where, message=told, remedy="Write it as instrument=LSSTCam."))
        elif value.removeprefix("-").isdecimal() and _is_number(name, universe):
            if len(value) > _MOST_DIGITS or not -(2**63) <= int(value) < 2**63:
                told, remedy = "This number has more than 64 bits.", "Check it for a slip of the finger."
                where = f"--constant {shortened(text)}"
                problems.append(Problem(code="invalid_constant", where=where, message=told, remedy=remedy))
                continue
            found[name] = int(value)
        else:
            found[name] = value
    if problems:
        raise DataIdSetValueError(problems)
    return found


def _is_number(name: str, universe: DimensionUniverse) -> bool:
    """Tell whether a name, as ``day_obs``, ``seq_num`` or ``visit.seq_num``, is that of a column of whole numbers."""
    element, dot, field = name.partition(".")
    if not dot and name in universe.dimensions.names:
        return universe.dimensions[name].primary_key.pytype is int
    searched = [universe.dimensions[each] for each in universe.dimensions.names if each == element or not dot]
    named = field if dot else name
    kinds = [each.pytype for one in searched if one.has_own_table for each in one.schema.all if each.name == named]
    return bool(kinds) and all(kind is int for kind in kinds)


def _paths(file: str) -> list[str]:
    """Give the headers that a file is, or names."""
    if file != "-" and PurePath(file).suffix not in ("", ".txt", ".list", ".lis", ".lst"):
        return [file]
    from ..files import read_columns

    paths: list[str] = read_columns(file, format="text", column="path").data.column("path").to_pylist()
    return paths


def _warn(conversion: Conversion) -> None:
    """Tell of rows that repeat others."""
    warnings = conversion.warnings
    for warning in warnings[:MOST_TOLD]:
        click.echo(f"WARNING: {one_line(str(warning))}", err=True)
    if len(warnings) > MOST_TOLD:
        click.echo(f"WARNING: ... and {digits(len(warnings) - MOST_TOLD)} more; --problems writes all of them.", err=True)


def _tell(conversion: Conversion, *, out: str, problems: str | None, as_json: bool) -> None:
    counts = {
        "rows": conversion.n_rows,
        "data_ids": len(conversion.table),
        "problems": len(conversion.problems),
        "all_converted": conversion.ok,
    }
    if as_json:
        echo_json({**counts, "dimensions": list(conversion.table.dimensions.required), "file": out, "problems_file": problems})
        return
    told = f"{digits(conversion.n_rows)} rows gave {digits(len(conversion.table))} data IDs, written to {out}."
    if conversion.problems.num_rows:
        place = f", written to {problems}" if problems else "; see --problems"
        told += f" Problems: {digits(len(conversion.problems))}{place}."
    # Standard output may be the file.
    click.echo(told, err=out == "-")
