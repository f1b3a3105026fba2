"""Opening what is to be read: paths, standard input and streams, compressed or not, and never more than was allowed.

A file's content says how it is compressed; its name says the format.
"""

from __future__ import annotations

__all__ = ("FORMATS", "TOO_LARGE", "Source", "file_format", "open_source", "split_suffix")

import gzip
import io
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from lsst.daf.butler.progress import ProgressBar
from lsst.resources import ResourcePath

from .._errors import shortened
from ._mistakes import Mistake
from ._places import local_copy
from ._progress import bytes_read

FORMATS: dict[str, tuple[str, ...]] = {
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "csv": (".csv",),
    "ecsv": (".ecsv",),
    "parquet": (".parquet", ".pq"),
    "votable": (".vot", ".votable", ".xml"),
    "text": (".txt",),
}
"""The formats, and the suffixes that mean them."""

TOO_LARGE = "too_large_file"
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_PIECE = 1 << 20


class Source:
    """What is to be read, uncompressed.

    Parameters
    ----------
    stream : binary stream
        The content; only ``read`` is used.
    limit_bytes : `int`
        The most that may be read.
    original : binary stream or `None`
        The same content where it may be read in any order.
    bar : `lsst.daf.butler.progress.ProgressBar`, optional
        Told how many bytes were read; of those of `stream` it is told otherwise.
    """

    def __init__(self, stream: Any, *, limit_bytes: int, original: IO[bytes] | None, bar: ProgressBar[Any] | None = None) -> None:
        self._bar = bar
        self._n_told = 0
        self._stream = stream
        self._original = original
        self.limit_bytes = limit_bytes
        self._n_bytes = 0

    def read(self, size: int = _PIECE) -> bytes:
        """Read up to `size` bytes; none at the end.

        Raises
        ------
        Mistake
            If the file is damaged, or larger than it may be.
        """
        try:
            data = self._stream.read(size)
        except (OSError, EOFError, zlib.error, pa.ArrowException, ValueError) as error:
            # Gzip gives OSError for bad headers, EOFError for a missing end and zlib.error for anything between.
            raise Mistake("unreadable", f"This cannot be read: {_plain(error)}.", "Check that the file is complete.") from None
        if not isinstance(data, bytes):
            raise Mistake("unreadable", "This is no binary stream.", "Open it in binary mode.")
        self._n_bytes += len(data)
        if self._n_bytes > self.limit_bytes:
            raise too_large(self.limit_bytes)
        return data

    def went_on_by(self, n_bytes: int) -> None:
        """Tell that so many bytes more were read of what `seekable` gave."""
        if self._original is not None and self._bar is not None:
            self._bar.update(n_bytes)
            self._n_told += n_bytes

    def went_on(self, share: float) -> None:
        """Tell which share of what `seekable` gave has been read."""
        if self._original is not None and self._bar is not None:
            self.went_on_by(int(share * os.fstat(self._original.fileno()).st_size) - self._n_told)

    def read_all(self, limit_bytes: int) -> bytes:
        """Read all that is left, for formats that need it at once."""
        pieces = []
        self.limit_bytes = min(self.limit_bytes, self._n_bytes + limit_bytes)
        while data := self.read():
            pieces.append(data)
        return b"".join(pieces)

    def seekable(self, stack: ExitStack) -> IO[bytes]:
        """Give the content as a stream that may be read in any order; in a temporary file, if it must be."""
        if self._original is not None:
            if os.fstat(self._original.fileno()).st_size > self.limit_bytes:
                raise too_large(self.limit_bytes)
            self._original.seek(0)
            return self._original
        spool = stack.enter_context(tempfile.TemporaryFile(prefix="dataids-"))  # noqa: SIM115 - the stack closes it
        while data := self.read():
            spool.write(data)
        spool.seek(0)
        return spool


def too_large(limit_bytes: int) -> Mistake:
    """Say that a file is too large."""
    told = f"There are more than {limit_bytes:,} bytes here, uncompressed."
    return Mistake(TOO_LARGE, told, "Split the file, or use Parquet.")


def split_suffix(name: str) -> tuple[str | None, str | None]:
    """Give the format and compression that a file's name means.

    Parameters
    ----------
    name : `str`
        The file's name.

    Returns
    -------
    format_ : `str` or `None`
        The format, if the name tells.
    compression : `str` or `None`
        ``gzip`` or ``zstd``.
    """
    path = Path(name.lower())
    compression = _COMPRESSIONS.get(path.suffix)
    suffix = Path(path.stem).suffix if compression else path.suffix
    return next((format_ for format_, suffixes in FORMATS.items() if suffix in suffixes), None), compression


def file_format(name: str, given: str | None) -> str:
    """Find the format of a file by what was said or by its name.

    Raises
    ------
    Mistake
        If that says no format.
    """
    if given is not None:
        if given not in FORMATS:
            raise Mistake("unknown_format", f"There is no format {shortened(given)!r}.", f"Known are {', '.join(FORMATS)}.")
        return given
    format_, _ = split_suffix(name)
    if format_ is None:
        known = ", ".join(suffix for suffixes in FORMATS.values() for suffix in suffixes)
        raise Mistake(
            "unknown_format", "The name says no format.", f"Name the format, or use a suffix: {known}; .gz or .zst may follow."
        )
    return format_


@contextmanager
def open_source(given: Any, *, limit_bytes: int) -> Iterator[Source]:
    """Open a path or URI, ``-`` for standard input, or a binary stream.

    Raises
    ------
    Mistake
        If it cannot be opened.
    """
    with ExitStack() as stack:
        stream: Any = given
        path = given != "-" and isinstance(given, str | os.PathLike | ResourcePath)
        if path:
            stream = stack.enter_context(_open(stack.enter_context(local_copy(given))))
        elif given == "-":
            stream = _standard_input()
        elif not hasattr(given, "read"):
            raise Mistake("unreadable", "This is neither a path nor a binary stream.", "Give one of these.")
        start = _start(Source(stream, limit_bytes=limit_bytes, original=None))
        original = stream if path and stream.seekable() else None
        n_bytes = os.fstat(stream.fileno()).st_size if original is not None else None
        bar = stack.enter_context(bytes_read(given, n_bytes))
        whole = io.BufferedReader(_Joined(start, stream, bar), _PIECE)
        compression = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
        if compression == "gzip":
            whole = gzip.GzipFile(fileobj=whole)  # type: ignore[assignment]
        elif compression == "zstd":
            whole = pa.CompressedInputStream(pa.PythonFile(whole, mode="r"), "zstd")
        yield Source(whole, limit_bytes=limit_bytes, original=original if compression is None else None, bar=bar)


def _standard_input() -> IO[bytes]:
    # Python has none where whoever started it closed it.
    if sys.stdin is None:
        raise Mistake("unreadable", "Standard input is closed.", "Name a file, or send one to standard input.")
    return sys.stdin.buffer


def _open(path: Path) -> IO[bytes]:
    try:
        if path.is_dir():
            raise Mistake("not_a_file", "This is a folder.", "Name a file in it.")
        return path.open("rb")
    except FileNotFoundError:
        raise Mistake("no_such_file", "There is no such file.", "Check the path.") from None
    except PermissionError:
        raise Mistake("unreadable", "You may not read this file.", "Ask its owner.") from None
    except (OSError, ValueError) as error:
        # ValueError is for a path with a NUL.
        raise Mistake("unreadable", f"This cannot be opened: {_plain(error)}.", "Check the path.") from None


def _start(source: Source) -> bytes:
    """Read the first bytes; a pipe may give them one by one."""
    start = b""
    while len(start) < 4 and (data := source.read(4 - len(start))):
        start += data
    return start


def _plain(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.rstrip(".")[:200]


class _Joined(io.RawIOBase):
    """A stream whose first bytes have been read already.

    Parameters
    ----------
    start : `bytes`
        These.
    rest : binary stream
        What follows.
    bar : `lsst.daf.butler.progress.ProgressBar`
        Told how many bytes were read.
    """

    def __init__(self, start: bytes, rest: Any, bar: ProgressBar[Any]) -> None:
        self._bar = bar
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start or self._rest.read(len(buffer))
        if not isinstance(data, bytes):
            raise OSError("This is no binary stream")
        used = data[: len(buffer)]
        self._start = data[len(buffer) :]
        buffer[: len(used)] = used
        self._bar.update(len(used))
        return len(used)
