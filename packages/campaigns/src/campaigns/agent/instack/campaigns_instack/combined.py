"""What was made from some data IDs, over any number of steps, such as coadds: by the edges of quantum graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import networkx
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskImportMode
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphReader

__all__ = ("Reached",)


@dataclass
class Reached:
    """What the graphs say was made from some data IDs.

    Attributes
    ----------
    data_ids : `list` [`dict`]
        The data IDs, all of the same dimensions.
    ids : `set` [`uuid.UUID`]
        Datasets that have them, or were made from such: those that are known beforehand, and what graphs add.
    made : `dict` [`tuple` [`str`, `str`], `set` [`uuid.UUID`]]
        Run and dataset type to the datasets that graphs have as made from them.
    n_graphs : `int`
        How many graphs were read.
    unread : `list` [`str`]
        Submit directories without a graph that can be read.
    """

    data_ids: list[dict[str, Any]]
    ids: set[UUID]
    made: dict[tuple[str, str], set[UUID]] = field(default_factory=dict)
    n_graphs: int = 0
    unread: list[str] = field(default_factory=list)

    def follow(self, submit_dirs: Sequence[str]) -> None:
        """Read the graphs of submissions, in the order in which they ran."""
        for directory in submit_dirs:
            graph = next(iter(sorted(Path(directory).glob("*.qg"))), None)
            try:
                if graph is None:
                    raise FileNotFoundError(directory)
                self._follow(graph)
            except (OSError, RuntimeError, ValueError, LookupError):
                # One that is gone, or was made by a stack whose graphs this one does not know.
                self.unread.append(directory)
            else:
                self.n_graphs += 1

    def counted(self, butler: Butler, collections: Sequence[str], *, known: set[UUID]) -> Iterator[dict[str, Any]]:
        """Count what was made of them and is there, less what is known already; by collection and dataset type."""
        for (run, name), ids in sorted(self.made.items()):
            if run not in collections or not ids - known:
                continue
            there = {ref.id for ref in butler.query_datasets(name, run, find_first=False, explain=False, limit=None)}
            if number := len(ids & there - known):
                yield {"collection": run, "dataset_type": name, "datasets": number}

    def _follow(self, graph: Path) -> None:
        with PredictedQuantumGraphReader.open(graph, import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
            reader.read_thin_graph()
            reader.read_dimension_data()
            reader.read_quantum_datasets()
            pipeline, components = reader.pipeline_graph, reader.components
        names = tuple(self.data_ids[0])
        wanted = {tuple(data_id.values()) for data_id in self.data_ids}
        places = _places(pipeline, names)
        for quantum_id in networkx.topological_sort(components.assemble().quantum_only_xgraph):
            model = components.quantum_datasets[quantum_id]
            inputs = [one for several in model.inputs.values() for one in several]
            if not any(one.dataset_id in self.ids or _values(one, places) in wanted for one in inputs):
                continue
            for one in (one for several in model.outputs.values() for one in several):
                self.ids.add(one.dataset_id)
                self.made.setdefault((one.run, one.dataset_type_name), set()).add(one.dataset_id)


def _places(pipeline: PipelineGraph, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Give where each dataset type's data ID has some dimensions, for the types that have all of them."""
    keys = {node.name: list(node.dimensions.data_coordinate_keys) for node in pipeline.dataset_types.values()}
    return {name: tuple(own.index(one) for one in names) for name, own in keys.items() if set(names) <= set(own)}


def _values(dataset: Any, places: dict[str, tuple[int, ...]]) -> tuple[Any, ...] | None:
    found = places.get(dataset.dataset_type_name)
    return None if found is None else tuple(dataset.data_coordinate[place] for place in found)
