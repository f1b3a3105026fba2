"""``campaign note``, ``notes`` and ``notebook``."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import moment
from campaigns.client import CampaignClient
from campaigns.domain.note import NoteKind

__all__ = ("note", "notebook", "notes")

NoteFile = click.Path(exists=True, dir_okay=False, path_type=Path)
KINDS = click.Choice([kind.value for kind in NoteKind])


@click.command()
@click.argument("campaign")
@click.argument("text", required=False)
@click.option("--kind", type=KINDS, help="What sort of remark it is; by default an observation.")
@click.option("--submission", help="The submission that it is about.")
@click.option("--step", help="The step that it is about.")
@click.option("--set", "set_reference", help="The DataId set that it is about, as the definition calls it.")
@click.option("--attach", multiple=True, type=NoteFile, help="A file to attach; may be given several times.")
@click.option("--edit", metavar="NOTE", help="Write TEXT as a new version of that note.")
@click.option("--parent", metavar="VERSION", help="With --edit: the version that the change was made to; by default the newest.")
@click.option("--withdraw", metavar="NOTE", help="Withdraw that note; TEXT is the reason.")
@client_command
def note(
    client: CampaignClient,
    output: Output,
    campaign: str,
    text: str | None,
    *,
    kind: str | None,
    submission: str | None,
    step: str | None,
    set_reference: str | None,
    attach: tuple[Path, ...],
    edit: str | None,
    parent: str | None,
    withdraw: str | None,
) -> None:
    """Write TEXT, in Markdown, as a note on CAMPAIGN; or edit or withdraw one. Nothing written is ever lost."""
    files = {path.name: path.read_bytes() for path in attach}
    if text is None and not (edit and files):
        raise click.UsageError("There is no TEXT.")
    if withdraw is not None:
        gone = client.withdraw_note(campaign, withdraw, reason=text or "")
        output.document(gone, text="withdrawn; it stays on record")
        return
    if edit is None:
        about = {"submission": submission, "step": step, "set_reference": set_reference}
        written = client.note(campaign, text or "", kind=kind or NoteKind.OBSERVATION.value, **about)
        told = f"noted on {submission or step or set_reference or written['campaign']}: {written['root']}"
    elif text is not None:
        written = client.edit_note(campaign, edit, text, parent=parent, kind=kind)
        told = f"version {written['version']} of {written['root']}"
    else:
        written, told = {"root": edit}, f"attached to {edit}"
    if files:
        written = client.attach(campaign, written["root"], files)
    output.document(written, text=told)


@click.command()
@click.argument("campaign", required=False)
@click.option("--versions", metavar="NOTE", help="List the versions of that note, oldest first.")
@click.option("--mentions", is_flag=True, help="List the notes that name you, of all campaigns, in the place of CAMPAIGN's.")
@click.option("--limit", type=click.IntRange(min=1), help="With --mentions: how many at most.")
@client_command
def notes(
    client: CampaignClient, output: Output, campaign: str | None, *, versions: str | None, mentions: bool, limit: int | None
) -> None:
    """List what was written about CAMPAIGN, newest first; or what names you."""
    if mentions is (campaign is not None) or (mentions and versions) or (limit and not mentions):
        raise click.UsageError("Give either CAMPAIGN, with --versions or without, or --mentions.")
    if mentions:
        items = list(islice(client.mentions(), limit))
    else:
        items = list(client.items(f"campaigns/{campaign}/notes" + (f"/{versions}/versions" if versions else "")))
    shown = [
        {
            **item,
            "when": moment(item["created_us"]),
            "about": item["submission"] or item["step"] or item["set_reference"] or item["campaign"],
            "text": "(withdrawn)" if item["withdrawn_us"] else " ".join(item["body"].split())[:90],
        }
        for item in items
    ]
    columns = {
        **({"CAMPAIGN": "campaign"} if mentions else {}),
        "NOTE": "root", "WHEN": "when", "AUTHOR": "author", "KIND": "kind", "ABOUT": "about", "VERSION": "version",
        "TEXT": "text",
    }  # fmt: skip
    output.table(
        items if output.as_json else shown,
        columns=columns,
        empty="No note names you." if mentions else "Nobody has written anything yet.",
    )


@click.command()
@click.argument("campaign")
@click.argument("what", type=click.Choice(["open", "close"]))
@click.option("--reason", "-m", required=True, help="Why, for those who come after.")
@client_command
def notebook(client: CampaignClient, output: Output, campaign: str, what: str, *, reason: str) -> None:
    """Open the notebook of CAMPAIGN, which has ended, or close it again."""
    changed = client.set_notebook(campaign, is_open=what == "open", reason=reason)
    output.document(changed, text=f"the notebook of {changed['id']} is {'open' if what == 'open' else 'closed'}")
