"""A warm process in the stack that does what the agent asks of it, each request in a fork of its own.

Importing Butler and BPS takes seconds, so that it is done once. A fork sees what was imported, imports pipelines' code
afresh, cannot leave a stale module or an open database behind, and may be killed when it takes too long. The parent itself
therefore stays single-threaded, opens no Butler and imports no pipeline.

Requests and answers are JSON objects, one on a line, on standard input and output. A request is
``{"id", "verb", "args", "timeout_s"}``; an answer ``{"id", "ok": true, "result"}`` or ``{"id", "ok": false, "error"}``.
The verb ``kill`` with ``{"id"}`` ends another request. At the end of its input the process ends, and its forks with it.
"""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from campaigns_instack.faults import StackError
from campaigns_instack.surroundings import set_surroundings

__all__ = ("main",)

VERBS: dict[str, str] = {
    "chain": "campaigns_instack.outputs:redefine_chain",
    "count_quanta": "campaigns_instack.graphs:count_quanta",
    "compare_outputs": "campaigns_instack.comparing:compare_outputs",
    "failed_logs": "campaigns_instack.graphs:write_logs",
    "find_outputs": "campaigns_instack.looking:find_outputs",
    "fit_sets": "campaigns_instack.sets:fit_sets",
    "graph_pins": "campaigns_instack.pinning:graph_pins",
    "inspect_run": "campaigns_instack.runs:inspect_run",
    "list_sets": "campaigns_instack.sets:list_sets",
    "make_sets": "campaigns_instack.setlists:make_sets",
    "metrics": "campaigns_instack.outputs:export_metrics",
    "pipetask": "campaigns_instack.outputs:run_pipetask",
    "plots": "campaigns_instack.outputs:export_plots",
    "preflight": "campaigns_instack.preflight:preflight",
    "read_bps": "campaigns_instack.bpsfiles:read_bps",
    "registered": "campaigns_instack.outputs:count_registered",
    "scan": "campaigns_instack.graphs:scan",
    "show_set": "campaigns_instack.sets:show_set",
    "spent": "campaigns_instack.spent:spent",
    "task_labels": "campaigns_instack.pipelines:task_labels",
    "upload_set": "campaigns_instack.sets:upload_set",
    "wms_cancel": "campaigns_instack.workflow:cancel",
    "workflow": "campaigns_instack.workflow:report",
}
"""Each verb and the function that carries it out."""

LOAD_GRAPH = "campaigns_instack.graphs:load"

PRELOADED = (
    "lsst.ctrl.bps",
    "lsst.ctrl.mpexec.cli.pipetask",
    "lsst.ctrl.mpexec.cli.script.report",
    "lsst.daf.butler",
    "lsst.pipe.base.quantum_provenance_graph",
    "campaigns_instack.graphs",
    "campaigns_instack.outputs",
    "campaigns_instack.preflight",
    "campaigns_instack.workflow",
)


@dataclass
class Running:
    """A request that a fork is carrying out."""

    id: int
    pid: int
    deadline_s: float | None
    answer: bytearray = field(default_factory=bytearray)
    timed_out: bool = False


def _resolve(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _carry_out(verb: str, args: dict[str, Any]) -> dict[str, Any]:
    """Carry out one request in this very process and describe how it ended."""
    try:
        if verb not in VERBS:
            raise StackError("unknown_verb", f"The helper in the stack does not know {verb!r}.")
        if (surroundings := args.pop("surroundings", None)) is not None:
            set_surroundings(**surroundings)
        return {"ok": True, "result": _resolve(VERBS[verb])(**args)}
    except StackError as error:
        return {"ok": False, "error": error.as_dict()}
    except Exception as error:  # noqa: BLE001
        # The boundary of the process: whatever went wrong has to reach the agent, and the details the helper's log.
        traceback.print_exc()
        text = (str(error) or type(error).__name__).strip()
        return {"ok": False, "error": {"code": "stack_failed", "message": text, "type": type(error).__name__}}


class Helper:
    """The parent: takes requests, forks for each, passes the answers on.

    Parameters
    ----------
    requests_fd, answers_fd : `int`
        Where requests come from and where answers go.
    """

    def __init__(self, requests_fd: int, answers_fd: int) -> None:
        self._requests_fd = requests_fd
        self._answers_fd = answers_fd
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests_fd, selectors.EVENT_READ, None)
        self._running: dict[int, Running] = {}
        self._input = bytearray()

    def run(self) -> None:
        """Serve until the input ends."""
        while True:
            for key, _ in self._selector.select(self._until_deadline_s()):
                if key.data is None:
                    if not self._read_requests():
                        self._kill_all()
                        return
                else:
                    self._read_answer(key.fd, key.data)
            self._enforce_deadlines()

    def _read_requests(self) -> bool:
        data = os.read(self._requests_fd, 1 << 16)
        self._input += data
        while (end := self._input.find(b"\n")) >= 0:
            line, self._input = bytes(self._input[:end]), self._input[end + 1 :]
            self._start(json.loads(line))
        return bool(data)

    def _start(self, request: dict[str, Any]) -> None:
        verb, args = request["verb"], request.get("args", {})
        if verb == "kill":
            if (found := self._running.get(args["id"])) is not None:
                self._kill(found)
            return
        if verb == "ping":
            self._send({"id": request["id"], "ok": True, "result": {"pid": os.getpid()}})
            return
        if verb in ("scan", "failed_logs"):
            # Reading a large graph takes long: it is kept here, and every later fork finds it in its memory.
            answer = _load_graph(args["graph"])
            if answer is not None:
                self._send({"id": request["id"], **answer})
                return
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._be_the_fork(write_fd, verb, args)
        os.close(write_fd)
        timeout_s = request.get("timeout_s")
        running = Running(request["id"], pid, None if timeout_s is None else time.monotonic() + timeout_s)
        self._running[running.id] = running
        self._selector.register(read_fd, selectors.EVENT_READ, running)

    def _be_the_fork(self, write_fd: int, verb: str, args: dict[str, Any]) -> None:
        os.setpgid(0, 0)
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        os.close(self._answers_fd)
        null = os.open(os.devnull, os.O_RDONLY)
        if null != 0:
            os.dup2(null, 0)
        answer = json.dumps(_carry_out(verb, args), default=str).encode()
        sys.stderr.flush()
        with os.fdopen(write_fd, "wb") as stream:
            stream.write(answer)
        # No atexit handlers and no destructors of what belongs to the parent.
        os._exit(0)

    def _read_answer(self, fd: int, running: Running) -> None:
        data = os.read(fd, 1 << 16)
        if data:
            running.answer += data
            return
        self._selector.unregister(fd)
        os.close(fd)
        _, status = os.waitpid(running.pid, 0)
        del self._running[running.id]
        if running.timed_out:
            answer = {"ok": False, "error": {"code": "timeout", "message": "The stack took too long to answer."}}
        elif running.answer and status == 0:
            answer = json.loads(bytes(running.answer))
        else:
            how = os.waitstatus_to_exitcode(status)
            answer = {"ok": False, "error": {"code": "stack_died", "message": f"The stack's process ended with {how}."}}
        self._send({"id": running.id, **answer})

    def _until_deadline_s(self) -> float | None:
        deadlines = [running.deadline_s for running in self._running.values() if running.deadline_s is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if running.deadline_s is not None and running.deadline_s <= now:
                running.timed_out = True
                running.deadline_s = None
                self._kill(running)

    def _kill(self, running: Running) -> None:
        try:
            os.killpg(running.pid, signal.SIGKILL)
        except ProcessLookupError:
            # It has not yet made its own group, or has just ended.
            os.kill(running.pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        for running in self._running.values():
            self._kill(running)

    def _send(self, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(self._answers_fd, data) :]


def _load_graph(path: str) -> dict[str, Any] | None:
    try:
        _resolve(LOAD_GRAPH)(path)
    except Exception as error:  # noqa: BLE001
        # A graph may be incomplete while it is written; the reader's errors for that are of many kinds.
        message = f"The quantum graph cannot be read: {error}"
        return {"ok": False, "error": {"code": "graph_unreadable", "message": message, "where": path}}
    return None


def main() -> None:
    """Import the stack, then serve."""
    requests_fd, answers_fd = os.dup(0), os.dup(1)
    # What anybody prints must not end up among the answers.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for name in PRELOADED:
        importlib.import_module(name)
    for name in ("campaigns_instack.sets", "dataid_sets", "dataid_sets.files", "dataid_sets.pipetask", *sys.argv[1:]):
        # Preflight tells of one that is not there, to those whom it concerns.
        with suppress(ImportError):
            importlib.import_module(name)
    Helper(requests_fd, answers_fd).run()


if __name__ == "__main__":
    main()
