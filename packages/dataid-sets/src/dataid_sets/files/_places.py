"""Files that are elsewhere: whatever `lsst.resources.ResourcePath` can fetch or send, as everywhere in Butler."""

from __future__ import annotations

__all__ = ("is_elsewhere", "local_copy", "sent")

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from lsst.resources import ResourcePath

from ._mistakes import Mistake

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SHOWN = 200


def is_elsewhere(given: Any) -> bool:
    """Tell whether what was given as a file is a URI, such as ``s3://bucket/bad.csv``, rather than a path."""
    return isinstance(given, ResourcePath) or (isinstance(given, str) and _URI.match(given) is not None)


@contextmanager
def local_copy(given: str | os.PathLike[str] | ResourcePath) -> Iterator[Path]:
    """Give the local path of a file, which is a temporary copy of one that is elsewhere.

    Raises
    ------
    Mistake
        If it cannot be fetched.
    """
    if not is_elsewhere(given):
        yield Path(given)  # type: ignore[arg-type]
        return
    with ExitStack() as stack:
        try:
            local = stack.enter_context(ResourcePath(given).as_local())  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - each kind of store has errors of its own
            _refuse(error, "fetched")
        yield Path(local.ospath)


@contextmanager
def sent(given: str | ResourcePath) -> Iterator[Path]:
    """Give a temporary path, and send what was written there to a URI.

    Raises
    ------
    Mistake
        If it cannot be sent.
    """
    with tempfile.TemporaryDirectory(prefix="dataids-") as folder:
        part = Path(folder) / "file"
        yield part
        try:
            ResourcePath(given).transfer_from(ResourcePath(str(part)), transfer="copy", overwrite=True)
        except Exception as error:  # noqa: BLE001 - each kind of store has errors of its own
            _refuse(error, "written")


def _refuse(error: Exception, what: str) -> NoReturn:
    if isinstance(error, FileNotFoundError):
        raise Mistake("no_such_file", "There is no such file.", "Check the URI.") from None
    told = " ".join(str(error).split())[:_SHOWN].rstrip(".") or type(error).__name__
    remedy = "Check the URI and your credentials, or name a local file."
    raise Mistake("unreadable" if what == "fetched" else "unwritable", f"This cannot be {what}: {told}.", remedy) from None
