"""``butler init-dataid-sets``."""

from __future__ import annotations

__all__ = ("init_dataid_sets",)

from typing import TYPE_CHECKING, Any

import click
from lsst.daf.butler.cli.utils import MWOptionDecorator, split_commas

from ._command import SetsCommand
from ._opening import opened
from ._options import Whole, json_option, repo_argument
from ._output import digits, echo_json, echo_table

if TYPE_CHECKING:
    from .. import Finding

# Commas join the dimensions of one table here; each use of the option is another table.
_dimensions_option = MWOptionDecorator(
    "--dimensions",
    multiple=True,
    metavar="NAME,NAME",
    help="Dimensions, with commas between, whose sets get a table besides the usual ones. May be given several times.",
)


class Quota(click.ParamType):  # type: ignore[type-arg] # older versions of click have no arguments here
    """An owner and a number of rows, with ``=`` between; gives both, and `None` for the number where it is ``none``."""

    name = "quota"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int | None]:
        """Take the text apart."""
        if isinstance(value, tuple):
            return value
        owner, _, number = value.rpartition("=")
        if not owner or not (number == "none" or number.isdecimal()):
            self.fail(f"{value!r} is no quota; write it as ana=1000000, or ana=none.", param, ctx)
        if number == "none":
            return owner, None
        return owner, Whole().convert(number, param, ctx)


@click.command(
    cls=SetsCommand,
    short_help="Make the registry's tables for DataId sets.",
    examples=(
        "init-dataid-sets /repo/main",
        "init-dataid-sets /repo/main --dimensions visit,physical_filter --grant-to astronomers",
        "init-dataid-sets /repo/main --quota '*=1000000' --quota ana=none",
        "init-dataid-sets /repo/main --check --mend",
    ),
)
@repo_argument()
@_dimensions_option()
@click.option("--grant-to", metavar="ROLE", help="The PostgreSQL role that may use sets; by default PUBLIC, which is everyone.")
@click.option(
    "--quota",
    "quotas",
    multiple=True,
    type=Quota(),
    metavar="OWNER=N",
    help="How many rows an owner may keep; * is everyone else, and none takes a quota away. May be given several times.",
)
@click.option("--check", is_flag=True, help="Make nothing; look for rows that belong to no set. Exit code 1 if some stay.")
@click.option("--mend", is_flag=True, help="With --check: remove such rows.")
@click.option("--digests", is_flag=True, help="With --check: read all rows, too, and hold them against the sets' digests.")
@json_option()
def init_dataid_sets(
    *,
    repo: str,
    dimensions: tuple[str, ...],
    grant_to: str | None,
    quotas: tuple[tuple[str, int | None], ...],
    check: bool,
    mend: bool,
    digests: bool,
    as_json: bool,
) -> None:
    """Make the registry's tables for DataId sets, or bring older ones up to date.

    Only who owns the registry's schema may do this, once; thereafter users need no right to make tables. What is there already
    stays as it is.
    """
    if (mend or digests) and not check:
        raise click.UsageError(f"{'--mend' if mend else '--digests'} goes with --check.")
    if check:
        if dimensions or grant_to or quotas:
            raise click.UsageError("--check makes nothing; --dimensions, --grant-to and --quota go without it.")
        _check(repo, mend=mend, digests=digests, as_json=as_json)
        return
    with opened(repo, writeable=True) as sets:
        tables = sets.init([split_commas(None, None, each) for each in dimensions], grant_to=grant_to)
        for owner, max_rows in quotas:
            sets.set_quota(owner, max_rows)
    if as_json:
        echo_json({"tables": tables, "quotas": dict(quotas)})
    else:
        click.echo(f"DataId sets are ready; the registry has {digits(len(tables))} tables for them.")


def _check(repo: str, *, mend: bool, digests: bool, as_json: bool) -> None:
    with opened(repo, writeable=mend) as sets:
        findings = sets.check(mend=mend, digests=digests)
    if as_json:
        echo_json({"findings": [finding.to_dict() for finding in findings]})
    elif findings:
        echo_table(("what", "table", "rows", "mended", "remedy"), map(_row, findings))
    else:
        click.echo("Nothing is wrong.")
    if not all(finding.mended for finding in findings):
        raise click.exceptions.Exit(1)


def _row(finding: Finding) -> tuple[str, str, int, str, str]:
    remedy = "" if finding.mended else finding.remedy
    return finding.what, finding.where, finding.count, "yes" if finding.mended else "no", remedy
