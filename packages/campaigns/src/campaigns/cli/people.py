"""``campaign assign``, ``sign-off`` and ``team``."""

from __future__ import annotations

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import moment
from campaigns.client import CampaignClient

__all__ = ("assign", "sign_off", "team")

reason_option = click.option("--reason", "-m", help="Why, for those who come after.")


@click.command()
@click.argument("submission")
@click.argument("operator", required=False)
@click.option("--remove", is_flag=True, help="OPERATOR operates it no longer.")
@reason_option
@client_command
def assign(
    client: CampaignClient, output: Output, submission: str, operator: str | None, *, remove: bool, reason: str | None
) -> None:
    """Make OPERATOR an operator of SUBMISSION (S-12), beside those who are; without OPERATOR list who was it, and when."""
    if operator is not None and not reason:
        raise click.UsageError("A change needs --reason.")
    if operator is None:
        items = client.operators(submission)
    elif remove:
        items = client.unassign(submission, operator, reason=reason or "")
    else:
        made = client.assign(submission, operator, reason=reason or "")
        output.document(made, text=f"{operator} operates {made['submission']}")
        return
    shown = [
        {**item, "from": moment(item["from_us"]), "until": moment(item["until_us"]) if item["until_us"] else "now"}
        for item in items
    ]
    columns = {"OPERATOR": "operator", "FROM": "from", "UNTIL": "until", "ASSIGNED BY": "assigned_by", "REASON": "reason"}
    output.table(items if output.as_json else shown, columns=columns)


@click.command("sign-off")
@click.argument("campaign")
@click.option("--revision", type=int, help="The revision that you read; it must be the newest.")
@click.option("--comment", "-m", help="What you looked at, and found; with --undo, why.")
@click.option("--undo", is_flag=True, help="Take the sign-off back.")
@client_command
def sign_off(
    client: CampaignClient, output: Output, campaign: str, *, revision: int | None, comment: str | None, undo: bool
) -> None:
    """Sign the definition of CAMPAIGN off, with its sets as they are pinned; without --comment list the sign-offs there were."""
    if comment is not None and not undo:
        if revision is None:
            raise click.UsageError("Say with --revision which revision you read.")
        signed = client.sign_off(campaign, revision=revision, comment=comment)
        output.document(signed, text=f"revision {signed['revision']} is signed off by {signed['signed_by']}")
        return
    if undo and comment is None:
        raise click.UsageError("Taking it back needs --comment.")
    items = client.undo_sign_off(campaign, reason=comment or "") if undo else client.sign_offs(campaign)
    shown = [
        {
            **item,
            "when": moment(item["signed_us"]),
            "by": item["signed_by"] + (" (its author)" if item["is_author"] else ""),
            "holds": "no: " + item["undone_reason"] if item["undone_us"] else "yes",
        }
        for item in items
    ]
    columns = {"REVISION": "revision", "BY": "by", "WHEN": "when", "COMMENT": "comment", "HOLDS": "holds"}
    output.table(items if output.as_json else shown, columns=columns, empty="It was never signed off.")


@click.group()
def team() -> None:
    """Look after teams: definitions name one, and campaigns with `visibility: team` are seen by it alone."""


@team.command("list")
@client_command
def list_teams(client: CampaignClient, output: Output) -> None:
    """List the teams and their members."""
    items = client.teams()
    shown = [{**item, "members": ", ".join(member["user"] for member in item["members"])} for item in items]
    columns = {"NAME": "name", "MEMBERS": "members", "DESCRIPTION": "description"}
    output.table(items if output.as_json else shown, columns=columns, empty="There are no teams.")


@team.command()
@click.argument("name")
@click.option("--description", default="", help="For people to read.")
@client_command
def create(client: CampaignClient, output: Output, name: str, *, description: str) -> None:
    """Make a team called NAME."""
    output.document(client.create_team(name, description=description), text=f"made the team {name}")


@team.command()
@click.argument("name")
@click.argument("user")
@client_command
def add(client: CampaignClient, output: Output, name: str, user: str) -> None:
    """Add USER to the team NAME."""
    output.document(client.add_member(name, user), text=f"{user} is in the team {name}")


@team.command()
@click.argument("name")
@click.argument("user")
@client_command
def remove(client: CampaignClient, output: Output, name: str, user: str) -> None:
    """Take USER out of the team NAME."""
    output.document(client.remove_member(name, user), text=f"{user} is no longer in the team {name}")
