"""Where, in a campaign file, the reason lies for what a site found wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from campaigns.domain.definition import Definition
from campaigns.domain.errors import Fault

__all__ = ("placed",)


def placed(faults: Iterable[Fault], definition: Definition) -> list[Fault]:
    """Tell of faults by their places in the campaign file instead of in the order that was sent.

    Parameters
    ----------
    faults : iterable of `Fault`
        As a site found them, with places in its order.
    definition : `Definition`
        The definition that the order was made from.

    Returns
    -------
    faults : `list` [`Fault`]
        In the same order; what several steps share, such as a pipeline, is told once.
    """
    found = [replace(fault, where=_place(fault.where, definition)) for fault in faults]
    return list(dict.fromkeys(found))


def _place_of_command(where: str) -> str:
    """Give a place among the commands; the pipeline and the data that a BPS file names stand in that file."""
    found = re.sub(r"^steps(\[\d+\])\.(pipeline|data_queries\[\d+\])$", r"commands\1.file", where)
    return re.sub(r"^steps\b", "commands", re.sub(r"^input_collections\b", "inputs", re.sub(r"^repository\b", "butler", found)))


def _place(where: str | None, definition: Definition) -> str | None:
    if definition.commands and where is not None:
        return _place_of_command(where)
    match = re.fullmatch(r"steps\[(\d+)\]\.(pipeline|data_queries\[\d+\])", where or "")
    if match is None or int(match[1]) >= len(definition.steps):
        told = {"input_collections": "inputs", "repository": "butler"}
        return re.sub(r"^(input_collections|repository)\b", lambda found: told[found[1]], where) if where else where
    step = definition.steps[int(match[1])]
    if match[2] == "pipeline":
        own = step.pipeline is not None and not step.pipeline.startswith("#")
        return where if own else "pipeline"
    if step.split is not None:
        return f"steps[{match[1]}].split"
    return f"steps[{match[1]}].data_query" if step.data_query else "data_query"
