"""``butler export-dataid-set``."""

from __future__ import annotations

__all__ = ("export_dataid_set",)

import click

from ._command import SetsCommand
from ._opening import opened
from ._options import FORMATS, format_option, json_option, reference_argument, repo_argument, target_file_argument
from ._output import digits, echo_json


@click.command(
    cls=SetsCommand,
    short_help="Write a DataId set to a file.",
    examples=(
        "export-dataid-set /repo/main demo/bad@1 bad.csv",
        "export-dataid-set /repo/main demo/bad bad.ecsv.gz",
        "export-dataid-set /repo/main demo/bad - --format jsonl | head",
    ),
)
@repo_argument()
@reference_argument()
@target_file_argument()
@format_option(type=click.Choice([name for name in FORMATS if name != "text"]))
@json_option()
def export_dataid_set(*, repo: str, name: str, file: str, format_: str | None, as_json: bool) -> None:
    """Write the data IDs and reasons of a set to a file, which may be read again by upload-dataid-set.

    The suffixes .gz and .zst compress it. A file that is there is replaced when the new one is complete.
    """
    from ..files import rows_done, write_data_ids

    if as_json and file == "-":
        raise click.UsageError("--json and standard output as FILE do not go together; perhaps you mean --format json.")
    with opened(repo) as sets:
        found = sets.find(name)
        with rows_done(f"Fetching {found}", found.n_rows) as bar:
            table = sets.read(found)
            bar.update(len(table))
        write_data_ids(table, file, format=format_, metadata=found.to_dict())
    if as_json:
        echo_json({**found.to_dict(), "file": file})
    elif file != "-":
        click.echo(f"{found}: {digits(len(table))} data IDs written to {file}.")
