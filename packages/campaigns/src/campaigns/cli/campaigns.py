"""``campaign define``, ``show`` and the commands that move a campaign."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.editing import campaign_file
from campaigns.cli.output import Output, text_of
from campaigns.cli.shown import campaign_text, moved_text, progress_text, submission_text, would_run_lines
from campaigns.client import CampaignClient, OrderPending
from campaigns.domain.errors import CampaignError, Fault, PreflightFailed
from campaigns.domain.submission import parse_submission_id

__all__ = (
    "cancel", "complete", "define", "fail", "pause", "preflight", "resume", "show", "start",
    "start_next",
)  # fmt: skip

POLL_S = 0.5

reason_option = click.option("--reason", "-m", required=True, help="Why, for those who come after.")
campaign_argument = click.argument("campaign")


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "source", metavar="REPOSITORY@REFERENCE[:PATH]", help="Read campaign.yaml in a git repository instead.")
@click.option("--draft", is_flag=True, help="Leave it a draft, though it is complete.")
@click.option("--begin", is_flag=True, help="Start it at once, for the reason it gives itself.")
@client_command
def define(client: CampaignClient, output: Output, file: Path | None, *, source: str | None, draft: bool, begin: bool) -> None:
    """Make a campaign from the campaign file FILE: YAML, or JSON; or from one in a git repository, at a tag.

    What is wrong in the file is told all at once, with the lines; nothing is made then.
    """
    if (file is None) == (source is None):
        raise click.UsageError("Give either FILE or --from REPOSITORY@REFERENCE[:PATH].")
    if file is not None:
        made = client.define(text_of(file), draft=draft)
    else:
        repository, reference, path = _place(source or "")
        made = client.define_from(repository, reference, path=path, draft=draft)
    if begin:
        try:
            made = client.act(made["id"], "start", reason=made["reason"])
        except CampaignError:
            output.say(f"{made['id']} {made['name']} is {made['status']}, and was not started; `campaign edit` corrects it.")
            raise
    output.document(made, text=moved_text(made, f"made {made['id']} {made['name']}"))


@click.command()
@click.argument("ref", metavar="CAMPAIGN|SUBMISSION")
@click.option("--yaml", "as_file", is_flag=True, help="Print a campaign's newest definition as a file for `campaign edit`.")
@client_command
def show(client: CampaignClient, output: Output, ref: str, *, as_file: bool) -> None:
    """Show a campaign (C-4, its name or UUID) with its submissions, or a submission (S-12)."""
    if as_file:
        click.echo(campaign_file(client.campaign(ref)), nl=False)
        return
    if parse_submission_id(ref) is not None:
        submission = client.submission(ref)
        output.document(submission, text=submission_text(submission))
        return
    campaign = client.campaign(ref)
    submissions = client.submissions(campaign["id"])
    output.document({**campaign, "submissions": submissions}, text=campaign_text(campaign, submissions))


@click.command()
@campaign_argument
@reason_option
@click.option(
    "--wait", "wait_s", type=click.FloatRange(0, 60), default=25.0, show_default=True, help="Seconds to wait for the site."
)
@client_command
def start(client: CampaignClient, output: Output, campaign: str, *, reason: str, wait_s: float) -> None:
    """Start CAMPAIGN, once its site has looked and found nothing wrong."""
    started = client.act(campaign, "start", reason=reason, wait_s=wait_s)
    output.document(started, text=moved_text(started, f"{started['id']} is {started['status']}"))


@click.command()
@campaign_argument
@click.option("--graphs/--no-graphs", default=True, show_default=True, help="Build quantum graphs, where their inputs are there.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0),
    default=1200.0,
    show_default=True,
    help="Seconds to wait at most; without an answer by then it ends with 1. With 0 it only asks, and gives the order.",
)
@client_command
def preflight(client: CampaignClient, output: Output, campaign: str, *, graphs: bool, wait_s: float) -> None:
    """Have the site of CAMPAIGN look whether it could run, and what would run; nothing is started.

    Graphs are built in the campaign's stack and thrown away. Numbers with ≤ are upper bounds, those behind → what a graph has.
    """
    order_id = client.preflight(campaign, wait_s=0, graphs=graphs)["order"]
    deadline_s, told = time.monotonic() + wait_s, ""
    while (order := client.get(f"orders/{order_id}"))["ended_us"] is None and time.monotonic() < deadline_s:
        if (now := progress_text(order["result"])) not in ("", told):
            told = now
            click.echo(now, err=True)
        time.sleep(POLL_S)
    head = "It could not run." if order["faults"] else "Nothing is wrong."
    if order["ended_us"] is None:
        head = f"The site has not answered yet; its order is {order_id}." if not wait_s else "What it has found so far:"
    found = {"order": order_id, "status": order["status"], "result": order["result"]}
    output.document(found, text="\n".join([head, *would_run_lines(order["result"])]))
    if order["faults"]:
        raise PreflightFailed(Fault.from_dict(fault) for fault in order["faults"])
    if order["ended_us"] is None and wait_s:
        # Who waits for an answer must not go on as if it had been a good one.
        raise OrderPending(order, waited_s=wait_s)


@click.command("next")
@campaign_argument
@reason_option
@client_command
def start_next(client: CampaignClient, output: Output, campaign: str, *, reason: str) -> None:
    """Run the next submission of CAMPAIGN that waits for somebody to start it."""
    made = client.start_next(campaign, reason=reason)
    output.document(made, text=f"{made['id']} is {made['status']}: {made['step']} {made['group']}")


@click.command()
@campaign_argument
@reason_option
@client_command
def pause(client: CampaignClient, output: Output, campaign: str, *, reason: str) -> None:
    """Hold CAMPAIGN: what runs goes on, nothing new starts."""
    _act(client, output, campaign, "pause", reason)


@click.command()
@campaign_argument
@reason_option
@client_command
def resume(client: CampaignClient, output: Output, campaign: str, *, reason: str) -> None:
    """Let CAMPAIGN go on that somebody holds."""
    _act(client, output, campaign, "resume", reason)


@click.command()
@campaign_argument
@reason_option
@client_command
def complete(client: CampaignClient, output: Output, campaign: str, *, reason: str) -> None:
    """End CAMPAIGN as completed, though not all of its steps are accepted."""
    _act(client, output, campaign, "complete", reason)


@click.command()
@campaign_argument
@reason_option
@client_command
def fail(client: CampaignClient, output: Output, campaign: str, *, reason: str) -> None:
    """End CAMPAIGN as failed."""
    _act(client, output, campaign, "fail", reason)


@click.command()
@click.argument("ref", metavar="CAMPAIGN|SUBMISSION")
@reason_option
@client_command
def cancel(client: CampaignClient, output: Output, ref: str, *, reason: str) -> None:
    """Stop a submission (S-12), or end a campaign (C-4) and stop all it has under way."""
    if parse_submission_id(ref) is None:
        _act(client, output, ref, "cancel", reason)
        return
    submission = client.decide(ref, "cancel", reason=reason)
    asked = "" if submission["status"] == "cancelled" else ", and asked to stop"
    output.document(submission, text=f"{submission['id']} is {submission['status'].replace('_', ' ')}{asked}")


def _place(source: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(?P<repository>.+)@(?P<reference>[^@:]+)(:(?P<path>.+))?", source)
    if match is None:
        raise click.UsageError(f"{source} has not the form REPOSITORY@REFERENCE[:PATH].")
    return match["repository"], match["reference"], match["path"] or "campaign.yaml"


def _act(client: CampaignClient, output: Output, campaign: str, action: str, reason: str) -> None:
    moved = client.act(campaign, action, reason=reason)
    output.document(moved, text=moved_text(moved, f"{moved['id']} is {moved['status']}"))
