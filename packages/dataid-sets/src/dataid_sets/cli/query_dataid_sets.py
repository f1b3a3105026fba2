"""``butler query-dataid-sets``."""

from __future__ import annotations

__all__ = ("query_dataid_sets",)

import os
from typing import TYPE_CHECKING, Any

import click
from lsst.daf.butler.cli.opt import limit_option
from lsst.daf.butler.cli.utils import MWArgumentDecorator

from .._errors import NoSuchDataIdSetError
from ._command import SetsCommand
from ._opening import opened
from ._options import dimensions_option, json_option, repo_argument
from ._output import digits, echo_fields, echo_json, echo_table, mappings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .. import DataIdSet, DataIdSets, Use

_name_argument = MWArgumentDecorator(
    "name",
    help="NAME is the name of one set, as demo/bad@1 or demo/bad for the newest, or a pattern in which * stands for anything.",
    required=False,
)
_HEADS = ("name", "version", "dimensions", "rows", "pending now", "owner", "access", "created", "expires", "description")
_LABELS = {"pending": "pending when made", "pending_now": "pending now"}
_USE_HEADS = ("set", "role", "output", "used (UTC)", "by", "fit", "graph")
_LONGEST_GRAPH = 40
"""A graph's place is cut at its beginning where it is longer."""
_LONGEST = 60
"""A description that is longer is cut in lists."""


@click.command(
    cls=SetsCommand,
    short_help="List DataId sets, or show one.",
    examples=(
        "query-dataid-sets /repo/main",
        "query-dataid-sets /repo/main 'demo/*' --dimensions visit,detector --json",
        "query-dataid-sets /repo/main demo/bad@1 --rows",
        "query-dataid-sets /repo/main --used-by u/ana/run1",
    ),
)
@repo_argument()
@_name_argument()
@dimensions_option(help="Only sets of exactly these dimensions.")
@click.option("--rows", is_flag=True, help="Of one set: print its data IDs.")
@click.option("--pending", is_flag=True, help="Of one set: print the data IDs that the registry still has no records of.")
@click.option("--uses", is_flag=True, help="Of one set: print what it was used for.")
@click.option(
    "--used-by",
    metavar="COLLECTION",
    help="Only sets that this output run, chain, TAGGED collection or graph was made with.",
)
@click.option("--removed", is_flag=True, help="Tell also of sets of which only the header is kept.")
@limit_option()
@json_option()
def query_dataid_sets(
    *,
    repo: str,
    name: str | None,
    dimensions: tuple[str, ...],
    rows: bool,
    pending: bool,
    uses: bool,
    used_by: str | None,
    removed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List the DataId sets that you may read, or show one of them.

    Pending are data IDs that the registry has no records of; they are counted as they are now, and as they were when the set was
    made.

    JSON is an object whose items are the sets; these counts are pending_now and pending. With --rows, --pending or --uses a set
    has these, too. With --used-by each has its uses for that output; sets that were removed since are among them.
    """
    if used_by is not None:
        if name is not None or dimensions or rows or pending or uses:
            raise click.UsageError("--used-by goes with --limit and --json alone.")
        with opened(repo) as sets:
            _show_used(sets, _used(sets, used_by), limit=limit, as_json=as_json)
        return
    one = name is not None and "*" not in name
    if (rows or pending or uses) and not one:
        raise click.UsageError("--rows, --pending and --uses need the name of one set.")
    with opened(repo) as sets:
        if not one:
            listed = sets.list(name=name, dimensions=dimensions or None, removed=removed)
            _show_list([_told(sets, each) for each in _limited(listed, limit)], as_json=as_json)
            return
        found = _find(sets, name or "", removed=removed, uses=uses)
        parts = _parts(sets, found, rows=rows, pending=pending, uses=uses, limit=limit)
        shown = {part: _limited(each, limit) for part, each in parts.items()}
        if as_json:
            echo_json({"items": [{**_told(sets, found), **shown}]})
        else:
            _show_one(sets, found, shown)


def _find(sets: DataIdSets, name: str, *, removed: bool, uses: bool) -> DataIdSet:
    """Find a set; one that was removed, too, where its uses are asked for and nothing newer is there."""
    try:
        return sets.find(name, removed=removed)
    except NoSuchDataIdSetError:
        if not uses:
            raise
        return sets.find(name, removed=True)


def _parts(
    sets: DataIdSets, found: DataIdSet, *, rows: bool, pending: bool, uses: bool, limit: int
) -> dict[str, list[dict[str, Any]]]:
    # One more tells whether there are more.
    most = abs(limit) + 1 if limit else None
    parts = {}
    if rows:
        parts["data_ids"] = mappings(sets.read(found, limit=most))
    if pending:
        parts["pending_data_ids"] = mappings(sets.pending(found, limit=most))
    if uses:
        parts["uses"] = [use.to_dict() for use in sets.uses(found)]
    return parts


def _told(sets: DataIdSets, found: DataIdSet) -> dict[str, Any]:
    """Give a set as JSON has it, with the number of data IDs that wait for their records now, beside that when it was made."""
    told: dict[str, Any] = {}
    for name, value in found.to_dict().items():
        told[name] = value
        if name == "pending":
            # What was known once stays known; only those sets are asked for that had any.
            told["pending_now"] = sets.count_pending(found) if found.n_pending and found.removed is None else 0
    return told


def _limited(items: list[Any], limit: int) -> list[Any]:
    """Cut a list as Butler's other commands do: 0 is no limit, and a negative one warns."""
    if limit and len(items) > abs(limit):
        if limit < 0:
            click.echo(f"WARNING: More than {digits(-limit)} results; use --limit for others.", err=True)
        return items[: abs(limit)]
    return items


def _used(sets: DataIdSets, output: str) -> list[Use]:
    """Give the uses for a collection, or else for a graph's file."""
    return sets.uses(collection=output) or sets.uses(graph=output) or sets.uses(graph=os.path.realpath(output))


def _show_used(sets: DataIdSets, uses: list[Use], *, limit: int, as_json: bool) -> None:
    if not as_json:
        echo_table(_USE_HEADS, [_use_row(use.to_dict()) for use in _limited(uses, limit)])
        return
    references = _limited(list(dict.fromkeys(use.reference for use in uses)), limit)
    items = [
        {
            **_told(sets, sets.find(reference, removed=True)),
            "uses": [use.to_dict() for use in uses if use.reference == reference],
        }
        for reference in references
    ]
    echo_json({"items": items})


def _use_row(use: Mapping[str, Any]) -> list[Any]:
    """Give what fits into a line; JSON has all."""
    how = sorted({fit.replace("_", " ") for fit in use["translation"].get("fit", {}).values()})
    if path := use["translation"].get("path"):
        how.append(f"{path[0]} to {path[-1]}, {use['translation'].get('rule')}")
    graph = use["graph"] or ""
    graph = graph if len(graph) <= _LONGEST_GRAPH else f"...{graph[3 - _LONGEST_GRAPH :]}"
    when = use["used"][:16].replace("T", " ")
    return [f"{use['name']}@{use['version']}", use["role"], use["collection"], when, use["used_by"], "; ".join(how), graph]


def _show_list(listed: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        echo_json({"items": listed})
    else:
        echo_table(_HEADS, map(_row, listed))


def _row(each: dict[str, Any]) -> list[Any]:
    told = {**each, "dimensions": ",".join(each["dimensions"]), "pending now": each["pending_now"]}
    if len(told["description"]) > _LONGEST:
        told["description"] = told["description"][: _LONGEST - 3] + "..."
    if told["removed"] is not None:
        told["rows"] = "removed"
    return [told[head] for head in _HEADS]


def _show_one(sets: DataIdSets, found: DataIdSet, shown: dict[str, list[dict[str, Any]]]) -> None:
    if not shown:
        versions = [each.version for each in sets.list(name=found.name)]
        others = [version for version in versions if version != found.version]
        told = {_LABELS.get(name, name): value for name, value in _told(sets, found).items()}
        echo_fields({**told, "other versions": others})
    for part, items in shown.items():
        if part == "uses":
            echo_table(_USE_HEADS, map(_use_row, items))
            continue
        echo_table(list(items[0]) if items else [], [list(item.values()) for item in items])
