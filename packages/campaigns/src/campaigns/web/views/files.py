"""A file that came from a submission: logs line by line, pictures as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from campaigns.domain.submission import StoredFile, Submission
from campaigns.services.factory import Factory

__all__ = ("INLINE_IMAGES", "FilePage", "LogLine", "RawFile", "file_page", "raw_file")

INLINE_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
"""Types that a page may show as a picture."""

MAX_SHOWN_BYTES: Final = 2_000_000

_TEXT = re.compile(r"^(text/.*|application/(json|yaml|x-yaml|xml|x-ndjson))(;.*)?$")
_LEVELS = re.compile(r"\b(?:(CRITICAL|FATAL|ERROR|Traceback)|(WARN(?:ING)?))\b")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of text, and whether it is an error's (``bad``) or a warning's (``need``)."""

    text: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """The page's content; ``cut`` tells that only the end of the file is shown."""

    submission: Submission
    file: StoredFile
    is_image: bool
    lines: list[LogLine]
    cut: bool


def file_page(factory: Factory, ref: str, name: str) -> FilePage:
    """Gather the page of one file: its end, where it is long."""
    service = factory.submissions()
    submission = service.get(ref)
    file, path = service.file(ref, name)
    if not _TEXT.match(file.content_type):
        return FilePage(submission=submission, file=file, is_image=file.content_type in INLINE_IMAGES, lines=[], cut=False)
    cut = file.size > MAX_SHOWN_BYTES
    with path.open("rb") as content:
        content.seek(max(0, file.size - MAX_SHOWN_BYTES))
        text = content.read(MAX_SHOWN_BYTES).decode(errors="replace")
    # The first of the lines is not whole where the beginning was cut off.
    lines = [_line(line) for line in text.splitlines()[1 if cut else 0 :]]
    return FilePage(submission=submission, file=file, is_image=False, lines=lines, cut=cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """A file as it goes to a browser: pictures as pictures, text as plain text, and all else to be kept."""

    path: Path
    media_type: str
    headers: dict[str, str]


def raw_file(factory: Factory, ref: str, name: str) -> RawFile:
    """Gather a file as it is.

    Notes
    -----
    An agent says what type a file has, and it must not be able to send a page of its own: nothing but pictures and plain text is
    shown, and whatever a picture holds has no scripts and no origin.
    """
    file, path = factory.submissions().file(ref, name)
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Cache-Control": "private, max-age=60",
    }
    if file.content_type in INLINE_IMAGES:
        return RawFile(path=path, media_type=file.content_type, headers=headers)
    if _TEXT.match(file.content_type):
        return RawFile(path=path, media_type="text/plain; charset=utf-8", headers=headers)
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    return RawFile(path=path, media_type="application/octet-stream", headers=headers)


def _line(text: str) -> LogLine:
    found = _LEVELS.search(text[:200])
    return LogLine(text, "" if found is None else "bad" if found[1] else "need")
