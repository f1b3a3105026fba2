"""Columns of data IDs: which dimensions they are of, and bringing their values to the dimensions' types."""

from __future__ import annotations

__all__ = ("REASON", "TEXT", "column_type", "group_of", "listed", "no_dimension", "reason_column", "typed", "with_reason")

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import Dimension, DimensionGroup, DimensionUniverse

from ._errors import DataIdSetValueError, Problem, shortened
from ._order import repeated

REASON = "reason"
TEXT = pa.dictionary(pa.int32(), pa.string())
_REASONS = (REASON, "comment", "comments")


def reason_column(names: Collection[str]) -> str | None:
    """Find the column of reasons: ``reason``, or else ``comment`` or ``comments``."""
    return next((name for name in _REASONS if name in names), None)


def with_reason(arrow: pa.Table, default: object) -> pa.Table:
    """Give the column of reasons its name; where a row has none, a default is taken."""
    found = reason_column(arrow.column_names)
    if found is None:
        return arrow
    arrow = arrow.rename_columns([REASON if name == found else name for name in arrow.column_names])
    if not isinstance(default, str):
        return arrow
    text = pc.cast(arrow.column(REASON), pa.string())
    place = arrow.column_names.index(REASON)
    return arrow.set_column(place, REASON, pc.if_else(pc.fill_null(pc.equal(text, ""), fill_value=True), default, text))


def column_type(dimensions: DimensionGroup, name: str) -> pa.DataType:
    """Give the Arrow type of a dimension's values: 64-bit integers, or text with a dictionary."""
    return pa.int64() if dimensions.universe.dimensions[name].primary_key.pytype is int else TEXT


def group_of(
    dimensions: DimensionGroup | Iterable[str] | None, columns: Sequence[str], universe: DimensionUniverse
) -> DimensionGroup:
    """Find the dimension group, from what was named or else from the columns."""
    if isinstance(dimensions, DimensionGroup):
        return dimensions
    named = [name for name in columns if name != REASON] if dimensions is None else list(dimensions)
    problems = [no_dimension(name, universe) for name in dict.fromkeys(named) if name not in universe.dimensions.names]
    if not named:
        problems.append(Problem(code="no_dimensions", message="No dimension is named.", remedy="Give `dimensions`."))
    if problems:
        raise DataIdSetValueError(problems)
    return universe.conform(named)


def no_dimension(name: str, universe: DimensionUniverse, *, where: str = "dimensions") -> Problem:
    """Say that a dimension does not exist, and which one may have been meant."""
    close = difflib.get_close_matches(name[:100], sorted(universe.dimensions.names), n=1)
    remedy = (
        f"Did you mean {close[0]}?" if close else f"Known are {', '.join(sorted(universe.dimensions.names - _skypix(universe)))}."
    )
    return Problem(code="unknown_dimension", where=where, message=f"There is no dimension {shortened(name)}.", remedy=remedy)


def _skypix(universe: DimensionUniverse) -> set[str]:
    return set(universe.skypix_dimensions.names)


def listed(values: list[Any], name: str, mask: np.ndarray | None = None) -> pa.Array:
    """Give values as Arrow has them, or say why it cannot."""
    try:
        return pa.array(values, mask=mask)
    except UnicodeEncodeError:
        raise DataIdSetValueError(_not_unicode(name, name)) from None
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        kinds = sorted({type(value).__name__ for value in values})
        if kinds == ["int"]:
            raise DataIdSetValueError("A number is too large for 64 bits.", where=name) from None
        raise DataIdSetValueError(f"{name} has values of several kinds: {', '.join(kinds)}.", where=name) from None


def typed(arrow: pa.Table, group: DimensionGroup, constants: Mapping[str, int | str]) -> pa.Table:
    """Bring the columns to their types and order, or say everything that is wrong with them."""
    names, columns, problems = sorted(group.required), {}, []
    for name in arrow.column_names:
        if name not in (*names, REASON):
            where = shortened(name)
            told = f"{where} is no primary key of data IDs of {', '.join(group.required)}."
            problems.append(
                Problem(
                    code="unknown_column",
                    where=shortened(name),
                    message=told,
                    remedy="Leave the column out, or convert it first.",
                )
            )
    for name in (*names, REASON):
        try:
            if name in arrow.column_names:
                columns[name] = _cast(arrow.column(name), TEXT if name == REASON else column_type(group, name), name)
                if name != REASON and name in constants:
                    problems.extend(_contradictions(columns[name], constants[name], name))
            elif name in constants:
                columns[name] = _constant(
                    constants[name], arrow.num_rows, TEXT if name == REASON else column_type(group, name), name
                )
            elif name == REASON:
                columns[name] = _constant(None, arrow.num_rows, TEXT, name)
            else:
                raise DataIdSetValueError(_missing(name))
        except DataIdSetValueError as error:
            problems.extend(error.problems)
    for name, column in columns.items():
        if column.type == TEXT:
            problems.extend(_wrong_words(column, name, None if name == REASON else group.universe.dimensions[name]))
    if problems:
        raise DataIdSetValueError(problems)
    columns[REASON] = _without_empty(columns[REASON])
    return pa.table(columns)


def _contradictions(column: pa.ChunkedArray, constant: int | str, name: str) -> Iterator[Problem]:
    other = next((value for value in pc.unique(column).to_pylist() if value != constant), constant)
    if other != constant:
        told = f"{name} is {shortened(repr(other))} here, but the constant {shortened(repr(constant))} was given."
        yield Problem(code="contradicts_constant", where=name, message=told, remedy="Leave out the constant or mend the table.")


def _wrong_words(column: pa.ChunkedArray, name: str, dimension: Dimension | None) -> Iterator[Problem]:
    """Say which words no registry can hold; reasons have no dimension."""
    checked: pa.Array | None = None
    noun = f"The value of {name}" if dimension else "The reason"
    for chunk, before in zip(column.chunks, _offsets(column), strict=True):
        words = chunk.dictionary
        if checked is not None and (words is checked or words.equals(checked)):
            continue
        checked = words
        try:
            words.validate(full=True)
        except pa.ArrowInvalid:
            yield _not_unicode(name, noun)
            return
        tests = [(pc.match_substring(words, "\0"), "bad_character", f"{noun} has a NUL character, which no registry can hold.")]
        # Numbers have no length.
        longest: int | None = getattr(dimension.primary_key, "length", None) if dimension else None
        if dimension:
            tests.append((pc.equal(pc.binary_length(words), 0), "missing_value", f"{noun} is empty."))
        if longest is not None:
            told = f"{noun} is longer than the {longest} characters that the registry holds."
            tests.append((pc.greater(pc.utf8_length(words), longest), "too_long", told))
        for wrong, code, told in tests:
            # Chunks that share these words come after; a word that no row has does no harm.
            if not pc.any(wrong).as_py():
                continue
            for other, start in zip(column.chunks, _offsets(column), strict=True):
                if start < before or not (other.dictionary is words or other.dictionary.equals(words)):
                    continue
                row = pc.index(wrong.take(other.indices), True).as_py()
                if row >= 0:
                    yield Problem(code=code, where=f"row {start + row + 1}, {name}", message=told)
                    return


def _offsets(column: pa.ChunkedArray) -> list[int]:
    return [0, *np.cumsum([len(chunk) for chunk in column.chunks]).tolist()][: column.num_chunks]


def _not_unicode(name: str, noun: str) -> Problem:
    told = f"{noun} is not Unicode text: it is not UTF-8, or has half of a surrogate pair."
    return Problem(code="bad_character", where=name, message=told)


def _without_empty(reasons: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make empty reasons none."""
    if not any(pc.any(pc.equal(chunk.dictionary, "")).as_py() for chunk in reasons.chunks):
        return reasons
    chunks = []
    for chunk in reasons.chunks:
        empty = pc.equal(chunk.dictionary, "").take(chunk.indices)
        kept = pc.if_else(empty, pa.scalar(None, chunk.indices.type), chunk.indices)
        chunks.append(pa.DictionaryArray.from_arrays(kept, chunk.dictionary))
    return pa.chunked_array(chunks, TEXT)


def _missing(name: str) -> Problem:
    return Problem(
        code="missing_column",
        where=name,
        message=f"There are no values of {name}.",
        remedy=f"Add the column, or give it as a constant: {name}=...",
    )


def _cast(column: pa.ChunkedArray, wanted: pa.DataType, name: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type) and any(chunk.dictionary.null_count for chunk in column.chunks):
        column = pc.cast(column, column.type.value_type)  # or nulls among its words would not be counted
    given = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    text = pa.types.is_string(given) or pa.types.is_large_string(given)
    if column.null_count and name != REASON:
        row = pc.index(pc.is_null(column), True).as_py()
        raise DataIdSetValueError(
            Problem(
                code="missing_value",
                where=f"row {row + 1}, {name}",
                message=f"{column.null_count:,} rows have no value of {name}.",
            )
        )
    if wanted == pa.int64() and pa.types.is_integer(given):
        try:
            return pc.cast(column, wanted)
        except pa.ArrowInvalid:
            raise DataIdSetValueError("A number is too large for 64 bits.", where=name) from None
    if wanted == TEXT and (text or pa.types.is_null(given)):
        if pa.types.is_dictionary(column.type) and column.type == TEXT:
            return column
        return (
            pc.cast(column, pa.string()).dictionary_encode()
            if not pa.types.is_null(given)
            else pc.cast(column, pa.string()).cast(TEXT)
        )
    if pa.types.is_null(given) and not len(column):
        return pa.chunked_array([], type=wanted)
    noun = "whole numbers" if wanted == pa.int64() else "text"
    raise DataIdSetValueError(Problem(code="wrong_type", where=name, message=f"{name} takes {noun}, not {given}."))


def _constant(value: int | str | None, n_rows: int, wanted: pa.DataType, name: str) -> pa.ChunkedArray:
    plain = pa.int64() if wanted == pa.int64() else pa.string()
    right = (
        isinstance(value, str) or value is None
        if plain == pa.string()
        else isinstance(value, int) and not isinstance(value, bool)
    )
    if not right:
        noun = "a whole number" if plain == pa.int64() else "text"
        raise DataIdSetValueError(
            Problem(code="wrong_type", where=name, message=f"{name} takes {noun}, not {shortened(repr(value))}.")
        )
    try:
        one = pa.array([value], plain)
    except UnicodeEncodeError:
        raise DataIdSetValueError(_not_unicode(name, name)) from None
    except OverflowError:
        raise DataIdSetValueError("A number is too large for 64 bits.", where=name) from None
    if value is None:
        one = pa.DictionaryArray.from_arrays(pa.nulls(1, pa.int32()), pa.array([], pa.string()))
    elif plain == pa.string():
        one = one.dictionary_encode()
    return repeated(one, n_rows)
