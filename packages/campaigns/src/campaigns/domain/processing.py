"""What becomes of a definition's settings for BPS, under the names that BPS has for them."""

from __future__ import annotations

from typing import Any, Final

from campaigns.domain.definition import Definition, Processing, Step, in_repository
from campaigns.domain.definition.rules import named_files
from campaigns.domain.settings import merge

__all__ = ("CLUSTERING", "bps_settings", "repository_is_used")

CLUSTERING: Final = "lsst.ctrl.bps.quantum_clustering_funcs.dimension_clustering"
"""How BPS makes clusters by dimensions."""


def bps_settings(definition: Definition, step: Step | None = None) -> dict[str, Any]:
    """Give the BPS settings of a definition, or of one of its steps, that do not depend on the site.

    Parameters
    ----------
    definition : `Definition`
        The campaign's definition.
    step : `Step`, optional
        One of its steps; its settings win over the campaign's.

    Returns
    -------
    settings : `dict`
        ``pipetask``, ``cluster`` and ``clusterAlgorithm``, ``environment``, and under each part's own what it has in ``bps``.
    """
    environment = {"environment": dict(definition.environment)} if definition.environment else {}
    return merge(environment, _settings_of(definition), {} if step is None else _settings_of(step))


def repository_is_used(definition: Definition) -> bool:
    """Tell whether files are needed from the repository of the processing specification."""
    if definition.processing_spec is None:
        return False
    pipelines = [definition.pipeline_of(step) for step in definition.steps if step.file is None]
    return any(map(in_repository, [*pipelines, *(path for _, path in named_files(definition))]))


def _settings_of(part: Processing) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if part.tasks:
        settings["pipetask"] = {label: task.as_bps() for label, task in part.tasks.items()}
    if part.clusters:
        settings["clusterAlgorithm"] = CLUSTERING
        settings["cluster"] = {name: cluster.as_bps() for name, cluster in part.clusters.items()}
    return merge(settings, part.bps)
