"""What tests of the agent are made of: sites whose stack is a script, orders, agents in threads and in processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.fake_server import TOKEN, FakeServer
from campaigns.agent.main import OnStop, run_agent
from campaigns.domain.states import OrderStatus
from campaigns.wire.agent import BeginRequest, CancelPayload, LeaseRequest, Order, OrderKind, SubmitPayload
from support.serving import LiveServer

AN_AGENT = "00000000-0000-4000-8000-00000000000a"

O1, O2, O9, R1, K1, X1, E1, C1, P1, P2 = (f"00000000-0000-4000-8000-{number:012}" for number in range(10))
"""Ids of orders: to submit (``O``, and those with the real stack), to cancel and for anything else."""

TASKS = [{"label": "measure", "expected": 2, "succeeded": 2, "caveats": 0, "failed": 0, "blocked": 0, "unknown": 0}]

ANSWERS: dict[str, Any] = {
    "scan": {"tasks": TASKS, "unfinished": [], "succeeded": ["q1", "q2"], "output_run": "u/ann/trial/run"},
    "spent": [{"label": "measure", "n_read": 2, "cpu_us": 2_600_000, "run_us": 4_000_000, "max_memory_bytes": 310_000_000}],
    "registered": {"measure": 2},
    "pipetask": {},
    "chain": {},
    "plots": {"files": [], "n_left": 0},
    "metrics": {"files": [], "n_left": 3},
    "workflow": {"supported": False, "known": False, "state": "UNKNOWN", "run_id": "", "jobs": {}, "message": ""},
}
"""What the stub of the helper says; to ``pipetask report`` it writes what ``REPORT`` has."""

REPORT = {
    "tasks": {
        "measure": {
            "n_expected": 2, "n_successful": 2, "n_failed": 0, "n_blocked": 0, "caveats": {"*N": [{"visit": 1}]},
            "failed_quanta": [], "wonky_quanta": [],
        }
    }
}  # fmt: skip

HELPER = f"""#!{sys.executable}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
for line in sys.stdin:
    request = json.loads(line)
    with (here / "calls.jsonl").open("a") as calls:
        calls.write(line)
    answers = json.loads((here / "answers.json").read_text())
    found = answers.get(request["verb"])
    if request["verb"] == "pipetask":
        pathlib.Path(request["args"]["arguments"][3]).write_text(json.dumps(answers["report"]))
    if "rows" in answers and "rows_file" in request["args"]:
        pathlib.Path(request["args"]["rows_file"]).write_text(json.dumps(answers["rows"]))
    told = {{"ok": True, "result": found}}
    if isinstance(found, dict) and "refuse" in found:
        told = {{"ok": False, "error": found["refuse"]}}
    print(json.dumps({{"id": request["id"], **told}}), flush=True)
"""

SUBMITTING = "INFO 2026-01-01T00:00:00+00:00 lsst.ctrl.bps.drivers ()(drivers.py:1) - Starting submit stage"

BPS = f"""#!/bin/bash
here=$(dirname "$0"); submit=$(dirname "$3")/submit
echo "$$" >> $here/starts
mkdir -p $submit
echo "INFO 2026-01-01T00:00:00+00:00 lsst.ctrl.bps.pre_transform ()(p.py:1) - Creating quantum graph"
echo '{{}}' > $submit/run.qg
echo "{SUBMITTING}"
touch $here/submitting
while [ ! -e $here/go ]; do sleep 0.02; done
echo "Run Id: None"
"""
"""A ``bps`` that gets to its jobs at once and ends when a file ``go`` is there."""


@dataclass
class StubStack:
    """A stack whose programs are scripts."""

    prefix: Path

    @property
    def bin(self) -> Path:
        return self.prefix / "bin"

    @property
    def n_starts(self) -> int:
        """How often ``bps`` was started."""
        starts = self.bin / "starts"
        return len(starts.read_text().split()) if starts.exists() else 0

    def write(self, name: str, text: str) -> None:
        """Write a program."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def answer(self, **answers: Any) -> None:
        """Say what the helper answers from now on."""
        new = self.bin / "answers.new"
        new.write_text(json.dumps({**ANSWERS, "report": REPORT, **answers}))
        new.replace(self.bin / "answers.json")

    def refuse(self, verb: str, code: str, message: str = "No.") -> None:
        """Have the helper refuse something."""
        self.answer(**{verb: {"refuse": {"code": code, "message": message, "where": None, "remedy": None}}})

    def go(self) -> None:
        """Let ``bps`` end."""
        (self.bin / "go").touch()

    def wait_for(self, name: str, timeout_s: float = 10.0) -> None:
        """Wait until the stub has made a file."""
        wait_until((self.bin / name).exists, timeout_s)

    def calls(self, verb: str) -> list[dict[str, Any]]:
        """Give the arguments of what the helper was asked."""
        log = self.bin / "calls.jsonl"
        asked = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [request["args"] for request in asked if request["verb"] == verb]


def make_stack(prefix: Path) -> StubStack:
    """Make a stack of scripts."""
    stack = StubStack(prefix)
    stack.bin.mkdir(parents=True)
    stack.write("python", HELPER)
    stack.write("bps", BPS)
    stack.answer()
    return stack


def write_site(path: Path, *, prefix: Path, **changes: Any) -> Path:
    """Write a site file for one stack and one repository, both called ``demo``, that works beside the file."""
    site: dict[str, Any] = {
        "name": "here",
        "work_dir": str(path.parent / "work"),
        "stacks": {"demo": {"prefix": str(prefix)}},
        "repositories": {"demo": {"uri": "/a/repository"}},
        "bps": {"wmsServiceClass": "a.wms.Service"},
        "cancel_grace_s": 1.0,
    }
    path.write_text(yaml.safe_dump({**site, **changes}))
    return path


def submit_order(order_id: str = O1, **changes: Any) -> Order:
    """Make a submit order."""
    payload: dict[str, Any] = {
        "submission_id": f"S-{order_id}", "campaign_id": "C-1", "campaign_name": "trial", "step": "step1", "group": "",
        "attempt": 1, "revision": 1, "operator": "ann", "stack": "demo", "repository": "demo",
        "pipeline": "/a/pipeline.yaml#step1", "input_collections": ["HSC/defaults"], "output": "u/ann/trial",
        "output_run": f"u/ann/trial/{order_id}", "data_query": "instrument = 'HSC'",
    }  # fmt: skip
    return make_order(order_id, SubmitPayload.model_validate({**payload, **changes}))


def cancel_order(order_id: str, submit_order_id: str) -> Order:
    """Make an order to stop a submission."""
    payload = CancelPayload(submission_id=f"S-{submit_order_id}", submit_order_id=submit_order_id, reason="It is no use.")
    return make_order(order_id, payload)


def make_order(order_id: str, payload: Any) -> Order:
    """Make an order that nobody has."""
    return Order(id=order_id, kind=OrderKind(payload.kind), status=OrderStatus.OPEN, token=0, next_seq=1, payload=payload)


@contextmanager
def agent_thread(
    site_file: Path, server: FakeServer | LiveServer, state_dir: Path, *, on_stop: OnStop = "leave", token: str = TOKEN
) -> Iterator[threading.Event]:
    """Run an agent in a thread; give the event that ends it."""
    stop = threading.Event()
    arguments: dict[str, Any] = {
        "server": server.url, "token": token, "state_dir": state_dir, "stop_event": stop, "on_stop": on_stop,
    }  # fmt: skip
    thread = threading.Thread(target=run_agent, args=(site_file,), kwargs=arguments)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30.0)
        assert not thread.is_alive()


@contextmanager
def agent_process(site_file: Path, server: FakeServer, state_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run an agent in a process of its own, to be killed."""
    code = (
        "import sys; from pathlib import Path; from campaigns.agent.main import run; "
        "run(Path(sys.argv[1]), server=sys.argv[2], token=sys.argv[3], state_dir=Path(sys.argv[4]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(site_file), server.url, TOKEN, str(state_dir)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def begin_as(server: FakeServer, agent_id: str, order_id: str, state_dir: Path) -> Order:
    """Have an order begun by an agent that has nothing of it on disk but its own id."""
    server.add(submit_order(order_id))
    [order] = server.lease(agent_id, LeaseRequest(wait_s=0)).orders
    state_dir.mkdir()
    (state_dir / "agent-id").write_text(json.dumps({"agent_id": agent_id}))
    return server.begin(order_id, BeginRequest(agent_id=agent_id, token=order.token))


def kill_shim(state_dir: Path, order_id: str) -> None:
    """Kill the launch shim of a submission, and nothing else."""
    started = state_dir / "orders" / order_id / "launch" / "started.json"
    wait_until(started.with_name("child.json").exists)
    os.kill(json.loads(started.read_text())["pid"], signal.SIGKILL)


def kill_session(state_dir: Path, order_id: str) -> None:
    """Kill all that a submission consists of, its shim first."""
    launch = state_dir / "orders" / order_id / "launch"
    for name in ("started.json", "child.json"):
        os.kill(json.loads((launch / name).read_text())["pid"], signal.SIGKILL)


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait until something is so that no event tells of; fail if it takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
