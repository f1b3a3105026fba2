"""``campaign bulk``: the same action on all campaigns that a filter finds."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.client import CampaignClient
from campaigns.domain.errors import InvalidInput
from campaigns.domain.states import BY_HAND

__all__ = ("bulk",)

SHOWN = 10
"""How many of those that match are named before it is asked for."""


@click.command()
@click.argument("action", type=click.Choice([action.value for action in BY_HAND]))
@click.argument("filter")
@click.option("--reason", "-m", required=True, help="Why, for those who come after.")
@click.option("--expected", type=click.IntRange(0), help="Do it without asking, if FILTER finds so many.")
@client_command
def bulk(
    client: CampaignClient,
    output: Output,
    action: str,
    filter: str,  # noqa: A002 - what it is called everywhere
    *,
    reason: str,
    expected: int | None,
) -> None:
    """Do ACTION with all campaigns that FILTER finds: `campaign bulk pause 'kind = integration' -m "The disk is full"`.

    It says first how many there are, and asks. One that may not be moved so holds up no other; the exit code is then 1.
    """
    if expected is None:
        expected = _asked(client, output, action, filter)
    done = client.act_on_many(filter, action, reason=reason, expected=expected)
    output.document(done, text=_text(done))
    if done["refused"]:
        click.get_current_context().exit(1)


def _asked(client: CampaignClient, output: Output, action: str, wanted: str) -> int:
    """Show what a filter finds, and ask whether it is meant; gives how many there are."""
    found = client.get("campaigns", filter=wanted, sort="id", limit=SHOWN, count=True)
    n_found: int = found["count"]
    campaigns = "campaign matches" if n_found == 1 else "campaigns match"
    if n_found and (output.as_json or not sys.stdin.isatty()):
        raise InvalidInput(
            f"{n_found} {campaigns}; nothing was done.",
            where="--expected",
            remedy=f"Look at them by `campaign list`, and say `--expected {n_found}` if all of them are meant.",
        )
    output.say(f"{n_found} {campaigns}.")
    for item in found["items"]:
        output.say(f"  {item['id']}  {item['name']}  {item['status']}")
    if n_found > SHOWN:
        output.say("  …")
    if n_found:
        click.confirm(f"{action.capitalize()} all?", abort=True)
    return n_found


def _text(done: Mapping[str, Any]) -> str:
    lines = [f"{done['action']}: {', '.join(done['done']) or 'none'}"]
    for fault in done["refused"]:
        lines.append(f"  - {fault['message']}")
        lines += [f"    remedy: {fault['remedy']}"] if fault["remedy"] else []
    return "\n".join(lines)
