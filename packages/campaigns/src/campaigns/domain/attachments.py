"""Which files may be attached to notes, and what a browser may do with them. What a file is, its first bytes say."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from campaigns.domain.errors import InvalidInput, TooLarge

__all__ = (
    "MAX_FILES",
    "FileLimits",
    "FileType",
    "GivenFile",
    "check_sizes",
    "file_name",
    "file_type",
    "is_kept_type",
    "is_plain_name",
)

MAX_FILES: Final = 10
"""The most files of one note."""

MAX_NAME: Final = 150


_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,=-]{0,180}")


@dataclass(frozen=True, slots=True)
class FileType:
    """What a file is: its media type, and whether it may be shown as a picture."""

    media_type: str
    is_image: bool = False


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The most bytes of a file, and of all files of a note."""

    file_bytes: int
    note_bytes: int


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that somebody wants to attach: the name it came with, and its content."""

    name: str
    content: bytes


_BEGINNINGS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), FileType("image/png", is_image=True)),
    (re.compile(rb"\xff\xd8\xff"), FileType("image/jpeg", is_image=True)),
    (re.compile(rb"GIF8[79]a"), FileType("image/gif", is_image=True)),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), FileType("image/webp", is_image=True)),
    (re.compile(rb"%PDF-"), FileType("application/pdf")),
    (re.compile(rb"SIMPLE  = {20}T"), FileType("application/fits")),
    (re.compile(rb"PAR1"), FileType("application/vnd.apache.parquet")),
    (re.compile(rb"\x1f\x8b"), FileType("application/gzip")),
    (re.compile(rb"PK\x03\x04"), FileType("application/zip")),
)
"""How files of each type begin. Pictures are those that browsers draw without obeying anything in them."""


def file_type(given: GivenFile) -> FileType:
    """Tell what a file is.

    Raises
    ------
    InvalidInput
        If it is none that may be attached.
    """
    for beginning, found in _BEGINNINGS:
        if beginning.match(given.content):
            return found
    try:
        text = given.content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if not given.content or "\0" in text:
        raise InvalidInput(
            f"{given.name} is empty." if not given.content else f"{given.name} is of no type that can be attached.",
            where="files",
            remedy="Attach PNG, JPEG, GIF or WebP pictures, PDF, FITS, Parquet, gzip, zip, or text in UTF-8.",
        )
    return FileType("text/plain")


def is_plain_name(name: str) -> bool:
    """Tell whether a file of a submission may have a name: no path, and nothing that a shell reads otherwise."""
    return _PLAIN_NAME.fullmatch(name) is not None


def is_kept_type(media_type: str, *, is_image: bool) -> bool:
    """Tell whether a note's file may be of a type, and be shown as a picture or not."""
    return FileType(media_type, is_image=is_image) in {FileType("text/plain"), *(found for _, found in _BEGINNINGS)}


def file_name(text: str) -> str:
    """Give the name under which a file is kept: the last part of a path, of letters that no program stumbles over.

    Raises
    ------
    InvalidInput
        If nothing is left of it.
    """
    last = unicodedata.normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isalnum() or letter in "._+-" else "_" for letter in last if letter.isprintable())
    stem, dot, ending = kept.lstrip("._-").rpartition(".")
    name = f"{stem[: MAX_NAME - len(ending) - 1]}{dot}{ending}" if stem and len(ending) < 20 else kept.lstrip("._-")[:MAX_NAME]
    if not name:
        raise InvalidInput("A file has no name.", where="files", remedy="Give it a name with letters or digits.")
    return name


def check_sizes(files: list[GivenFile], *, kept_bytes: int, n_kept: int, limits: FileLimits) -> None:
    """Refuse files that are too large, or too many.

    Parameters
    ----------
    files : `list` [`GivenFile`]
        What is to be attached.
    kept_bytes, n_kept : `int`
        What the note has already.
    limits : `FileLimits`
        What it may have.

    Raises
    ------
    InvalidInput
        If there are too many.
    TooLarge
        If one, or all together, are too large.
    """
    if n_kept + len(files) > MAX_FILES:
        raise InvalidInput(
            f"A note has at most {MAX_FILES} files; this would be its {n_kept + len(files)}th.",
            where="files",
            remedy="Write a second note, or put them into one archive.",
        )
    for file in files:
        if len(file.content) > limits.file_bytes:
            raise TooLarge(
                f"{file.name} has {len(file.content) / 1e6:.1f} MB; at most {limits.file_bytes / 1e6:g} MB can be attached.",
                where="files",
                remedy="Put it where data are kept, and link it.",
            )
    total = kept_bytes + sum(len(file.content) for file in files)
    if total > limits.note_bytes:
        raise TooLarge(
            f"The files of the note would have {total / 1e6:.1f} MB; at most {limits.note_bytes / 1e6:g} MB are kept for one.",
            where="files",
            remedy="Write a second note, or link what is large.",
        )
