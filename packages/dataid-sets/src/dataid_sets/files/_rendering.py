"""Rows as text: CSV, JSON and VOTable written column by column, without a Python object for any row."""

from __future__ import annotations

__all__ = ("Pattern", "csv_header", "csv_pattern", "json_pattern", "render", "votable_end", "votable_pattern", "votable_start")

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.compute as pc

from .._columns import REASON
from .._table import DataIdTable
from ._mistakes import Mistake
from ._progress import rows_done

_ROWS = 1 << 16
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_END_OF_LINE = {"\r": "&#13;"}


@dataclass(frozen=True)
class Pattern:
    """How a row is written: fixed text and columns in turn.

    Attributes
    ----------
    parts : `tuple`
        Text, or the name of a column with the function that writes its words.
    """

    parts: tuple[str | tuple[str, Callable[[str | None], str]], ...]


def render(table: DataIdTable, pattern: Pattern) -> Iterator[bytes]:
    """Write the rows, many at a time.

    Parameters
    ----------
    table : `DataIdTable`
        The rows.
    pattern : `Pattern`
        How each is written.

    Yields
    ------
    text : `bytes`
        Some rows.
    """
    with rows_done("Writing", len(table)) as bar:
        for batch in table.arrow.to_batches(max_chunksize=_ROWS):
            yield _rendered(batch, pattern)
            bar.update(batch.num_rows)


def _rendered(batch: pa.RecordBatch, pattern: Pattern) -> bytes:
    parts: list[Any] = [
        pa.scalar(part) if isinstance(part, str) else _written(batch.column(part[0]), part[1]) for part in pattern.parts
    ]
    lines = pc.binary_join_element_wise(*parts, "")
    # The text of an Arrow column lies in one piece.
    _, offsets, text = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(text)[ends[lines.offset] : ends[lines.offset + len(lines)]]) if len(lines) else b""


def _written(column: pa.Array, write: Callable[[str | None], str]) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    # Each word of these rows is written once, however many of them have it; the place after the last is for none.
    none = len(column.dictionary)
    codes = column.indices.fill_null(none)
    used = codes.unique()
    words = [None if code == none else column.dictionary[code].as_py() for code in used.to_pylist()]
    return pa.array([write(word) for word in words], pa.string()).take(pc.index_in(codes, used))


# ---- CSV


def csv_header(names: Sequence[str]) -> bytes:
    """Write the line of the columns' names."""
    return (",".join(names) + "\n").encode()


def csv_pattern(names: Sequence[str]) -> Pattern:
    """Write rows of CSV; text that has blanks around it stands in quotes, and so keeps them."""
    parts: list[Any] = []
    for name in names:
        parts.extend(("," if parts else "", (name, _csv_cell)))
    return Pattern((*parts, "\n"))


def _csv_cell(word: str | None) -> str:
    word = word or ""
    if word != word.strip(" \t") or any(sign in word for sign in ',"\r\n'):
        return '"' + word.replace('"', '""') + '"'
    return word


# ---- JSON


def json_pattern(names: Sequence[str]) -> Pattern:
    """Write rows as JSON objects, without a comma after them."""
    parts: list[Any] = ["{"]
    for name in names:
        if name != REASON:
            parts.extend((f"{', ' if len(parts) > 1 else ''}{json.dumps(name)}: ", (name, json.dumps)))
    if REASON in names:
        comma = ", " if len(parts) > 1 else ""
        parts.append((REASON, lambda word: f'{comma}"reason": {json.dumps(word)}' if word else ""))
    return Pattern((*parts, "}"))


# ---- VOTable


def votable_pattern(names: Sequence[str]) -> Pattern:
    """Write rows of a VOTable."""
    parts: list[Any] = ["<TR>"]
    for name in names:
        parts.extend(("<TD>", (name, _xml), "</TD>"))
    return Pattern((*parts, "</TR>\n"))


def votable_start(types: Mapping[str, bool], n_rows: int, metadata: Mapping[str, Any]) -> bytes:
    """Write what stands above the rows; `types` says of each column whether it has whole numbers."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
        '<RESOURCE type="results">',
    ]
    for name, value in metadata.items():
        told = value if isinstance(value, str) else json.dumps(value)
        for text in (name, told):
            _check_xml(text)
        attributes = f"name={_attribute(name)} value={_attribute(told)}"
        lines.append(f"<INFO {attributes}/>")
    lines.append(f'<TABLE nrows="{n_rows}">')
    for name, whole in types.items():
        kind = 'datatype="long"' if whole else 'datatype="unicodeChar" arraysize="*"'
        lines.append(f'<FIELD name="{name}" {kind}/>')
    return ("\n".join(lines) + "\n<DATA><TABLEDATA>\n").encode()


def votable_end() -> bytes:
    """Write what stands below the rows."""
    return b"</TABLEDATA></DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n"


def _attribute(text: str) -> str:
    return quoteattr(text, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def _xml(word: str | None) -> str:
    _check_xml(word or "")
    return escape(word or "", _END_OF_LINE)


def _check_xml(text: str) -> None:
    if _NO_XML.search(text):
        told = "A VOTable cannot hold the control characters of a reason or value here."
        raise Mistake("bad_character", told, "Write another format, or mend the text.")
