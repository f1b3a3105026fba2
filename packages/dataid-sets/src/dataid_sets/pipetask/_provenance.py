"""What a graph's header keeps of the sets it was made under."""

from __future__ import annotations

__all__ = ("PROVENANCE_KEY", "provenance")

from collections.abc import Sequence
from typing import Any

from .._record import parse_reference
from .._sets import DataIdSets
from ._fitness import Judgement

PROVENANCE_KEY = "dataid_sets"
"""The key in the header's metadata."""


def provenance(sets: DataIdSets, judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """Describe the sets of a graph for its header.

    Parameters
    ----------
    sets : `DataIdSets`
        The registry's sets.
    judgements : sequence of `Judgement`
        How they met each part of the pipeline.

    Returns
    -------
    entries : `list` [`dict`]
        One for each set, in the order given, ready for JSON: ``name``, ``version`` (`None` for data IDs of a file), ``digest``,
        ``reasons_digest``, ``rows``, ``dimensions``, ``role``, ``rule``, ``visit_system``, ``source`` (``registry``, or the
        file's name), ``fit`` by the labels of the tasks, and ``path``, what it was translated over.
    """
    entries: dict[int, dict[str, Any]] = {}
    for judgement in judgements:
        key = id(judgement.condition)
        if key not in entries:
            entries[key] = _entry(sets, judgement)
        entry = entries[key]
        entry["fit"].update({task: judgement.fitness_for(task).value for task in judgement.tasks})
        entry["path"] = entry["path"] or list(judgement.fit.path)
    return list(entries.values())


def _entry(sets: DataIdSets, judgement: Judgement) -> dict[str, Any]:
    condition = judgement.condition
    name, version, source = condition.label, None, condition.label
    if condition.table is None:
        reference = parse_reference(condition.label)
        name, version, source = reference.name, reference.version, "registry"
        reasons_digest = sets.find(reference, removed=True).reasons_digest
    else:
        reasons_digest = condition.table.reasons_digest
    return {
        "name": name,
        "version": version,
        "digest": condition.digest,
        "reasons_digest": reasons_digest,
        "rows": condition.n_rows,
        "dimensions": list(condition.dimensions.required),
        "role": condition.role.value,
        "rule": condition.rule.value,
        "visit_system": condition.visit_system,
        "source": source,
        "fit": {},
        "path": [],
    }
