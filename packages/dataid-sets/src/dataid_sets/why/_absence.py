"""Whether inputs and data query have a data ID that no quantum of a graph has."""

from __future__ import annotations

__all__ = ("first_query", "in_inputs", "in_query", "in_recorded_query", "pruned_evidence", "skipped_evidence")

from collections.abc import Iterator, Sequence

from lsst.daf.butler import ButlerUserError
from lsst.daf.butler.queries import Query
from lsst.pipe.base import PipelineGraph

from ._explanation import Evidence
from ._graph import KnownGraph
from ._question import Question

_TOLD = 5


def in_inputs(question: Question, graph: KnownGraph | None, inputs: Sequence[str]) -> tuple[bool, list[Evidence]]:
    """Look for datasets of the data ID among those that the graph starts from.

    Returns
    -------
    found : `bool`
        Whether there are some, of each type that one of the pipeline's parts starts from.
    evidence : `list` [`Evidence`]
        What types have any, and what types have none.
    """
    if graph is None:
        return _any_inputs(question, inputs)
    evidence, alive = [], []
    for part in graph.parts(question):
        lacking = False
        for name in _constraints(part, question):
            refs = question.datasets(name, inputs, limit=_TOLD + 1)
            evidence.append(_input(name, len(refs), inputs))
            lacking = lacking or not refs
        alive.append(not lacking)
    return any(alive) or not alive, evidence


def _any_inputs(question: Question, inputs: Sequence[str]) -> tuple[bool, list[Evidence]]:
    if not inputs:
        return True, []
    names = list(question.result_types(inputs))
    counts = {name: len(question.datasets(name, inputs, limit=_TOLD + 1)) for name in names}
    evidence = [_input(name, count, inputs) for name, count in counts.items()]
    return any(counts.values()) or not counts, evidence


def _input(name: str, count: int, inputs: Sequence[str]) -> Evidence:
    number = f"More than {_TOLD}" if count > _TOLD else str(count) if count else "No"
    told = f"{number} dataset{'' if count == 1 else 's'} of {name} with it in {', '.join(inputs)}."
    return Evidence("input", told, {"dataset_type": name, "found": count > 0, "collections": list(inputs)})


def _constraints(part: PipelineGraph, question: Question) -> list[str]:
    """Give the types that a part's first query asks for, of those that have to do with the data ID."""
    return [
        name
        for name, node in part.iter_overall_inputs()
        if node is not None
        and not node.is_prerequisite
        and node.is_initial_query_constraint
        and question.relates(node.dimensions)
    ]


def first_query(query: Query, question: Question, graph: KnownGraph, part: PipelineGraph, inputs: Sequence[str]) -> Query:
    """Give the query that a part's data IDs come from, for the data ID alone."""
    query = query.join_dimensions(part.get_all_dimensions(prerequisites=False))
    for name in _constraints(part, question):
        query = query.join_dataset_search(name, inputs)
    return query.where(question.data_id, part.data_id, graph.header.metadata.get("data_query") or "")


def in_query(question: Question, graph: KnownGraph, inputs: Sequence[str]) -> tuple[bool, list[Evidence]]:
    """Hold the data ID against the graph's data query, first alone, then with all dimensions and inputs of the pipeline.

    Returns
    -------
    found : `bool`
        Whether it is selected.
    evidence : `list` [`Evidence`]
        What was asked.
    """
    where = graph.header.metadata.get("data_query") or ""
    there, evidence = in_recorded_query(question, where)
    if not there:
        return False, evidence
    try:
        selected = []
        for part in graph.parts(question):
            with question.butler.query() as query:
                first = first_query(query, question, graph, part, inputs)
                selected.append(first.data_ids(part.get_all_dimensions(prerequisites=False)).any())
    except (ButlerUserError, ValueError) as error:
        return True, [_not_asked(where, error)]
    if any(selected) or not selected:
        return True, evidence
    told = f"No combination of {question} with the pipeline's other dimensions has all inputs, as where nothing overlaps a tract."
    return False, [Evidence("query", told, {"query": where})]


def in_recorded_query(question: Question, where: str) -> tuple[bool, list[Evidence]]:
    """Hold the data ID against a data query alone; as `in_query` otherwise."""
    if not where:
        return True, []
    try:
        with question.butler.query() as query:
            if not query.where(question.data_id, where).data_ids(question.data_id.dimensions).any():
                return False, [Evidence("query", f"The data query `{where}` does not select {question}.", {"query": where})]
    except (ButlerUserError, ValueError) as error:
        return True, [_not_asked(where, error)]
    return True, [Evidence("query", f"The data query `{where}` selects it.", {"query": where})]


def _not_asked(where: str, error: Exception) -> Evidence:
    told = f"The data query `{where}` could not be asked here: {' '.join(str(error).split())}"
    return Evidence("query", told, {"query": where})


def skipped_evidence(skipped: Sequence[str]) -> Iterator[Evidence]:
    """Tell which runs' successes a graph left out."""
    if skipped:
        told = f"Quanta that had succeeded in {', '.join(skipped)} were left out of this graph."
        yield Evidence("graph", told, {"skip_existing_in": list(skipped)})


def pruned_evidence(question: Question, graph: KnownGraph, inputs: Sequence[str]) -> Iterator[Evidence]:
    """Tell what the first task that has nothing planned for the data ID would have needed."""
    pipeline, tasks = graph.pipeline, graph.tasks(question)
    for label in tasks[:1]:
        for name, node in pipeline.inputs_of(label).items():
            if node is None or not question.relates(node.dimensions):
                continue
            producer = pipeline.producer_of(node.name)
            facts = {"task": label, "dataset_type": node.name}
            if producer is None:
                count = len(question.datasets(node.name, inputs, limit=_TOLD + 1))
                kind = "prerequisite" if node.is_prerequisite else "input"
                told = f"{label} needs the {kind} {name}, of which the inputs have {count or 'none'} with it."
                yield Evidence("task", told, {**facts, "found": count > 0})
            else:
                count = len(graph.quanta(question, [producer.label]))
                told = f"{label} needs {name} from {producer.label}, which has {count or 'no'} quanta for it in this graph."
                yield Evidence("task", told, {**facts, "found": count > 0})
    yield from skipped_evidence(graph.header.metadata.get("skip_existing_in") or ())
