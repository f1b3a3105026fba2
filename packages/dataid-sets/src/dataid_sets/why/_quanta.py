"""What became of the quanta that a graph has for a data ID."""

from __future__ import annotations

__all__ = ("Fate", "State", "fates", "judge_fates", "run_fates")

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lsst.daf.butler import Butler, DataCoordinate, DatasetRef, MissingDatasetTypeError
from lsst.daf.butler.registry import MissingCollectionError

from ._explanation import Evidence, Verdict
from ._graph import KnownGraph, Quantum
from ._question import Question, spelled

_TOLD = 10
"""How many quanta are told of, and of how many the logs are read."""
_MOST_BEFORE = 5000
"""How many quanta are looked at for one that others wait for."""


class State(StrEnum):
    """What became of a quantum, the worst first."""

    FAILED = "failed"
    BLOCKED = "blocked"
    NO_WORK = "no_work"
    NOT_RUN = "not_run"
    SUCCEEDED = "succeeded"


_ORDER = list(State)


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of one quantum.

    Attributes
    ----------
    task : `str`
        Its task.
    data_id : `lsst.daf.butler.DataCoordinate`
        Its data ID.
    state : `State`
        What became of it.
    because : `str`
        More of it: the exception, or what it waits for.
    results : `tuple` [`str`, ...]
        The types of which it made all that it should.
    """

    task: str
    data_id: DataCoordinate
    state: State
    because: str = ""
    results: tuple[str, ...] = ()

    def evidence(self) -> Evidence:
        """Say it."""
        told = {
            State.FAILED: "failed",
            State.BLOCKED: "could not run",
            State.NO_WORK: "ran, but made nothing",
            State.NOT_RUN: "has not run",
            State.SUCCEEDED: "succeeded",
        }[self.state]
        message = f"{self.task} {told} for {spelled(self.data_id)}" + (f": {self.because}" if self.because else "") + "."
        facts = {"task": self.task, "data_id": dict(self.data_id.required), "state": self.state.value, "because": self.because}
        return Evidence("quantum", message.replace("..", "."), facts)


def fates(question: Question, graph: KnownGraph, quanta: Sequence[Quantum]) -> list[Fate]:
    """Find out what became of quanta, from the logs, metadata and results in the graph's output run."""
    run = graph.header.output_run
    left = _Left(question, run)
    done = [each for each in quanta if left.metadata(each.task, each.data_id)]
    outputs = graph.outputs([each.id for each in done])
    found = []
    for each in quanta:
        if each.id in outputs:
            found.append(_done(question, each, outputs[each.id], left))
        elif log := left.log(each.task, each.data_id):
            read = sum(fate.state is State.FAILED for fate in found) < _TOLD
            because = _failure(question.butler, log) if read else ""
            found.append(Fate(task=each.task, data_id=each.data_id, state=State.FAILED, because=because))
        else:
            found.append(_waiting(question.butler, graph, each, run))
    return found


class _Left:
    """What tasks left in a run for the data ID, looked up once for each type."""

    def __init__(self, question: Question, run: str) -> None:
        self._question = question
        self._run = run
        self._found: dict[str, dict[DataCoordinate, DatasetRef]] = {}

    def of(self, dataset_type: str) -> dict[DataCoordinate, DatasetRef]:
        if dataset_type not in self._found:
            refs = self._question.datasets(dataset_type, [self._run])
            self._found[dataset_type] = {ref.dataId: ref for ref in refs}
        return self._found[dataset_type]

    def metadata(self, task: str, data_id: DataCoordinate) -> DatasetRef | None:
        return self.of(f"{task}_metadata").get(data_id)

    def log(self, task: str, data_id: DataCoordinate) -> DatasetRef | None:
        return self.of(f"{task}_log").get(data_id)


def _done(question: Question, quantum: Quantum, outputs: Sequence[tuple[str, Any]], left: _Left) -> Fate:
    """Judge a quantum that ran to its end: whether it made what is missed, or anything."""
    asked = [each for each in outputs if question.wanted is None or each[0] == question.wanted] or list(outputs)
    there = {name: {ref.id for ref in left.of(name).values()} for name in {name for name, _ in asked}}
    lacking = sorted({name for name, number in asked if number not in there[name]})
    made = tuple(sorted(set(there) - set(lacking)))
    known: dict[str, Any] = {"task": quantum.task, "data_id": quantum.data_id, "results": made}
    if asked and not made:
        metadata = left.metadata(quantum.task, quantum.data_id)
        caveats = "" if metadata is None else _caveats(question.butler, metadata)
        return Fate(state=State.NO_WORK, because=caveats or f"no {', '.join(lacking)}", **known)
    return Fate(state=State.SUCCEEDED, because=f"without {', '.join(lacking)}" if lacking else "", **known)


def _waiting(butler: Butler, graph: KnownGraph, quantum: Quantum, run: str) -> Fate:
    """Look for a failure that a quantum waits for."""
    ahead, seen = graph.before(quantum.id), {quantum.id}
    while ahead and len(seen) < _MOST_BEFORE:
        each = ahead.pop(0)
        if each.id in seen:
            continue
        seen.add(each.id)
        if _dataset(butler, f"{each.task}_metadata", each.data_id, run):
            continue
        if log := _dataset(butler, f"{each.task}_log", each.data_id, run):
            because = f"{each.task} failed for {spelled(each.data_id)}: {_failure(butler, log)}"
            return Fate(task=quantum.task, data_id=quantum.data_id, state=State.BLOCKED, because=because)
        ahead.extend(graph.before(each.id))
    return Fate(task=quantum.task, data_id=quantum.data_id, state=State.NOT_RUN, because="the run has no log of it")


def _dataset(butler: Butler, dataset_type: str, data_id: DataCoordinate, run: str) -> DatasetRef | None:
    try:
        return butler.find_dataset(dataset_type, data_id, collections=[run])
    except (MissingDatasetTypeError, MissingCollectionError, LookupError):
        return None


def _failure(butler: Butler, log: DatasetRef) -> str:
    """Read the exception from a log, if the file is within reach."""
    try:
        records = butler.get(log)
    except Exception:  # noqa: BLE001 - whatever a datastore raises, the log's being there says enough
        return "its log cannot be read from here"
    exception = getattr(getattr(records, "extra", None), "exception", None)
    if exception is not None:
        return f"{exception.type_name.rpartition('.')[2]}: {exception.message}"
    errors = [record.message for record in records if record.levelname in ("ERROR", "CRITICAL")]
    return errors[-1] if errors else "its log names no error"


def _caveats(butler: Butler, metadata: DatasetRef) -> str:
    """Read from a task's metadata why it made nothing."""
    from lsst.pipe.base import QuantumSuccessCaveats

    try:
        found = QuantumSuccessCaveats(int(butler.get(metadata)["quantum"]["caveats"]))
    except Exception:  # noqa: BLE001 - as above; older metadata have no caveats
        return ""
    return ", ".join(flag.name.lower().replace("_", " ") for flag in found if flag.name)


def run_fates(question: Question) -> list[Fate]:
    """Find out what failed from an output's runs alone, where no graph is known."""
    found: dict[tuple[str, DataCoordinate], Fate] = {}
    for run in reversed(question.runs):  # the newest comes first in a chain, and counts
        left = _Left(question, run)
        names = question.butler.collections.get_info(run, include_summary=True).dataset_types or ()
        for task in sorted(name.removesuffix("_log") for name in names if name.endswith("_log")):
            if not question.relates(question.butler.get_dataset_type(f"{task}_log").dimensions):
                continue
            done = left.of(f"{task}_metadata")
            for data_id, log in left.of(f"{task}_log").items():
                failed = data_id not in done
                because = _failure(question.butler, log) if failed and len(found) < _TOLD else ""
                state = State.FAILED if failed else State.SUCCEEDED
                found[task, data_id] = Fate(task=task, data_id=data_id, state=state, because=because)
    return list(found.values())


def judge_fates(question: Question, found: Sequence[Fate], last: Iterable[str]) -> tuple[Verdict, str, list[Evidence]]:
    """Say what the quanta of a data ID come to.

    Parameters
    ----------
    question : `Question`
        What is asked.
    found : sequence of `Fate`
        What became of its quanta.
    last : iterable of `str`
        Tasks that no other of these waits for: if all of theirs succeeded, the data ID is there.

    Returns
    -------
    verdict, message, evidence : `Verdict`, `str`, `list` [`Evidence`]
        The worst of them; what it is; and each that did not succeed.
    """
    unhappy = sorted((each for each in found if each.state is not State.SUCCEEDED), key=lambda each: _ORDER.index(each.state))
    evidence = [each.evidence() for each in unhappy[:_TOLD]]
    if len(unhappy) > _TOLD:
        evidence.append(Evidence("quantum", f"And {len(unhappy) - _TOLD:,} more quanta did not succeed.", {}))
    succeeded = len(found) - len(unhappy)
    if succeeded:
        evidence.append(Evidence("quantum", f"{succeeded:,} of its {len(found):,} quanta succeeded.", {"succeeded": succeeded}))
    ends = set(last)
    if not any(each.task in ends for each in unhappy):
        made = sorted({name for each in found if each.task in ends for name in each.results})
        named = question.wanted or (", ".join(made) if made else "all that was planned")
        return Verdict.PRESENT, f"{question} is in {question.collection}: it has {named}.", evidence
    worst = unhappy[0]
    of_kind = [each for each in unhappy if each.state is worst.state and each.task == worst.task]
    planned = sum(each.task == worst.task for each in found)
    share = f" ({len(of_kind)} of {planned} quanta)" if planned > 1 else ""
    message = worst.evidence().message.removesuffix(".")
    return Verdict(worst.state.value), f"{message}{share}.", evidence
