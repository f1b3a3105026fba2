"""Columns of keys, in whatever form they come: as Arrow arrays of 64-bit integers, or of text with a dictionary."""

from __future__ import annotations

__all__ = ("as_columns", "typed", "typed_value")

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import DataCoordinate

from .._columns import TEXT
from .._errors import DataIdSetValueError, Problem, shortened

_INTEGER = r"^\s*[-+]?[0-9]{1,18}\s*$"


def as_columns(data: Any, *, ignore: Iterable[str] = ()) -> tuple[dict[str, pa.Array | pa.ChunkedArray], int]:
    """Take columns from a table or from mappings.

    Parameters
    ----------
    data : `pyarrow.Table`, `pyarrow.RecordBatch`, `astropy.table.Table`, or iterable of mapping
        The rows. A mapping may lack what others have.
    ignore : iterable of `str`, optional
        Columns to leave out.

    Returns
    -------
    columns : `dict` [`str`, `pyarrow.Array` or `pyarrow.ChunkedArray`]
        The columns, in their order.
    n_rows : `int`
        The number of rows.

    Raises
    ------
    DataIdSetValueError
        If columns have the same name, or hold what is neither number nor text.
    """
    ignored = frozenset(ignore)
    if isinstance(data, pa.Table | pa.RecordBatch):
        names = [name for name in data.column_names if name not in ignored]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise DataIdSetValueError(
                Problem(
                    code="repeated_column", where=name, message=f"There are several columns {name}.", remedy="Keep one of them."
                )
                for name in repeated
            )
        return {name: data.column(name) for name in names}, data.num_rows
    if hasattr(data, "colnames"):
        return {name: _from_astropy(data[name], name) for name in data.colnames if name not in ignored}, len(data)
    rows = [dict(row.required) if isinstance(row, DataCoordinate) else row for row in data]
    odd = next((row for row in rows if not isinstance(row, Mapping)), None)
    if odd is not None:
        raise DataIdSetValueError(f"A row is a mapping of columns to values, not {type(odd).__name__}.", where="data")
    wanted = dict.fromkeys(name for row in rows for name in row if name not in ignored)
    return {name: _listed([row.get(name) for row in rows], name) for name in wanted}, len(rows)


def _from_astropy(column: Any, name: str) -> pa.Array:
    values = np.asarray(column)
    if values.ndim != 1 or values.dtype.kind not in "iuUSOfb":
        raise DataIdSetValueError(f"{name} is no column of numbers or text.", where=name, remedy="Have it ignored.")
    mask = getattr(column, "mask", None)
    mask = None if mask is None else np.broadcast_to(mask, len(values))
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if values.dtype.kind == "O":
        hidden = np.zeros(len(values), dtype=bool) if mask is None else mask
        return _listed([None if hide else value for value, hide in zip(values.tolist(), hidden, strict=True)], name)
    return pa.array(values.astype(values.dtype.newbyteorder("=")), mask=mask)


def _listed(values: list[Any], name: str) -> pa.Array:
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    try:
        return pa.array(plain)
    except UnicodeEncodeError:
        raise _no_unicode(name) from None
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        kinds = {type(value) for value in plain if value is not None}
        if kinds <= {int, str}:
            try:
                return pa.array([None if value is None else str(value) for value in plain], pa.string())
            except UnicodeEncodeError:
                raise _no_unicode(name) from None
        told = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise DataIdSetValueError(f"{name} has values of several kinds: {told}.", where=name) from None


def _no_unicode(name: str) -> DataIdSetValueError:
    told = f"{name} has text that is no Unicode: half of a surrogate pair."
    return DataIdSetValueError(Problem(code="wrong_type", where=name, message=told, remedy="Save the file as UTF-8."))


def typed(column: pa.Array | pa.ChunkedArray, kind: type, name: str) -> pa.Array:
    """Bring a column to the type that the registry has.

    Parameters
    ----------
    column : `pyarrow.Array` or `pyarrow.ChunkedArray`
        The column.
    kind : `type`
        `int` or `str`.
    name : `str`
        Its name.

    Returns
    -------
    array : `pyarrow.Array`
        64-bit integers, or text with a dictionary without repetitions. Null where there is nothing, or no whole number.

    Raises
    ------
    DataIdSetValueError
        If the column holds neither whole numbers nor text.

    Notes
    -----
    Programs that read tables guess types: numbers in a column of names become text again, and text of digits numbers.
    """
    given = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    text = pa.types.is_string(given) or pa.types.is_large_string(given) or pa.types.is_string_view(given)
    if not (text or pa.types.is_integer(given) or pa.types.is_null(given)):
        noun = "whole numbers" if kind is int else "text"
        raise DataIdSetValueError(Problem(code="wrong_type", where=name, message=f"{name} takes {noun}, not {given}."))
    if kind is str:
        return _text(column, plain=pa.types.is_string(given))
    if pa.types.is_integer(given) and not pa.types.is_dictionary(column.type):
        return _joined(_in_range(column, name))
    if not text:
        return _joined(pc.cast(column, pa.int64()))
    # Few distinct numbers are read, not all rows.
    encoded = _text(column, plain=pa.types.is_string(given))
    words = pc.if_else(pc.match_substring_regex(encoded.dictionary, _INTEGER), encoded.dictionary, None)
    trimmed = pc.replace_substring_regex(pc.utf8_trim_whitespace(words), r"^\+", "")
    return pc.take(pc.cast(trimmed, pa.int64()), encoded.indices)


def _in_range(column: pa.Array | pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        raise DataIdSetValueError("A number is too large for 64 bits.", where=name) from None


def _joined(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _text(column: pa.Array | pa.ChunkedArray, *, plain: bool) -> pa.DictionaryArray:
    """Encode text; an empty text is none at all."""
    if not (plain and pa.types.is_dictionary(column.type)):
        column = column.cast(pa.string()) if not plain else column
        column = column.dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = _joined(column.unify_dictionaries())
    if not len(column):
        return pa.array([], TEXT)
    words = column.dictionary.cast(pa.string())
    if column.type.index_type != pa.int32() or words.null_count or len(pc.unique(words)) != len(words):
        column = column.cast(pa.string()).dictionary_encode()
        words = column.dictionary
    empty = pc.index(words, "").as_py()
    if empty < 0:
        return pa.DictionaryArray.from_arrays(column.indices, words)
    indices = pc.if_else(pc.equal(column.indices, empty), pa.scalar(None, pa.int32()), column.indices)
    return pa.DictionaryArray.from_arrays(indices, words)


def typed_value(value: Any, kind: type, name: str) -> int | str:
    """Bring a constant to the type that the registry has.

    Raises
    ------
    DataIdSetValueError
        If it has another.
    """
    if isinstance(value, str) and not _is_unicode(value):
        raise _no_unicode(f"constants.{name}")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise DataIdSetValueError("A number is too large for 64 bits.", where=f"constants.{name}")
    if isinstance(value, kind) and isinstance(value, int | str) and not isinstance(value, bool) and value != "":
        return value
    noun = "a whole number" if kind is int else "text"
    raise DataIdSetValueError(
        Problem(code="wrong_type", where=f"constants.{name}", message=f"{name} takes {noun}, not {shortened(repr(value))}.")
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
