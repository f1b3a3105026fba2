"""Reading files of keys, such as observation names, whose columns are not yet dimensions.

DataId files are read by `dataid_sets.files`, which holds every column against the dimensions; here columns stay what they are.
"""

from __future__ import annotations

__all__ = ("Keys", "read_keys")

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..files import LIMIT_BYTES, LIMIT_ROWS
from ..files._json import DECODER
from ..files._mistakes import Mistake, Mistakes
from ..files._source import Source, file_format, open_source
from ..files._votable import VotableCheck

_LARGEST = 1 << 30
"""How many bytes a file may have that is held in memory as a whole."""


@dataclass(frozen=True)
class Keys:
    """What a file of keys has.

    Attributes
    ----------
    data : `pyarrow.Table`, `astropy.table.Table`, or `list` [`dict`]
        The rows.
    lines : `list` [`int`] or `None`
        Where each row was found, where that is known.
    constants : mapping
        What the file says of all rows.
    """

    data: Any
    lines: list[int] | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)


def read_keys(file: str, *, format_: str | None, column: str | None) -> Keys:
    """Read a file of keys.

    Parameters
    ----------
    file : `str`
        Its path; ``-`` is standard input.
    format_ : `str` or `None`
        Its format; by default that of its suffix.
    column : `str` or `None`
        What the column of a text file is.

    Raises
    ------
    DataIdFileError
        If it cannot be read.
    """
    name = "standard input" if file == "-" else file
    mistakes = Mistakes(name)
    try:
        chosen = file_format(name, format_)
        if (chosen == "text") != (column is not None):
            raise Mistake("no_column", "A text file's column has no name, and others have one.", "Use --column with text alone.")
        with open_source(file, limit_bytes=LIMIT_BYTES) as source:
            return _text(source, str(column)) if chosen == "text" else _READERS[chosen](source, mistakes)
    except UnicodeDecodeError:
        raise mistakes.fail(Mistake("unreadable", "This is not UTF-8.", "Save the file as UTF-8.")) from None
    except Mistake as mistake:
        raise mistakes.fail(mistake) from None


def _text(source: Source, column: str) -> Keys:
    lines = source.read_all(_LARGEST).decode("utf-8-sig").splitlines()
    rows = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    kept = [(number, line) for number, line in rows if line and not line.startswith("#")]
    return Keys(pa.table({column: pa.array([line for _, line in kept], pa.string())}), [number for number, _ in kept])


def _csv(source: Source, mistakes: Mistakes) -> Keys:
    text = source.read_all(_LARGEST).decode("utf-8-sig")
    lines = text.splitlines(keepends=True)
    n_comments = next((index for index, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    if n_comments == len(lines):
        raise Mistake("no_header", "The file has no header.", "Name the columns in the first line.")
    delimiter = next((sign for sign in "\t;" if sign in lines[n_comments]), ",")
    reader = csv.reader(lines[n_comments:], delimiter=delimiter, strict=True)
    names, columns, numbers = [name.strip() for name in next(reader)], [], []
    for number, row in _records(reader, mistakes, first=n_comments):
        if len(row) == len(names):
            numbers.append(number)
            columns.append(row)
        else:
            told = f"The row has {len(row)} cells for {len(names)} columns."
            mistakes.add(Mistake("wrong_row", told, "Put quotes around cells with commas."), f"line {number}")
    mistakes.check()
    transposed = zip(*columns, strict=True) if columns else ([] for _ in names)
    arrays = [pa.array([cell.strip() or None for cell in cells], pa.string()) for cells in transposed]
    return Keys(pa.table(arrays, names=names), numbers)


def _records(reader: Any, mistakes: Mistakes, *, first: int) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of CSV, each with the line it begins in."""
    while True:
        number = first + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            told = f"This is no CSV: {error}."
            mistakes.add(Mistake("unreadable", told, "Look for a quote that is never closed."), f"line {number}")
            return
        if row:
            yield number, row


def _json(source: Source, _: Mistakes) -> Keys:
    document: Any = _loaded(source.read_all(_LARGEST).decode("utf-8-sig"), "")
    constants: Any = {}
    if isinstance(document, dict):
        document, constants = document.get("data_ids"), document.get("constants", {})
    if not isinstance(document, list) or not isinstance(constants, dict):
        raise Mistake("wrong_type", "This is neither a list of objects nor an object with data_ids.")
    return Keys(_objects(document), constants=constants)


def _json_lines(source: Source, _: Mistakes) -> Keys:
    lines = source.read_all(_LARGEST).decode("utf-8-sig").split("\n")
    rows = {number: _loaded(line, f"line {number}, ") for number, line in enumerate(lines, 1) if line.strip()}
    return Keys(_objects(list(rows.values())), list(rows))


def _loaded(text: str, where: str) -> Any:
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise Mistake("unreadable", f"This is no JSON: {where}{error}.") from None


def _objects(rows: list[Any]) -> list[dict[str, Any]]:
    wrong = next((index for index, row in enumerate(rows, 1) if not isinstance(row, dict)), None)
    if wrong is not None:
        raise Mistake("wrong_type", f"Row {wrong} is no object of names and values.")
    return rows


def _parquet(source: Source, _: Mistakes) -> Keys:
    with ExitStack() as stack:
        try:
            return Keys(pq.read_table(source.seekable(stack)))
        except pa.ArrowException as error:
            raise Mistake("unreadable", f"This is no Parquet: {str(error).splitlines()[0]}.") from None


def _by_astropy(format_: str) -> Callable[[Source, Mistakes], Keys]:
    def read(source: Source, mistakes: Mistakes) -> Keys:
        from astropy.table import Table

        stream = io.BytesIO(source.read_all(_LARGEST))
        if format_ == "votable":
            # Astropy would fetch data that lie elsewhere, and make of entities what they say.
            VotableCheck(mistakes, LIMIT_ROWS).read(stream)
            stream.seek(0)
        try:
            return Keys(Table.read(stream, format=format_))
        except Exception as error:  # noqa: BLE001 - of its readers each has its own errors
            told = str(error).strip().splitlines()
            raise Mistake("unreadable", f"This cannot be read: {told[0] if told else type(error).__name__}.") from None

    return read


_READERS: dict[str, Callable[[Source, Mistakes], Keys]] = {
    "csv": _csv,
    "json": _json,
    "jsonl": _json_lines,
    "parquet": _parquet,
    "ecsv": _by_astropy("ascii.ecsv"),
    "votable": _by_astropy("votable"),
}
