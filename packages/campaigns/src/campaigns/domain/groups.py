"""Cutting a step's data into groups, and naming what a submission makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from campaigns.domain.definition import Definition, Split, Step

__all__ = ("Group", "groups_of", "output_run_of")

WHOLE = "all"
"""The name of the only group of a step that is not split."""


@dataclass(frozen=True, slots=True)
class Group:
    """One slice of a step's data.

    Attributes
    ----------
    name : `str`
        Unique in its step.
    data_query : `str`
        The whole data query: the campaign's, the step's and the slice's own, all of which hold.
    """

    name: str
    data_query: str


def groups_of(definition: Definition, step: Step) -> list[Group]:
    """Cut a step's data into its groups.

    Parameters
    ----------
    definition : `Definition`
        The campaign's definition.
    step : `Step`
        One of its steps.

    Returns
    -------
    groups : `list` [`Group`]
        In the order of the split; one named ``all`` where there is none.
    """
    base = [definition.data_query, step.data_query or ""]
    return [replace(group, data_query=_on_skymap(definition, group.data_query)) for group in _groups(base, step.split)]


def _groups(base: list[str], split: Split | None) -> list[Group]:
    if split is None:
        return [Group(WHOLE, _and(base))]
    if split.queries:
        return [Group(name, _and([*base, query])) for name, query in split.queries.items()]
    parts = [split.values[start : start + split.size] for start in range(0, len(split.values), split.size)]
    width = len(str(len(parts)))
    return [
        Group(f"g{number:0{width}d}", _and([*base, f"{split.dimension} IN ({', '.join(map(_literal, part))})"]))
        for number, part in enumerate(parts, start=1)
    ]


def output_run_of(definition: Definition, *, step: str, group: str, at_us: int) -> str:
    """Name the RUN collection of a new submission, in the form of DMTN-167.

    Parameters
    ----------
    definition : `Definition`
        The campaign's definition; its ``output`` must be set.
    step, group : `str`
        What the submission runs.
    at_us : `int`
        The time that tells attempts apart, UTC microseconds.

    Returns
    -------
    run : `str`
        ``<output>/<step>[/<group>]/<time>``.
    """
    stamp = datetime.fromtimestamp(at_us / 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = [definition.output or "", step, *([] if group == WHOLE else [group]), stamp]
    return "/".join(parts)


def _and(queries: list[str]) -> str:
    told = [query.strip() for query in queries if query.strip()]
    return told[0] if len(told) == 1 else " AND ".join(f"({query})" for query in told)


def _on_skymap(definition: Definition, query: str) -> str:
    """Name the definition's skymap where a query names tracts or patches and no skymap, without which they say nothing."""
    named = {match.lower() for match in re.findall(r"\b[a-z]\w*", re.sub(r"'[^']*'", "", query), re.IGNORECASE)}
    if definition.skymap is None or "skymap" in named or not named & {"tract", "patch"}:
        return query
    return _and([f"skymap = '{definition.skymap}'", query])


def _literal(value: int | str) -> str:
    """Write a value in Butler's query language; the definition has refused text with quotes."""
    return str(value) if isinstance(value, int) else f"'{value}'"
