"""The values of data IDs as files write them: one value, a list, or a range as in Butler's expressions.

A range is ``begin..end`` or ``begin..end:stride``, and its end is part of it. Values of text dimensions are never ranges.
"""

from __future__ import annotations

__all__ = (
    "RANGE",
    "Values",
    "check_characters",
    "check_reason",
    "count",
    "from_cell",
    "from_json",
    "halves",
    "integers",
    "shown",
    "single",
)

import json
import re
from typing import Any, TypeAlias

import numpy as np
from lsst.daf.butler import Dimension

from ._mistakes import Mistake

Values: TypeAlias = "int | str | list[int | str | range]"
"""One value, or the values that a row stands for."""

# As Butler's expression language has them (lsst.daf.butler.queries.expressions).
RANGE = r"(-?[0-9]+)[ \t]*\.\.[ \t]*(-?[0-9]+)(?:[ \t]*:[ \t]*([1-9][0-9]*))?"
_RANGE = re.compile(RANGE)
_INTEGER = re.compile(r"-?[0-9]+")
_LOW, _HIGH = -(2**63), 2**63 - 1
_DIGITS = 19
_SHOWN = 60


def single(value: Any, dimension: Dimension) -> int | str:
    """Check one value of a dimension.

    Raises
    ------
    Mistake
        If it has the wrong type, or the registry could not hold it.
    """
    # JSON's truth values are numbers to Python, but not to people.
    if dimension.primary_key.pytype is int:
        if type(value) is int:
            if _LOW <= value <= _HIGH:
                return value
            raise _too_large(dimension)
    elif type(value) is str:
        _check_text(value, dimension)
        return value
    if value is None:
        raise Mistake("missing_value", f"There is no value of {dimension.name}.")
    raise _wrong_type(value, dimension)


def from_json(value: Any, dimension: Dimension) -> Values:
    """Take the value of a JSON document: a number or text, a range, or a list of these."""
    if type(value) is int and _LOW <= value <= _HIGH and dimension.primary_key.pytype is int:
        return value
    if type(value) is list:
        if not value:
            raise Mistake("missing_value", f"The list of values of {dimension.name} is empty.")
        return [_piece(element, dimension) for element in value]
    piece = _piece(value, dimension)
    return [piece] if type(piece) is range else piece


def from_cell(cell: str, dimension: Dimension) -> Values:
    """Take the value of a table's cell; for integers that may be ``0..8`` or ``1, 2, 10..20:2``."""
    if dimension.primary_key.pytype is not int:
        if not cell:
            raise Mistake("missing_value", f"There is no value of {dimension.name}.")
        return single(cell, dimension)
    cell = cell.strip(" \t\r\n")
    if not cell:
        raise Mistake("missing_value", f"There is no value of {dimension.name}.")
    if _INTEGER.fullmatch(cell):
        return _number(cell, dimension)
    pieces: list[int | str | range] = [_written(piece.strip(" \t\r\n"), cell, dimension) for piece in cell.split(",")]
    first = pieces[0]
    return pieces if len(pieces) > 1 or isinstance(first, range) else first


def count(values: Values) -> int:
    """Give the number of values, without making them."""
    if type(values) is not list:
        return 1
    # len() knows no ranges of more than 63 bits.
    return sum((piece[-1] - piece[0]) // piece.step + 1 if type(piece) is range else 1 for piece in values)


def integers(values: list[int | str | range]) -> np.ndarray:
    """Give the integers of numbers and ranges (`numpy.ndarray` of 64-bit integers)."""
    if len(values) > 1 and not any(type(value) is range for value in values):
        return np.array(values, dtype=np.int64)
    return np.concatenate([_spread(value) for value in values])


def halves(values: list[int | str | range]) -> tuple[list[int | str | range], list[int | str | range]]:
    """Part values in two, without making those of a range."""
    if len(values) > 1:
        middle = len(values) // 2
        return values[:middle], values[middle:]
    whole = values[0]
    if type(whole) is not range:
        return values, []
    return [whole[: len(whole) // 2]], [whole[len(whole) // 2 :]]


def check_reason(reason: Any) -> str | None:
    """Check a reason; an empty one is none.

    Raises
    ------
    Mistake
        If it is no text that a registry can hold.
    """
    if reason is None or reason == "":
        return None
    if type(reason) is not str:
        raise Mistake("wrong_type", f"A reason is text, not {shown(reason)}.")
    check_characters(reason, "The reason")
    return reason


def _spread(value: Any) -> np.ndarray:
    if type(value) is range:
        # From the number of values, since the end may be the greatest number that there is.
        return value[0] + value.step * np.arange(count([value]), dtype=np.int64)
    return np.array([value], dtype=np.int64)


def _piece(value: Any, dimension: Dimension) -> Any:
    if type(value) is str and dimension.primary_key.pytype is int:
        written = value.strip(" \t")
        if ".." in written:
            return _written(written, written, dimension)
        if _INTEGER.fullmatch(written):
            remedy = f"Write {written[:_SHOWN]} without the quotes."
            raise Mistake("wrong_type", f"{dimension.name} takes a whole number, not text.", remedy)
    return single(value, dimension)


def _written(piece: str, cell: str, dimension: Dimension) -> int | range:
    """Read a number or a range."""
    if _INTEGER.fullmatch(piece):
        return _number(piece, dimension)
    match = _RANGE.fullmatch(piece)
    if match is None:
        remedy = "Write a number such as 12, a range such as 0..8 or 10..20:2, or several with commas between."
        raise Mistake("wrong_type", f"{dimension.name} takes a whole number, not {shown(cell)}.", remedy)
    begin, end = _number(match[1], dimension), _number(match[2], dimension)
    if end < begin:
        raise Mistake("wrong_range", f"The range {piece[:_SHOWN]} ends before it begins.", "Write the smaller number first.")
    # A stride beyond the end gives the beginning alone, however long it is written.
    stride = int(match[3]) if match[3] and len(match[3]) <= _DIGITS + 1 else end - begin + 1 if match[3] else 1
    return range(begin, end + 1, stride)


def _number(digits: str, dimension: Dimension) -> int:
    plain = digits.lstrip("-").lstrip("0") or "0"
    # Python refuses to read thousands of digits.
    value = int(plain) if len(plain) <= _DIGITS else _HIGH + 2
    value = -value if digits[0] == "-" else value
    if not _LOW <= value <= _HIGH:
        raise _too_large(dimension)
    return value


def _too_large(dimension: Dimension) -> Mistake:
    return Mistake("too_large", f"The value of {dimension.name} does not fit into 64 bits.")


def _wrong_type(value: Any, dimension: Dimension) -> Mistake:
    remedy = ""
    if dimension.primary_key.pytype is int:
        noun = "a whole number"
        if type(value) is float:
            remedy = f"Write {int(value)}." if value.is_integer() and abs(value) < 2**53 else "Write it without a decimal point."
        elif type(value) is str:
            remedy = "Write a number such as 12, or a range such as 0..8."
    else:
        noun = "text"
        remedy = "Write it in quotes." if type(value) in {int, float} else ""
    return Mistake("wrong_type", f"{dimension.name} takes {noun}, not {shown(value)}.", remedy)


def _check_text(value: str, dimension: Dimension) -> None:
    if not value:
        raise Mistake("missing_value", f"The value of {dimension.name} is empty.")
    check_characters(value, f"The value of {dimension.name}")
    # Numbers have no length.
    longest: int | None = getattr(dimension.primary_key, "length", None)
    if longest is not None and len(value) > longest:
        told = f"The value of {dimension.name} has {len(value):,} characters, but the registry holds {longest}."
        raise Mistake("too_long", told)


def check_characters(value: str, noun: str) -> None:
    """Check text.

    Raises
    ------
    Mistake
        If it has what no registry can hold; `noun` begins the sentence.
    """
    if "\0" in value:
        raise Mistake("bad_character", f"{noun} has a NUL character, which no registry can hold.", "Leave it out.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            told = f"{noun} is not Unicode text: it is not UTF-8, or has half of a surrogate pair."
            raise Mistake("bad_character", told, "Write the file as UTF-8.") from None


def shown(value: Any) -> str:
    """Give a value as JSON has it, cut to what fits into a message."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        # Numbers of thousands of digits, dates and the like of binary formats.
        text = type(value).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
