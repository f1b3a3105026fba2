"""Reading DataId files of every format."""

from __future__ import annotations

__all__ = ("LIMIT_BYTES", "LIMIT_ROWS", "parse_document", "places_of", "read_columns", "read_data_ids")

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import IO, Any

from lsst.daf.butler import DimensionGroup, DimensionUniverse
from lsst.resources import ResourcePath

from .._errors import DataIdFileError
from .._table import DataIdTable
from ._any_columns import AnyColumns, Columns
from ._csv import read_csv, read_text
from ._ecsv import read_ecsv
from ._finder import Key, Lines, Wanted
from ._json import parse, read_json, read_lines
from ._layout import make_options
from ._mistakes import Mistake, Mistakes
from ._parquet import read_parquet
from ._source import file_format, open_source
from ._target import DataIds, FormatReader, Target
from ._votable import read_votable

LIMIT_ROWS = 50_000_000
"""The most data IDs that a file may stand for, unless told otherwise: five times as many as a survey of 53,000 visits has."""

LIMIT_BYTES = 8 << 30
"""The most bytes that a file may unpack to, unless told otherwise."""

_READERS: dict[str, FormatReader] = {
    "json": read_json,
    "jsonl": read_lines,
    "csv": read_csv,
    "ecsv": read_ecsv,
    "parquet": read_parquet,
    "votable": read_votable,
    "text": read_text,
}


def read_data_ids(
    path: str | os.PathLike[str] | ResourcePath | IO[bytes],
    *,
    universe: DimensionUniverse,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    dimensions: DimensionGroup | Iterable[str] | None = None,
    constants: Mapping[str, int | str] | None = None,
    ignore: Collection[str] = (),
    limit_rows: int = LIMIT_ROWS,
    limit_bytes: int = LIMIT_BYTES,
) -> DataIdTable:
    """Read a DataId file.

    Parameters
    ----------
    path : `str`, `os.PathLike`, `lsst.resources.ResourcePath` or binary stream
        The file, which may be a URI; ``-`` is standard input. It may be compressed by gzip or Zstandard, which its content tells.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.
    format : `str`, optional
        One of `FORMATS`; by default that of the file's suffix, as in ``bad.csv`` or ``bad.csv.gz``.
    dimensions : `DimensionGroup` or iterable of `str`, optional
        The dimensions; by default those that a JSON document names, or else the columns and constants.
    constants : mapping of `str` to `int` or `str`, optional
        Values of dimensions that the file lacks; with ``reason``, the reason of rows without one.
    ignore : collection of `str`, optional
        Columns to leave out.
    limit_rows : `int`, optional
        The most data IDs, when rows that stand for several are counted as such. A row that stands for more is refused before
        anything is made of it.
    limit_bytes : `int`, optional
        The most bytes, uncompressed.

    Returns
    -------
    table : `DataIdTable`
        The data IDs, sorted and without repetitions.

    Raises
    ------
    DataIdFileError
        If the file cannot be read, or has mistakes; its problems are all that were found, each with its line.

    Notes
    -----
    A row's value may be a list or a range, as in Butler's expressions: ``"0..8"`` is nine numbers, ``"10..20:2"`` six; in CSV
    also ``"1, 2, 10..20:2"``. The row stands for the product. Text is never a range. Columns ``comment`` or ``comments`` are
    taken for ``reason``, if there is none.

    In CSV and ECSV, blanks around a cell are dropped, unless they stand inside its quotes. Where the header of CSV has no comma,
    tabs or semicolons are taken for commas.
    """
    mistakes = Mistakes(_name(path))
    try:
        options = make_options(
            universe=universe,
            dimensions=dimensions.required if isinstance(dimensions, DimensionGroup) else dimensions,
            constants=constants,
            ignore=ignore,
            limit_rows=limit_rows,
            mistakes=mistakes,
        )
        table: DataIdTable = _read(path, format, DataIds(options), mistakes, limit_bytes)
    except Mistake as mistake:
        raise mistakes.fail(mistake) from None
    return table


def places_of(
    path: str | os.PathLike[str] | ResourcePath | IO[bytes],
    keys: Iterable[Key],
    *,
    universe: DimensionUniverse,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    dimensions: Iterable[str] | None = None,
    constants: Mapping[str, int | str] | None = None,
    ignore: Collection[str] = (),
) -> dict[Key, str]:
    """Tell in which lines of a file certain values are; the file is read once more, since a table forgets its lines.

    Parameters
    ----------
    path, universe, format, dimensions, constants, ignore
        As for `read_data_ids`.
    keys : iterable of `tuple`
        The values of some dimensions, each with its name.

    Returns
    -------
    places : `dict`
        For each key that was found, its first lines or rows, as ``line 4, line 9 and 3 more``.
    """
    mistakes, wanted = Mistakes(_name(path)), Wanted(keys)
    # What is wrong with the file has been said when it was read first.
    with suppress(Mistake, DataIdFileError):
        known: dict[str, Any] = {"universe": universe, "dimensions": dimensions, "constants": constants, "ignore": ignore}
        options = make_options(**known, limit_rows=LIMIT_ROWS, mistakes=mistakes)
        with open_source(path, limit_bytes=LIMIT_BYTES) as source:
            _READERS[file_format(_name(path), format)](source, Lines(options, wanted), mistakes)
    return wanted.places()


def read_columns(
    path: str | os.PathLike[str] | ResourcePath | IO[bytes],
    *,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    column: str | None = None,
    ignore: Collection[str] = (),
    limit_rows: int = LIMIT_ROWS,
    limit_bytes: int = LIMIT_BYTES,
) -> Columns:
    """Read a file whose columns are no dimensions yet, such as names of observations; `DataIdSets.convert` makes data IDs of it.

    Parameters
    ----------
    path, format, limit_bytes
        As for `read_data_ids`.
    column : `str`, optional
        What the lines of a plain text are; needed for these, and wrong for others.
    ignore : collection of `str`, optional
        Columns to leave out.
    limit_rows : `int`, optional
        The most rows.

    Returns
    -------
    columns : `Columns`
        The rows in their order, with their lines.

    Raises
    ------
    DataIdFileError
        If the file cannot be read, or has mistakes; its problems are all that were found, each with its line.

    Notes
    -----
    Lists and ranges are not unfolded. All values of a column must be of one kind.
    """
    mistakes = Mistakes(_name(path))
    try:
        if column is not None and file_format(_name(path), format) != "text":
            raise Mistake(
                "no_column", "The columns of this file have names of their own.", "Name the column of plain text alone."
            )
        target = AnyColumns(limit_rows=limit_rows, ignore=frozenset(ignore), column=column)
        columns: Columns = _read(path, format, target, mistakes, limit_bytes)
    except Mistake as mistake:
        raise mistakes.fail(mistake) from None
    return columns


def _read(path: Any, format_: str | None, target: Target, mistakes: Mistakes, limit_bytes: int) -> Any:
    reader = _READERS[file_format(_name(path), format_)]
    with open_source(path, limit_bytes=limit_bytes) as source:
        gathered = reader(source, target, mistakes)
    return gathered.finish()


def parse_document(
    document: Any,
    *,
    universe: DimensionUniverse,
    dimensions: DimensionGroup | Iterable[str] | None = None,
    constants: Mapping[str, int | str] | None = None,
    ignore: Collection[str] = (),
    limit_rows: int = LIMIT_ROWS,
) -> DataIdTable:
    """Take the data IDs of a JSON document that has been loaded.

    Parameters
    ----------
    document : `typing.Any`
        A list of data-ID objects, or an object with ``data_ids`` and, optionally, ``dimensions`` and ``constants``.
    universe : `lsst.daf.butler.DimensionUniverse`
        The dimensions there are.
    dimensions, constants, ignore, limit_rows
        As for `read_data_ids`.

    Returns
    -------
    table : `DataIdTable`
        The data IDs, sorted and without repetitions.

    Raises
    ------
    DataIdFileError
        If it has mistakes.
    """
    mistakes = Mistakes()
    try:
        options = make_options(
            universe=universe,
            dimensions=dimensions.required if isinstance(dimensions, DimensionGroup) else dimensions,
            constants=constants,
            ignore=ignore,
            limit_rows=limit_rows,
            mistakes=mistakes,
        )
        table: DataIdTable = parse(document, DataIds(options), mistakes).finish()
    except Mistake as mistake:
        raise mistakes.fail(mistake) from None
    return table


def _name(given: Any) -> str:
    if given == "-":
        return "standard input"
    if isinstance(given, ResourcePath):
        return str(given)
    name = given if isinstance(given, str | os.PathLike) else getattr(given, "name", "")
    # An open file descriptor's name is its number.
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""
