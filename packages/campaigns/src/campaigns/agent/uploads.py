"""Bring a submission's files to the server: what was run, what it wrote, what failed, what there is to see."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from campaigns.agent.courier import Backoff, Post
from campaigns.agent.launcherlog import tail
from campaigns.agent.results import Truth
from campaigns.agent.server import MAX_FILE_BYTES, Refused, ServerClient, ServerGone
from campaigns.agent.worker import StackRefused, StackWorker
from campaigns.wire.agent import FileKind

__all__ = ("Exported", "File", "config_files", "export_metrics", "export_plots", "result_files", "upload_all")

MAX_LAUNCHER_LOG_BYTES = 4_000_000
MAX_PLOTS = 200
MAX_METRICS = 200

TEXT, YAML, JSON, PNG = "text/plain; charset=utf-8", "application/yaml", "application/json", "image/png"

log = structlog.get_logger("campaigns.agent")


@dataclass(frozen=True, slots=True)
class File:
    """A file to bring to the server."""

    path: Path
    name: str
    kind: FileKind
    title: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Exported:
    """Files that a run's datasets were copied to, and how many more datasets of the sort there are."""

    files: list[File]
    n_left: int


def config_files(bps_yaml: Path, submit_dir: Path) -> Iterator[File]:
    """Give the BPS configuration as it was written and as BPS rendered it.

    What BPS wrote of its environment (``*.env.info.yaml``) stays where it is.
    """
    if bps_yaml.exists():
        yield File(bps_yaml, "bps.yaml", FileKind.CONFIG, "BPS configuration", YAML)
    for path in sorted(submit_dir.glob("*_config.yaml"))[:1]:
        yield File(path, "bps-rendered.yaml", FileKind.CONFIG, "BPS configuration as BPS used it", YAML)


def result_files(launcher_log: Path, truth: Truth | None, directory: Path) -> Iterator[File]:
    """Give the launcher's log, the report, and the logs of failed quanta."""
    if text := tail(launcher_log, MAX_LAUNCHER_LOG_BYTES):
        path = directory / "launcher-tail.txt"
        path.write_text(text)
        yield File(path, "launcher.log", FileKind.LAUNCHER_LOG, "Log of bps submit", TEXT)
    if truth is None:
        return
    if truth.report_file is not None:
        yield File(truth.report_file, "pipetask-report.json", FileKind.REPORT, "Output of pipetask report", JSON)
    for entry in truth.logs:
        yield File(entry.path, entry.name, FileKind.QUANTUM_LOG, entry.title, TEXT)


def export_plots(worker: StackWorker, repository: str, run: str, directory: Path) -> Exported:
    """Export the plots of a run; none where the stack cannot, which is no reason to fail a submission."""
    told = {"directory": str(directory / "plots"), "max_plots": MAX_PLOTS}
    return _exported(worker, "plots", FileKind.PLOT, PNG, repository=repository, run=run, **told)


def export_metrics(worker: StackWorker, repository: str, run: str, directory: Path) -> Exported:
    """Export the bundles of metrics of a run, to be compared; none where the stack cannot."""
    told = {"directory": str(directory / "metrics"), "max_files": MAX_METRICS}
    return _exported(worker, "metrics", FileKind.METRICS, JSON, repository=repository, run=run, **told)


def _exported(worker: StackWorker, verb: str, kind: FileKind, media_type: str, **told: Any) -> Exported:
    try:
        found = worker.call(verb, timeout_s=600.0, **told)
    except StackRefused as error:
        log.warning(f"{verb} were not exported", run=told["run"], reason=error.fault.message)
        return Exported([], 0)
    files = [File(Path(one["path"]), Path(one["path"]).name, kind, one["title"], media_type) for one in found["files"]]
    return Exported(files, found["n_left"])


def upload_all(
    server: ServerClient, post: Post, submission_id: str, files: list[File], *, stopping: threading.Event
) -> list[str]:
    """Bring files to the server, trying again for as long as it is away.

    Parameters
    ----------
    server : `ServerClient`
        Where to.
    post : `Post`
        The submit order.
    submission_id : `str`
        Whose files they are.
    files : `list` [`File`]
        What to bring.
    stopping : `threading.Event`
        Set when the agent is to end; uploads are begun anew by the next one.

    Returns
    -------
    left_out : `list` [`str`]
        The names of those that the server did not want.
    """
    left_out = []
    backoff = Backoff()
    for file in files:
        if file.path.stat().st_size > MAX_FILE_BYTES:
            left_out.append(file.name)
            continue
        while not stopping.is_set() and not post.disowned.is_set():
            try:
                server.upload(
                    post.order,
                    submission_id,
                    file.path,
                    name=file.name,
                    kind=file.kind,
                    title=file.title,
                    media_type=file.media_type,
                )
                backoff.reset()
                break
            except ServerGone:
                stopping.wait(backoff.next_s())
            except Refused as error:
                log.warning("the server did not take a file", order=post.order.id, file=file.name, reason=error.message)
                left_out.append(file.name)
                break
    return left_out
