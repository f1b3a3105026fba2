"""What was made from some data IDs, over any number of steps, such as coadds: by the edges of quantum graphs.

A graph says what was meant. What a quantum had no work for, or failed at, is in none of its outputs, and those after it ran
without: so only what is there is followed. Of a type of which a run has nothing left, since its datasets were removed after they
had been used, all is followed whose quantum succeeded.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import networkx
from lsst.daf.butler import Butler, MissingCollectionError
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskImportMode
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphReader

__all__ = ("Made", "Reached")

Made = dict[tuple[str, str], set[UUID]]
"""Datasets by run and dataset type."""


class Reached:
    """Follows the graphs of submissions.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository.
    data_ids : `list` [`dict`]
        The data IDs, all of the same dimensions.
    found : `Made`
        The datasets that have them themselves.

    Attributes
    ----------
    made : `Made`
        Those that are there and were made from them, over any number of steps.
    n_graphs : `int`
        How many graphs were read.
    unread : `list` [`str`]
        The runs whose graph cannot be read.
    """

    def __init__(self, butler: Butler, data_ids: list[dict[str, Any]], found: Made) -> None:
        self.made: Made = {}
        self.n_graphs = 0
        self.unread: list[str] = []
        self._butler = butler
        self._names = tuple(data_ids[0])
        self._wanted = {tuple(data_id.values()) for data_id in data_ids}
        self._ids = set().union(*found.values())
        self._there: Made = {}

    def follow(self, submissions: Sequence[Mapping[str, str | None]], *, within_s: float) -> None:
        """Read the graphs of submissions.

        Parameters
        ----------
        submissions : sequence of mapping
            Each with its ``run`` and ``submit_dir``, in the order in which they ran.
        within_s : `float`
            After this time no further graph is begun.
        """
        until = time.monotonic() + within_s
        for one in submissions:
            try:
                if time.monotonic() > until:
                    raise TimeoutError(one["run"])
                graph = _read(one["submit_dir"])
            except Exception:  # noqa: BLE001
                # It is gone, or damaged, or of a stack that this one does not know: the reader's errors are of many kinds.
                self.unread.append(one["run"] or "")
                continue
            self.n_graphs += 1
            # Not within the above: where the registry fails, the look fails.
            self._follow(*graph)

    def _follow(self, pipeline: PipelineGraph, models: Sequence[Any]) -> None:
        """Add what one graph adds to what carries on, and of that what is there."""
        places = _places(pipeline, self._names)
        for model in models:
            if not any(one.dataset_id in self._ids or self._has(one, places) for one in _all(model.inputs)):
                continue
            [metadata] = model.outputs[pipeline.tasks[model.task_label].metadata_output.connection_name]
            for one in _all(model.outputs):
                there = self._in_run(one.run, one.dataset_type_name)
                if one.dataset_id in there:
                    self._ids.add(one.dataset_id)
                    self.made.setdefault((one.run, one.dataset_type_name), set()).add(one.dataset_id)
                elif not there and metadata.dataset_id in self._in_run(metadata.run, metadata.dataset_type_name):
                    self._ids.add(one.dataset_id)

    def _has(self, dataset: Any, places: Mapping[str, tuple[int, ...]]) -> bool:
        """Tell whether a dataset has one of the data IDs itself."""
        found = places.get(dataset.dataset_type_name)
        return found is not None and tuple(dataset.data_coordinate[place] for place in found) in self._wanted

    def _in_run(self, run: str, name: str) -> set[UUID]:
        """Give the datasets of a type that a run has."""
        key = (run, name)
        if key not in self._there:
            self._there[key] = set()
            try:
                known = self._butler.collections.get_info(run, include_summary=True).dataset_types or ()
            except MissingCollectionError:
                known = ()
            if name in known:
                found = self._butler.query_datasets(name, run, find_first=False, explain=False, limit=None)
                self._there[key] = {ref.id for ref in found}
        return self._there[key]


def _read(submit_dir: str | None) -> tuple[PipelineGraph, list[Any]]:
    """Give the pipeline of a submission's graph, and its quanta, each after those that it depends on."""
    graph = next(iter(sorted(Path(submit_dir).glob("*.qg"))), None) if submit_dir else None
    if graph is None:
        raise FileNotFoundError(submit_dir)
    with PredictedQuantumGraphReader.open(graph, import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
        reader.read_thin_graph()
        reader.read_quantum_datasets()
        pipeline, thin, datasets = reader.pipeline_graph, reader.components.thin_graph, reader.components.quantum_datasets
    order = networkx.DiGraph(thin.edges)
    order.add_nodes_from(one.quantum_id for several in thin.quanta.values() for one in several)
    return pipeline, [datasets[quantum_id] for quantum_id in networkx.topological_sort(order)]


def _all(datasets: Mapping[str, Iterable[Any]]) -> list[Any]:
    """Give the datasets of all connections."""
    return [one for several in datasets.values() for one in several]


def _places(pipeline: PipelineGraph, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Give where each dataset type's data ID has some dimensions, for the types that have all of them."""
    keys = {node.name: list(node.dimensions.data_coordinate_keys) for node in pipeline.dataset_types.values()}
    return {name: tuple(own.index(one) for one in names) for name, own in keys.items() if set(names) <= set(own)}
