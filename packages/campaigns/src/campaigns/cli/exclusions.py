"""``campaign exclusions``, ``withdraw`` and ``drop``: what is to be left out, and taking that back."""

from __future__ import annotations

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import moment
from campaigns.client import CampaignClient

__all__ = ("drop", "exclusions", "withdraw")

campaign_argument = click.argument("campaign")
reason_option = click.option("--reason", "-m", required=True, help="Why, for those who come after.")


@click.command()
@campaign_argument
@client_command
def exclusions(client: CampaignClient, output: Output, campaign: str) -> None:
    """List the exclusions of CAMPAIGN whose sets are still to be made: what each waits for, and since when."""
    items = client.exclusions(campaign)
    shown = [
        {**item, "shown_steps": ", ".join(item["steps"]), "shown_asked": moment(item["asked_us"]), "n": str(item["n_data_ids"])}
        for item in items
    ]
    columns = {
        "ORDER": "id", "SET": "name", "DATA IDS": "n", "STEPS": "shown_steps", "ASKED": "shown_asked", "BY": "actor",
        "WAITS FOR": "waits_for",
    }  # fmt: skip
    output.table(items if output.as_json else shown, columns=columns, empty="No exclusion waits for its set.")


@click.command()
@campaign_argument
@click.argument("order")
@reason_option
@client_command
def withdraw(client: CampaignClient, output: Output, campaign: str, order: str, *, reason: str) -> None:
    """Withdraw an exclusion of CAMPAIGN whose set is still to be made by ORDER: its steps no longer wait."""
    withdrawn = client.withdraw_exclusion(campaign, order, reason=reason)
    output.document(withdrawn, text=f"the exclusion {withdrawn['id']} is {withdrawn['status']}")


@click.command()
@campaign_argument
@click.argument("reference", metavar="SET")
@click.option("--step", "steps", multiple=True, help="A step; by default all that were not submitted with it. May be repeated.")
@reason_option
@client_command
def drop(client: CampaignClient, output: Output, campaign: str, reference: str, *, steps: tuple[str, ...], reason: str) -> None:
    """Drop an excluded SET (demo/bad@1) from steps of CAMPAIGN, by a new revision: they no longer leave it out."""
    revised = client.drop_set(campaign, reference, steps=list(steps) or None, reason=reason)
    output.document(revised, text=f"{revised['id']} no longer leaves {reference} out: revision {revised['revision']}")
