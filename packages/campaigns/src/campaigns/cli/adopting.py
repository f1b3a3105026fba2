"""``campaign adopt`` and ``mark``: what runs without the service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output, text_of
from campaigns.cli.shown import campaign_text, commands_text, quanta_text
from campaigns.client import CampaignClient, OrderPending
from campaigns.domain.errors import CountsDisagree, InvalidInput
from campaigns.domain.states import MARKS, Kind

__all__ = ("adopt", "mark")


@click.command()
@click.argument("name")
@click.option("--title", required=True, help="What it is, on one line.")
@click.option("--reason", "-m", required=True, help="Why it is taken in, for those who come after.")
@click.option("--site", help="The site whose agent looks.")
@click.option("--butler", help="The Butler repository, by the site's alias.")
@click.option("--submit-dir", help="A BPS submit directory at the site.")
@click.option("--collection", "collections", multiple=True, help="A RUN or CHAINED collection; may be given several times.")
@click.option("--step", "steps", multiple=True, help="Instead of a site: a part of what runs where no agent is; several times.")
@click.option("--stack", help="The stack to look in; by default the site's first.")
@click.option(
    "--kind", type=click.Choice([kind.value for kind in Kind]), default="other", show_default=True, help="What sort it is."
)
@click.option("--command", "commands", multiple=True, help="What was typed to run it; several times, in their order.")
@click.option("--lead", help="The campaign manager who answers for it.")
@click.option("--ticket", help="The ticket it belongs to.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(0), default=300.0, show_default=True, help="Seconds to wait for the site."
)
@client_command
def adopt(client: CampaignClient, output: Output, name: str, *, wait_s: float, **told: Any) -> None:
    """Make a campaign NAME of what ran, or runs, without the service.

    The site looks at a submit directory or at collections, and changes nothing. Nothing of the campaign is ever started.
    """
    told = {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}
    try:
        made = client.adopt(name, timeout_s=wait_s, **told)
    except OrderPending as pending:
        page = f"{client.server}/campaigns/adopt/{pending.order['id']}"
        look = f"`campaign show {name}` shows the campaign once it is made; {page} says what came of it."
        output.document({"campaign": None, "order": pending.order}, text=f"{pending.message}\n  {look}")
        return
    submissions = client.submissions(made["id"])
    output.document({**made, "submissions": submissions}, text=campaign_text(made, submissions))


@click.command()
@click.argument("submission")
@click.argument("status", required=False, type=click.Choice([status.value for status in MARKS]))
@click.option("--reason", "-m", help="Why, for those who come after; needed with STATUS.")
@click.option(
    "--counts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON list with the counts of each task: label, expected, succeeded, caveats, failed, blocked, unknown.",
)
@click.option(
    "--command",
    "commands",
    multiple=True,
    help="What was typed to run it; several times, in their order. All of it, in place of what was told before.",
)
@click.option("--yes", "-y", is_flag=True, help="Mean it although the counts say otherwise.")
@client_command
def mark(
    client: CampaignClient,
    output: Output,
    submission: str,
    status: str | None,
    *,
    reason: str | None,
    counts: Path | None,
    commands: tuple[str, ...],
    yes: bool,
) -> None:
    """Say that SUBMISSION, of an adopted campaign, is STATUS, or by which commands it ran.

    What was marked wrongly is marked again, with a reason. Where the counts say otherwise, you are asked at a terminal.
    """
    try:
        tasks = None if counts is None else json.loads(text_of(counts))
    except ValueError as error:
        remedy = 'Write a list such as `[{"label": "isr", "expected": 4, "succeeded": 4}]`.'
        raise InvalidInput(f"{counts} is not JSON: {error}.", where=str(counts), remedy=remedy) from None
    said: dict[str, Any] = {"tasks": tasks, "status": status, "reason": reason, "commands": list(commands) or None}
    try:
        told = client.tell(submission, **said, confirmed=yes)
    except CountsDisagree as error:
        if output.as_json or not sys.stdin.isatty():
            raise
        click.echo(error.message)
        click.confirm("Mark it all the same?", abort=True)
        told = client.tell(submission, **said, confirmed=True)
    text = f"{told['id']} is {told['status'].replace('_', ' ')}, {quanta_text(told['quanta'])}"
    output.document(told, text=text if not commands else f"{text}\n{commands_text(told['commands'])}")
