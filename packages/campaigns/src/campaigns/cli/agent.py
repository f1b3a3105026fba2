"""``campaign agent``: serves a site."""

from __future__ import annotations

import os
from pathlib import Path

import click

from campaigns.agent.main import run
from campaigns.agent.site import load_site
from campaigns.cli.connecting import server_option
from campaigns.config import load_settings
from campaigns.domain.errors import InvalidInput
from campaigns.logs import configure_logging

__all__ = ("agent",)


@click.command()
@click.option("--site", "name", required=True, help="The site's name, as in its site file.")
@click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), help="The site file; by default site.yaml in the data folder."
)
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Where it keeps what it must not forget.")
@click.option("--stop-submissions", is_flag=True, help="When it is ended, stop what runs instead of leaving it running.")
@server_option
def agent(name: str, file: Path | None, state: Path | None, *, stop_submissions: bool, server: str) -> None:
    """Serve a site until interrupted: carry out the server's orders there, as an ordinary user.

    CAMPAIGN_TOKEN must be an agent's token for this site: `campaign admin create-token NAME --site SITE`.
    """
    settings = load_settings()
    configure_logging(settings)
    token = os.environ.get("CAMPAIGN_TOKEN", "")
    if not token:
        raise InvalidInput(
            "The agent has no token.",
            where="CAMPAIGN_TOKEN",
            remedy=f"An administrator makes one: `campaign admin create-token agent --site {name}`.",
        )
    path = file or settings.data_dir / "site.yaml"
    described = load_site(path).name
    if described != name:
        raise InvalidInput(f"{path} describes the site {described}, not {name}.", where="--site", remedy="Give the other file.")
    run(
        path,
        server=server,
        token=token,
        state_dir=state or settings.data_dir / "agents" / name,
        on_stop="cancel" if stop_submissions else "leave",
    )
