"""``campaign edit``, and the campaign file that it reads: its first line says which revision it was made from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output, text_of
from campaigns.cli.shown import moved_text
from campaigns.client import CampaignClient
from campaigns.domain.document import document_yaml
from campaigns.domain.errors import InvalidInput

__all__ = ("campaign_file", "edit")

_HEAD: Final = re.compile(r"\A\ufeff?# (?P<id>\S+), revision (?P<revision>\d{1,9})$", re.MULTILINE)


@click.command()
@click.argument("campaign")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", "-m", required=True, help="Why, for those who come after.")
@click.option("--revision", type=click.IntRange(1), help="The revision that FILE was made from, if it does not say.")
@client_command
def edit(client: CampaignClient, output: Output, campaign: str, file: Path, *, reason: str, revision: int | None) -> None:
    """Give CAMPAIGN, which has not started or is paused, the definition in FILE as a new revision.

    Begin with `campaign show CAMPAIGN --yaml > FILE`: its first line says which revision it is, and is kept up to date. Where
    others have changed the definition since, nothing is changed, and both changes are shown.
    """
    text = text_of(file)
    base = _base(client, campaign, file, text) if revision is None else revision
    revised = client.revise(campaign, text, revision=base, reason=reason)
    output.document(revised, text=moved_text(revised, f"{revised['id']} is at revision {revised['revision']}"))
    if (changed := _HEAD.sub(_head(revised), text, count=1)) != text:
        # So that the next change can be made to the same file.
        file.write_text(changed)


def campaign_file(campaign: dict[str, Any]) -> str:
    """Give the newest definition of a campaign as a campaign file to edit, which says the revision it is of."""
    return f"{_head(campaign)}\n{document_yaml(campaign['definition'])}"


def _head(campaign: dict[str, Any]) -> str:
    return f"# {campaign['id']}, revision {campaign['revision']}"


def _base(client: CampaignClient, campaign: str, file: Path, text: str) -> int:
    """Read which revision a file was made from."""
    now = client.campaign(campaign)
    head = _HEAD.match(text)
    if head is not None and head["id"] == now["id"]:
        return int(head["revision"])
    of_another = f"is of {head['id']}" if head is not None else f"does not say which revision of {now['id']} it was made from"
    newest = f"Revision {now['revision']} is the newest: if that is what you changed, say `--revision {now['revision']}`."
    raise InvalidInput(
        f"{file} {of_another}, so that changes of others could be lost.",
        where=f"{file}, line 1",
        remedy=f"{newest} Otherwise begin with `campaign show {now['id']} --yaml`.",
    )
