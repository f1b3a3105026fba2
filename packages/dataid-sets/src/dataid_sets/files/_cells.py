"""Cutting text into records and cells, exactly, with line numbers.

The rule of cells: blanks around an unquoted cell are no part of it; a cell in double quotes is taken to the letter, with ``""``
for a quote, and blanks around the quotes are dropped. A quote inside an unquoted cell is a character like any other.
"""

from __future__ import annotations

__all__ = ("CLEAN", "DELIMITERS", "Cutter", "Incomplete", "Record", "count_lines")

import re
from typing import NamedTuple

from ._mistakes import Mistake
from ._patterns import end_of

DELIMITERS = (b",", b" ", b"\t", b";")

# Only single characters are repeated possessively: of groups, Python before 3.11.5 matches too little.
_CELL = rb'(?:"[^"]*+(?:""[^"]*+)*"|[^"DELIM\r\n]*+)'
_RECORDS = rb"(?:" + _CELL + rb"(?:DELIM" + _CELL + rb")*(?:\r?\n|\r(?!\n|\Z))){0,5000}"
# At most 5000 records (a match takes memory for each) whose quotes open right after a delimiter and close right before one: those
# that pyarrow reads as we do.
CLEAN = {delimiter: re.compile(_RECORDS.replace(b"DELIM", delimiter)) for delimiter in DELIMITERS}
# What delimits cells is no blank around them.
_AROUND = {delimiter: rb" *+" if delimiter == b"\t" else rb"[ \t]*+" for delimiter in DELIMITERS}
_QUOTED = {each: re.compile(blanks + rb'"((?:[^"]++|"")*)"(?!")' + blanks) for each, blanks in _AROUND.items()}
_OPENED = {each: re.compile(blanks + rb'"') for each, blanks in _AROUND.items()}
_UNQUOTED = {each: re.compile(rb"[^" + each + rb"\r\n]*+") for each in DELIMITERS}
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
        One of `DELIMITERS`; several blanks are as one.
    line : `int`, optional
        The number of the first line.
    """

    def __init__(self, delimiter: bytes, line: int = 1) -> None:
        self.line = line
        self._delimiter = delimiter
        self._opened, self._quoted, self._unquoted = _OPENED[delimiter], _QUOTED[delimiter], _UNQUOTED[delimiter]

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
                place = end_of(_BLANKS, data, place)
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
            if data[place : place + 1] == self._delimiter:
                place += 1
        if cells == [""]:
            cells = []
        part = data[begin : end.end()]
        self.line += count_lines(part)
        return Record(line, cells, mistake), end.end()

    def _cell(self, data: bytes, place: int) -> tuple[str | Mistake, int]:
        if self._opened.match(data, place):
            match = self._quoted.match(data, place)
            if match is None:
                raise Incomplete
            after = match.end()
            if after >= len(data):
                raise Incomplete
            if data[after] in (*self._delimiter, 10, 13) or (self._delimiter == b" " and data[after - 1] == 32):
                return _text(match[1].replace(b'""', b'"')), after
            told = "There is text after the quote that ends a cell."
            return Mistake("bad_quotes", told, 'Write quotes inside a quoted cell twice: "".'), end_of(_TO_END, data, after)
        end = end_of(self._unquoted, data, place)
        return _text(data[place:end].strip(b" \t")), end


def count_lines(data: bytes) -> int:
    """Count the ends of lines: line feeds, carriage returns, or both together."""
    ends = data.count(b"\n")
    if b"\r" in data:
        ends += data.count(b"\r") - data.count(b"\r\n")
    return ends


def _text(cell: bytes) -> str:
    # What is no UTF-8 is found by the check of the value, which knows the column.
    return cell.decode(errors="surrogateescape")
