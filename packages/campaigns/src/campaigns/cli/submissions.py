"""``campaign submissions``, ``accept``, ``reject`` and ``restart``."""

from __future__ import annotations

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import quanta_text, state_text
from campaigns.client import CampaignClient

__all__ = ("accept", "reject", "restart", "submissions")

submission_argument = click.argument("submission")
reason_option = click.option("--reason", "-m", required=True, help="Why, for those who come after.")


@click.command()
@click.argument("campaign")
@client_command
def submissions(client: CampaignClient, output: Output, campaign: str) -> None:
    """List the submissions of CAMPAIGN, oldest first."""
    items = client.submissions(campaign)
    shown = [{**item, "shown_status": state_text(item["status"]), "shown_quanta": quanta_text(item["quanta"])} for item in items]
    columns = {
        "ID": "id", "STEP": "step", "GROUP": "group", "ATTEMPT": "attempt", "STATUS": "shown_status", "QUANTA": "shown_quanta",
        "JUDGEMENT": "judgement", "OPERATOR": "operator",
    }  # fmt: skip
    output.table(items if output.as_json else shown, columns=columns, empty="Nothing was submitted yet.")


@click.command()
@submission_argument
@reason_option
@client_command
def accept(client: CampaignClient, output: Output, submission: str, *, reason: str) -> None:
    """Accept the outputs of SUBMISSION (S-12): they are chained, and later steps may use them."""
    _decide(client, output, submission, "accept", reason)


@click.command()
@submission_argument
@reason_option
@client_command
def reject(client: CampaignClient, output: Output, submission: str, *, reason: str) -> None:
    """Reject the outputs of SUBMISSION (S-12): its group must be restarted before the step can be accepted."""
    _decide(client, output, submission, "reject", reason)


@click.command()
@submission_argument
@reason_option
@client_command
def restart(client: CampaignClient, output: Output, submission: str, *, reason: str) -> None:
    """Run the group of SUBMISSION (S-12) again, into a new output run."""
    attempt = client.restart(submission, reason=reason)
    output.document(
        attempt, text=f"{attempt['id']} is {attempt['status']}: attempt {attempt['attempt']} after {attempt['recovers']}"
    )


def _decide(client: CampaignClient, output: Output, submission: str, decision: str, reason: str) -> None:
    judged = client.decide(submission, decision, reason=reason)
    output.document(judged, text=f"{judged['id']} is {judged['judgement']}")
