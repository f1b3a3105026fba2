"""``campaign specifications`` and ``make-set``: what a campaign's specifications have, and sets made of the lists in them."""

from __future__ import annotations

from typing import Any

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.client import CampaignClient

__all__ = ("make_set", "specifications")

WAIT_S = 600.0


@click.command()
@click.argument("campaign")
@client_command
def specifications(client: CampaignClient, output: Output, campaign: str) -> None:
    """Look at the specifications of CAMPAIGN in git, also before it starts: their commits, and the lists of data IDs in them."""
    found = client.look_at_specifications(campaign)
    output.document(found, text="\n".join(_lines(found)))


@click.command("make-set")
@click.argument("campaign")
@click.argument("path")
@click.option("--name", default="", help="The set's name, without a version; by default like the file.")
@click.option("--reason", "-m", required=True, help="Why, for those who come after.")
@client_command
def make_set(client: CampaignClient, output: Output, campaign: str, path: str, *, name: str, reason: str) -> None:
    """Have the site of CAMPAIGN make a DataId set of the list PATH in its data specification, and wait for it."""
    order = client.wait_for_order(client.make_set(campaign, path, name=name, reason=reason)["id"], timeout_s=WAIT_S)
    made = order["result"]["set"]
    said = "was made" if order["result"].get("made") else "has the same data IDs already"
    output.document(order, text=f"{made['name']}@{made['version']} {said}: {made['rows']} data IDs")


def _lines(found: dict[str, Any]) -> list[str]:
    kept = "" if found["pinned"] else ", looked up now; the start resolves it anew"
    lines = [f"{one['role']}: {one['repository']} {one['reference']} is {one['commit']}{kept}" for one in found["items"]]
    for one in found["lists"]:
        named = f", named in {', '.join(one['named_in'])}" if one["named_in"] else ""
        lines.append(f"{one['path']}: {one['n_data_ids']} data IDs, as a set {one['name']}{named}")
    lines.extend(f"{fault['where']}: {fault['message']} {fault['remedy'] or ''}".rstrip() for fault in found["faults"])
    return lines or ["It names no specification in git."]
