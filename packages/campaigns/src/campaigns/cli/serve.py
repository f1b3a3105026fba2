"""``campaign serve``: the pages and the interface, by uvicorn in this process."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, NoReturn

import click
import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from campaigns.agent.site import load_site
from campaigns.api.app import create_app
from campaigns.cli.local_agent import LocalAgent, agent_token
from campaigns.cli.opening import current_database
from campaigns.config import DEFAULT_PORT, LogLevel, Settings, load_settings
from campaigns.domain.errors import Conflict
from campaigns.logs import configure_logging
from campaigns.storage.bell import Bell
from campaigns.storage.database import Database
from campaigns.storage.files import sweep_leftovers

__all__ = ("Server", "serve", "start_local_agent")

STOP_TIMEOUT_S = 5


log = structlog.get_logger(__name__)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0 takes a free one.")
@click.option("--no-agent", is_flag=True, help="Do not run an agent for this machine.")
def serve(*, host: str, port: int, no_agent: bool) -> None:
    """Serve the pages and the interface until interrupted.

    An empty or older SQLite database is brought up to date; for PostgreSQL run `campaign admin migrate` first.
    """
    settings = load_settings()
    configure_logging(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    with current_database(settings) as database:
        app = create_app(settings, database)
        with _listen(host, port) as listening:
            url = _url(host, listening.getsockname()[1])
            agents: list[LocalAgent] = []

            def started() -> None:
                click.echo(f"Serving on {url}", err=True)
                threading.Thread(target=_tidy, args=(settings, database), name="tidying", daemon=True).start()
                agent = None if no_agent else start_local_agent(settings, database, url=url)
                if agent is not None:
                    agents.append(agent)

            config = uvicorn.Config(
                app,
                log_config=None,
                log_level=logging.getLevelNamesMapping()[settings.log_level.value.upper()],
                access_log=settings.log_level is LogLevel.DEBUG,
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips=settings.trusted_proxies,
                timeout_graceful_shutdown=STOP_TIMEOUT_S,
            )
            try:
                Server(config, bell=database.bell, started=started).run(sockets=[listening])
            finally:
                for agent in agents:
                    agent.stop()


def _tidy(settings: Settings, database: Database) -> None:
    """Do what is done once, beside the first requests; it matters to none of them whether it works."""
    try:
        swept = sweep_leftovers(settings.data_dir)
        database.gather_statistics()
    except (OSError, SQLAlchemyError) as error:
        log.warning("not all was tidied", reason=str(error))
    else:
        log.debug("tidied", swept=swept)


def start_local_agent(settings: Settings, database: Database, *, url: str) -> LocalAgent | None:
    """Start the agent for this machine, if it has a site file.

    Parameters
    ----------
    settings : `Settings`
        The settings.
    database : `Database`
        Where the agent's token is known.
    url : `str`
        The server's address.

    Returns
    -------
    agent : `LocalAgent` or `None`
        The agent, to be stopped with the server; `None` without a site file.
    """
    site_file = settings.site_file or settings.data_dir / "site.yaml"
    if not site_file.exists() and settings.site_file is None:
        click.echo(f"No agent runs here: there is no site file at {site_file}.", err=True)
        return None
    token = agent_token(database, settings, site=load_site(site_file).name)
    agent = LocalAgent(settings, site_file=site_file, url=url, token=token)
    agent.start()
    return agent


class Server(uvicorn.Server):
    """Uvicorn, which tells when it answers, and wakes those who wait for changes when it is about to stop.

    Parameters
    ----------
    config : `uvicorn.Config`
        The configuration.
    bell : `Bell`
        Closed when the server is asked to stop: an event stream would otherwise hold it up.
    started : callable
        Called once when the server answers.
    """

    def __init__(self, config: uvicorn.Config, *, bell: Bell, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._bell = bell
        self._on_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_started()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop, when a signal says so."""
        # In a thread, since a signal may arrive while this one holds the bell's lock.
        threading.Thread(target=self._bell.close, name="bell").start()
        super().handle_exit(sig, frame)


def _leave(_number: int, _frame: object) -> NoReturn:
    # Uvicorn stops in good order and then raises the signal again, which by default would end the process before the agent is
    # stopped and the database closed.
    raise SystemExit(0)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Connections take it over. Without it an answer of two packets waits for 40 ms: asyncio sets it only on sockets that say
        # that they are of TCP, which those of `create_server` do not.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise Conflict(
            f"The server cannot listen on {host}, port {port}: {error.strerror}.",
            where=f"{host}:{port}",
            remedy="Does another server run there? Choose another with --port.",
        ) from None


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
