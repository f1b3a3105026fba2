"""The base of the pipeline's tasks."""

from __future__ import annotations

__all__ = ["DemoTask"]

import logging
from typing import Any

from lsst.pipe.base import PipelineTask


class DemoTask(PipelineTask):
    """A task whose log is a part of the stack's own.

    Notes
    -----
    A task's log is named after its package otherwise, and `pipetask` shows and keeps informative messages of the ``lsst``
    loggers only, unless it is told of others.
    """

    def __init__(self, *, log: logging.Logger | None = None, **kwargs: Any) -> None:
        super().__init__(log=log or logging.getLogger("lsst.demo"), **kwargs)
