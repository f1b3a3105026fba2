"""The pipeline and the BPS configuration that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from lsst.ctrl.bps import BpsConfig
from lsst.ctrl.bps.quantum_clustering_funcs import dimension_clustering
from lsst.daf.butler import Butler
from lsst.pipe.base import LabelSpecifier, Pipeline, PipelineGraph
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from demo_pipeline.repository import CHAIN, SKYMAP, SNAP_VISIT

PACKAGE = files("demo_pipeline")


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline.from_uri(str(PACKAGE / "pipelines/demo.yaml"))


@pytest.fixture(scope="module")
def bps_config() -> BpsConfig:
    return BpsConfig(str(PACKAGE / "bps/demo.yaml"))


@pytest.fixture(scope="module")
def step1(repo: Path, pipeline: Pipeline) -> PredictedQuantumGraph:
    with Butler.from_config(repo) as butler:
        labels = LabelSpecifier(labels=set(pipeline.subsets["step1"]))
        graph: PipelineGraph = pipeline.subsetFromLabels(labels).to_graph(butler.registry)
        builder = AllDimensionsQuantumGraphBuilder(
            graph, butler, input_collections=[CHAIN], output_run="u/test/step1", where="instrument='HSC'"
        )
        return builder.finish(attach_datastore_records=True).assemble()


def test_each_task_is_in_one_step(pipeline: Pipeline, butler: Butler) -> None:
    graph = pipeline.to_graph(butler.registry)
    steps = {label: set(pipeline.subsets[label]) for label in ("step1", "step2", "step3")}
    assert list(graph.steps) == ["step1", "step2", "step3"]
    assert sorted(graph.tasks) == sorted(label for labels in steps.values() for label in labels)
    for label in steps:
        assert graph.task_subsets[label].description
    for task in graph.tasks.values():
        for name, field in type(task.config)._fields.items():
            assert field.doc, f"{task.label}.{name} has no doc"


def test_every_region_is_in_the_graph(step1: PredictedQuantumGraph) -> None:
    counts = {label: len(quanta) for label, quanta in step1.quanta_by_task.items()}
    assert counts == {"simulateExposure": 36, "measureDetector": 33, "summarizeVisit": 11}


def test_both_snaps_lead_to_their_visit(step1: PredictedQuantumGraph) -> None:
    graph = step1.quantum_only_xgraph
    measured = {
        data_id["detector"]: quantum
        for data_id, quantum in step1.quanta_by_task["measureDetector"].items()
        if data_id["visit"] == SNAP_VISIT
    }
    assert len(measured) == 3
    for quantum in measured.values():
        parents = {graph.nodes[parent]["data_id"]["exposure"] for parent in graph.predecessors(quantum)}
        assert parents == {SNAP_VISIT, SNAP_VISIT + 1}


def test_step_1_takes_six_jobs(step1: PredictedQuantumGraph, bps_config: BpsConfig) -> None:
    bps_config[".bps_defined.runQgraphFile"] = "step1.qg"
    clustered = dimension_clustering(bps_config, step1, "step1")
    clusters = list(clustered.clusters())
    assert len(clusters) == 6
    assert sum(len(cluster.qgraph_node_ids) for cluster in clusters) == 80
    clustered.validate()


def test_bps_names_tasks_that_exist_and_chains_nothing(pipeline: Pipeline, bps_config: BpsConfig) -> None:
    named = [name.strip() for key in bps_config["cluster"] for name in bps_config["cluster"][key]["pipetasks"].split(",")]
    assert sorted(named) == sorted(pipeline.task_labels)
    assert bps_config[".finalJob.updateOutputChain"] == "--no-update-output-chain"
    assert (bps_config[".requestCpus"], bps_config[".finalJob.requestCpus"]) == (1, 1)
    written = yaml.safe_load((PACKAGE / "bps/demo.yaml").read_text())
    assert not {"wmsServiceClass", "computeSite", "site", "payload", "pipelineYaml"} & set(written)


def test_the_skymap_is_the_one_of_the_records(butler: Butler) -> None:
    assert [record.name for record in butler.query_dimension_records("skymap")] == [SKYMAP]
