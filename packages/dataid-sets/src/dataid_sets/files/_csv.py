"""Reading CSV, the tables of ECSV, and text of one column.

Blocks of clean lines go to pyarrow as a whole; a block with a range, a list or a mistake is cut into cells here, so that each
problem has its line. Both ways give the same rows, and a test compares them.
"""

from __future__ import annotations

__all__ = ("read_csv", "read_text")

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.csv

from ._cells import CLEAN, Cutter, Incomplete, Record, count_lines
from ._mistakes import Mistake, Mistakes
from ._patterns import end_of
from ._source import Source
from ._target import Gatherer, Target
from ._values import from_cell

_BLOCK = 4 << 20
_LONGEST_RECORD = 16 << 20
_BOM = b"\xef\xbb\xbf"
_OTHER_DELIMITERS = ("\t", ";")
_OTHER_UNICODE = (b"\xff\xfe", b"\xfe\xff")
_FASTER_AGAIN = 1000
"""So many records are cut one by one after an unusual one, before a block is tried again."""


def read_csv(
    source: Source,
    target: Target,
    mistakes: Mistakes,
    *,
    delimiter: bytes | None = None,
    header_lines: Sequence[bytes] = (),
    names: Sequence[str] | None = None,
    start: bytes = b"",
) -> Gatherer:
    """Read a header and rows, as `FormatReader` says.

    Parameters
    ----------
    source, target, mistakes
        As for all readers.
    delimiter : `bytes`, optional
        A comma or a blank; by default a comma, or a tab or semicolon where the header has these and no comma.
    header_lines : sequence of `bytes`, optional
        Lines that have been read already.
    names : sequence of `str`, optional
        The names that the header must have.
    start : `bytes`, optional
        What has been read already, after those lines.
    """
    table = _Blocks(source, delimiter or b",", start, line=1 + len(header_lines))
    header = table.header() if delimiter is not None else table.guessed_header()
    if header is None:
        raise Mistake("empty_file", "The file is empty.", "Give at least a header with the names of the dimensions.")
    if header.mistake is not None:
        raise mistakes.fail(header.mistake, f"line {header.line}")
    columns = [cell.strip(" \t") for cell in header.cells]
    place = f"line {header.line}"
    if not all(_is_unicode(name) for name in columns):
        raise mistakes.fail(Mistake("not_utf8", "This is not UTF-8.", "Save the file as UTF-8."), place)
    if names is not None and list(names) != columns:
        told = f"The header's columns are {', '.join(columns)[:200]}, but above they are {', '.join(names)[:200]}."
        raise mistakes.fail(Mistake("invalid_header", told), place)
    rows = _Rows(columns, target.begin(columns, mistakes, place=place), mistakes)
    for block in table.blocks():
        if isinstance(block, Record):
            rows.add_record(block)
        elif not rows.add_block(block, table.delimiter):
            rows.add_slowly(block, table.delimiter)
    return rows.gatherer


def _is_unicode(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


class _Block:
    """Whole records that are clean.

    Parameters
    ----------
    data : `bytes`
        The records.
    line : `int`
        The number of the first line.
    """

    def __init__(self, data: bytes, line: int) -> None:
        self.data = data
        self.line = line


class _Blocks:
    """The file in pieces that end where records do."""

    def __init__(self, source: Source, delimiter: bytes, start: bytes, *, line: int) -> None:
        self.delimiter = delimiter
        self._source = source
        self._data = start
        self._last = b""
        self._cutter = Cutter(delimiter, line)
        self._at_end = False
        if line == 1:
            self._more()
            if self._data.startswith(_OTHER_UNICODE):
                raise Mistake("not_utf8", "This is UTF-16.", "Save the file as UTF-8.")
            self._data = self._data.removeprefix(_BOM)

    def _more(self) -> None:
        """Read on; the end of the file ends its last line."""
        if len(self._data) > _LONGEST_RECORD:
            told = f"There is a line or a quoted cell of more than {_LONGEST_RECORD:,} bytes."
            raise Mistake("too_long", told, f"It begins in line {self._cutter.line}: is a quote not closed?")
        data = self._source.read(_BLOCK)
        if not data:
            self._at_end = True
            if self._data and not self._data.endswith(b"\n"):
                self._data += b"\n"
        self._data += data

    def _record(self) -> Record | None:
        while True:
            try:
                if self._data:
                    record, place = self._cutter.record(self._data, 0)
                    self._last, self._data = self._data[:place], self._data[place:]
                    return record
            except Incomplete:
                if self._at_end:
                    told = "A quote is opened and never closed."
                    raise Mistake("bad_quotes", told, f"Look in line {self._cutter.line} and below.") from None
            if self._at_end:
                return None
            self._more()

    def header(self) -> Record | None:
        """Give the first record that is neither empty nor a comment."""
        while (record := self._record()) is not None:
            if record.cells and not record.cells[0].startswith("#"):
                return record
        return None

    def guessed_header(self) -> Record | None:
        """Give the first record; it tells the delimiter, too, for spreadsheets write tabs and semicolons."""
        header = self.header()
        if header is None or len(header.cells) != 1 or b'"' in self._last:
            return header
        sign = next((sign for sign in _OTHER_DELIMITERS if sign in header.cells[0]), None)
        if sign is None:
            return header
        self.delimiter = sign.encode()
        self._data, self._cutter = self._last + self._data, Cutter(self.delimiter, header.line)
        return self.header()

    def blocks(self) -> Iterator[_Block | Record]:
        """Give clean records together and others one by one."""
        while self._data or not self._at_end:
            place = self._clean_end()
            if place:
                yield _Block(self._data[:place], self._cutter.line)
                self._cutter.line += count_lines(self._data[:place])
                self._data = self._data[place:]
                continue
            if not self._at_end and (b'"' not in self._data or len(self._data) < _BLOCK):
                self._more()
                continue
            yield from self._slowly()

    def _clean_end(self) -> int:
        """Find where the clean records at hand end."""
        if b'"' in self._data:
            place, pattern = 0, CLEAN[self.delimiter]
            while (end := end_of(pattern, self._data, place)) > place:
                place = end
            return place
        return self._data.rfind(b"\n") + 1 or self._data.rfind(b"\r", 0, max(len(self._data) - 1, 0)) + 1

    def _slowly(self) -> Iterator[Record]:
        place = 0
        for _ in range(_FASTER_AGAIN):
            try:
                if place >= len(self._data):
                    break
                record, place = self._cutter.record(self._data, place)
            except Incomplete:
                break
            yield record
        if place:
            self._data = self._data[place:]
        elif (last := self._record()) is not None:
            yield last


class _Rows:
    """Makes rows of records."""

    def __init__(self, columns: list[str], gatherer: Gatherer, mistakes: Mistakes) -> None:
        self.gatherer = gatherer
        self._columns = columns
        self._mistakes = mistakes
        self._places = {name: columns.index(column) for column, name in gatherer.used.items()}
        self._types = {
            columns[place]: pa.int64() if gatherer.kind(name) is int else pa.string() for name, place in self._places.items()
        }

    def add_block(self, block: _Block, delimiter: bytes) -> bool:
        """Add clean records, if their values are, too."""
        data = block.data
        # pyarrow takes hexadecimal numbers, and each blank for a delimiter of its own.
        if b"0x" in data or b"0X" in data or not self._types:
            return False
        if delimiter == b" " and (
            b"  " in data or b"\n " in data or b" \n" in data or b" \r" in data or data[:1] == b" " or b"\t" in data
        ):
            return False
        quoted = b'"' in data
        names = [f"{place}:{name}" for place, name in enumerate(self._columns)]
        wanted = {names[self._columns.index(name)]: type_ for name, type_ in self._types.items()}
        try:
            table = pyarrow.csv.read_csv(
                pa.py_buffer(data),
                read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(data) + 1),
                parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter.decode(), newlines_in_values=quoted),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=wanted, include_columns=list(wanted), null_values=[""], strings_can_be_null=False
                ),
            )
        except (pa.ArrowException, ValueError):
            # Something is unusual here; the exact way says what, and where.
            return False
        first_line = None
        if self.gatherer.wants_lines:
            if count_lines(data) != table.num_rows:
                return False
            first_line = block.line
        columns = {name: table.column(names[place]) for name, place in self._places.items()}
        if quoted and any(pa.types.is_string(column.type) and _has_blanks(column) for column in columns.values()):
            return False
        return self.gatherer.add_arrays(columns, n_rows=table.num_rows, strip=not quoted, first_line=first_line)

    def add_slowly(self, block: _Block, delimiter: bytes) -> None:
        """Add clean records one by one."""
        cutter, place = Cutter(delimiter, block.line), 0
        # A block may end with a carriage return alone, and the cutter would wait for what follows.
        data = block.data + b"\n" if block.data.endswith(b"\r") else block.data
        while place < len(data):
            record, place = cutter.record(data, place)
            self.add_record(record)

    def add_record(self, record: Record) -> None:
        """Add one record, or say what is wrong with it."""
        place = f"line {record.line}"
        if record.mistake is not None:
            self._mistakes.add(record.mistake, place)
            return
        cells = record.cells
        if len(cells) != len(self._columns):
            if cells:
                told = f"The number of values is {len(cells)}, but there are {len(self._columns)} columns."
                remedy = "Put cells with a comma inside in double quotes." if len(cells) > len(self._columns) else ""
                self._mistakes.add(Mistake("wrong_columns", told, remedy), place)
            return
        row = {name: cells[index] for name, index in self._places.items()}
        wrong = self.gatherer.add_row(row, from_cell, line=record.line)
        for name, mistake in sorted(wrong, key=lambda each: self._places.get(each[0], -1)):
            self._mistakes.add(mistake, place, self._columns[self._places[name]] if name in self._places else name)


def _has_blanks(column: pa.ChunkedArray) -> bool:
    words = column.unique().to_pylist()
    return any(word and (word[0] in " \t" or word[-1] in " \t") for word in words)


def read_text(source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
    """Read one value, range or list of integers a line, as `FormatReader` says; ``#`` begins a comment line.

    After an integer, a comment may also stand in the same line.
    """
    gatherer, name = target.begin_text(mistakes)
    whole = gatherer.kind(name) is int
    for line, text in _lines(source):
        value = text.partition("#")[0].strip(" \t") if whole else text.strip(" \t")
        if value and not value.startswith("#"):
            for column, mistake in gatherer.add_row({name: value}, from_cell, line=line):
                mistakes.add(mistake, f"line {line}", column)
    return gatherer


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    line, rest, first = 1, b"", True
    while True:
        data = source.read(_BLOCK)
        rest += data
        if first:
            if rest.startswith(_OTHER_UNICODE):
                raise Mistake("not_utf8", "This is UTF-16.", "Save the file as UTF-8.")
            rest, first = rest.removeprefix(_BOM), False
        # A carriage return at the end may be half of the end of a line.
        cut = len(rest) if not data else max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, max(len(rest) - 1, 0))) + 1
        for part in rest[:cut].splitlines():
            yield line, part.decode(errors="surrogateescape")
            line += 1
        rest = rest[cut:]
        if not data:
            return
        if len(rest) > _LONGEST_RECORD:
            raise Mistake("too_long", f"Line {line} has more than {_LONGEST_RECORD:,} bytes.")
