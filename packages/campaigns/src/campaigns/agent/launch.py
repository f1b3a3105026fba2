"""Start a command through the launch shim, and find out what became of it, also after a restart of the agent."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from campaigns.agent import shim

__all__ = ("Ended", "Launch", "LaunchFailed", "LaunchState", "Process")

MARKER = "CAMPAIGNS_ORDER"
"""The environment variable by which a process is known to belong to an order."""

LAUNCH_TIMEOUT_S = 30.0

_started: list[subprocess.Popen[bytes]] = []
"""The shims that this process has started. One that is forgotten while it runs could not be collected when it has ended."""


class LaunchFailed(Exception):
    """The shim did not start the command."""


class LaunchState(Enum):
    """How a command stands."""

    NEVER = "never"
    """It surely was never executed."""

    RUNNING = "running"
    """The shim follows it, or is sweeping up after it."""

    ORPHANED = "orphaned"
    """It runs, but its shim is gone, so that nobody will know how it ends."""

    ENDED = "ended"
    """It ended, and how is known."""

    VANISHED = "vanished"
    """Neither it nor its shim is there, and how it ended is not known."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be taken for another: number, start in clock ticks since boot, boot."""

    pid: int
    start_ticks: int
    boot_id: str
    at_us: int

    @property
    def is_alive(self) -> bool:
        """Whether it still runs on this machine (`bool`)."""
        return self.boot_id == shim.boot_id() and shim.start_ticks(self.pid) == self.start_ticks


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command ended; exactly one of ``exit_code`` and ``signal`` is set."""

    exit_code: int | None
    signal: int | None
    ended_us: int
    n_swept: int


class Launch:
    """One command that is started at most once.

    Parameters
    ----------
    directory : `pathlib.Path`
        The shim's directory.
    order_id : `str`
        By which the command's processes are marked.
    """

    def __init__(self, directory: Path, order_id: str) -> None:
        self._directory = directory
        self._order_id = order_id
        self._shim: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The command's output (`pathlib.Path`)."""
        return self._directory / shim.LOG

    def start(self, command: list[str], *, cwd: Path, env: Mapping[str, str]) -> Process:
        """Start the command unless it was started before.

        Parameters
        ----------
        command : `list` [`str`]
            What to run.
        cwd : `pathlib.Path`
            Where.
        env : mapping
            Its whole environment.

        Returns
        -------
        child : `Process`
            The command, once it is recorded durably.

        Raises
        ------
        LaunchFailed
            If it did not start and never will.
        """
        if self._may_start():
            arguments = [sys.executable, "-I", shim.__file__, str(self._directory), *command]
            with (self._directory / "shim.log").open("ab") as log:
                self._shim = subprocess.Popen(
                    arguments, cwd=cwd, env={**env, MARKER: self._order_id}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            _started[:] = [*(each for each in _started if each.poll() is None), self._shim]
        deadline = time.monotonic() + LAUNCH_TIMEOUT_S
        while time.monotonic() < deadline and not self._shim_gave_up():
            if (child := self.child()) is not None:
                return child
            time.sleep(0.005)
        self._end_slow_shims()
        # A shim executes nothing before it has recorded it, so that this is the last word.
        if (child := self.child()) is None:
            raise LaunchFailed(f"The launch shim started nothing; see {self._directory / 'shim.log'}.")
        return child

    def _end_slow_shims(self) -> None:
        """Kill a shim that has not come to its command in time, this process's own or one that was there before."""
        started = self._read_process(shim.STARTED)
        if self.child() is None and started is not None and started.is_alive:
            with suppress(ProcessLookupError):
                os.kill(started.pid, signal.SIGKILL)
            self.wait(LAUNCH_TIMEOUT_S)
        if self.child() is None and self._shim is not None:
            self._shim.kill()
            self._shim.wait()

    def _shim_gave_up(self) -> bool:
        # One that found another at it says so by its status: the other is the one to wait for.
        return self._shim is not None and self._shim.poll() not in (None, shim.BUSY, shim.REFUSED)

    def _may_start(self) -> bool:
        """Take away the mark of a shim that died before its command could run, unless another shim is at it now."""
        fd = os.open(self._directory / shim.LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (self._directory / shim.CHILD).exists():
                (self._directory / shim.STARTED).unlink(missing_ok=True)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def child(self) -> Process | None:
        """Give the command's process, or `None` if it was never executed."""
        return self._read_process(shim.CHILD)

    def ended(self) -> Ended | None:
        """Give how the command ended, or `None` if that is not known."""
        try:
            return Ended(**json.loads((self._directory / shim.EXIT).read_text()))
        except FileNotFoundError:
            return None

    def state(self) -> LaunchState:
        """Find out how the command stands."""
        if self._shim is not None:
            self._shim.poll()
        started, child = self._read_process(shim.STARTED), self.child()
        # What is alive is looked at before the exit record: the other way round an end in between would look like a loss.
        shim_alive = started is not None and started.is_alive
        child_alive = child is not None and child.is_alive
        if self.ended() is not None:
            return LaunchState.ENDED
        if shim_alive:
            return LaunchState.RUNNING
        if child_alive:
            return LaunchState.ORPHANED
        return LaunchState.NEVER if child is None else LaunchState.VANISHED

    def wait(self, timeout_s: float) -> None:
        """Wait until the process to watch has ended, at most for a while.

        Parameters
        ----------
        timeout_s : `float`
            How long.
        """
        started, child = self._read_process(shim.STARTED), self.child()
        process = started if started is not None and started.is_alive else child
        if process is None or not process.is_alive:
            return
        try:
            fd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return
        except OSError:
            # Some containers forbid it; looking again soon does as well.
            time.sleep(min(timeout_s, 0.2))
            return
        try:
            if process.is_alive:
                select.select([fd], [], [], timeout_s)
        finally:
            os.close(fd)

    def stop(self) -> None:
        """Ask the command to end: SIGTERM, through the shim if it lives."""
        for process in (self._read_process(shim.STARTED), self.child()):
            if process is not None and process.is_alive:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)
                return

    def kill(self) -> None:
        """End the command by force; the shim then sweeps and records."""
        child = self.child()
        if child is not None and child.is_alive:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)

    def sweep(self) -> int:
        """End what a command left behind whose shim is gone; only processes of its session that bear the order's mark.

        Returns
        -------
        n_swept : `int`
            How many there were.
        """
        started = self._read_process(shim.STARTED)
        if started is None or started.boot_id != shim.boot_id():
            return 0
        return shim.sweep(lambda: [pid for pid in shim.session_members(started.pid) if self._bears_mark(pid)])

    def _bears_mark(self, pid: int) -> bool:
        # The number of a session may have been given away again since its leader died; the mark is the order's alone.
        try:
            return f"{MARKER}={self._order_id}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False

    def _read_process(self, name: str) -> Process | None:
        try:
            return Process(**json.loads((self._directory / name).read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            # A mark that is there but not whole was being written when the machine went down: nothing followed it.
            return None
