"""The warm helper of a stack that is broken, or talks too much: whoever asks is told, and nobody else waits."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from campaigns.agent.site import Site, load_site
from campaigns.agent.worker import StackRefused, StackWorker, Workers


def _site(tmp_path: Path, **stack: str) -> Site:
    document = {
        "name": "here",
        "work_dir": str(tmp_path / "work"),
        "stacks": {"odd": stack},
        "repositories": {"main": {"uri": str(tmp_path / "repo")}},
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(document))
    return load_site(path)


def test_a_stack_that_is_not_there(tmp_path: Path) -> None:
    worker = Workers(_site(tmp_path, prefix=str(tmp_path / "nowhere")), tmp_path / "workers").get("odd")
    worker.warm()
    with pytest.raises(StackRefused) as caught:
        worker.call("hello", timeout_s=10)
    assert caught.value.fault.code in ("stack_unusable", "stack_died", "stack_failed")
    assert caught.value.fault.remedy


def test_a_setup_that_prints_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    """The helper's own module is not there in this Python: it ends at once, and its end is told, not the greeting."""
    bin_dir = tmp_path / "prefix" / "bin"
    bin_dir.mkdir(parents=True)
    (bin_dir / "python").symlink_to(sys.executable)
    site = _site(tmp_path, prefix=str(bin_dir.parent), setup="echo Setting up the stack")
    worker = Workers(site, tmp_path / "workers").get("odd")
    with pytest.raises(StackRefused):
        worker.call("hello", timeout_s=10)
    said = next((tmp_path / "workers").glob("*")).read_text()
    assert "Setting up the stack" in said


HELPER = """#!/bin/sh
exec {python} -c '
import json, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    time.sleep(asked["args"].get("takes_s", 0))
    print(json.dumps({{"id": asked["id"], "ok": True, "result": asked["verb"]}}), flush=True)
time.sleep(0.4)
'
"""


def test_the_end_of_an_idle_process_is_not_that_of_the_next(tmp_path: Path) -> None:
    """What waits for the next process is not answered by the end of the one before, which takes its time to go."""
    python = tmp_path / "prefix" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(HELPER.format(python=sys.executable))
    python.chmod(0o755)
    workers = Workers(_site(tmp_path, prefix=str(tmp_path / "prefix")), tmp_path / "workers")
    worker = workers.get("odd")
    assert worker.call("first", timeout_s=10) == "first"
    with ThreadPoolExecutor(5) as pool:
        idle = pool.submit(worker.stop_if_idle, 0.0)
        asked = []
        for number in range(4):
            time.sleep(0.05)
            asked.append(pool.submit(worker.call, f"next {number}", timeout_s=10, takes_s=0.2))
        assert [one.result() for one in asked] == [f"next {number}" for number in range(4)]
        idle.result()
    workers.stop()


def test_a_process_that_is_gone_before_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader has closed its input by then; whoever asks is told of its end all the same."""
    python = tmp_path / "prefix" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    worker = Workers(_site(tmp_path, prefix=str(tmp_path / "prefix")), tmp_path / "workers").get("odd")
    write = StackWorker._write

    def write_late(process: subprocess.Popen[bytes], line: bytes) -> None:
        assert process.stdin is not None
        deadline = time.monotonic() + 10
        while not process.stdin.closed and time.monotonic() < deadline:
            time.sleep(0.01)
        write(process, line)

    monkeypatch.setattr(StackWorker, "_write", staticmethod(write_late))
    with pytest.raises(StackRefused):
        worker.call("hello", timeout_s=10)


def test_sets_of_lists_are_made_one_order_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise two campaigns that start from one tag at once would each find no set, and make two."""
    workers, at_once = Workers(_site(tmp_path, prefix=str(tmp_path)), tmp_path / "workers"), []

    class Helper:
        n_now = 0

        def call(self, verb: str, **arguments: str) -> dict[str, str]:
            self.n_now += 1
            at_once.append((verb, arguments["mark"], self.n_now))
            time.sleep(0.05)
            self.n_now -= 1
            return {"mark": arguments["mark"]}

    helper = Helper()
    monkeypatch.setattr(workers, "get", lambda _stack: helper)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda mark: workers.make_sets("odd", mark=mark), "abcd"))
    assert [one["mark"] for one in made] == ["a", "b", "c", "d"]
    assert sorted(at_once) == [("make_sets", mark, 1) for mark in "abcd"]
