"""Read what ``bps submit`` writes: while it runs, where it has come to; afterwards the end of it."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ("LONG_LOG", "LauncherLog", "tail")

LONG_LOG = re.compile(r"^(?P<level>[A-Z]+) \S+ (?P<name>\S+) \(.*?\)\(\S+:\d+\) - (?P<message>.*)$")
"""A line of ``--long-log``."""

SUBMITTING = "Starting submit stage"
"""What BPS says when graph and workflow are ready and the jobs begin."""

NOISE = re.compile(r"^DISCLAIMER|memory usage|^Peak memory|bin/pipetask ")
"""What tells nothing of how far it is."""

RUN_ID = re.compile(r"^Run Id: (?P<id>.+)$", re.MULTILINE)


def tail(path: Path, max_bytes: int) -> str:
    """Give the last part of a text file, from the beginning of a line; nothing if there is no file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    max_bytes : `int`
        How much.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - max_bytes))
            data = stream.read()
    except FileNotFoundError:
        return ""
    if size > max_bytes:
        data = data[data.find(b"\n") + 1 :]
    return data.decode(errors="replace")


class LauncherLog:
    """Follows the log of one launcher.

    Parameters
    ----------
    path : `pathlib.Path`
        The log; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self.is_submitting = False
        self.message = ""

    def read_on(self) -> None:
        """Read what has come since."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                data = self._rest + stream.read()
                self._offset = stream.tell()
        except FileNotFoundError:
            return
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            self._take(line.decode(errors="replace"))

    def _take(self, line: str) -> None:
        found = LONG_LOG.match(line)
        if found is None:
            return
        if found["message"].startswith(SUBMITTING):
            self.is_submitting = True
        # What pipetask writes while it builds the graph comes within a line of BPS's own.
        message = (LONG_LOG.match(found["message"]) or found)["message"][:500]
        if not NOISE.search(message):
            self.message = message

    def run_id(self) -> str | None:
        """Give the id that BPS printed at the end, or `None`."""
        found = RUN_ID.search(tail(self._path, 64 * 1024))
        return None if found is None or found["id"].strip() == "None" else found["id"].strip()
