"""Start the agent, and stop it in order."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import threading
import time
import uuid
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Literal

import structlog

from campaigns.agent.loop import Agent
from campaigns.agent.orderfolder import OrderFolders
from campaigns.agent.server import ServerClient
from campaigns.agent.shim import write_durably
from campaigns.agent.site import load_site
from campaigns.agent.worker import Workers
from campaigns.domain.errors import Conflict

__all__ = ("OnStop", "RunningAgent", "StateDirInUse", "run", "run_agent", "running_agent")

OnStop = Literal["leave", "cancel"]
"""What becomes of running submissions when the agent ends: they outlive it, or they are cancelled."""

CANCEL_TIMEOUT_S = 120.0

log = structlog.get_logger("campaigns.agent")


class StateDirInUse(Conflict):
    """Another agent works from this state directory."""

    code = "state_dir_in_use"
    title = "The agent runs already"


def run(site_file: Path, *, server: str, token: str, state_dir: Path, on_stop: OnStop = "leave") -> None:
    """Run an agent until SIGTERM or SIGINT.

    Parameters
    ----------
    site_file : `pathlib.Path`
        The site file.
    server : `str`
        The server's base URL.
    token : `str`
        The agent's token.
    state_dir : `pathlib.Path`
        Where the agent keeps what it must not forget; its own alone.
    on_stop : `str`, optional
        ``leave`` lets submissions run on, to be taken up again by the next agent; ``cancel`` stops them first.

    Raises
    ------
    SiteFileInvalid
        If the site file has mistakes.
    StateDirInUse
        If another agent works from the state directory.
    """
    stopping = threading.Event()

    def stop(_signum: int, _frame: FrameType | None) -> None:
        stopping.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    run_agent(site_file, server=server, token=token, state_dir=state_dir, stop_event=stopping, on_stop=on_stop)


def run_agent(
    site_file: Path,
    *,
    server: str,
    token: str,
    state_dir: Path,
    stop_event: threading.Event,
    on_stop: OnStop = "leave",
) -> None:
    """Run an agent until an event is set; the parameters and errors are those of `run`.

    Parameters
    ----------
    site_file, server, token, state_dir, on_stop
        As for `run`.
    stop_event : `threading.Event`
        Set it to have the agent end.
    """
    site = load_site(site_file)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_fd = _lock(state_dir)
    client = ServerClient(server, token)
    agent = Agent(
        site,
        client,
        leasing=ServerClient(server, token),
        folders=OrderFolders(state_dir / "orders"),
        workers=Workers(site, state_dir / "workers"),
        agent_id=_agent_id(state_dir),
        version=version("rubin-campaigns"),
    )
    agent.start()
    try:
        stop_event.wait()
        log.info("the agent is told to end", submissions=on_stop)
    finally:
        agent.close(cancel=on_stop == "cancel", timeout_s=CANCEL_TIMEOUT_S)
        client.close()
        os.close(lock_fd)


def _lock(state_dir: Path) -> int:
    fd = os.open(state_dir / "agent.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise StateDirInUse(
            f"Another agent works from {state_dir}.",
            where=str(state_dir),
            remedy="Stop that agent, or give this one a state directory of its own.",
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


@dataclass(frozen=True, slots=True)
class RunningAgent:
    """An agent that works from a state directory, in another process.

    Attributes
    ----------
    state_dir : `pathlib.Path`
        Its state directory.
    pid : `int`
        Its process.
    """

    state_dir: Path
    pid: int

    def stop(self, *, timeout_s: float) -> bool:
        """Ask it to end, and tell whether it did in that time, in seconds."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while running_agent(self.state_dir) is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


def running_agent(state_dir: Path) -> RunningAgent | None:
    """Give the agent that works from a state directory, if one does.

    Parameters
    ----------
    state_dir : `pathlib.Path`
        The state directory.

    Returns
    -------
    agent : `RunningAgent` or `None`
        The holder of the directory's lock.
    """
    try:
        fd = os.open(state_dir / "agent.lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # The lock is held, so that the process that wrote its number lives.
        text = os.read(fd, 32).decode().strip()
        return RunningAgent(state_dir, int(text)) if text.isdecimal() else None
    else:
        return None
    finally:
        os.close(fd)


def _agent_id(state_dir: Path) -> str:
    path = state_dir / "agent-id"
    if not path.exists():
        write_durably(str(state_dir), path.name, {"agent_id": str(uuid.uuid4())})
    return str(json.loads(path.read_text())["agent_id"])
