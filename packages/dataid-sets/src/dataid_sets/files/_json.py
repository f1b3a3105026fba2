"""Reading JSON and JSON Lines, one data ID at a time.

The text of a JSON file is held as a whole, what it means is not.
"""

from __future__ import annotations

__all__ = ("parse", "read_json", "read_lines")

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Any

from ._layout import printable
from ._mistakes import Mistake, Mistakes
from ._patterns import end_of
from ._source import Source
from ._target import Gatherer, Target
from ._values import from_json

_LARGEST_DOCUMENT = 1 << 30
_LONGEST_LINE = 16 << 20
_FIELDS = ("dimensions", "constants", "data_ids")
_BLANKS = re.compile(r"[ \t\r\n]*")
_BOM = "\ufeff"


class _RepeatedKeyError(ValueError):
    """An object has a key twice."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RepeatedKeyError(f"an object has the key {printable(twice)} twice")
    return found


def _no_constant(name: str) -> Any:
    raise _RepeatedKeyError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats, parse_constant=_no_constant)


class Rows:
    """Makes rows of JSON objects; the first says which columns they have, if nothing else does.

    Parameters
    ----------
    target : `Target`
        Where they go.
    mistakes : `Mistakes`
        Where problems go.
    """

    def __init__(self, target: Target, mistakes: Mistakes) -> None:
        self._target = target
        self._mistakes = mistakes
        self._gatherer: Gatherer | None = None
        self._known: Set[str] = frozenset()

    def add(self, row: Any, place: Callable[[], str], *, dotted: bool, line: Callable[[], int] | None = None) -> None:
        """Add a row.

        Parameters
        ----------
        row : `typing.Any`
            What should be an object.
        place : callable
            Says where it is.
        dotted : `bool`
            Whether its keys are written after a dot.
        line : callable, optional
            Gives its line.
        """
        if not isinstance(row, dict):
            self._mistakes.add(Mistake("wrong_type", "A data ID is an object of names and values."), place())
            return
        if not row.keys() <= self._known:
            row = self._target.named(row)
        gatherer = self._gatherer
        if gatherer is None:
            gatherer = self._gatherer = self._target.begin_objects(list(row), self._mistakes, place=place())
            self._known = gatherer.known
        wrong = gatherer.add_row(row, from_json, line=line() if line is not None and gatherer.wants_lines else None)
        if not row.keys() <= self._known:
            told = {name for name, _ in wrong}
            odd = [name for name in row if name not in self._known and printable(name) not in told]
            wrong.extend((printable(name), gatherer.unknown(name)) for name in odd)
        for name, mistake in wrong:
            where = place()
            self._mistakes.add(mistake, *((f"{where}.{name}",) if dotted and name else (where, name)))

    def finish(self) -> Gatherer:
        """Give the rows, which may be none."""
        if self._gatherer is None:
            self._mistakes.check()
            self._gatherer = self._target.begin_nothing(self._mistakes)
        return self._gatherer


def parse(document: Any, target: Target, mistakes: Mistakes) -> Gatherer:
    """Take the rows of a document that has been loaded."""
    if isinstance(document, Mapping):
        target = _told(document, target, mistakes)
        listed, prefix = document.get("data_ids"), "data_ids"
    else:
        listed, prefix = document, ""
    if not isinstance(listed, Sequence) or isinstance(listed, str | bytes):
        raise _no_list(prefix)
    rows = Rows(target, mistakes)
    for index, row in enumerate(listed):
        rows.add(row, partial("{}[{}]".format, prefix, index), dotted=True)
    return rows.finish()


def _no_list(prefix: str) -> Mistake:
    if prefix:
        return Mistake("wrong_type", "`data_ids` must be a list of data IDs.")
    return Mistake("wrong_type", "A DataId file is a list of data IDs, or an object with `data_ids`.")


def _told(document: Mapping[str, Any], target: Target, mistakes: Mistakes) -> Target:
    """Check the fields of the object form beside its rows."""
    for name in document:
        if name not in _FIELDS:
            told = f"There is no field {printable(str(name))}; known are {', '.join(_FIELDS)}."
            mistakes.add(Mistake("unknown_field", told), printable(str(name)))
    constants, named = document.get("constants", {}), document.get("dimensions")
    if not isinstance(constants, Mapping):
        mistakes.add(Mistake("wrong_type", "This must be an object of dimension names and values."), "constants")
    if named is not None and not (isinstance(named, list | tuple) and all(isinstance(name, str) for name in named)):
        mistakes.add(Mistake("wrong_type", "This must be a list of names."), "dimensions")
    mistakes.check()
    return target.with_document(named, constants, mistakes)


def read_json(source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
    """Read a JSON file, a list of rows or the object form, as `FormatReader` says."""
    data = source.read_all(_LARGEST_DOCUMENT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise mistakes.fail(Mistake("not_utf8", "This is not UTF-8.", "Save the file as UTF-8."), f"line {line}") from None
    del data
    if not text.strip():
        raise Mistake("empty_file", "The file is empty.", "A list without data IDs is [], with their dimensions given.")
    scanner = _Scanner(text, mistakes)
    if scanner.peek() == "[":
        return _rows(scanner, scanner.place, "", target, mistakes)
    if scanner.peek() != "{":
        scanner.value()
        scanner.end()
        raise _no_list("")
    fields: dict[str, Any] = {}
    places: dict[str, int] = {}
    for name, place in scanner.fields():
        if name in fields:
            raise mistakes.fail(Mistake("invalid_json", f"The field {printable(name)} is there twice."), scanner.where(place))
        places[name] = place
        # The rows are read when all else is known; here they are passed over.
        fields[name] = scanner.skip() if name == "data_ids" and scanner.peek() == "[" else scanner.value()
    scanner.end()
    told = _told(fields, target, mistakes)
    if not isinstance(fields.get("data_ids"), list):
        raise _no_list("data_ids")
    return _rows(scanner, places["data_ids"], "data_ids", told, mistakes)


def _rows(scanner: _Scanner, place: int, prefix: str, target: Target, mistakes: Mistakes) -> Gatherer:
    rows = Rows(target, mistakes)
    scanner.place = place
    for index, (begin, row) in enumerate(scanner.elements()):
        rows.add(row, partial(scanner.element, begin, prefix, index), dotted=True, line=partial(scanner.line, begin))
    if not prefix:
        scanner.end()
    return rows.finish()


class _Scanner:
    """Goes through JSON text value by value."""

    def __init__(self, text: str, mistakes: Mistakes) -> None:
        self.text = text
        self.place = end_of(_BLANKS, text)
        self._mistakes = mistakes
        self._line = (0, 1)

    def line(self, place: int) -> int:
        """Give the line of a place; cheap, if places come in order."""
        known, line = self._line if self._line[0] <= place else (0, 1)
        self._line = (place, line + self.text.count("\n", known, place))
        return self._line[1]

    def where(self, place: int) -> str:
        """Tell the line of a place."""
        return f"line {self.line(place)}"

    def element(self, place: int, prefix: str, index: int) -> str:
        """Tell where an element of the list of rows is."""
        return f"{self.where(place)}, {prefix}[{index}]"

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def value(self) -> Any:
        """Read a value and the blanks after it."""
        try:
            value, end = _DECODER.raw_decode(self.text, self.place)
        except (ValueError, RecursionError) as error:
            raise self._invalid(error) from None
        self.place = end_of(_BLANKS, self.text, end)
        return value

    def skip(self) -> list[Any]:
        """Pass over a list."""
        for _ in self.elements():
            pass
        return []

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Go through the list that begins here, with each value's place."""
        self._sign("[")
        if self.peek() == "]":
            self._sign("]")
            return
        while True:
            begin = self.place
            yield begin, self.value()
            if self.peek() != ",":
                break
            self._sign(",")
        self._sign("]")

    def fields(self) -> Iterator[tuple[str, int]]:
        """Go through the object that begins here, with each name and its value's place; the caller reads the value."""
        self._sign("{")
        if self.peek() == "}":
            self._sign("}")
            return
        while True:
            if self.peek() != '"':
                raise self._invalid(json.JSONDecodeError("Expecting a name in double quotes", self.text, self.place))
            name = self.value()
            self._sign(":")
            yield name, self.place
            if self.peek() != ",":
                break
            self._sign(",")
        self._sign("}")

    def end(self) -> None:
        """See that nothing follows."""
        if self.place < len(self.text):
            raise self._invalid(json.JSONDecodeError("Something follows the end", self.text, self.place))

    def _sign(self, sign: str) -> None:
        if self.peek() != sign:
            raise self._invalid(json.JSONDecodeError(f"Expecting {sign!r}", self.text, self.place))
        self.place = end_of(_BLANKS, self.text, self.place + 1)

    def _invalid(self, error: Exception) -> Exception:
        place = error.pos if isinstance(error, json.JSONDecodeError) else self.place
        column = place - self.text.rfind("\n", 0, place)
        return self._mistakes.fail(_invalid(error), f"{self.where(place)}, column {column}")


def _invalid(error: Exception) -> Mistake:
    if isinstance(error, RecursionError):
        return Mistake("invalid_json", "This is nested too deeply for a DataId file.")
    # A key given twice, NaN, or a number of thousands of digits have no place of their own.
    told = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return Mistake("invalid_json", f"This is not valid JSON: {told}.")


def read_lines(source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
    """Read JSON Lines, one object a line, as `FormatReader` says."""
    rows = Rows(target, mistakes)
    for line, data in _lines(source):
        try:
            text = data.decode().strip(" \t\r\n")
            if line == 1:
                text = text.removeprefix(_BOM).strip(" \t\r\n")
            if text:
                rows.add(_DECODER.decode(text), partial("line {}".format, line), dotted=False, line=partial(int, line))
        except UnicodeDecodeError:
            mistakes.add(Mistake("not_utf8", "This is not UTF-8.", "Save the file as UTF-8."), f"line {line}")
        except (ValueError, RecursionError) as error:
            mistakes.add(_invalid(error), f"line {line}")
    return rows.finish()


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    line, rest = 0, b""
    while data := source.read():
        *parts, rest = (rest + data).split(b"\n")
        for part in parts:
            line += 1
            yield line, part
        if len(rest) > _LONGEST_LINE:
            raise Mistake(
                "too_long",
                f"Line {line + 1} has more than {_LONGEST_LINE:,} bytes.",
                "Use the suffix .json if it is one document.",
            )
    if rest:
        yield line + 1, rest
