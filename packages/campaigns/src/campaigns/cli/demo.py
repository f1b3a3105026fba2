"""``campaign demo``: a small real campaign on this machine."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import click

from campaigns.cli.output import Output, output_option
from campaigns.cli.shown import quanta_text, state_text
from campaigns.client import CampaignClient
from campaigns.config import DEFAULT_PORT
from campaigns.demonstration.ground import Ground, prepare
from campaigns.demonstration.ports import choose_port
from campaigns.demonstration.show import begin, run_to_end, serving, summary
from campaigns.domain.errors import InvalidInput

__all__ = ("demo",)


@click.command()
@click.option("--once", is_flag=True, help="In a new folder, run to the end, decide what a person would, and stop.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The folder; by default below .demo here.")
@click.option(
    "--stack", type=click.Path(file_okay=False, path_type=Path), default=Path(".stack"), show_default=True, help="The demo stack."
)
@click.option("--port", type=click.IntRange(0, 65535), help="By default 8080, or a free one where that is taken.")
@output_option
def demo(output: Output, *, once: bool, data: Path | None, stack: Path, port: int | None) -> None:
    """Run a small real campaign: real bps submissions on a real Butler repository.

    Without --once it serves until interrupted, and prints a link that signs you in; the next time it goes on where it was.
    """

    def say(text: str) -> None:
        click.echo(text, err=True)

    # What is started here must be ended here, however this process is asked to stop.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _interrupt)
    folder = data or Path(".demo") / (time.strftime("once-%Y%m%dT%H%M%S") if once else "campaign")
    if once and folder.exists() and any(folder.iterdir()):
        raise InvalidInput(f"{folder} is not empty.", where="--data", remedy="With --once give a new folder.")
    say(f"Preparing {folder} …")
    ground = prepare(folder, stack)
    with serving(ground, port=choose_port(port if port is not None or not once else 0, usual=DEFAULT_PORT)) as url:
        if once:
            _run_once(ground, url, output)
        else:
            _stay(ground, url)


def _run_once(ground: Ground, url: str, output: Output) -> None:
    def say(text: str) -> None:
        click.echo(text, err=True)

    with CampaignClient(url, ground.visitor_token()) as client:
        campaign = run_to_end(client, begin(client, say=say), say=say)
        told = summary(client, campaign)
    lines = [
        f"{item['id']}  {item['step']}  {state_text(item['status'])}  {quanta_text(item['quanta'])}"
        for item in told["submissions"]
    ]
    output.document(told, text="\n".join([f"{campaign['id']} {campaign['name']}: {campaign['status']}", *lines]))
    if campaign["status"] != "completed":
        click.echo(f"The campaign is {campaign['status']}: {campaign['status_reason']}", err=True)
        sys.exit(1)


def _stay(ground: Ground, url: str) -> None:
    with CampaignClient(url, ground.visitor_token()) as client:
        campaign = begin(client, say=lambda text: click.echo(text, err=True))
    click.echo(f"\n  Open {url}{ground.sign_in_path()}\n", err=True)
    click.echo(
        f"The link signs you in as visitor, once. The campaign is {url}/campaigns/{campaign['id']}; Ctrl-C ends it all.", err=True
    )
    threading.Event().wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
