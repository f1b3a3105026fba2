"""The launch shim: runs one command at most once per directory, and leaves behind what became of it.

It is started as a file of its own by ``python -I`` and uses the standard library only, so that nothing it needs can change under
a run of days. In its directory it keeps:

``launch.lock``
    held (flock) for as long as it lives;
``started.json``
    made exclusively before anything else: pid, start time and boot id of the shim;
``child.json``
    the same of the command. It is durable before the command is executed, so that without it the command never ran;
``launcher.log``
    the command's output;
``exit.json``
    how it ended, written when nothing of the session is left.

Exit status of the shim itself: 0 when it ran the command, whatever became of that; 75 when another shim has the lock; 76 when
the command was started before.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ("boot_id", "main", "session_members", "start_ticks", "sweep", "write_durably")

LOCK, STARTED, CHILD, LOG, EXIT = "launch.lock", "started.json", "child.json", "launcher.log", "exit.json"

BUSY, REFUSED = 75, 76

FOLLOWED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
"""What the shim waits for. They are blocked otherwise, so that none comes at a moment at which it would be lost."""

LOCK_PATIENCE_S = 5.0
"""An agent that looks whether anybody holds the lock has it for a moment."""

SWEEP_GRACE_S = 5.0
"""How long what is left of a session has between SIGTERM and SIGKILL."""


def boot_id() -> str:
    """Give the kernel's name for the time since it started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str] | None:
    try:
        # The name in parentheses may hold anything, so that only what follows the last one can be counted on.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_ticks(pid: int) -> int | None:
    """Give when a process started, in clock ticks since boot.

    Parameters
    ----------
    pid : `int`
        Its number.

    Returns
    -------
    ticks : `int` or `None`
        `None` if there is no such process, or only what is left of it for its parent to collect.
    """
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[19])


def session_members(session: int) -> list[int]:
    """Give the living processes of a session, without the one that asks.

    Parameters
    ----------
    session : `int`
        The pid of the session's leader.
    """
    members = []
    for pid in (int(entry.name) for entry in Path("/proc").glob("[0-9]*")):
        fields = _stat(pid) if pid != os.getpid() else None
        if fields is not None and fields[0] not in "ZX" and int(fields[3]) == session:
            members.append(pid)
    return members


def sweep(members: Any, *, grace_s: float = SWEEP_GRACE_S) -> int:
    """End processes: SIGTERM, and SIGKILL for those that are still there after a while.

    Parameters
    ----------
    members : callable
        Gives the pids that are to go, anew at each call.
    grace_s : `float`, optional
        How long to wait in between.

    Returns
    -------
    n_swept : `int`
        How many there were at first.
    """
    found = members()
    for signum in (signal.SIGTERM, signal.SIGKILL):
        for pid in members():
            with suppress(ProcessLookupError):
                os.kill(pid, signum)
        deadline = time.monotonic() + grace_s
        while members() and time.monotonic() < deadline:
            time.sleep(0.02)
    return len(found)


def write_durably(directory: str, name: str, content: dict[str, Any], *, exclusive: bool = False) -> None:
    """Write a JSON file so that it is there, whole, after a power cut.

    Parameters
    ----------
    directory : `str`
        Where.
    name : `str`
        The file's name.
    content : `dict`
        What to write.
    exclusive : `bool`, optional
        Whether it must not be there yet.

    Raises
    ------
    FileExistsError
        If it must not be there and is.
    """
    path = Path(directory, name)
    target = path if exclusive else path.with_name(f"{name}.new")
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if exclusive else os.O_TRUNC)
    with os.fdopen(os.open(target, flags, 0o644), "w") as stream:
        json.dump(content, stream)
        stream.flush()
        os.fsync(stream.fileno())
    if not exclusive:
        target.replace(path)
    directory_fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(directory_fd)
    finally:
        os.close(directory_fd)


def _lock(directory: str) -> int | None:
    fd = os.open(Path(directory, LOCK), os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        except BlockingIOError:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)


def _become_the_command(gate: int, log_fd: int, command: list[str]) -> None:
    """Wait for the word, then execute; without it (the shim has died) the command never runs."""
    if os.read(gate, 1) != b"!":
        os._exit(0)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log_fd, 1), (log_fd, 2)):
        os.dup2(source, target)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FOLLOWED)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]} cannot be executed: {error}\n".encode())
        os._exit(127)


def _identity(pid: int) -> dict[str, Any]:
    return {"pid": pid, "start_ticks": start_ticks(pid), "boot_id": boot_id(), "at_us": time.time_ns() // 1000}


def _follow(child: int) -> int:
    """Wait until the command has ended, passing on what asks it to end; gives its exit status as `os.wait` does."""
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            return status
        if signal.sigwait(FOLLOWED) != signal.SIGCHLD:
            # It has not been waited for, so that the number is still its own.
            os.kill(child, signal.SIGTERM)


def _run(directory: str, command: list[str]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, FOLLOWED)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    gate_read, gate_write = os.pipe()
    log_fd = os.open(Path(directory, LOG), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    child = os.fork()
    if child == 0:
        os.close(gate_write)
        _become_the_command(gate_read, log_fd, command)
    os.close(gate_read)
    write_durably(directory, CHILD, _identity(child))
    # From here on anybody may end it by its number, also before it has heard the word.
    with suppress(BrokenPipeError):
        os.write(gate_write, b"!")
    os.close(gate_write)
    status = _follow(child)
    ended_us = time.time_ns() // 1000
    code = os.waitstatus_to_exitcode(status)
    n_swept = sweep(lambda: session_members(os.getpid()))
    how = {"exit_code": code if code >= 0 else None, "signal": -code if code < 0 else None}
    write_durably(directory, EXIT, {**how, "ended_us": ended_us, "n_swept": n_swept})


def main(arguments: list[str]) -> int:
    """Run the command of the arguments: the directory, then the command.

    Parameters
    ----------
    arguments : `list` [`str`]
        Without the program's own name.

    Returns
    -------
    status : `int`
        The shim's exit status; see the module.
    """
    directory, *command = arguments
    if os.getsid(0) != os.getpid():
        os.setsid()
    if _lock(directory) is None:
        return BUSY
    try:
        write_durably(directory, STARTED, _identity(os.getpid()), exclusive=True)
    except FileExistsError:
        return REFUSED
    _run(directory, command)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
