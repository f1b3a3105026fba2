"""``butler tag-dataid-set``."""

from __future__ import annotations

__all__ = ("tag_dataid_set",)

from typing import TYPE_CHECKING

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator, MWOptionDecorator, split_commas

from ._command import SetsCommand
from ._opening import opened
from ._options import json_option, reference_argument, repo_argument, rule_option, visit_system_option
from ._output import digits, echo_json, echo_table, one_line

if TYPE_CHECKING:
    from .. import Tagging

_collection_argument = MWArgumentDecorator(
    "collection",
    help="COLLECTION is the TAGGED collection, which is made if there is none; LSSTCam/raw/DM-12345 is a usual name.",
    required=True,
)
_dataset_type_option = MWOptionDecorator(
    "--dataset-type", "dataset_types", multiple=True, required=True, callback=split_commas, metavar="TEXT", help="Which datasets."
)
_collections_option = MWOptionDecorator(
    "--collections",
    multiple=True,
    required=True,
    callback=split_commas,
    metavar="COLLECTION",
    help="Where they are searched for, in this order; of several datasets with one data ID the first is taken.",
)


@click.command(
    cls=SetsCommand,
    short_help="Make a TAGGED collection of the datasets of a DataId set.",
    examples=(
        "tag-dataid-set /repo/main demo/good LSSTCam/raw/DM-12345 --dataset-type raw --collections LSSTCam/raw/all",
        "tag-dataid-set /repo/main demo/bad@1 u/ana/most --exclude --dataset-type raw --collections LSSTCam/raw/all --dry-run",
    ),
)
@repo_argument()
@reference_argument()
@_collection_argument()
@_dataset_type_option()
@_collections_option()
@click.option("--exclude", is_flag=True, help="Take the datasets that are not of the set's data IDs.")
@rule_option()
@visit_system_option()
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@json_option()
def tag_dataid_set(
    *,
    repo: str,
    name: str,
    collection: str,
    dataset_types: tuple[str, ...],
    collections: tuple[str, ...],
    exclude: bool,
    rule: str,
    visit_system: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put the datasets that a set allows into a TAGGED collection, for whatever takes collections and knows nothing of sets.

    What the collection has already stays. If it has another dataset of a data ID, nothing is done.
    """
    with opened(repo, writeable=not dry_run) as sets:
        tagging = sets.tag(
            collection,
            dataset_types=dataset_types,
            collections=collections,
            include=() if exclude else [name],
            exclude=[name] if exclude else (),
            rule=rule,
            visit_system=visit_system,
            dry_run=dry_run,
        )
    for warning in tagging.warnings:
        click.echo(f"WARNING: {one_line(str(warning))}", err=True)
    if as_json:
        echo_json(tagging.to_dict())
    else:
        _show(tagging)


def _show(tagging: Tagging) -> None:
    heads = ("dataset type", "found", "would be added" if tagging.dry_run else "added", "conflicts", "way")
    echo_table(heads, [(each.dataset_type, each.found, each.added, each.n_conflicts, each.way) for each in tagging.tagged])
    done = "would be put into" if tagging.dry_run else "were put into"
    new = (", which would be new" if tagging.dry_run else ", which is new") if tagging.created else ""
    click.echo(f"{digits(tagging.added)} datasets {done} {tagging.collection}{new}.")
