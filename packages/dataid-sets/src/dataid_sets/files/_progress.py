"""Bars for what takes long. Whoever installs a handler of Butler's sees them, as commands do on terminals."""

from __future__ import annotations

__all__ = ("bytes_read", "rows_done")

import os
from contextlib import AbstractContextManager
from typing import Any

from lsst.daf.butler.progress import Progress, ProgressBar

# Butler shows bars of loggers that are on, which those below "lsst" are.
_PROGRESS = Progress("lsst.dataid_sets")


def rows_done(told: str, n_rows: int, *, unit: str = "rows") -> AbstractContextManager[ProgressBar[Any]]:
    """Show a bar of rows.

    Parameters
    ----------
    told : `str`
        What is being done.
    n_rows : `int`
        How many rows there are.
    unit : `str`, optional
        What they are, if not rows.

    Returns
    -------
    bar : context manager of `lsst.daf.butler.progress.ProgressBar`
        Its ``update`` is to be told how many rows are done.
    """
    return _PROGRESS.bar(desc=f"{told}, {unit}", total=n_rows)


def bytes_read(given: Any, n_bytes: int | None) -> AbstractContextManager[ProgressBar[Any]]:
    """Show a bar of the bytes of a file, if it is known how many there are.

    Parameters
    ----------
    given : `str`, `os.PathLike`, `lsst.resources.ResourcePath` or binary stream
        The file.
    n_bytes : `int` or `None`
        Its size.

    Returns
    -------
    bar : context manager of `lsst.daf.butler.progress.ProgressBar`
        Its ``update`` is to be told how many bytes were read.
    """
    name = os.fspath(given) if isinstance(given, str | os.PathLike) else str(given)
    shown = os.fsdecode(name).rstrip("/").rpartition("/")[2].encode(errors="backslashreplace").decode()
    # A bar without an end shows nothing.
    return _PROGRESS.bar(desc=f"Reading {shown}, bytes", total=n_bytes or 0)
