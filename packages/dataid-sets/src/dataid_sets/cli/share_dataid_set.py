"""``butler share-dataid-set``."""

from __future__ import annotations

__all__ = ("share_dataid_set",)

import click

from ._command import SetsCommand
from ._opening import opened
from ._options import access_option, chosen_access, group_option, json_option, reference_argument, repo_argument
from ._output import echo_json


@click.command(
    cls=SetsCommand,
    short_help="Change who may read a DataId set, or who may load its next version.",
    examples=(
        "share-dataid-set /repo/main demo/bad@1 --access private",
        "share-dataid-set /repo/main demo/bad@1 --group shifters",
        "share-dataid-set /repo/main LSSTCam/bad --give-name-to operators",
    ),
)
@repo_argument()
@reference_argument()
@access_option(help="Who may read it besides you: everyone, members of --group, or nobody.")
@group_option()
@click.option(
    "--give-name-to", metavar="GROUP", help="Let whoever belongs to this group load the next version; it cannot be taken back."
)
@json_option()
def share_dataid_set(
    *, repo: str, name: str, access: str | None, group: str | None, give_name_to: str | None, as_json: bool
) -> None:
    """Change who may read a version of a set that you own, or give the name to a group.

    Each version belongs to whoever loaded it, and the next one has an access of its own. On PostgreSQL a group is a role.
    """
    changes = access is not None or group is not None
    if changes == (give_name_to is not None):
        raise click.UsageError("Give --access or --group, or else --give-name-to.")
    if give_name_to is not None and "@" in name:
        raise click.UsageError("A name is given without a version.")
    with opened(repo, writeable=True) as sets:
        if give_name_to is not None:
            sets.give_name(name, give_name_to)
            told = f"Whoever belongs to {give_name_to} may load the next version of {name}."
            document = {"name": name, "name_owner": f"@{give_name_to}"}
        else:
            shared = sets.share(name, chosen_access(access, group), group)
            readers = f"members of {shared.group}" if shared.group else {"private": "you alone"}.get(shared.access, "everyone")
            told, document = f"{shared} can be read by {readers}.", shared.to_dict()
    if as_json:
        echo_json(document)
    else:
        click.echo(told)
