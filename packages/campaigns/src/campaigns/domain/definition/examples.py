"""An example of each property of a campaign file, for its JSON Schema and the documentation; each holds by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ("example_of",)

_EVERYWHERE: Final[Mapping[str, Any]] = {
    "data_query": "instrument = 'HSC' AND visit IN (1228, 1230)",
    "sets": {"include": ["demo/good@3"], "exclude": ["DM-51300/clouds"]},
    "start": "person",
    "gate": {"accept": "thresholds", "max_failed_fraction": 0.01},
    "file": "bps/step1.yaml",
    "label": "calibrateImage",
    "config_overrides": [{"label": "isr", "settings": {"doBias": True}}],
    "tasks": {"isr": {"memory_mb": 4096, "retries": 2}},
    "clusters": {"visits": {"tasks": ["isr", "calibrateImage"], "dimensions": ["visit", "detector"]}},
    "include_configs": ["bps/site.yaml"],
    "qgraph_options": ["--skip-existing-in u/mary/before"],
    "run_options": ["--timeout 3600"],
    "bps": {"requestMemory": 4096},
    "memory_mb": 4096,
    "cpus": 2,
    "walltime_min": 240,
    "retries": 2,
}
"""Of properties that mean the same wherever they stand."""

_STEP: Final[Mapping[str, Any]] = {"name": "step1", "title": "Detrend and calibrate each visit"}

_OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "Definition": {
        "name": "rc2-w46",
        "title": "Weekly integration run on RC2",
        "reason": "The weekly w_2026_46.",
        "kind": "integration",
        "description": "As every week, with the *new* seeing cut.",
        "lead": "mary",
        "team": "pipelines",
        "visibility": "staff",
        "labels": ["weekly", "rc2"],
        "ticket": "DM-12345",
        "site": "slurm",
        "stack": "w_2026_46",
        "butler": "main",
        "instrument": "HSC",
        "inputs": ["HSC/RC2/defaults"],
        "output": "HSC/runs/RC2/w_2026_46/DM-12345",
        "pipeline": "$DRP_PIPE_DIR/pipelines/HSC/DRP-RC2.yaml",
        "skymap": "hsc_rings_v1",
        "data_spec": {"repository": "https://git.example.org/data.git", "reference": "v3", "path": "rc2"},
        "processing_spec": {"repository": "https://git.example.org/processing.git", "reference": "w_2026_46"},
        "environment": {"OMP_NUM_THREADS": "1"},
        "local_packages": ["/data/mary/drp_tasks"],
        "steps": [{"name": "step1"}, {"name": "step2", "needs": ["step1"], "gate": {"accept": "person"}}],
        "commands": [{"name": "step1", "file": "bps/step1.yaml"}, {"name": "step2", "file": "bps/step2.yaml"}],
        "links": [{"title": "Plots", "url": "https://plots.example.org/rc2", "kind": "plots"}],
    },
    "Step": {
        **_STEP,
        "pipeline": "#step1",
        "needs": ["step0"],
        "split": {"dimension": "visit", "values": [1228, 1230, 1232], "size": 2},
    },
    "Command": _STEP,
    "Cluster": {"tasks": ["isr", "calibrateImage"], "dimensions": ["visit", "detector"]},
    "ConfigOverride": {"file": "config/isr.py", "settings": {"doBias": True, "overscan.fitType": "MEDIAN_PER_ROW"}},
    "Gate": {"accept": "person", "max_failed_fraction": 0.01},
    "Link": {"title": "Plots", "url": "https://plots.example.org/rc2", "kind": "plots"},
    "Sets": {"include": ["demo/good@3"], "exclude": ["DM-51300/clouds"], "rule": "all", "visit_system": 2},
    "Specification": {"repository": "https://git.example.org/data.git", "reference": "v3", "path": "rc2/exclude.json"},
    "Split": {
        "dimension": "visit",
        "values": [1228, 1230, 1232],
        "size": 2,
        "queries": {"north": "tract < 9000", "south": "tract >= 9000"},
    },
}
"""By the part of the file, those that it alone has, or has in its own sense."""


def example_of(part: str, name: str) -> Any:
    """Give an example of a property.

    Parameters
    ----------
    part : `str`
        The name of the model that has it, such as ``Step``.
    name : `str`
        The property.

    Raises
    ------
    KeyError
        If there is none.
    """
    own = _OWN.get(part, {})
    return own[name] if name in own else _EVERYWHERE[name]
