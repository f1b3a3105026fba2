"""The launch shim, run as it is run in earnest: as a file of its own, in a process of its own."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.making import wait_until
from campaigns.agent import shim
from campaigns.agent.launch import MARKER, Launch, LaunchFailed, LaunchState

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the shim for a line of bash."""
    started: list[subprocess.Popen[bytes]] = []

    def run(line: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", shim.__file__, str(tmp_path), "bash", "-c", line]
        started.append(subprocess.Popen(command, env={"PATH": os.environ["PATH"], MARKER: "o1"}))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
    if (child := _read(tmp_path, shim.CHILD)) is not None and shim.start_ticks(child["pid"]) == child["start_ticks"]:
        os.kill(child["pid"], signal.SIGKILL)


def _read(directory: Path, name: str) -> dict[str, Any] | None:
    path = directory / name
    return json.loads(path.read_text()) if path.exists() else None


def _exit(directory: Path) -> dict[str, Any]:
    found = _read(directory, shim.EXIT)
    assert found is not None
    return found


def test_output_and_exit_code_are_kept(tmp_path: Path, start: Start) -> None:
    assert start("echo out; echo err >&2; exit 3").wait() == 0
    assert (tmp_path / shim.LOG).read_text() == "out\nerr\n"
    assert (_exit(tmp_path)["exit_code"], _exit(tmp_path)["signal"]) == (3, None)


def test_input_is_closed(tmp_path: Path, start: Start) -> None:
    start("cat; echo end").wait()
    assert (tmp_path / shim.LOG).read_text() == "end\n"


def test_never_twice(tmp_path: Path, start: Start) -> None:
    start("echo once").wait()
    assert start("echo twice").wait() == shim.REFUSED
    assert (tmp_path / shim.LOG).read_text() == "once\n"


def test_many_at_once_run_it_once(tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = sorted(process.wait() for process in [start("echo ran; sleep 0.2") for _ in range(6)])
    assert codes[0] == 0
    assert set(codes[1:]) <= {shim.BUSY, shim.REFUSED}
    assert (tmp_path / shim.LOG).read_text() == "ran\n"


def test_lock_is_held_while_it_runs(tmp_path: Path, start: Start) -> None:
    start("sleep 30")
    wait_until((tmp_path / shim.CHILD).exists)
    with (tmp_path / shim.LOCK).open() as stream, pytest.raises(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_command_that_cannot_be_recorded_is_not_executed(tmp_path: Path, start: Start) -> None:
    (tmp_path / f"{shim.CHILD}.new").mkdir()
    assert start(f"touch {tmp_path}/ran").wait() == 1
    assert not (tmp_path / "ran").exists()


def test_command_that_is_not_there(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-I", shim.__file__, str(tmp_path), "/no/such/bps"], check=True)
    assert _exit(tmp_path)["exit_code"] == 127
    assert "/no/such/bps cannot be executed" in (tmp_path / shim.LOG).read_text()


def test_sigterm_is_passed_on(tmp_path: Path, start: Start) -> None:
    process = start(f"trap 'echo asked; exit 5' TERM; touch {tmp_path}/ready; while :; do sleep 0.02; done")
    wait_until((tmp_path / "ready").exists)
    process.terminate()
    process.wait()
    assert _exit(tmp_path)["exit_code"] == 5
    assert (tmp_path / shim.LOG).read_text() == "asked\n"


BEFORE_THE_WORD = """
import os, sys, time
sys.path.insert(0, {folder!r})
import shim

def write_and_signal(directory, name, content, write=shim.write_durably, **how):
    write(directory, name, content, **how)
    if name == shim.CHILD:
        os.kill({target}, {signum:d})
        time.sleep(0.1)  # What dies of it closes its end of the pipe.

shim.write_durably = write_and_signal
shim.main(sys.argv[1:])
"""
"""The shim as it is, but for a signal as soon as the command is recorded, when it may not have been executed yet."""


@pytest.mark.parametrize(
    ("target", "signum"), [("os.getpid()", signal.SIGTERM), ("os.getpid()", signal.SIGINT), ("content['pid']", signal.SIGKILL)]
)
def test_command_ended_before_it_is_executed_is_recorded(tmp_path: Path, target: str, signum: signal.Signals) -> None:
    program = BEFORE_THE_WORD.format(folder=str(Path(shim.__file__).parent), target=target, signum=signum)
    subprocess.run([sys.executable, "-I", "-c", program, str(tmp_path), "sleep", "60"], check=True, timeout=30)
    assert _exit(tmp_path)["signal"] == (signal.SIGTERM if signum == signal.SIGINT else signum)


def test_command_gets_no_blocked_signals(tmp_path: Path, start: Start) -> None:
    start("grep SigBlk /proc/self/status").wait()
    assert (tmp_path / shim.LOG).read_text() == f"SigBlk:\t{0:016x}\n"


def test_killed_command_is_recorded_and_its_session_swept(tmp_path: Path, start: Start) -> None:
    process = start(f"(sleep 60; true) & sleep 60 & echo $! > {tmp_path}/left; wait")
    wait_until(lambda: (tmp_path / "left").exists() and (tmp_path / "left").read_text().endswith("\n"))
    os.kill((_read(tmp_path, shim.CHILD) or {})["pid"], signal.SIGKILL)
    process.wait()
    assert _exit(tmp_path)["signal"] == signal.SIGKILL
    assert _exit(tmp_path)["n_swept"] >= 2
    assert shim.start_ticks(int((tmp_path / "left").read_text())) is None
    assert shim.session_members(process.pid) == []


def test_what_ignores_sigterm_is_swept_too() -> None:
    stubborn = subprocess.Popen(["bash", "-c", "trap '' TERM; echo; while :; do sleep 0.02; done"], stdout=subprocess.PIPE)
    assert stubborn.stdout is not None
    with stubborn.stdout:
        stubborn.stdout.readline()
    assert shim.sweep(lambda: [pid for pid in [stubborn.pid] if shim.start_ticks(pid) is not None], grace_s=0.2) == 1
    assert stubborn.wait() == -signal.SIGKILL


def test_sweeping_spares_other_sessions(tmp_path: Path, start: Start) -> None:
    process = start(f"setsid sleep 60 & echo $! > {tmp_path}/other; sleep 0.1")
    process.wait()
    wait_until((tmp_path / "other").exists)
    other = int((tmp_path / "other").read_text())
    assert shim.start_ticks(other) is not None
    os.kill(other, signal.SIGKILL)


class TestLaunch:
    """What the agent makes of it."""

    def test_states_of_a_run(self, tmp_path: Path) -> None:
        launch = Launch(tmp_path, "o1")
        assert launch.state() is LaunchState.NEVER
        child = launch.start(["sleep", "60"], cwd=tmp_path, env=dict(os.environ))
        assert launch.state() is LaunchState.RUNNING
        assert child.is_alive
        launch.stop()
        launch.wait(10.0)
        wait_until(lambda: launch.state() is LaunchState.ENDED)
        ended = launch.ended()
        assert ended is not None
        assert ended.signal == signal.SIGTERM

    def test_starting_twice_gives_the_same_process(self, tmp_path: Path) -> None:
        first = Launch(tmp_path, "o1").start(["sleep", "60"], cwd=tmp_path, env=dict(os.environ))
        again = Launch(tmp_path, "o1")
        assert again.start(["sleep", "60"], cwd=tmp_path, env=dict(os.environ)) == first
        again.stop()
        again.wait(10.0)
        wait_until(lambda: again.state() is LaunchState.ENDED)

    def test_mark_of_a_shim_that_died_too_early(self, tmp_path: Path) -> None:
        gone = {"pid": 2**22, "start_ticks": 1, "boot_id": shim.boot_id(), "at_us": 0}
        (tmp_path / shim.STARTED).write_text(json.dumps(gone))
        launch = Launch(tmp_path, "o1")
        assert launch.state() is LaunchState.NEVER
        launch.start(["true"], cwd=tmp_path, env=dict(os.environ))
        wait_until(lambda: launch.state() is LaunchState.ENDED)

    def test_mark_that_is_torn(self, tmp_path: Path) -> None:
        (tmp_path / shim.STARTED).write_text('{"pid": 1')
        assert Launch(tmp_path, "o1").state() is LaunchState.NEVER

    def test_shim_that_cannot_work(self, tmp_path: Path) -> None:
        (tmp_path / f"{shim.CHILD}.new").mkdir()
        with pytest.raises(LaunchFailed):
            Launch(tmp_path, "o1").start(["true"], cwd=tmp_path, env=dict(os.environ))

    def test_shim_killed(self, tmp_path: Path, start: Start) -> None:
        process = start("sleep 60 & sleep 60")
        launch = Launch(tmp_path, "o1")
        wait_until(lambda: launch.child() is not None and len(shim.session_members(process.pid)) == 4)
        process.kill()
        process.wait()
        assert launch.state() is LaunchState.ORPHANED
        launch.kill()
        wait_until(lambda: launch.state() is LaunchState.VANISHED)
        assert launch.sweep() == 2
        assert shim.session_members(process.pid) == []

    def test_sweep_spares_what_is_not_marked(self, tmp_path: Path) -> None:
        stranger = subprocess.Popen(["sleep", "60"], start_new_session=True, env={"PATH": os.environ["PATH"]})
        started = {"pid": stranger.pid, "start_ticks": 1, "boot_id": shim.boot_id(), "at_us": 0}
        (tmp_path / shim.STARTED).write_text(json.dumps(started))
        assert Launch(tmp_path, "o1").sweep() == 0
        assert stranger.poll() is None
        stranger.kill()
        stranger.wait()

    def test_another_boot(self, tmp_path: Path, start: Start) -> None:
        start("sleep 60")
        wait_until((tmp_path / shim.CHILD).exists)
        for name in (shim.STARTED, shim.CHILD):
            content = json.loads((tmp_path / name).read_text())
            (tmp_path / name).write_text(json.dumps({**content, "boot_id": "another"}))
        launch = Launch(tmp_path, "o1")
        assert launch.state() is LaunchState.VANISHED
        launch.stop()
        assert launch.sweep() == 0
        (tmp_path / shim.CHILD).write_text(json.dumps({**content, "boot_id": shim.boot_id()}))
        launch.kill()
