"""Repositories, pipelines and graphs for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from lsst.daf.butler import Butler, DatasetType
from lsst.pipe.base import Pipeline, PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from dataid_sets import DataIdSets
from dataid_sets.pipetask import SetQuantumGraphBuilder

INPUTS = "inputs"
CAM = ("base.yaml", "spatial.yaml")
"""Butler's own: visit 1 lies in tract 0, visit 2 in tracts 0 and 1; four detectors."""

Task = tuple[Iterable[str], Mapping[str, Iterable[str]], Mapping[str, Iterable[str]]]
"""A task's dimensions, and its inputs and outputs with theirs."""

PAIR, PATCH_VISIT = ("visit", "detector"), ("visit", "patch")
WARPS: Mapping[str, Task] = {
    "isr": (PAIR, {"raw_in": PAIR}, {"src": PAIR}),
    "consolidate": (("visit",), {"src": PAIR}, {"summary": ("visit",)}),
    "warp": (PATCH_VISIT, {"src": PAIR}, {"warp": PATCH_VISIT}),
}


def pipeline_yaml(tasks: Mapping[str, Task], steps: Mapping[str, Iterable[str]] | None = None) -> str:
    """Describe a pipeline of mock tasks; JSON is YAML."""

    def connections(listed: Mapping[str, Iterable[str]], which: str) -> str:
        # A task may get several datasets for one quantum.
        several = ", multiple=True" if which == "inputs" else ""
        lines = [
            f"config.{which}['{which}{number}'] = C(dataset_type_name={name!r}, dimensions={sorted(dimensions)!r}{several})"
            for number, (name, dimensions) in enumerate(listed.items())
        ]
        return "\n".join(lines)

    described = {}
    for label, (dimensions, inputs, outputs) in tasks.items():
        code = "from lsst.pipe.base.tests.mocks import DynamicConnectionConfig as C\n"
        code += f"config.dimensions = {sorted(dimensions)!r}\n"
        code += f"{connections(inputs, 'inputs')}\n{connections(outputs, 'outputs')}\n"
        described[label] = {"class": "lsst.pipe.base.tests.mocks.DynamicTestPipelineTask", "config": {"python": code}}
    document: dict[str, object] = {"description": "Mocks.", "tasks": described}
    if steps:
        document["subsets"] = {label: {"subset": list(members)} for label, members in steps.items()}
        document["steps"] = [{"label": label, "dimensions": []} for label in steps]
    return json.dumps(document)


def pipeline(tasks: Mapping[str, Task], steps: Mapping[str, Iterable[str]] | None = None) -> PipelineGraph:
    """Make a pipeline of mock tasks."""
    # Importing the mocks changes Butler's storage classes, which other tests need not see.
    import lsst.pipe.base.tests.mocks  # noqa: F401

    return Pipeline.fromString(pipeline_yaml(tasks, steps)).to_graph()


def fill(root: Path, inputs: Mapping[str, Iterable[str]], where: str) -> None:
    """Pretend that there are datasets with every data ID, and make the tables of sets."""
    with Butler.from_config(root, writeable=True) as butler:
        DataIdSets(butler).init()
        butler.collections.register(INPUTS)
        for name, dimensions in inputs.items():
            dataset_type = DatasetType(name, dimensions, "StructuredDataDict", universe=butler.dimensions)
            butler.registry.registerDatasetType(dataset_type)
            with butler.query() as query:
                wider = query.join_dimensions({*dataset_type.dimensions.names, "patch"}) if "visit" in dimensions else query
                data_ids = sorted(set(wider.where(where).data_ids(dataset_type.dimensions)))
            butler.registry.insertDatasets(dataset_type, data_ids, run=INPUTS)


def define_cam_exposures(root: Path) -> None:
    """Give visit 1 exposure 11, and visit 2 the exposures 21 and 22, all in one visit system."""
    with Butler.from_config(root, writeable=True) as butler:
        insert = butler.registry.insertDimensionData
        insert("visit_system", {"instrument": "Cam1", "id": 1, "name": "by-group"})
        for visit in list(butler.query_dimension_records("visit", instrument="Cam1")):
            known = {"instrument": "Cam1", "day_obs": visit.day_obs, "physical_filter": visit.physical_filter}
            insert("group", {"instrument": "Cam1", "name": f"g{visit.id}"})
            for exposure in {1: (11,), 2: (21, 22)}[visit.id]:
                insert("exposure", {**known, "id": exposure, "obs_id": str(exposure), "group": f"g{visit.id}"})
                insert("visit_definition", {"instrument": "Cam1", "exposure": exposure, "visit": visit.id})
            insert("visit_system_membership", {"instrument": "Cam1", "visit": visit.id, "visit_system": 1})


def build(butler: Butler, tasks: PipelineGraph, *, where: str, run: str = "u/out", **conditions: object) -> PredictedQuantumGraph:
    """Make a graph under sets."""
    chosen = DataIdSets(butler).conditions(**conditions)  # type: ignore[arg-type]
    builder = SetQuantumGraphBuilder(tasks, butler, conditions=chosen, where=where, input_collections=[INPUTS], output_run=run)
    return builder.finish(attach_datastore_records=False).assemble()


def quanta(graph: PredictedQuantumGraph, task: str, *names: str) -> set[tuple[int, ...]]:
    """Give the data IDs of a task's quanta."""
    return {tuple(data_id[name] for name in names) for data_id in graph.quanta_by_task.get(task, {})}


def edges(graph: PredictedQuantumGraph, task: str, of: Iterable[str], read: Iterable[str]) -> set[tuple[int, ...]]:
    """Give the data IDs of a task's quanta, each with that of a dataset it reads."""
    found = graph.bipartite_xgraph
    return {
        (*(data_id[name] for name in of), *(found.nodes[dataset]["data_id"][name] for name in read))
        for data_id, quantum in graph.quanta_by_task.get(task, {}).items()
        for dataset in found.predecessors(quantum)
    }
