"""``campaign link`` and ``history``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import moment
from campaigns.client import CampaignClient
from campaigns.domain.links import LinkKind

__all__ = ("history", "link")


@click.command()
@click.argument("campaign")
@click.argument("url", required=False)
@click.option("--title", help="What is found there.")
@click.option("--kind", type=click.Choice([kind.value for kind in LinkKind]), default="other", help="What sort of place it is.")
@click.option("--submission", help="The submission that it belongs to; by default the campaign.")
@click.option("--remove", metavar="LINK", help="Take that link away; it stays on record.")
@click.option("--reason", "-m", help="With --remove: why.")
@click.option("--check", is_flag=True, help="Have the service look whether the links lead anywhere.")
@client_command
def link(
    client: CampaignClient,
    output: Output,
    campaign: str,
    url: str | None,
    *,
    title: str | None,
    kind: str,
    submission: str | None,
    remove: str | None,
    reason: str | None,
    check: bool,
) -> None:
    """Add URL to the links of CAMPAIGN; without URL list them."""
    if url is not None:
        if not title:
            raise click.UsageError("A link needs --title.")
        added = client.add_link(campaign, url, title=title, kind=kind, submission=submission)
        output.document(added, text=f"linked: {added['title']} ({added['uuid']})")
        return
    if remove is not None:
        gone = client.remove_link(campaign, remove, reason=reason or "")
        output.document(gone, text=f"removed: {gone['title']}")
        return
    items = client.check_links(campaign) if check else client.links(campaign)
    shown = [
        {
            **item,
            "about": item["submission"] or "",
            "seen": _seen(item),
        }
        for item in items
    ]
    columns = {"TITLE": "title", "KIND": "kind", "OF": "about", "FROM": "origin", "URL": "url", "SEEN": "seen", "LINK": "uuid"}
    output.table(items if output.as_json else shown, columns=columns, empty="There are no links.")


def _seen(item: Mapping[str, Any]) -> str:
    found = item["check"]
    told = [] if found is None else [f"{found['answer']}, {moment(found['checked_us'])}"]
    return "; ".join([*told, *([f"not looked at: {item['passed_over']}"] if item["passed_over"] else [])])


@click.command()
@click.argument("campaign", required=False)
@click.option(
    "--kind", multiple=True, help="A kind, such as submission.failed, or all of submission; may be given several times."
)
@click.option("--actor", help="Only what this principal did.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many, the newest.")
@click.option("--format", "file_format", type=click.Choice(["csv", "json"]), help="Write a file of all, instead of a list.")
@click.option(
    "--output", "target", type=click.Path(dir_okay=False, path_type=Path), help="That file; by default standard output."
)
@client_command
def history(
    client: CampaignClient,
    output: Output,
    campaign: str | None,
    *,
    kind: tuple[str, ...],
    actor: str | None,
    limit: int,
    file_format: str | None,
    target: Path | None,
) -> None:
    """List what happened in CAMPAIGN, or in everything, newest first."""
    wanted = {"kind": list(kind) or None, "actor": actor, "campaign": campaign}
    if file_format is not None:
        if target is None:
            client.receive("events/file", sys.stdout.buffer, format=file_format, **wanted)
            return
        with target.open("wb") as file:
            client.receive("events/file", file, format=file_format, **wanted)
        return
    items = client.get("events", limit=limit, **wanted)["items"]
    shown = [
        {
            **item,
            "when": moment(item["at_us"]),
            "where": item["submission"] or item["campaign"] or "",
            "why": item["reason"] or "",
        }
        for item in items
    ]
    columns = {
        "NUMBER": "number", "WHEN": "when", "WHO": "actor", "KIND": "kind", "ABOUT": "where", "WHAT": "summary", "WHY": "why",
    }  # fmt: skip
    output.table(items if output.as_json else shown, columns=columns, empty="Nothing has happened yet.")
