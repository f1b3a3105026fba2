"""Reading of a quantum graph only what has to do with one data ID."""

from __future__ import annotations

__all__ = ("KnownGraph", "Quantum", "UnreadableGraphError", "open_graph")

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import networkx
from lsst.daf.butler import Butler, DataCoordinate
from lsst.pipe.base import PipelineGraph, QuantumGraph
from lsst.pipe.base.pipeline_graph import TaskImportMode
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphComponents
from lsst.resources import ResourcePath

from .._errors import DataIdSetValueError
from ._question import Question


class UnreadableGraphError(DataIdSetValueError):
    """A graph's file is missing, damaged, or no graph."""

    code = "unreadable_graph"


@contextmanager
def _reading(path: Any) -> Iterator[None]:
    """Turn whatever a damaged file makes its readers stumble over into one error."""
    try:
        yield
    except UnreadableGraphError:
        raise
    except Exception as error:  # of zip files, compression, JSON and pydantic each has its own errors
        told = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise UnreadableGraphError(
            f"The graph {path} cannot be read: {told}.",
            where="graph",
            remedy="See that it is the whole file of a graph in .qg or .qgraph, not one still being written, or name another.",
        ) from error


@dataclass(frozen=True)
class Quantum:
    """One quantum.

    Attributes
    ----------
    task : `str`
        Its task's label.
    data_id : `lsst.daf.butler.DataCoordinate`
        Its data ID.
    id : `uuid.UUID`
        Its number.
    """

    task: str
    data_id: DataCoordinate
    id: uuid.UUID


class KnownGraph:
    """A quantum graph of which a file is known.

    Parameters
    ----------
    path : `lsst.resources.ResourcePath`
        The file.
    components : `lsst.pipe.base.quantum_graph.PredictedQuantumGraphComponents`
        What was read of it, at least the thin graph.
    """

    def __init__(self, path: ResourcePath, components: PredictedQuantumGraphComponents) -> None:
        self.path = path
        self._components = components
        self._graph = components.assemble()

    @property
    def header(self) -> Any:
        """The header."""
        return self._components.header

    @property
    def pipeline(self) -> PipelineGraph:
        """The pipeline (`lsst.pipe.base.PipelineGraph`)."""
        return self._components.pipeline_graph

    def producer(self, dataset_type: str) -> str | None:
        """Give the label of the task that makes a dataset type, or `None`."""
        if dataset_type not in self.pipeline.dataset_types:
            return None
        node = self.pipeline.producer_of(dataset_type)
        return None if node is None else node.label

    def tasks(self, question: Question) -> list[str]:
        """Give the labels of tasks that have to do with what is asked, in the order in which they run.

        Of a dataset type it is the one that makes it, if that works on such data IDs; otherwise those before it that do.
        """
        nodes = self.pipeline.tasks
        labels = [label for label in nodes if question.relates(nodes[label].dimensions)]
        producer = None if question.wanted is None else self.producer(question.wanted)
        if producer in labels:
            return [producer]
        if producer is not None:
            before = networkx.ancestors(self.pipeline.make_task_xgraph(), _key(self.pipeline, producer))
            labels = [label for label in labels if _key(self.pipeline, label) in before]
        covering = [label for label in labels if question.covers(nodes[label].dimensions)]
        return covering or labels

    def quanta(self, question: Question, labels: Iterable[str]) -> list[Quantum]:
        """Give the quanta of tasks that have to do with the data ID."""
        by_task = self._graph.quanta_by_task
        return [
            Quantum(label, data_id, number)
            for label in labels
            for data_id, number in sorted(by_task.get(label, {}).items())
            if question.matches(data_id)
        ]

    def before(self, quantum: uuid.UUID) -> list[Quantum]:
        """Give the quanta that a quantum waits for."""
        found = self._graph.quantum_only_xgraph
        return [
            Quantum(found.nodes[each]["task_label"], found.nodes[each]["data_id"], each) for each in found.predecessors(quantum)
        ]

    def outputs(self, quanta: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, uuid.UUID]]]:
        """Give the results that quanta should have, as dataset types and ids."""
        datasets = self._components.quantum_datasets
        if not all(each in datasets for each in quanta):
            with (
                _reading(self.path),
                PredictedQuantumGraph.open(self.path, import_mode=TaskImportMode.DO_NOT_IMPORT) as reader,
            ):
                reader.read_quantum_datasets(quanta)
                datasets.update(reader.components.quantum_datasets)
        own = ("_log", "_metadata")
        return {
            each: [
                (dataset.dataset_type_name, dataset.dataset_id)
                for connection, listed in datasets[each].outputs.items()
                if connection not in own
                for dataset in listed
            ]
            for each in quanta
        }

    def parts(self, question: Question) -> Iterator[PipelineGraph]:
        """Give the independent parts of the pipeline that have tasks which have to do with what is asked."""
        wanted = set(self.tasks(question))
        for part in self.pipeline.split_independent():
            if wanted & set(part.tasks):
                yield part


def _key(pipeline: PipelineGraph, label: str) -> Any:
    return pipeline.tasks[label].key


def open_graph(path: str, butler: Butler) -> KnownGraph:
    """Read a graph's header, pipeline, and which quanta wait for which.

    Raises
    ------
    UnreadableGraphError
        If the file is not there, is damaged or half written, or is no quantum graph.
    """
    with _reading(path):
        return _opened(path, butler)


def _opened(path: str, butler: Butler) -> KnownGraph:
    place = ResourcePath(path, forceDirectory=False)
    if not place.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    match place.getExtension():
        case ".qg":
            # Tasks' code need not be there.
            with PredictedQuantumGraph.open(place, import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
                reader.read_thin_graph()
                return KnownGraph(place, reader.components)
        case ".qgraph":
            old = QuantumGraph.loadUri(place, butler.dimensions)
            return KnownGraph(place, PredictedQuantumGraphComponents.from_old_quantum_graph(old))
        case suffix:
            raise ValueError(f"A quantum graph ends in .qg or .qgraph, not in {suffix!r}.")
