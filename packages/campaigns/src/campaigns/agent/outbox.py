"""The reports of one order on their way to the server: numbered, kept on disk until the server has them.

A report that only says how things stand replaces one of its kind that has not been handed out yet. Which kinds were ever put in
is remembered, so that an agent that comes back does not say a thing twice.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from campaigns.wire.agent import NumberedReport, Report

__all__ = ("Outbox",)

COALESCING = frozenset({"progress", "workflow"})
"""Kinds of which only the newest counts; they are not worth waiting for the disk either."""

COMPACT_AT_BYTES = 256 * 1024


class Outbox:
    """A durable queue of numbered reports.

    Parameters
    ----------
    path : `pathlib.Path`
        The file, of JSON lines; made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._pending: dict[int, NumberedReport] = {}
        self._next_seq = 1
        self._kinds: set[str] = set()
        self._handed_out = 0
        self._load()

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of all reports ever put in, phases as ``phase:running`` (`frozenset` [`str`])."""
        with self._lock:
            return frozenset(self._kinds)

    @property
    def is_empty(self) -> bool:
        """Whether the server has everything (`bool`)."""
        with self._lock:
            return not self._pending

    @property
    def first_pending(self) -> int | None:
        """The number of the oldest report that the server does not have (`int` or `None`)."""
        with self._lock:
            return min(self._pending, default=None)

    def has_said(self, report: Report) -> bool:
        """Tell whether a report of that kind, and for phases of that phase, was ever put in."""
        with self._lock:
            return _word(report) in self._kinds

    def put(self, report: Report) -> None:
        """Add a report; when this returns, one that matters is on disk.

        Parameters
        ----------
        report : `Report`
            What to report.
        """
        with self._lock:
            seq = self._next_seq
            last = self._pending.get(seq - 1)
            if report.kind in COALESCING and last is not None and last.report.kind == report.kind and seq - 1 > self._handed_out:
                seq -= 1
            numbered = NumberedReport(seq=seq, at_us=time.time_ns() // 1000, report=report)
            self._append(numbered.model_dump(mode="json"), durable=report.kind not in COALESCING)
            self._pending[seq] = numbered
            self._next_seq = seq + 1
            self._kinds.add(_word(report))

    def take(self, limit: int) -> list[NumberedReport]:
        """Give the oldest reports that the server does not have; they stay until they are acknowledged.

        Parameters
        ----------
        limit : `int`
            How many at most.
        """
        with self._lock:
            taken = [self._pending[seq] for seq in sorted(self._pending)[:limit]]
            if taken:
                self._handed_out = max(self._handed_out, taken[-1].seq)
            return taken

    def acknowledge(self, next_seq: int) -> None:
        """Forget what the server has.

        Parameters
        ----------
        next_seq : `int`
            The number it expects next.
        """
        with self._lock:
            self._pending = {seq: report for seq, report in self._pending.items() if seq >= next_seq}
            # A server that knows of more than this file does got the last of it before the machine went down.
            self._next_seq = max(self._next_seq, next_seq)
            if self._path.exists() and self._path.stat().st_size > COMPACT_AT_BYTES:
                self._rewrite()

    def renumber(self, next_seq: int) -> None:
        """Give what is pending new numbers, where the server has lost reports that it once had.

        Parameters
        ----------
        next_seq : `int`
            The number it expects next.
        """
        with self._lock:
            reports = [self._pending[seq] for seq in sorted(self._pending)]
            self._pending = {seq: r.model_copy(update={"seq": seq}) for seq, r in enumerate(reports, start=next_seq)}
            self._next_seq = next_seq + len(reports)
            self._handed_out = next_seq - 1
            self._rewrite()

    def _load(self) -> None:
        if not self._path.exists():
            return
        for line in self._path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                # The machine went down within a line that nobody was told was written; the next one begins anew.
                self._rewrite()
                break
            self._read(json.loads(line))

    def _read(self, entry: dict[str, Any]) -> None:
        if "next_seq" in entry:
            self._next_seq = entry["next_seq"]
            self._kinds = set(entry["kinds"])
            self._pending = {}
            return
        numbered = NumberedReport.model_validate(entry)
        self._pending[numbered.seq] = numbered
        self._next_seq = numbered.seq + 1
        self._kinds.add(_word(numbered.report))

    def _append(self, entry: dict[str, Any], *, durable: bool) -> None:
        is_new = not self._path.exists()
        with self._path.open("ab") as stream:
            stream.write(json.dumps(entry).encode() + b"\n")
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        if is_new:
            self._sync_directory()

    def _rewrite(self) -> None:
        new = self._path.with_suffix(".new")
        first = self._next_seq - len(self._pending)
        lines = [json.dumps({"next_seq": first, "kinds": sorted(self._kinds)})]
        lines += [self._pending[seq].model_dump_json() for seq in sorted(self._pending)]
        with new.open("w") as stream:
            stream.write("\n".join(lines) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self._path)
        self._sync_directory()

    def _sync_directory(self) -> None:
        directory_fd = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory_fd)
        finally:
            os.close(directory_fd)


def _word(report: Report) -> str:
    return f"phase:{report.phase}" if report.kind == "phase" else report.kind
