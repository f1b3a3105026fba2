"""Bars for what takes long; they appear where standard error is a terminal."""

from __future__ import annotations

__all__ = ("steps",)

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lsst.daf.butler.progress import Progress

# Butler shows bars of loggers that are on, which those below "lsst" are.
_PROGRESS = Progress("lsst.dataid_sets")


@contextmanager
def steps(told: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar of a few steps.

    Parameters
    ----------
    told : `str`
        What is being done.
    total : `int`
        How many steps there are.

    Returns
    -------
    done : callable
        Call it after each step.
    """
    with _PROGRESS.bar(desc=told, total=total) as bar:
        yield lambda: bar.update(1)
