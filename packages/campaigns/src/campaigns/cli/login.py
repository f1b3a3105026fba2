"""``campaign login``: name and password for a token, which is kept for the commands that follow."""

from __future__ import annotations

import socket
import sys
import time
from typing import Final

import click

from campaigns.cli.connecting import server_option
from campaigns.cli.output import Output, output_option
from campaigns.cli.stored_tokens import keep_token
from campaigns.client import CampaignClient

__all__ = ("login",)

VALID_DAYS: Final = 90
DAY_US: Final = 86_400_000_000


@click.command()
@server_option
@click.option("--name", help="Who you are; asked for by default.")
@output_option
def login(output: Output, server: str, name: str | None) -> None:
    """Sign in by name and password, and keep a token for this server in a file that only you can read.

    The password is asked for, or read from standard input if that is no terminal. The token is good for 90 days.
    """
    who = name or click.prompt("Name", err=True)
    typed = sys.stdin.isatty()
    password = click.prompt("Password", hide_input=True, err=True) if typed else sys.stdin.readline().rstrip("\r\n")
    expires_us = time.time_ns() // 1000 + VALID_DAYS * DAY_US
    token = CampaignClient.sign_in(
        server, who, password, token_name=f"campaign login on {socket.gethostname()}", expires_us=expires_us
    )
    path = keep_token(server, token)
    output.document(
        {"server": server, "name": who, "expires_us": expires_us, "file": str(path)},
        text=f"Signed in to {server} as {who} for {VALID_DAYS} days; the token is in {path}.",
    )
