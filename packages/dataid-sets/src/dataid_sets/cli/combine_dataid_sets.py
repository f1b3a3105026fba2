"""``butler combine-dataid-sets``."""

from __future__ import annotations

__all__ = ("combine_dataid_sets",)

import datetime
from typing import Any

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator

from ._command import SetsCommand
from ._opening import opened
from ._options import (
    chosen_access,
    dimensions_option,
    json_option,
    new_set_options,
    repo_argument,
    rule_option,
    visit_system_option,
)
from ._output import digits, echo_json

MERGERS = ("union", "intersection", "difference")
SEARCHES = ("complement", "restrict")
CHANGES = ("project", "expand")

_new_argument = MWArgumentDecorator("new", help="NEW is what the new set shall be called, without a version.", required=True)
_operation_argument = MWArgumentDecorator(
    "operation",
    metavar="OPERATION",
    type=click.Choice((*MERGERS, *SEARCHES, *CHANGES)),
    help=(
        "OPERATION is union (in any set), intersection (in all), difference (in the first and no other); complement (what "
        "--where gives and the set has not), restrict (what it has and --where gives); project or expand (to other --dimensions)."
    ),
    required=True,
)
_sets_argument = MWArgumentDecorator(
    "names",
    nargs=-1,
    required=True,
    metavar="SET...",
    help="SET is one it is made from, as demo/bad@1, or demo/bad for the newest.",
)


@click.command(
    cls=SetsCommand,
    short_help="Make a DataId set from others.",
    examples=(
        "combine-dataid-sets /repo/main demo/all union demo/bad demo/dark@2",
        "combine-dataid-sets /repo/main demo/good complement demo/bad --where \"instrument='LSSTCam' AND day_obs=20250501\"",
        "combine-dataid-sets /repo/main demo/bad-visits project demo/bad --dimensions visit --rule all",
    ),
)
@repo_argument()
@_new_argument()
@_operation_argument()
@_sets_argument()
@click.option("--where", default="", help="With complement and restrict: a data query in Butler's query language.")
@dimensions_option(help="With project and expand: the new set's dimensions.")
@rule_option()
@visit_system_option()
@new_set_options()
@json_option()
def combine_dataid_sets(
    *,
    repo: str,
    new: str,
    operation: str,
    names: tuple[str, ...],
    where: str,
    dimensions: tuple[str, ...],
    rule: str,
    visit_system: int | None,
    description: str,
    access: str | None,
    group: str | None,
    expires: datetime.datetime | None,
    as_json: bool,
) -> None:
    """Make a set from others, in the database, as the next version of a name.

    The new set knows what it was made from, and how. If one of these is not open to everyone, it is private, unless --access says
    otherwise. An empty one is made, with a warning.
    """
    _check(operation, names=names, where=where, dimensions=dimensions)
    known: dict[str, Any] = {"description": description, "expires": expires}
    if access or group:
        known |= {"access": chosen_access(access, group), "group": group}
    with opened(repo, writeable=True) as sets:
        make = getattr(sets, operation)
        if operation in MERGERS:
            made = make(new, names, **known)
        elif operation in SEARCHES:
            made = make(new, names[0], where=where, **known)
        else:
            made = make(new, names[0], dimensions, rule=rule, visit_system=visit_system, **known)
    if not made.n_rows:
        told = f"WARNING: {made} has no data IDs"
        if operation in CHANGES:
            told += f"; nothing in the registry tells {', '.join(dimensions)} of those of {names[0]}"
        click.echo(f"{told}.", err=True)
    if as_json:
        echo_json(made.to_dict())
    else:
        click.echo(f"{made}: {digits(made.n_rows)} data IDs of {', '.join(made.dimensions.required)}, digest {made.digest[:12]}.")


def _check(operation: str, *, names: tuple[str, ...], where: str, dimensions: tuple[str, ...]) -> None:
    """Hold the options against what the operation needs."""
    if operation in MERGERS:
        if len(names) < 2:
            raise click.UsageError(f"{operation} needs at least two sets.")
    elif len(names) != 1:
        raise click.UsageError(f"{operation} takes one set.")
    for option, given, operations in (("--where", where, SEARCHES), ("--dimensions", dimensions, CHANGES)):
        if bool(given) != (operation in operations):
            raise click.UsageError(f"{option} belongs to {' and '.join(operations)}{', which need it' if not given else ''}.")
