"""The warm helper processes in the stacks: started when needed, asked over a pipe, let go when idle.

What they do is told in ``campaigns_instack.worker``.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from campaigns.agent.site import Site
from campaigns.agent.stack import Stack
from campaigns.domain.errors import Fault

__all__ = ("StackRefused", "StackWorker", "Workers")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Thread pools of numerical libraries would not survive the helper's forks, and one core is what it may take."""

log = structlog.get_logger("campaigns.agent")

START_ALLOWANCE_S = 120.0
"""What the first request may take longer, while the stack is set up and imported."""


class StackRefused(Exception):
    """The stack could not do what was asked.

    Parameters
    ----------
    fault : `Fault`
        What was wrong.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(slots=True, kw_only=True)
class _Running:
    """One process of a helper, and who waits for its answers: the end of one is not that of the next.

    Attributes
    ----------
    process : `subprocess.Popen`
        The process.
    waiting : `dict` [`int`, `concurrent.futures.Future`]
        Those who wait, by the number of their request.
    """

    process: subprocess.Popen[bytes]
    waiting: dict[int, Future[dict[str, Any]]] = field(default_factory=dict)


class StackWorker:
    """The helper in one stack.

    Parameters
    ----------
    stack : `Stack`
        How it is started.
    log : `pathlib.Path`
        Where its standard error goes, anew with each start.
    preload : `list` [`str`]
        Modules to import besides at its start, if they are there.
    """

    def __init__(self, stack: Stack, log: Path, *, preload: list[str]) -> None:
        self._preload = preload
        self._stack = stack
        self._log = log
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._next_id = 1
        self._closed = False
        self._used_s = time.monotonic()

    def warm(self) -> None:
        """Start it if it does not run, so that the next request finds it ready; whoever asks is told if it cannot be."""
        with self._lock, suppress(StackRefused):
            self._ensure()

    def call(self, verb: str, *, timeout_s: float = 120.0, **args: Any) -> Any:
        """Have something done, and wait for it.

        Parameters
        ----------
        verb : `str`
            What.
        timeout_s : `float`, optional
            How long it may take once the helper is ready.
        **args : `typing.Any`
            The verb's arguments, as JSON has them.

        Returns
        -------
        result : `typing.Any`
            What the verb gives.

        Raises
        ------
        StackRefused
            If the stack could not do it, took too long, or died.
        """
        with self._lock:
            running = self._ensure()
            request_id, future = self._next_id, Future[dict[str, Any]]()
            self._next_id += 1
            running.waiting[request_id] = future
            self._used_s = time.monotonic()
            request = {"id": request_id, "verb": verb, "args": args, "timeout_s": timeout_s}
            line = json.dumps(request).encode() + b"\n"
            # If it has just died, the reader sees that as well, closes its input, and answers for it.
            with suppress(BrokenPipeError, ValueError):
                self._write(running.process, line)
        try:
            answer = future.result(timeout_s + START_ALLOWANCE_S)
        except FutureTimeout:
            self._give_up(running)
            raise StackRefused(
                Fault(
                    "stack_timeout",
                    f"The stack {self._stack.name} does not answer.",
                    where="stack",
                    remedy=f"Its helper's log at the site, {self._log}, may say why.",
                )
            ) from None
        finally:
            self._used_s = time.monotonic()
        if not answer["ok"]:
            raise StackRefused(Fault.from_dict(answer["error"]))
        return answer["result"]

    def stop(self) -> None:
        """End it; what it was doing is abandoned."""
        with self._lock:
            running, self._running = self._running, None
        self._end(running)

    def stop_if_idle(self, after_s: float) -> None:
        """End it if nobody has asked anything for so long."""
        with self._lock:
            running = self._running
            if running is None or running.waiting or time.monotonic() - self._used_s < after_s:
                return
            self._running = None
        self._end(running)

    def close(self) -> None:
        """End it for good."""
        with self._lock:
            self._closed = True
        self.stop()

    def _give_up(self, running: _Running) -> None:
        """End a process that does not answer; the one that took its place, if there is one, goes on."""
        with self._lock:
            if self._running is running:
                self._running = None
        self._end(running)

    @staticmethod
    def _end(running: _Running | None) -> None:
        if running is None:
            return
        process = running.process
        StackWorker._close_input(process)
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @staticmethod
    def _close_input(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()

    def _ensure(self) -> _Running:
        if self._closed:
            raise StackRefused(Fault("agent_stopping", "The agent is about to end."))
        if self._running is not None and self._running.process.poll() is None:
            return self._running
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as errors:
            running = self._running = _Running(process=self._launch(errors))
        threading.Thread(target=self._read, args=(running,), name=f"worker-{self._stack.name}", daemon=True).start()
        return running

    def _launch(self, errors: BinaryIO) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._stack.command(["python", "-m", "campaigns_instack.worker", *self._preload]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=self._stack.environ(ONE_THREAD),
                cwd=self._log.parent,
                # A terminal's Ctrl-C is for the agent, which then ends this one in order.
                start_new_session=True,
            )
        except OSError as error:
            raise StackRefused(
                Fault(
                    "stack_unusable",
                    f"The stack {self._stack.name} cannot be used: {error.strerror}: {error.filename}.",
                    where="stack",
                    remedy=f"Correct stacks.{self._stack.name} in the site file, or take another stack.",
                )
            ) from error

    @staticmethod
    def _write(process: subprocess.Popen[bytes], line: bytes) -> None:
        if process.stdin is not None:
            process.stdin.write(line)
            process.stdin.flush()

    def _read(self, running: _Running) -> None:
        process = running.process
        if process.stdout is None:
            return
        with process.stdout:
            for line in process.stdout:
                try:
                    answer = json.loads(line)
                except ValueError:
                    # Something in the stack prints past all that keeps it from doing so.
                    log.warning("the stack's helper said something that is no answer", stack=self._stack.name, line=line[:200])
                    continue
                with self._lock:
                    future = running.waiting.pop(answer["id"], None)
                if future is not None:
                    future.set_result(answer)
        code = process.wait()
        self._close_input(process)
        with self._lock:
            waiting, running.waiting = running.waiting, {}
            if self._running is running:
                self._running = None
        for future in waiting.values():
            future.set_result({"ok": False, "error": self._death(code)})

    def _death(self, code: int) -> dict[str, Any]:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        last = f" Its last words: {lines[-1]}" if lines else ""
        return {
            "code": "stack_unusable",
            "message": f"Python of the stack {self._stack.name} ended with {code}.{last}",
            "where": f"stacks.{self._stack.name}",
            "remedy": "Look at the stack's set-up in the site file.",
        }


class Workers:
    """The helpers of a site, one for each stack.

    Parameters
    ----------
    site : `Site`
        The site.
    directory : `pathlib.Path`
        Where their logs go.
    """

    def __init__(self, site: Site, directory: Path) -> None:
        self._site = site
        self._directory = directory
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._workers: dict[str, StackWorker] = {}

    def get(self, stack: str) -> StackWorker:
        """Give the helper in a stack.

        Raises
        ------
        InvalidInput
            If the site has no such stack.
        """
        with self._lock:
            if stack not in self._workers:
                # What reports on workflows is asked every few seconds, and may be slow to import.
                wms_module = str(self._site.bps.get("wmsServiceClass", "")).rpartition(".")[0]
                log = self._directory / f"{stack}.log"
                self._workers[stack] = StackWorker(Stack(self._site, stack), log, preload=[wms_module] if wms_module else [])
            return self._workers[stack]

    def make_sets(self, stack: str, **arguments: Any) -> dict[str, Any]:
        """Have sets made of lists, one order at a time: of two that want the same, the second finds what the first made."""
        with self._making:
            made: dict[str, Any] = self.get(stack).call("make_sets", **arguments)
        return made

    def stop_idle(self, after_s: float) -> None:
        """End those that nobody has asked anything for so long."""
        for worker in self._all():
            worker.stop_if_idle(after_s)

    def stop(self) -> None:
        """End all, for good."""
        for worker in self._all():
            worker.close()

    def _all(self) -> list[StackWorker]:
        with self._lock:
            return list(self._workers.values())
