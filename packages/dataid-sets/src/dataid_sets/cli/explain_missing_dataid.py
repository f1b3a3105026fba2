"""``butler explain-missing-dataid``."""

from __future__ import annotations

__all__ = ("explain_missing_dataid",)

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator, MWOptionDecorator, split_commas

from ._command import SetsCommand
from ._opening import opened
from ._options import json_option, repo_argument
from ._output import echo_json, one_line

_collection_argument = MWArgumentDecorator(
    "collection",
    help="COLLECTION is the output: a RUN, a chain of several attempts' runs, or a TAGGED collection.",
    required=True,
)
_data_id_option = MWOptionDecorator(
    "--data-id",
    "data_id",
    multiple=True,
    required=True,
    callback=split_commas,
    metavar="NAME=VALUE",
    help="The data ID: instrument=HSC, visit=903986. Several with commas between, or with the option given several times.",
)
_inputs_option = MWOptionDecorator(
    "--inputs",
    multiple=True,
    callback=split_commas,
    metavar="COLLECTION",
    help="The input collections; by default those of the graph, or else those of the chain that are no outputs.",
)


@click.command(
    cls=SetsCommand,
    short_help="Tell why a data ID is not in an output.",
    examples=(
        "explain-missing-dataid /repo/main u/ana/run1 --data-id instrument=HSC,visit=903986",
        "explain-missing-dataid /repo/main u/ana/run1 --data-id instrument=HSC,visit=903986 --dataset-type calexp --json",
    ),
)
@repo_argument()
@_collection_argument()
@_data_id_option()
@click.option("--dataset-type", help="What is missed; by default all that tasks make of the data ID.")
@click.option(
    "--graph", metavar="FILE", help="The quantum graph; by default the one that was made with sets, where it was saved."
)
@_inputs_option()
@json_option()
def explain_missing_dataid(
    *,
    repo: str,
    collection: str,
    data_id: tuple[str, ...],
    dataset_type: str | None,
    graph: str | None,
    inputs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell why a data ID is not in an output: the first reason that holds, and what it rests on.

    The reasons, in their order: present, unknown_data_id, not_in_inputs, not_in_query, excluded, not_included, set_gone, pruned;
    and of what was planned failed, blocked, no_work, not_run. The output may be one that was planned and not yet run.
    """
    from ..files import parse_constants

    with opened(repo, datastore=True) as sets:
        named = parse_constants(data_id, universe=sets.universe)
        explanation = sets.explain(collection, named, dataset_type=dataset_type, graph=graph, inputs=inputs or None)
    if as_json:
        echo_json(explanation.to_dict())
        return
    for line in str(explanation).splitlines():
        click.echo(one_line(line))
