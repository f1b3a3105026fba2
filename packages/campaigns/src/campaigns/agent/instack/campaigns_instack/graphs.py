"""Read what became of quanta from outside: the predicted graph, and which of its datasets exist.

The metadata of a quantum is written when it succeeds, and its log in any case, so that the two tell how it ended without the
registry, which learns of outputs only at the very end. No task is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx
from lsst.daf.butler import DatasetRef, QuantumBackedButler
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskImportMode
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphReader

from campaigns_instack.sets import graph_sets

__all__ = ("Graph", "count_quanta", "load", "scan", "write_logs")

MAX_GRAPHS = 4
"""How many graphs are kept in memory."""


@dataclass(frozen=True, slots=True)
class Quantum:
    """One quantum of a predicted graph, and where it tells of itself."""

    id: str
    label: str
    data_id: dict[str, Any]
    metadata: DatasetRef
    log: DatasetRef | None
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A predicted graph, as far as progress needs it; quanta come after those they depend on.

    Attributes
    ----------
    inputs : `tuple` [`str`, ...]
        The collections it was made from, as they were named.
    read : `dict` [`str`, `int`]
        The runs that its inputs lie in, and how many datasets it reads of each.
    skymaps : `tuple` [`str`, ...]
        Those of its data IDs.
    """

    labels: tuple[str, ...]
    quanta: tuple[Quantum, ...]
    pipeline: PipelineGraph
    output_run: str
    metadata: dict[str, Any]
    inputs: tuple[str, ...]
    read: dict[str, int]
    skymaps: tuple[str, ...]

    def butler(self, repository: str, readable: Iterable[DatasetRef] = ()) -> QuantumBackedButler:
        """Open a Butler that looks at the datastore alone.

        Parameters
        ----------
        repository : `str`
            The repository's root or configuration.
        readable : iterable of `DatasetRef`, optional
            Datasets that will be read, not only looked for.
        """
        return QuantumBackedButler.from_predicted(
            repository,
            predicted_inputs=[ref.id for ref in readable],
            predicted_outputs=[],
            dimensions=self.pipeline.universe,
            datastore_records={},
            dataset_types={node.name: node.dataset_type for node in self.pipeline.dataset_types.values()},
        )


_loaded: dict[tuple[str, int, int], Graph] = {}


def load(path: str) -> Graph:
    """Read a predicted graph, or give the one that was read before.

    Parameters
    ----------
    path : `str`
        A ``.qg`` file.
    """
    stat = Path(path).stat()
    key = (path, stat.st_mtime_ns, stat.st_size)
    if key not in _loaded:
        graph = _read(path)
        while len(_loaded) >= MAX_GRAPHS:
            del _loaded[next(iter(_loaded))]
        _loaded[key] = graph
    return _loaded[key]


def _read(path: str) -> Graph:
    with PredictedQuantumGraphReader.open(path, import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
        reader.read_thin_graph()
        reader.read_dimension_data()
        reader.read_quantum_datasets()
        pipeline, components = reader.pipeline_graph, reader.components
        header = reader.header
    datasets = components.quantum_datasets
    read: dict[str, set[Any]] = {}
    for one in (one for model in datasets.values() for inputs in model.inputs.values() for one in inputs):
        if one.run != header.output_run:
            read.setdefault(one.run, set()).add(one.dataset_id)
    xgraph = components.assemble().quantum_only_xgraph
    quanta = []
    for quantum_id in networkx.topological_sort(xgraph):
        model, data_id = datasets[quantum_id], xgraph.nodes[quantum_id]["data_id"]
        task = pipeline.tasks[model.task_label]
        metadata = model.outputs[task.metadata_output.connection_name][0]
        log = model.outputs[task.log_output.connection_name][0] if task.log_output is not None else None
        quanta.append(
            Quantum(
                id=str(quantum_id),
                label=model.task_label,
                data_id=dict(data_id.required),
                metadata=components.make_dataset_ref(metadata),
                log=components.make_dataset_ref(log) if log is not None else None,
                before=tuple(str(other) for other in xgraph.predecessors(quantum_id)),
            )
        )
    return Graph(
        labels=tuple(pipeline.tasks),
        quanta=tuple(quanta),
        pipeline=pipeline,
        output_run=header.output_run,
        metadata=header.metadata,
        inputs=tuple(header.inputs),
        read={run: len(ids) for run, ids in sorted(read.items())},
        skymaps=tuple(sorted({str(one.data_id["skymap"]) for one in quanta if "skymap" in one.data_id})),
    )


def count_quanta(graph: str) -> dict[str, Any]:
    """Count the quanta of a predicted graph by task, as its header has them.

    Parameters
    ----------
    graph : `str`
        The ``.qg`` file.

    Returns
    -------
    found : `dict`
        ``quanta``, label to number, and ``sets``, what the header says of DataId sets.
    """
    with PredictedQuantumGraphReader.open(graph, import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
        header = reader.header
    return {"quanta": dict(header.n_task_quanta), "sets": graph_sets(header.metadata)}


def statuses(graph: Graph, repository: str) -> dict[str, str]:
    """Tell what became of each quantum.

    Parameters
    ----------
    graph : `Graph`
        The predicted graph.
    repository : `str`
        The repository's root or configuration.

    Returns
    -------
    statuses : `dict` [`str`, `str`]
        Quantum id to ``succeeded``, ``failed``, ``blocked`` or ``unknown``.
    """
    refs = [ref for quantum in graph.quanta for ref in (quantum.metadata, quantum.log) if ref is not None]
    exists = {ref.id: there for ref, there in graph.butler(repository).stored_many(refs).items()}
    found: dict[str, str] = {}
    for quantum in graph.quanta:
        if exists.get(quantum.metadata.id):
            found[quantum.id] = "succeeded"
        elif quantum.log is not None and exists.get(quantum.log.id):
            found[quantum.id] = "failed"
        elif any(found[other] in ("failed", "blocked") for other in quantum.before):
            found[quantum.id] = "blocked"
        else:
            found[quantum.id] = "unknown"
    return found


def scan(graph: str, repository: str, *, max_unfinished: int = 0, max_succeeded: int = 0) -> dict[str, Any]:
    """Count the quanta of a submission by task and by what became of them.

    Parameters
    ----------
    graph : `str`
        The ``.qg`` file.
    repository : `str`
        The repository's root or configuration.
    max_unfinished : `int`, optional
        How many of the quanta that did not succeed to list: failed first, then unknown, then blocked.
    max_succeeded : `int`, optional
        How many of each task's quanta that succeeded to list, spread evenly over the graph.

    Returns
    -------
    found : `dict`
        ``tasks``, in the pipeline's order, with ``label``, ``expected``, ``succeeded``, ``caveats``, ``failed``, ``blocked`` and
        ``unknown``; ``unfinished``, with ``task``, ``status``, ``data_id`` and ``quantum_id``; ``succeeded``, ids of quanta; and
        of the graph's header ``output_run`` and ``sets``.
    """
    read = load(graph)
    found = statuses(read, repository)
    names = ("expected", "succeeded", "caveats", "failed", "blocked", "unknown")
    counts = {label: dict.fromkeys(names, 0) for label in read.labels}
    succeeded: dict[str, list[str]] = {label: [] for label in read.labels}
    for quantum in read.quanta:
        counts[quantum.label]["expected"] += 1
        counts[quantum.label][found[quantum.id]] += 1
        if max_succeeded and found[quantum.id] == "succeeded":
            succeeded[quantum.label].append(quantum.id)
    order = {"failed": 0, "unknown": 1, "blocked": 2}
    rest = sorted((q for q in read.quanta if found[q.id] in order), key=lambda q: order[found[q.id]])
    return {
        "tasks": [{"label": label, **count} for label, count in counts.items() if count["expected"]],
        "unfinished": [
            {"task": q.label, "status": found[q.id], "data_id": q.data_id, "quantum_id": q.id} for q in rest[:max_unfinished]
        ],
        "succeeded": [quantum_id for listed in succeeded.values() for quantum_id in _spread(listed, max_succeeded)],
        "output_run": read.output_run,
        "sets": graph_sets(read.metadata),
    }


def _spread(listed: list[str], most: int) -> list[str]:
    """Give so many of a list at most, as far from each other as can be."""
    return listed if len(listed) <= most else [listed[index * len(listed) // most] for index in range(most)]


def write_logs(graph: str, repository: str, quanta: list[str], directory: str, max_bytes: int) -> dict[str, Any]:
    """Write the logs of quanta as text, the last part of each where it is long.

    Parameters
    ----------
    graph : `str`
        The ``.qg`` file.
    repository : `str`
        The repository's root or configuration.
    quanta : `list` [`str`]
        Their ids.
    directory : `str`
        Where to write ``<quantum id>.txt``.
    max_bytes : `int`
        How much of each.

    Returns
    -------
    logs : `dict`
        Quantum id to ``path``, ``message`` (the last error's) and ``exception`` (its type's name), for those that have a log.
    """
    read = load(graph)
    wanted = {quantum.id: quantum.log for quantum in read.quanta if quantum.id in set(quanta) and quantum.log is not None}
    butler = read.butler(repository, wanted.values())
    Path(directory).mkdir(parents=True, exist_ok=True)
    logs: dict[str, Any] = {}
    for quantum_id, ref in wanted.items():
        try:
            records = butler.get(ref)
        except (FileNotFoundError, LookupError):
            continue
        path = Path(directory, f"{quantum_id}.txt")
        path.write_bytes(_tail("\n".join(_line(record) for record in records).encode(), max_bytes))
        errors = [record.message for record in records if record.levelno >= 40]
        exception = (records.extra.get("exception") or {}) if isinstance(records.extra, dict) else {}
        logs[quantum_id] = {
            "path": str(path),
            "message": errors[-1] if errors else "",
            "exception": exception.get("type_name", "") if isinstance(exception, dict) else "",
        }
    return logs


def _line(record: Any) -> str:
    return f"{record.asctime:%Y-%m-%dT%H:%M:%S%z} {record.levelname} {record.name} {record.message}"


def _tail(data: bytes, max_bytes: int) -> bytes:
    if len(data) <= max_bytes:
        return data
    cut = data[-max_bytes:]
    return b"(the beginning is left out)\n" + cut[cut.find(b"\n") + 1 :]
