"""Writing DataId files: all of it or nothing."""

from __future__ import annotations

__all__ = ("write_data_ids", "written_whole")

import gzip
import io
import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from lsst.resources import ResourcePath

from .._columns import REASON
from .._table import DataIdTable
from ._ecsv import write_header
from ._mistakes import Mistake, Mistakes
from ._places import is_elsewhere, sent
from ._progress import rows_done
from ._rendering import csv_header, csv_pattern, json_pattern, render, votable_end, votable_pattern, votable_start
from ._source import file_format, split_suffix

_METADATA_KEY = b"dataid_sets"
_ROW_GROUP = 1 << 20


def write_data_ids(
    table: DataIdTable,
    path: str | os.PathLike[str] | ResourcePath | IO[bytes],
    *,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a DataId file.

    Parameters
    ----------
    table : `DataIdTable`
        The data IDs.
    path : `str`, `os.PathLike`, `lsst.resources.ResourcePath` or binary stream
        The file, which may be a URI; ``-`` is standard output. The suffixes ``.gz`` and ``.zst`` compress it.
    format : `str`, optional
        One of ``json``, ``jsonl``, ``csv``, ``ecsv``, ``parquet`` and ``votable``; by default that of the suffix.
    metadata : mapping of `str`, optional
        What to say of the whole, in values that JSON has: in ECSV, Parquet and VOTable, which have room for it. It is not read.

    Raises
    ------
    DataIdFileError
        If the file cannot be written, or its format cannot hold the data IDs. Then a file that was there before is unharmed.

    Notes
    -----
    What `read_data_ids` reads of it is equal to `table`, reasons included. Of JSON Lines without any data ID it must be told the
    dimensions. Reasons are left out where no row has one.
    """
    name = _name(path)
    mistakes = Mistakes(name)
    try:
        chosen = file_format(name, format)
        compression = split_suffix(name)[1]
        if chosen == "text":
            raise Mistake("unknown_format", "Text of one column is only read.", "Use CSV.")
        if chosen == "parquet" and compression is not None:
            raise Mistake("unknown_format", "Parquet is compressed in itself.", "Leave out the last suffix.")
        with written_whole(path) as stream, _compressed(stream, compression) as packed:
            _WRITERS[chosen](table, packed, dict(metadata or {}))
    except Mistake as mistake:
        raise mistakes.fail(mistake) from None
    except (OSError, pa.ArrowException) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise mistakes.fail(Mistake("unwritable", f"This cannot be written: {told}.", "Check the folder.")) from None


def _name(path: Any) -> str:
    if path == "-":
        return "standard output"
    if isinstance(path, ResourcePath):
        return str(path)
    name = path if isinstance(path, str | os.PathLike) else getattr(path, "name", "")
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""


def _columns(table: DataIdTable) -> list[str]:
    """Give the columns in the order that people know, and reasons where there are any."""
    has_reasons = table.arrow.column(REASON).null_count < len(table)
    return [*table.dimensions.required, *([REASON] if has_reasons else [])]


def _is_integer(table: DataIdTable, name: str) -> bool:
    return name != REASON and pa.types.is_integer(table.arrow.column(name).type)


def _write_json(table: DataIdTable, stream: Any, _metadata: Mapping[str, Any]) -> None:
    names = _columns(table)
    constants = {}
    for name in names:
        if name != REASON and not _is_integer(table, name) and len(table):
            words = table.arrow.column(name).unique()
            if len(words) == 1:
                constants[name] = words[0].as_py()
    if len(constants) == len(names):
        constants.popitem()  # a row says something
    rest = [name for name in names if name not in constants]
    head: dict[str, Any] = {"dimensions": list(table.dimensions.required)}
    if constants:
        head["constants"] = constants
    stream.write((json.dumps(head)[:-1] + ', "data_ids": [').encode())
    pattern = json_pattern(rest)
    first = True
    for text in render(table, type(pattern)((",\n", *pattern.parts))):
        stream.write(text[1:] if first else text)
        first = False
    stream.write(b"\n]}\n")


def _write_lines(table: DataIdTable, stream: Any, _metadata: Mapping[str, Any]) -> None:
    pattern = json_pattern(_columns(table))
    for text in render(table, type(pattern)((*pattern.parts, "\n"))):
        stream.write(text)


def _write_csv(table: DataIdTable, stream: Any, _metadata: Mapping[str, Any]) -> None:
    names = _columns(table)
    stream.write(csv_header(names))
    for text in render(table, csv_pattern(names)):
        stream.write(text)


def _write_ecsv(table: DataIdTable, stream: Any, metadata: Mapping[str, Any]) -> None:
    types = {name: "int64" if _is_integer(table, name) else "string" for name in _columns(table)}
    stream.write(write_header(types, metadata))
    _write_csv(table, stream, metadata)


def _write_parquet(table: DataIdTable, stream: Any, metadata: Mapping[str, Any]) -> None:
    arrow = table.arrow.select(_columns(table))
    fields = [pa.field(field.name, pa.int64() if pa.types.is_integer(field.type) else pa.string()) for field in arrow.schema]
    schema = pa.schema(fields, metadata={_METADATA_KEY: json.dumps(metadata).encode()} if metadata else None)
    packed = pq.ParquetWriter(_KeptOpen(stream), schema, compression="zstd", write_page_checksum=True)
    with packed as writer, rows_done("Writing", len(table)) as bar:
        for batch in arrow.to_batches(max_chunksize=_ROW_GROUP):
            # Dictionaries of text are made anew for each group, without the words of all the others.
            writer.write_table(pa.Table.from_batches([batch]).cast(schema), row_group_size=_ROW_GROUP)
            bar.update(batch.num_rows)


def _write_votable(table: DataIdTable, stream: Any, metadata: Mapping[str, Any]) -> None:
    names = _columns(table)
    stream.write(votable_start({name: _is_integer(table, name) for name in names}, len(table), metadata))
    for text in render(table, votable_pattern(names)):
        stream.write(text)
    stream.write(votable_end())


_WRITERS: dict[str, Callable[[DataIdTable, Any, Mapping[str, Any]], None]] = {
    "json": _write_json,
    "jsonl": _write_lines,
    "csv": _write_csv,
    "ecsv": _write_ecsv,
    "parquet": _write_parquet,
    "votable": _write_votable,
}


@contextmanager
def written_whole(path: Any) -> Iterator[IO[bytes]]:
    """Open what is to be written; a file appears under its name when it is complete.

    Parameters
    ----------
    path : `str`, `os.PathLike`, `lsst.resources.ResourcePath` or binary stream
        The file, or ``-`` for standard output.

    Raises
    ------
    Mistake
        If it cannot be written, or is a folder.
    """
    if is_elsewhere(path):
        with sent(path) as part, part.open("wb") as stream:
            yield stream
        return
    if not isinstance(path, str | os.PathLike):
        yield path
        return
    if path == "-":
        if sys.stdout is None:
            raise Mistake("unwritable", "Standard output is closed.", "Name a file.")
        if isinstance(sys.stdout.buffer, io.RawIOBase):
            # Without a buffer of Python's, a pipe may take a part of what it is given, and say nothing.
            with open(os.dup(sys.stdout.buffer.fileno()), "wb") as stream:  # noqa: PTH123 - this is no path
                yield stream
            return
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # Where a link leads, not the link, is replaced.
    final = Path(os.path.realpath(path))
    if final.is_dir():
        raise Mistake("not_a_file", "This is a folder.", "Name a file in it.")
    if final.exists() and not final.is_file():
        with final.open("wb") as stream:  # a pipe or a device
            yield stream
        return
    part = final.with_name(f".{final.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if final.exists():
            # Who could read the file that is replaced can read the new one, and nobody else.
            part.chmod(stat.S_IMODE(final.stat().st_mode))
        part.replace(final)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _compressed(stream: IO[bytes], compression: str | None) -> Iterator[Any]:
    match compression:
        case "gzip":
            # Without a time and a name, the same data IDs give the same file.
            with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
                yield packed
        case "zstd":
            with pa.CompressedOutputStream(pa.PythonFile(_KeptOpen(stream), mode="w"), "zstd") as packed:
                yield packed
        case _:
            yield stream


class _KeptOpen(io.RawIOBase):
    """A stream that pyarrow cannot close: there is still to do with it.

    Parameters
    ----------
    stream : binary stream
        The stream.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(data)
        return len(data)
