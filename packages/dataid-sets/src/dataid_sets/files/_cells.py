"""Cutting text into records and cells, exactly, with line numbers.

The rule of cells: blanks around an unquoted cell are no part of it; a cell in double quotes is taken to the letter, with ``""``
for a quote, and blanks around the quotes are dropped. A quote inside an unquoted cell is a character like any other.
"""

from __future__ import annotations

__all__ = ("CLEAN", "Cutter", "Incomplete", "Record")

import re
from typing import NamedTuple

from ._mistakes import Mistake

# Records whose quotes open right after a delimiter and close right before one: those that pyarrow reads as we do.
CLEAN = {
    delimiter: re.compile(
        rb'(?:(?:"[^"]*+(?:""[^"]*+)*+"|[^"DELIM\r\n]*+)(?:DELIM(?:"[^"]*+(?:""[^"]*+)*+"|[^"DELIM\r\n]*+))*+(?:\r?\n|\r(?!\n|\Z)))*+'.replace(
            b"DELIM", delimiter
        )
    )
    for delimiter in (b",", b" ")
}
_QUOTED = re.compile(rb'[ \t]*+"((?:[^"]++|"")*+)"[ \t]*+')
_OPENED = re.compile(rb'[ \t]*+"')
_UNQUOTED = {b",": re.compile(rb"[^,\r\n]*+"), b" ": re.compile(rb"[^ \r\n]*+")}
_BLANKS = re.compile(rb" *+")
_END = re.compile(rb"\r?\n|\r(?!\n|\Z)")
_TO_END = re.compile(rb"[^\r\n]*+")


class Incomplete(Exception):
    """A record goes on beyond the bytes at hand."""


class Record(NamedTuple):
    """The cells between two ends of lines."""

    line: int
    cells: list[str]
    mistake: Mistake | None


class Cutter:
    """Cuts bytes into records.

    Parameters
    ----------
    delimiter : `bytes`
        A comma, or a blank (of which several are as one).
    line : `int`, optional
        The number of the first line.
    """

    def __init__(self, delimiter: bytes, line: int = 1) -> None:
        self.line = line
        self._delimiter = delimiter
        self._unquoted = _UNQUOTED[delimiter]

    def record(self, data: bytes, place: int) -> tuple[Record, int]:
        """Cut one record.

        Parameters
        ----------
        data : `bytes`
            What there is.
        place : `int`
            Where the record begins.

        Returns
        -------
        record : `Record`
            Its cells, which are none for an empty line; and the mistake if its quotes make no sense.
        place : `int`
            Where the next one begins.

        Raises
        ------
        Incomplete
            If its end is not there.
        """
        line, begin = self.line, place
        cells: list[str] = []
        mistake = None
        while True:
            if self._delimiter == b" ":
                place = _BLANKS.match(data, place).end()  # type: ignore[union-attr]
                if end := _END.match(data, place):
                    break
            cell, place = self._cell(data, place)
            if isinstance(cell, Mistake):
                mistake = cell
            else:
                cells.append(cell)
            if end := _END.match(data, place):
                break
            if place >= len(data) or data[place] == 13:  # a carriage return whose line feed may follow
                raise Incomplete
            if data[place : place + 1] == b",":
                place += 1
        if cells == [""]:
            cells = []
        part = data[begin : end.end()]
        self.line += count_lines(part)
        return Record(line, cells, mistake), end.end()

    def _cell(self, data: bytes, place: int) -> tuple[str | Mistake, int]:
        if _OPENED.match(data, place):
            match = _QUOTED.match(data, place)
            if match is None:
                raise Incomplete
            after = match.end()
            if after >= len(data):
                raise Incomplete
            if data[after] in (*self._delimiter, 10, 13) or (self._delimiter == b" " and data[after - 1] == 32):
                return _text(match[1].replace(b'""', b'"')), after
            rest = _TO_END.match(data, after)
            told = "There is text after the quote that ends a cell."
            return Mistake("bad_quotes", told, 'Write quotes inside a quoted cell twice: "".'), rest.end()  # type: ignore[union-attr]
        match = self._unquoted.match(data, place)
        return _text(match[0].strip(b" \t")), match.end()  # type: ignore[index, union-attr]


def count_lines(data: bytes) -> int:
    """Count the ends of lines: line feeds, carriage returns, or both together."""
    ends = data.count(b"\n")
    if b"\r" in data:
        ends += data.count(b"\r") - data.count(b"\r\n")
    return ends


def _text(cell: bytes) -> str:
    # What is no UTF-8 is found by the check of the value, which knows the column.
    return cell.decode(errors="surrogateescape")
