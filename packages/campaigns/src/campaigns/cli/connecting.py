"""The options by which commands find the server and say who asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, TypeVar

import click

from campaigns.cli.output import Output, output_option
from campaigns.cli.stored_tokens import stored_token
from campaigns.client import CampaignClient
from campaigns.client.client import DEFAULT_SERVER

__all__ = ("client_command", "server_option")

R = TypeVar("R")

server_option = click.option(
    "--server", envvar="CAMPAIGN_SERVER", default=DEFAULT_SERVER, show_default=True, help="The server's address."
)
token_option = click.option("--token", envvar="CAMPAIGN_TOKEN", help="The API token; by default what `campaign login` kept.")


def client_command(function: Callable[Concatenate[CampaignClient, Output, ...], R]) -> Callable[..., R]:
    """Give a command a client and an output as its first two arguments, and the options ``--server``, ``--token``, ``--json``.

    Examples
    --------
    ::

        @click.command("show")
        @click.argument("campaign")
        @client_command
        def show(client: CampaignClient, output: Output, campaign: str) -> None: ...
    """

    def run(output: Output, /, *args: Any, server: str, token: str | None, **kwargs: Any) -> R:
        with CampaignClient(server, token or stored_token(server)) as client:
            return function(client, output, *args, **kwargs)

    # What click keeps of the options below this decorator comes along.
    update_wrapper(run, function)
    return server_option(token_option(output_option(run)))
