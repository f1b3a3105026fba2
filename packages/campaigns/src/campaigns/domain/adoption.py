"""What a campaign looks like that is made of what ran without the service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import CampaignStatus, SubmissionStatus

__all__ = (
    "ELSEWHERE",
    "adopted_status",
    "begun_us",
    "campaign_status",
    "chain_of",
    "commands_in",
    "disagreement",
    "step_names",
)

ELSEWHERE = "elsewhere"
"""The site of what no agent can look at."""

_STAMP = re.compile(r"\d{8}T\d{6,}Z?")


def step_names(runs: Sequence[str]) -> list[str]:
    """Name a step after each run: the last part of its collection that is no time; numbered where that is used twice.

    Parameters
    ----------
    runs : sequence of `str`
        RUN collections.
    """
    names: list[str] = []
    for run in runs:
        parts = [part for part in run.split("/") if not _STAMP.fullmatch(part)] or ["run"]
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", parts[-1]).strip("-")
        stem = (plain if plain[:1].isalpha() else f"run-{plain}")[:40]
        name, number = stem, 1
        while name in names:
            number += 1
            name = f"{stem}-{number}"
        names.append(name)
    return names


def chain_of(runs: Sequence[str]) -> str | None:
    """Give what all runs lie below, which is their output collection by the usual naming; `None` if there is none."""
    split = [run.split("/") for run in runs]
    common = []
    for parts in zip(*(one[:-1] for one in split), strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "/".join(common) or None


def begun_us(run: str) -> int | None:
    """Read from a run's name when it began, UTC microseconds; `None` if it does not say."""
    stamps = [part for part in run.split("/") if re.fullmatch(r"\d{8}T\d{6}Z", part)]
    if not stamps:
        return None
    try:
        at = datetime.strptime(stamps[-1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(at.timestamp()) * 1_000_000


def adopted_status(counts: QuantaCounts, *, registered: bool, has_graph: bool) -> tuple[SubmissionStatus, str]:
    """Say what became of a run, by its quanta alone, and why that is thought.

    Parameters
    ----------
    counts : `QuantaCounts`
        Over all tasks.
    registered : `bool`
        Whether the outputs are in the registry.
    has_graph : `bool`
        Whether a quantum graph said what was expected. Without one only what ran is known, which cannot tell an end.
    """
    told = f"{counts.succeeded} of {counts.expected} quanta succeeded"
    if counts.expected == 0:
        return SubmissionStatus.LOST_CONTACT, "Nothing is known of its quanta."
    if not registered:
        return SubmissionStatus.LOST_CONTACT, f"{told}, and its outputs are not in the registry: it may still run."
    if not has_graph:
        why = f"{counts.succeeded} of the {counts.expected} quanta that ran succeeded. There was no quantum graph"
        return SubmissionStatus.LOST_CONTACT, f"{why}: whether others never ran, or it still runs, is not known."
    if counts.succeeded == counts.expected:
        return SubmissionStatus.SUCCEEDED, f"All {counts.expected} quanta succeeded."
    if counts.succeeded:
        return SubmissionStatus.PARTLY_SUCCEEDED, f"{told}."
    return SubmissionStatus.FAILED, f"{told}."


def campaign_status(submissions: Sequence[SubmissionStatus]) -> CampaignStatus:
    """Say where an adopted campaign stands: it is over where all of it succeeded, and otherwise a person's to end."""
    done = bool(submissions) and all(status is SubmissionStatus.SUCCEEDED for status in submissions)
    return CampaignStatus.COMPLETED if done else CampaignStatus.RUNNING


def disagreement(status: SubmissionStatus, counts: QuantaCounts) -> str | None:
    """Say in what its counts speak against what somebody says became of a submission; `None` if they do not.

    Parameters
    ----------
    status : `SubmissionStatus`
        What somebody says.
    counts : `QuantaCounts`
        Over all tasks; where nothing was expected, nothing is known that could disagree.
    """
    all_succeeded = counts.succeeded == counts.expected
    match status:
        case SubmissionStatus.SUCCEEDED:
            disagrees = not all_succeeded
        case SubmissionStatus.PARTLY_SUCCEEDED:
            disagrees = all_succeeded or not counts.succeeded
        case SubmissionStatus.FAILED | SubmissionStatus.CANCELLED:
            disagrees = all_succeeded
        case _:
            disagrees = False
    if not counts.expected or not disagrees:
        return None
    parts = ((counts.failed, "failed"), (counts.blocked, "blocked"), (counts.unknown, "unknown"))
    others = "".join(f", {number} {word}" for number, word in parts if number)
    return f"{counts.succeeded} of {counts.expected} quanta succeeded{others}"


def commands_in(text: str) -> list[str]:
    """Read commands as they are typed: one on a line, which a backslash at its end continues.

    Parameters
    ----------
    text : `str`
        Such as a part of a shell's history; empty lines are passed over.
    """
    commands: list[list[str]] = [[]]
    for line in map(str.rstrip, text.splitlines()):
        commands[-1].append(line)
        if not line.endswith("\\"):
            commands.append([])
    return [command for lines in commands if (command := "\n".join(lines).strip())]
