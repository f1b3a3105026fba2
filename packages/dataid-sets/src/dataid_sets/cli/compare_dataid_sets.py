"""``butler compare-dataid-sets``."""

from __future__ import annotations

__all__ = ("compare_dataid_sets",)

from typing import TYPE_CHECKING, Any

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator

from ._command import SetsCommand
from ._opening import opened
from ._options import json_option, repo_argument
from ._output import digits, echo_json, echo_table, mappings

if TYPE_CHECKING:
    from .._comparison import Comparison

_a_argument = MWArgumentDecorator("a", help="A and B are sets, as demo/bad@1 or demo/bad for the newest.", required=True)
_b_argument = MWArgumentDecorator("b", required=True)


@click.command(
    cls=SetsCommand,
    error_code=2,
    short_help="Compare two DataId sets.",
    examples=(
        "compare-dataid-sets /repo/main demo/bad@1 demo/bad@2 --rows",
        "compare-dataid-sets /repo/main demo/bad u/ana/bad --reasons --json",
    ),
)
@repo_argument()
@_a_argument()
@_b_argument()
@click.option("--rows", is_flag=True, help="Print also the data IDs that differ.")
@click.option("--reasons", is_flag=True, help="Take sets for different if only their reasons are.")
@json_option()
def compare_dataid_sets(*, repo: str, a: str, b: str, rows: bool, reasons: bool, as_json: bool) -> None:
    """Tell how two sets of the same dimensions differ.

    The exit code is 0 if they have the same data IDs, 1 if they have not, and 2 if something is wrong.
    """
    with opened(repo) as sets:
        comparison = sets.compare(a, b)
        parts = _rows(comparison) if rows else {}
        if as_json:
            echo_json({**comparison.to_dict(), **({"rows": parts} if rows else {})})
        else:
            _show(comparison, parts)
        equal = comparison.equal_with_reasons if reasons else comparison.equal
    if not equal:
        raise click.exceptions.Exit(1)


def _rows(comparison: Comparison) -> dict[str, list[dict[str, Any]]]:
    of_a, of_b = (mappings(table) for table in comparison.reasons_differ())
    both = []
    for one, two in zip(of_a, of_b, strict=True):
        reasons = {"reason_in_a": one.pop("reason"), "reason_in_b": two["reason"]}
        both.append({**one, **reasons})
    return {"only_in_a": mappings(comparison.only_in_a()), "only_in_b": mappings(comparison.only_in_b()), "reasons_differ": both}


def _show(comparison: Comparison, parts: dict[str, list[dict[str, Any]]]) -> None:
    a, b = str(comparison.a), str(comparison.b)
    told = {
        "in both": comparison.n_both,
        f"only in {a}": comparison.n_only_in_a,
        f"only in {b}": comparison.n_only_in_b,
        "in both for different reasons": comparison.n_reasons_differ,
    }
    for name, number in told.items():
        click.echo(f"{name}: {digits(number)}")
    heads = (f"only in {a}", f"only in {b}", "in both for different reasons")
    for head, items in zip(heads, parts.values(), strict=False):
        if items:
            click.echo(f"\n{head}:")
            echo_table(list(items[0]), [list(item.values()) for item in items])
