"""``campaign watch`` and ``site``."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import moment
from campaigns.client import CampaignClient

__all__ = ("site", "watch")

POLL_S = 1.0
FINAL = ("completed", "failed", "cancelled")


@click.command()
@click.argument("campaign")
@click.option("--all", "from_start", is_flag=True, help="Begin with the campaign's first event.")
@client_command
def watch(client: CampaignClient, output: Output, campaign: str, *, from_start: bool) -> None:
    """Follow what happens in CAMPAIGN until it ends; with --json one event a line."""
    seen = "0"
    if not from_start:
        for event in client.items(f"campaigns/{campaign}/events", limit=500):
            seen = str(event["number"])
    while True:
        # The state is read first: what ended the campaign is then among the events that follow.
        status = client.campaign(campaign)["status"]
        answer: dict[str, Any] = client.get(f"campaigns/{campaign}/events", cursor=seen, limit=500)
        for event in answer["items"]:
            reason = f"  ({event['reason']})" if event["reason"] else ""
            text = f"{moment(event['at_us'])}  {event['actor']}: {event['summary']}{reason}"
            click.echo(json.dumps(event, ensure_ascii=False) if output.as_json else text)
        seen = answer["next"] or seen
        if status in FINAL and not answer["items"]:
            return
        if not answer["items"]:
            time.sleep(POLL_S)


@click.command()
@client_command
def site(client: CampaignClient, output: Output) -> None:
    """List the sites: what they offer, and whether an agent serves them."""
    columns = {
        "NAME": "name", "AGENT": "alive", "STACKS": "stacks", "REPOSITORIES": "repositories",
        "WORKFLOW SYSTEM": "workflow_system",
        "DESCRIPTION": "description",
    }  # fmt: skip
    output.table(list(client.items("sites")), columns=columns, empty="No site is known yet: start an agent there.")
