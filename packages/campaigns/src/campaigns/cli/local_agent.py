"""The agent for this machine, run beside the server and started again when it dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import structlog

from campaigns.agent.main import running_agent
from campaigns.agent.site import load_site
from campaigns.auth.secrets import hash_secret
from campaigns.config import Settings
from campaigns.domain.identity import SYSTEM, Role
from campaigns.gateways.clock import SystemClock
from campaigns.services.factory import Factory
from campaigns.storage.callers import find_token
from campaigns.storage.database import Database

__all__ = ("LocalAgent", "agent_token")

STOP_TIMEOUT_S: Final = 150.0
"""An agent that stops its submissions first takes a while."""

LONGEST_DELAY_S: Final = 30.0

log = structlog.get_logger(__name__)


class LocalAgent:
    """An agent process, kept alive.

    Parameters
    ----------
    settings : `Settings`
        Where the data folder is.
    site_file : `pathlib.Path`
        What the site offers.
    url : `str`
        The server's address.
    token : `str`
        The agent's token for the site.
    stop_submissions : `bool`, optional
        Whether running submissions are stopped with the agent; by default they outlive it.
    log_file : `pathlib.Path`, optional
        Where its log goes; by default to standard error with the server's.

    Raises
    ------
    SiteFileInvalid
        If the site file has mistakes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        site_file: Path,
        url: str,
        token: str,
        stop_submissions: bool = False,
        log_file: Path | None = None,
    ) -> None:
        self._site_file = site_file
        self._site = load_site(site_file).name
        self._state = settings.data_dir / "agents" / self._site
        self._url = url
        self._token = token
        self._stop_submissions = stop_submissions
        self._log_file = log_file
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_alive, name="local-agent", daemon=True)

    @property
    def pid(self) -> int | None:
        """The agent's process, if it runs now (`int` or `None`)."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def start(self) -> None:
        """Start the agent. One that an earlier server left behind, when it was killed, gives way."""
        left_behind = running_agent(self._state)
        if left_behind is not None:
            left_behind.stop(timeout_s=10.0)
        self._thread.start()

    def stop(self) -> None:
        """Stop the agent, and wait until it is gone."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _keep_alive(self) -> None:
        delay_s = 0.5
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = self._launch()
            if self._stopping.is_set():
                self._process.terminate()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            # One that lived long did not die of what it was started with.
            delay_s = 0.5 if time.monotonic() - started > LONGEST_DELAY_S else min(2 * delay_s, LONGEST_DELAY_S)
            log.warning("the local agent ended and is started again", exit_code=code, delay_s=delay_s)
            self._stopping.wait(delay_s)

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "campaigns.cli.main", "agent", "--site", self._site, "--file", str(self._site_file)]
        command += ["--state", str(self._state), *(["--stop-submissions"] if self._stop_submissions else [])]
        environment = {**os.environ, "CAMPAIGN_SERVER": self._url, "CAMPAIGN_TOKEN": self._token}
        # A session of its own: Ctrl-C in the terminal is for the server, which then stops the agent in order.
        with ExitStack() as stack:
            output = None if self._log_file is None else stack.enter_context(self._log_file.open("ab"))
            return subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )


def agent_token(database: Database, settings: Settings, *, site: str) -> str:
    """Give the token of the local agent: the one it had, as long as it is good, or a new one.

    Parameters
    ----------
    database : `Database`
        Where tokens are known by their hash.
    settings : `Settings`
        Where the data folder is; the token lies there, readable by its owner alone.
    site : `str`
        The site.

    Returns
    -------
    token : `str`
        The token.
    """
    path = settings.data_dir / "agents" / f"{site}.token"
    if path.exists():
        token = path.read_text().strip()
        with database.look() as connection:
            caller = find_token(connection, hash_secret(token), now_us=SystemClock().now_us())
        if caller is not None and caller.identity.role is Role.AGENT and caller.identity.site == site:
            return token
    with database.write() as session:
        factory = Factory(session, identity=SYSTEM, clock=SystemClock(), settings=settings)
        token = factory.users().create_agent_token("local agent", site=site)[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(token)
    return token
