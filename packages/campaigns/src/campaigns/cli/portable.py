"""``campaign export`` and ``import``: campaigns as files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.client import CampaignClient

__all__ = ("export", "import_campaign")


@click.command()
@click.argument("campaign")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--crate", is_flag=True, help="As a Workflow Run RO-Crate, which people and other programs read.")
@click.option("--force", is_flag=True, help="Write over FILE if it is there.")
@client_command
def export(client: CampaignClient, output: Output, campaign: str, file: Path, *, crate: bool, force: bool) -> None:
    """Write CAMPAIGN with everything that belongs to it into FILE.

    `campaign import` reads the file at another server. A crate is not read again.
    """
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already; --force writes over it.")
    # Beside the file and not into it: what was there stays whole should the line break.
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    except OSError as error:
        error.filename = str(file)
        raise
    try:
        with os.fdopen(handle, "wb") as target:
            client.export(campaign, target, crate=crate)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    size = file.stat().st_size
    output.document({"file": str(file), "size": size}, text=f"wrote {campaign} into {file}, {size:,} bytes")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rename", metavar="NAME", help="Its short name here, in place of its own.")
@click.option("--reason", "-m", help="Why, for those who come after.")
@client_command
def import_campaign(client: CampaignClient, output: Output, file: Path, *, rename: str | None, reason: str | None) -> None:
    """Bring in the campaign that was exported elsewhere into FILE, as a record: nothing of it runs here."""
    with file.open("rb") as source:
        brought = client.bring(source, rename=rename, reason=reason)
    text = f"{brought['origin']} is {brought['id']} {brought['name']} here, {brought['status']}"
    output.document(brought, text=text)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
