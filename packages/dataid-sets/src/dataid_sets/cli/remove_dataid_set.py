"""``butler remove-dataid-set``."""

from __future__ import annotations

__all__ = ("remove_dataid_set",)

from typing import TYPE_CHECKING

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator

from .._errors import DataIdSetError, DataIdSetValueError, Problem
from ._command import SetsCommand
from ._opening import opened
from ._options import json_option, repo_argument
from ._output import NOTHING, digits, echo_json, echo_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .. import DataIdSet, DataIdSets

_names_argument = MWArgumentDecorator(
    "names", nargs=-1, metavar="NAME...", help="NAME is the name of a set with its version, as demo/bad@1."
)


@click.command(
    cls=SetsCommand,
    short_help="Remove DataId sets.",
    examples=("remove-dataid-set /repo/main demo/bad@1", "remove-dataid-set /repo/main --sweep --yes"),
)
@repo_argument()
@_names_argument()
@click.option("--sweep", is_flag=True, help="Remove the sets that have expired: your own, or everyone's for an administrator.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
@json_option()
def remove_dataid_set(*, repo: str, names: tuple[str, ...], sweep: bool, yes: bool, as_json: bool) -> None:
    """Remove versions of sets that you own, at once and for good.

    Of a set that something was made with the header is kept, and its digest, but no data IDs. Numbers of versions are never given
    again.
    """
    if bool(names) == sweep:
        raise click.UsageError("Name sets, or give --sweep.")
    with opened(repo, writeable=True) as sets:
        targets = [] if sweep else _targets(sets, names)
        if as_json and not yes:
            told = "With --json nobody is asked."
            raise DataIdSetValueError(Problem(code="not_confirmed", where="--json", message=told, remedy="Give --yes, too."))
        if not yes:
            # Questions go where they do not spoil what is printed.
            lines = [f"{each}: {digits(each.n_rows)} data IDs" for each in targets] or ["All sets that have expired."]
            click.echo("\n".join(lines), err=True)
            click.confirm("Remove?", abort=True, err=True)
        removed = sets.sweep() if sweep else [sets.remove(each) for each in targets]
    if as_json:
        echo_json({"items": [each.to_dict() for each in removed]})
    elif removed:
        echo_table(("removed", "rows"), [(str(each), each.n_rows) for each in removed])
    else:
        click.echo(NOTHING)


def _targets(sets: DataIdSets, names: Sequence[str]) -> list[DataIdSet]:
    """Find all sets before any of them is removed."""
    found: dict[str, DataIdSet] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            each = sets.find(name)
        except DataIdSetError as error:
            problems.extend(error.problems)
            continue
        if "@" in name:
            found[str(each)] = each
        else:
            # Whoever repeats the command would lose one version after the other.
            told, remedy = "Sets are removed by their versions.", f"The newest is {each}."
            problems.append(Problem(code="no_version", where=name, message=told, remedy=remedy))
    if problems:
        raise DataIdSetValueError(problems)
    return list(found.values())
