"""Read what ``bps submit`` writes while it runs: where it has come to, and at last why it failed."""

from __future__ import annotations

import re
from pathlib import Path

from campaigns.wire.agent import FaultModel

__all__ = ("LauncherLog", "diagnose", "tail")

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


PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (
        "empty_quantum_graph",
        re.compile(r"quantum ?graph (is|will be) empty|QuantumGraph.*empty|0 quanta", re.IGNORECASE),
        "Look at the data query and at the input collections; preflight tells which of them leaves nothing.",
    ),
    (
        "pipeline_not_found",
        re.compile(r"(FileNotFoundError|No such file|does not exist).*\.ya?ml|not.*in the pipeline definition|--pipeline"),
        "Look at the step's pipeline: its path, its subset, and whether the site can read it.",
    ),
    (
        "task_not_found",
        re.compile(r"(ModuleNotFoundError|ImportError|Unable to import)"),
        "Take a stack that has the package, or correct the class's name.",
    ),
    (
        "butler_unreachable",
        re.compile(r"(OperationalError|Config location .* does not exist|could not connect|connection .* failed|Connection refused)"),
        "Look whether the repository exists, and whether its database answers, at the site.",
    ),
    (
        "collection_not_found",
        re.compile(r"(MissingCollectionError|No collection with name)"),
        "Correct the collection's name, or make the collection first.",
    ),
    (
        "data_query_invalid",
        re.compile(r"(InvalidQueryError|UserExpressionError|ParserEOFError|Failed to parse expression|Unrecognized identifier)"),
        "Correct the data query.",
    ),
)
"""Code, what tells of it, and what to do, most telling first."""


def diagnose(log: Path, submit_dir: Path, *, how: str) -> FaultModel:
    """Find out from the logs why a submission came to nothing.

    Parameters
    ----------
    log : `pathlib.Path`
        The launcher's log.
    submit_dir : `pathlib.Path`
        Where BPS keeps the log of building the graph.
    how : `str`
        How the launcher ended, such as ``exit code 1``.

    Returns
    -------
    fault : `FaultModel`
        With the telling lines as its message, and the file they are in.
    """
    generation = submit_dir / "quantumGraphGeneration.out"
    for path in (generation, log):
        lines = [line for line in tail(path, 256 * 1024).splitlines() if line.strip()]
        for code, pattern, remedy in PATTERNS:
            # The first line that tells is nearer to the cause than the last.
            hit = next((i for i, line in enumerate(lines) if pattern.search(line) and not line.startswith("  ")), None)
            if hit is not None:
                return FaultModel(code=code, message=_clean(lines[hit]), where=str(path), remedy=remedy)
    lines = [line for line in tail(log, 16 * 1024).splitlines() if line.strip()]
    last = " / ".join(_clean(line) for line in lines[-3:]) or "it wrote nothing"
    return FaultModel(
        code="bps_failed",
        message=f"bps ended before anything ran, with {how}: {last}",
        where=str(log),
        remedy=f"Read the log; the submit directory {submit_dir} is kept.",
    )


def _clean(line: str) -> str:
    for _ in range(2):
        found = LONG_LOG.match(line.strip())
        line = found["message"] if found is not None else line.strip()
    return line[:2000]
