"""The report of a whole pipeline, without a graph."""

from __future__ import annotations

import pytest
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdTable, Role
from dataid_sets._conditions import SetCondition
from dataid_sets.pipetask import applicability
from pipetask.graphs import PAIR, WARPS, pipeline

UNIVERSE = DimensionUniverse()
TASKS = {
    **WARPS,
    "coadd": (("patch", "band"), {"warp": ("visit", "patch")}, {"coadd": ("patch", "band")}),
    "trend": (("instrument",), {"summary": ("visit",)}, {"trend": ("instrument",)}),
}
STEPS = {"step1": ("isr", "consolidate"), "step2": ("warp", "coadd")}


def condition(**values: object) -> SetCondition:
    table = DataIdTable.from_rows([values], universe=UNIVERSE)
    known = {"label": "some.csv", "digest": table.digest, "n_rows": len(table), "table": table}
    return SetCondition(role=Role.EXCLUDE, dimensions=table.dimensions, **known)


def told(entries: list[dict[str, object]]) -> dict[str, tuple[object, ...]]:
    return {str(entry["task"]): (entry["step"], entry["fit"], entry["effect"]) for entry in entries}


def test_each_step_is_judged_for_itself() -> None:
    graph = pipeline(TASKS, STEPS)
    assert told(applicability(graph, [condition(skymap="s", tract=1)])) == {
        "isr": ("step1", "not_applicable", "none"),
        "consolidate": ("step1", "not_applicable", "none"),
        "warp": ("step2", "applied", "quanta"),
        "coadd": ("step2", "applied", "quanta"),
        "trend": (None, "not_applicable", "none"),
    }
    assert not graph.is_fully_resolved
    whole = told(applicability(graph, [condition(skymap="s", tract=1)], by_step=False))
    assert whole["isr"] == (None, "applied", "inputs")


def test_the_path_and_what_is_missing_are_told() -> None:
    graph = pipeline(TASKS, STEPS)
    entries = applicability(graph, [condition(instrument="HSC", exposure=1, detector=2)])
    assert told(entries) == {
        "isr": ("step1", "translated", "quanta"),
        "consolidate": ("step1", "translated", "inputs"),
        "warp": ("step2", "translated", "inputs"),
        "coadd": ("step2", "translated", "inputs"),
        "trend": (None, "unfit", "none"),
    }
    assert entries[0]["path"] == ["exposure", "visit"]
    assert entries[-1]["missing"] == ["detector", "exposure"]


@pytest.mark.parametrize("by_step", [True, False])
def test_without_sets_there_is_nothing_to_tell(by_step: bool) -> None:
    assert applicability(pipeline({"isr": (PAIR, {"a": PAIR}, {"b": PAIR})}), [], by_step=by_step) == []
