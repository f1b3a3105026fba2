"""Reading VOTables: those with rows in XML here, in a stream and with their blanks; those with binary rows by Astropy.

Every file is gone through once by Python's own XML parser first, which refuses what a table needs not: document types with their
entities, and data that lie elsewhere, which Astropy would fetch.
"""

from __future__ import annotations

__all__ = ("read_votable",)

import re
import warnings
from contextlib import ExitStack
from typing import IO, Any
from xml.parsers import expat

from ._layout import printable
from ._mistakes import Mistake, Mistakes
from ._source import Source
from ._target import Gatherer, Target
from ._values import from_cell, single

_PIECE = 1 << 16
_DEEPEST = 100
_LONGEST_CELL = 16 << 20
_MOST_COLUMNS = 10_000
_LARGEST_BINARY = 1 << 30
_LONGEST_ARRAY = 100_000
_INTEGERS = {"unsignedByte", "short", "int", "long"}
_TEXTS = {"char", "unicodeChar"}
_ENCODINGS = {None, "utf-8", "us-ascii", "iso-8859-1"}


def read_votable(source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
    """Read the one table of a VOTable file, as `FormatReader` says."""
    with ExitStack() as stack:
        stream = source.seekable(stack)
        scan = _Scan(target, mistakes)
        scan.read(stream, source)
        if scan.gatherer is None:
            raise Mistake("no_table", "There is no table with data here.", "Write its rows into it, in <TABLEDATA> or <BINARY2>.")
        if not scan.binary:
            return scan.gatherer
        if stream.tell() > _LARGEST_BINARY:
            raise Mistake("too_large_file", "This VOTable is too large for its binary form.", "Use Parquet.")
        stream.seek(0)
        return _add_binary(stream, scan.gatherer, mistakes)


class _Check:
    """Goes through the XML, and refuses what Astropy is not to see.

    Parameters
    ----------
    mistakes : `Mistakes`
        Where problems go.
    limit_rows : `int`
        How many rows a table may promise.
    """

    def __init__(self, mistakes: Mistakes, limit_rows: int) -> None:
        self._mistakes = mistakes
        self._limit_rows = limit_rows
        self._fields: list[dict[str, str]] = []
        self._path: list[str] = []
        self._n_tables = 0

    def read(self, stream: IO[bytes], source: Source) -> None:
        """Go through a file from where it stands to its end; `source` is where it came from."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser
        try:
            while data := stream.read(_PIECE):
                parser.Parse(data, False)  # noqa: FBT003
                source.went_on_by(len(data))
            parser.Parse(b"", True)  # noqa: FBT003
        except (expat.ExpatError, ValueError, LookupError) as error:
            code = getattr(error, "code", None)
            told = expat.ErrorString(code) if code is not None else "its encoding is unknown"
            line = getattr(error, "lineno", 1)
            raise self._mistakes.fail(Mistake("invalid_xml", f"This is not valid XML: {told}."), f"line {line}") from None

    def _refuse(self, code: str, message: str, remedy: str = "") -> Exception:
        return self._mistakes.fail(Mistake(code, message, remedy), f"line {self._parser.CurrentLineNumber}")

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding.lower() if encoding else None) not in _ENCODINGS:
            raise self._refuse("not_utf8", "This is not UTF-8.", "Save the file as UTF-8.")

    def _doctype(self, *_: Any) -> None:
        raise self._refuse("unsafe_xml", "A VOTable has no document type.", "Leave out <!DOCTYPE ...>.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise self._refuse("unsafe_xml", "This is nested too deeply for a VOTable.")
        if len(self._path) == 1 and tag != "VOTABLE":
            raise self._refuse("invalid_xml", f"This is no VOTable; it begins with {printable(tag)}.")
        if tag in {"FITS", "PARQUET"} or (tag == "STREAM" and "href" in attributes):
            raise self._refuse("unsafe_xml", "The data are not in this file.", "Convert it to a VOTable that has them.")
        if tag == "TABLE":
            self._fields = []
            self._check_count(attributes.get("nrows", ""))
        elif tag == "FIELD":
            self._field(attributes)
        elif tag == "DATA":
            self._n_tables += 1
            if self._n_tables > 1:
                raise self._refuse("several_tables", "There are several tables here.", "Leave one.")
        self._begun(tag, attributes)

    def _begun(self, tag: str, attributes: dict[str, str]) -> None:
        """Take what is wanted of an element that begins."""

    def _end(self, tag: str) -> None:
        self._path.pop()
        self._ended(tag.rpartition(":")[2])

    def _ended(self, tag: str) -> None:
        """Take what is wanted of an element that ends."""

    def _characters(self, text: str) -> None:
        """Take text."""

    def _field(self, attributes: dict[str, str]) -> None:
        self._fields.append(attributes)
        sizes = re.findall(r"[0-9]+", attributes.get("arraysize", ""))
        if len(self._fields) > _MOST_COLUMNS or any(len(size) > 9 or int(size) > _LONGEST_ARRAY for size in sizes):
            raise self._refuse("unsafe_xml", "There are too many or too large columns for a list of data IDs.")

    def _check_count(self, n_rows: str) -> None:
        # Astropy makes room for as many rows as are promised.
        if n_rows and (not n_rows.strip().isascii() or not n_rows.strip().isdigit() or len(n_rows) > 18):
            raise self._refuse("invalid_xml", "The number of rows is no number.")
        if n_rows and int(n_rows) > self._limit_rows:
            raise self._refuse("too_many_rows", f"There are more than {self._limit_rows:,} rows here.")


class _Scan(_Check):
    """Takes the rows that stand in the XML, too."""

    def __init__(self, target: Target, mistakes: Mistakes) -> None:
        super().__init__(mistakes, target.limit_rows)
        self._target = target
        self.gatherer: Gatherer | None = None
        self.binary = False
        self._nulls: dict[int, str] = {}
        self._cells: list[str] | None = None
        self._text: list[str] | None = None
        self._length = 0

    def _begun(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "TABLE":
            self._nulls = {}
        elif tag == "VALUES" and self._path[-2:-1] == ["FIELD"] and "null" in attributes:
            self._nulls[len(self._fields) - 1] = attributes["null"].strip()
        elif tag == "DATA":
            self._begin()
        elif tag in {"BINARY", "BINARY2"}:
            self.binary = True
        elif tag == "TR":
            self._cells = []
        elif tag == "TD":
            self._cell(attributes)

    def _begin(self) -> None:
        place = f"line {self._parser.CurrentLineNumber}"
        names = [field.get("name", "") for field in self._fields]
        gatherer = self._target.begin(names, self._mistakes, place=place)
        self._names = {names.index(column): name for column, name in gatherer.used.items()}
        for index, name in sorted(self._names.items()):
            self._check_type(self._fields[index], name, gatherer.kind(name), place)
        self._mistakes.check()
        self.gatherer = gatherer

    def _check_type(self, field: dict[str, str], name: str, kind: type | None, place: str) -> None:
        if kind is None:
            return
        whole = kind is int
        type_, size = field.get("datatype", ""), field.get("arraysize", "").strip()
        right = type_ in _INTEGERS and size in {"", "1"} if whole else type_ in _TEXTS and "x" not in size
        if not right:
            noun = "whole numbers" if whole else "text"
            told = f"{name} takes {noun}, not {printable(type_)}{f' ({printable(size)})' if size else ''}."
            remedy = f"Write the column with datatype {'long' if whole else 'unicodeChar'}."
            self._mistakes.add(Mistake("wrong_type", told, remedy), place, name)

    def _cell(self, attributes: dict[str, str]) -> None:
        if attributes.get("encoding"):
            raise self._refuse("invalid_xml", "Cells with an encoding are not read.", "Write them as text.")
        self._text, self._length = [], 0

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._length += len(text)
            if self._length > _LONGEST_CELL:
                raise self._refuse("too_long", f"There is a cell of more than {_LONGEST_CELL:,} characters.")
            self._text.append(text)

    def _ended(self, tag: str) -> None:
        if tag == "TD" and self._text is not None:
            if self._cells is not None:
                self._cells.append("".join(self._text))
                if len(self._cells) > _MOST_COLUMNS:
                    raise self._refuse("invalid_xml", "There are more cells than columns.")
            self._text = None
        elif tag == "TR" and self._cells is not None:
            self._row(self._cells)
            self._cells = None

    def _row(self, cells: list[str]) -> None:
        place = f"line {self._parser.CurrentLineNumber}"
        if self.gatherer is None or self.binary:
            raise self._refuse("invalid_xml", "There is a row outside a table.")
        if len(cells) != len(self._fields):
            told = f"The number of values is {len(cells)}, but there are {len(self._fields)} columns."
            self._mistakes.add(Mistake("wrong_columns", told), place)
            return
        row: dict[str, Any] = {}
        for index, name in self._names.items():
            cell = cells[index]
            row[name] = "" if index in self._nulls and cell.strip() == self._nulls[index] else cell
        for name, mistake in self.gatherer.add_row(row, from_cell, line=self._parser.CurrentLineNumber):
            self._mistakes.add(mistake, place, name)


def _add_binary(stream: IO[bytes], gatherer: Gatherer, mistakes: Mistakes) -> Gatherer:
    """Add the rows that Astropy reads."""
    table = _read_by_astropy(stream)
    listed = {
        gatherer.used[name]: [_plain(value) for value in table[name].tolist()] for name in table.colnames if name in gatherer.used
    }
    for index in range(len(table)):
        row = {name: values[index] for name, values in listed.items()}
        for name, mistake in gatherer.add_row(row, single):
            mistakes.add(mistake, f"row {index + 1}", name)
    return gatherer


def _plain(value: Any) -> Any:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


def _read_by_astropy(stream: IO[bytes]) -> Any:
    import astropy.io.votable

    with warnings.catch_warnings():
        # It complains of much that does not matter here.
        warnings.simplefilter("ignore")
        try:
            votable = astropy.io.votable.parse(stream, verify="ignore", invalid="exception")
            return votable.get_first_table().to_table()
        except Exception as error:  # noqa: BLE001 - its parsers raise whatever damaged data make them stumble over
            told = printable(str(error).partition("\n")[0].rstrip(".")) or type(error).__name__
            raise Mistake("unreadable", f"This VOTable cannot be read: {told}.", "Check that it is complete.") from None
