"""Find out from the logs why a submission came to nothing, before anything ran."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from campaigns.agent.launcherlog import LONG_LOG, tail
from campaigns.wire.agent import FaultModel

__all__ = ("diagnose",)

GENERATION_LOG = "quantumGraphGeneration.out"
"""Where BPS keeps what building the graph wrote, in the submit directory."""

MAX_LOG_BYTES = 512 * 1024
MAX_MESSAGE = 2000

EXCEPTION = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Warning|NotFound|Invalid)\w*: .")
"""The last line of a traceback."""

CLICK_ERROR = re.compile(r"^Error: ")


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause that the logs can tell of."""

    code: str
    pattern: re.Pattern[str]
    remedy: str


WHILE_ACQUIRING = (
    Cause(
        "empty_quantum_graph",
        re.compile(r"QuantumGraph (will be|was) empty|contains no quanta"),
        "Look at the data query and the input collections: nothing in them fits the pipeline.",
    ),
    Cause(
        "butler_unreachable",
        re.compile(r"OperationalError|Config location .* does not exist|[Cc]ould not connect|Connection refused"),
        "Look at the site whether the repository exists and its database answers.",
    ),
    Cause(
        "collection_not_found",
        re.compile(r"MissingCollectionError|No collection with name"),
        "Correct the collection's name, or make the collection first.",
    ),
    Cause(
        "data_query_invalid",
        re.compile(r"InvalidQueryError|UserExpressionError|Failed to parse expression|Unrecognized identifier"),
        "Correct the data query.",
    ),
    Cause(
        "pipeline_not_found",
        re.compile(r"FileNotFoundError.*\.ya?ml"),
        "Correct the pipeline's path, and look whether the site can read it.",
    ),
    Cause(
        "pipeline_invalid",
        re.compile(r"in the pipeline definition"),
        "Look at the subset's name and at the pipeline's file.",
    ),
    Cause(
        "task_not_found",
        re.compile(r"ModuleNotFoundError|ImportError"),
        "Take a stack that has the package, or correct the task's class.",
    ),
)
"""Causes while the quantum graph is built, the most telling first."""

ELSEWHERE = (
    Cause(
        "bps_setting_invalid",
        re.compile(r"ModuleNotFoundError|ImportError|KeyError|ScannerError|ParserError"),
        "Correct the BPS settings, the site's or the campaign's; classes must be importable in the stack.",
    ),
)
"""Causes in what BPS does itself."""


def diagnose(log: Path, submit_dir: Path, *, how: str) -> FaultModel:
    """Tell why nothing ran.

    Parameters
    ----------
    log : `pathlib.Path`
        The launcher's log.
    submit_dir : `pathlib.Path`
        The submit directory.
    how : `str`
        How the launcher ended, in words.

    Returns
    -------
    fault : `FaultModel`
        What the telling line says, and the file it is in; ``bps_failed`` if no known cause fits.
    """
    generation = submit_dir / GENERATION_LOG
    for path, causes in ((generation, WHILE_ACQUIRING), (log, ELSEWHERE)):
        telling = _telling_lines(path)
        for cause in causes:
            line = next((line for line in telling if cause.pattern.search(line)), None)
            if line is not None:
                return FaultModel(code=cause.code, message=line, where=str(path), remedy=cause.remedy)
    telling = _telling_lines(generation) or _telling_lines(log) or _last_lines(log)
    said = " / ".join(telling[:3]) or "it wrote nothing"
    return FaultModel(
        code="bps_failed",
        message=f"bps ended before anything ran, with {how}: {said}"[:MAX_MESSAGE],
        where=str(log),
        remedy=f"Read the log; the submit directory {submit_dir} is kept.",
    )


def _telling_lines(path: Path) -> list[str]:
    """Give the lines that tell of errors: logged ones in their order, then the last exception."""
    logged, exceptions = [], []
    for line in tail(path, MAX_LOG_BYTES).splitlines():
        if (found := LONG_LOG.match(line)) is not None:
            if found["level"] in ("ERROR", "CRITICAL", "FATAL"):
                logged.append(found["message"][:MAX_MESSAGE])
        elif EXCEPTION.match(line):
            exceptions.append(line[:MAX_MESSAGE])
        elif CLICK_ERROR.match(line):
            logged.append(line[:MAX_MESSAGE])
    return logged + exceptions[-1:]


def _last_lines(path: Path) -> list[str]:
    return [line.strip() for line in tail(path, 4096).splitlines() if line.strip()][-3:]
