"""A submission: what was run, and the three truths about it, kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campaigns.domain.dataidsets import SetUse
from campaigns.domain.errors import Fault
from campaigns.domain.quanta import QuantaCounts, TaskCounts, TaskSpent
from campaigns.domain.states import Judgement, SubmissionStatus

__all__ = ("Launcher", "LeftAtSite", "StoredFile", "Submission", "Workflow", "parse_submission_id", "submission_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """The first truth: how ``bps submit`` was started and how it ended.

    Attributes
    ----------
    pid : `int`, optional
        The launch shim's process on ``host``.
    started_us, ended_us : `int`, optional
        UTC microseconds.
    exit_code, signal : `int`, optional
        One of the two once it ended; neither where nobody saw the end.
    log_tail : `str`
        The last lines it wrote.
    """

    pid: int | None = None
    host: str | None = None
    boot_id: str | None = None
    started_us: int | None = None
    ended_us: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    log_tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The second truth: what the workflow system says.

    Attributes
    ----------
    state : `str`, optional
        The name of a ``WmsStates`` member.
    run_id : `str`, optional
        The workflow system's name for the run.
    jobs : `dict`
        Label to state name to number of jobs.
    seen_us : `int`, optional
        When it said so, UTC microseconds.
    """

    state: str | None = None
    run_id: str | None = None
    jobs: dict[str, dict[str, int]] | None = None
    message: str = ""
    seen_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One workflow submission of a group.

    Attributes
    ----------
    uuid : `str`
        The identity that travels.
    number : `int`
        The local number: 12 of ``S-12``.
    campaign_uuid, campaign_id : `str`
        The campaign it belongs to.
    operator : `str`
        The operator of record, frozen when it was made.
    attempt : `int`
        From 1; a later attempt recovers the one in ``recovers``.
    origin_number : `int`, optional
        Its number at its origin, where its campaign was imported.
    sets : `tuple` [`SetUse`, ...]
        The DataId sets that it applies, as pinned; and, once the graph is there, what each did.
    command : `tuple` [`str`, ...]
        How the service had ``bps`` started, word by word.
    commands : `tuple` [`str`, ...]
        What people say was typed, where the service did not start it; each is a line, or several.
    tasks : `tuple` [`TaskCounts`, ...]
        The third truth: what the quanta say, in the pipeline's order.
    spent : `tuple` [`TaskSpent`, ...]
        What its quanta took, where that is known; in lists of submissions it is left out.
    quanta_source : `str`, optional
        How the counts were found; while it runs, by looking at the datasets.
    quanta_final : `bool`
        Whether the counts are those of the end.
    registered : `bool`
        Whether the outputs are in the registry.
    faults : `tuple` [`Fault`, ...]
        Why nothing could be run.
    """

    uuid: str
    number: int
    campaign_uuid: str
    campaign_id: str
    campaign_name: str
    revision: int
    step: str
    group: str
    attempt: int
    status: SubmissionStatus
    judgement: Judgement
    operator: str
    site: str
    stack: str
    repository: str
    pipeline: str
    input_collections: tuple[str, ...]
    output: str
    output_run: str
    data_query: str
    bps: dict[str, Any]
    created_us: int
    updated_us: int
    acquiring_us: int | None = None
    running_us: int | None = None
    ended_us: int | None = None
    status_reason: str | None = None
    status_remedy: str | None = None
    phase_message: str = ""
    judged_by: str | None = None
    judged_reason: str | None = None
    judged_us: int | None = None
    chained_us: int | None = None
    recovers: str | None = None
    order_id: str | None = None
    origin_number: int | None = None
    cancel_requested_by: str | None = None
    sets: tuple[SetUse, ...] = ()
    command: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    bps_yaml: str = ""
    submit_dir: str | None = None
    launcher: Launcher = Launcher()
    workflow: Workflow = Workflow()
    tasks: tuple[TaskCounts, ...] = ()
    spent: tuple[TaskSpent, ...] = ()
    quanta_source: str | None = None
    quanta_final: bool = False
    registered: bool = False
    n_failures: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def id(self) -> str:
        """The local id, such as ``S-12`` (`str`)."""
        return submission_id(self.number)

    @property
    def quanta(self) -> QuantaCounts:
        """The counts over all tasks (`QuantaCounts`)."""
        return QuantaCounts.total(self.tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that an agent uploaded for a submission."""

    name: str
    kind: str
    title: str
    content_type: str
    size: int
    sha256: str
    created_us: int


@dataclass(frozen=True, slots=True)
class LeftAtSite:
    """What an agent did not bring of a submission's files.

    Attributes
    ----------
    n_plots, n_metrics : `int`
        Plots, and bundles of metrics, beyond the most that it brings.
    names : `tuple` [`str`, ...]
        Files that were too large, or that the server did not take.
    """

    n_plots: int
    n_metrics: int
    names: tuple[str, ...]


def submission_id(number: int) -> str:
    """Give the local id of a submission's number."""
    return f"S-{number}"


def parse_submission_id(text: str) -> int | None:
    """Read a local id in any case; `None` if it is not one."""
    head, _, digits = text.partition("-")
    return int(digits) if head.upper() == "S" and digits.isascii() and digits.isdecimal() and len(digits) <= 9 else None
