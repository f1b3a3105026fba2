"""The order in which reasons are looked for."""

from __future__ import annotations

__all__ = ("explain",)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import networkx
from lsst.daf.butler import DataCoordinate

from .._errors import DataIdSetSchemaError, DataIdSetValueError
from .._uses import Use, UseKind
from ..pipetask._provenance import PROVENANCE_KEY
from ._absence import in_inputs, in_query, in_recorded_query, pruned_evidence, skipped_evidence
from ._by_sets import entries_of, judge_sets, used_sets
from ._explanation import Evidence, Explanation, Verdict
from ._graph import KnownGraph, Quantum, UnreadableGraphError, open_graph
from ._quanta import State, fates, judge_fates, run_fates
from ._question import Question, UnknownDataIdError, ask

if TYPE_CHECKING:
    from ._facade import SetExplaining

_TOLD = 10


def explain(
    sets: SetExplaining,
    collection: str,
    data_id: DataCoordinate | Mapping[str, Any],
    *,
    dataset_type: str | None,
    graph: str | None,
    inputs: Sequence[str] | None,
) -> Explanation:
    """Tell why a data ID is not in an output; see `DataIdSets.explain`."""
    try:
        uses = sets.uses(collection=collection)
    except DataIdSetSchemaError:
        # Where there are no sets, none is to blame.
        uses = []
    graphs, notes = _graphs(sets, uses, graph)
    outputs = {use.collection for use in uses} | {each.header.output_run for each in graphs}
    try:
        question = ask(sets.butler, collection, data_id, wanted=dataset_type, outputs=outputs)
    except UnknownDataIdError as error:
        evidence = (Evidence("registry", str(error)),)
        named = dict(data_id.required) if isinstance(data_id, DataCoordinate) else dict(data_id)
        told = "The registry has no record of it."
        asked: dict[str, Any] = {"collection": collection, "data_id": named, "dataset_type": dataset_type}
        return Explanation(verdict=Verdict.UNKNOWN_DATA_ID, message=told, evidence=evidence, **asked)
    _check_type(question, graphs)
    known: dict[str, Any] = {"graphs": graphs, "uses": uses, "inputs": inputs, "notes": notes, "given": graph is not None}
    return _Search(sets=sets, question=question, **known).answer()


def _graphs(sets: SetExplaining, uses: Sequence[Use], given: str | None) -> tuple[list[KnownGraph], list[Evidence]]:
    """Read the graphs that are known, the newest first."""
    if given is not None:
        return [open_graph(given, sets.butler)], []
    found, notes = [], []
    for path in dict.fromkeys(use.graph for use in reversed(uses) if use.graph is not None):
        try:
            found.append(open_graph(path, sets.butler))
        except UnreadableGraphError as error:
            notes.append(_unreadable(path, error))
    return found, notes


def _unreadable(path: Any, error: UnreadableGraphError) -> Evidence:
    return Evidence("graph", error.problems[0].message, {"graph": str(path)})


def _check_type(question: Question, graphs: Sequence[KnownGraph]) -> None:
    wanted = question.wanted
    if wanted is None or question.dataset_type is not None or any(wanted in each.pipeline.dataset_types for each in graphs):
        return
    told = f"There is no dataset type {wanted}."
    raise DataIdSetValueError(told, where="dataset_type", remedy="`butler query-dataset-types REPO` lists them.")


@dataclass(kw_only=True)
class _Search:
    """One search for a reason."""

    sets: SetExplaining
    question: Question
    graphs: list[KnownGraph]
    uses: list[Use]
    inputs: Sequence[str] | None
    given: bool = False
    notes: list[Evidence] = field(default_factory=list)

    def answer(self) -> Explanation:
        """Look for the first reason that holds."""
        for each in tuple(self.graphs):
            if quanta := each.quanta(self.question, each.tasks(self.question)):
                try:
                    return self._by_quanta(each, quanta)
                except UnreadableGraphError as error:
                    # Of a damaged file some parts can still be read.
                    if self.given:
                        raise
                    self.graphs.remove(each)
                    self.notes.append(_unreadable(each.path, error))
        if found := self._found():
            return found
        return self._absent(self.graphs[0] if self.graphs else None)

    def _say(self, verdict: Verdict, message: str, evidence: Sequence[Evidence]) -> Explanation:
        question = self.question
        known: dict[str, Any] = {"collection": question.collection, "data_id": question.named, "dataset_type": question.wanted}
        return Explanation(verdict=verdict, message=message, evidence=(*evidence, *self.notes), **known)

    def _by_quanta(self, graph: KnownGraph, quanta: Sequence[Quantum]) -> Explanation:
        found = fates(self.question, graph, quanta)
        labels = {each.task for each in found}
        waits = graph.pipeline.make_task_xgraph()
        keys = {label: graph.pipeline.tasks[label].key for label in labels}
        last = [label for label in labels if not networkx.descendants(waits, keys[label]) & set(keys.values())]
        verdict, message, evidence = judge_fates(self.question, found, last)
        self.notes.append(_graph_evidence(graph))
        if any(each.state is State.NOT_RUN for each in found):
            told = "The registry may not know yet what a batch system did: logs and metadata arrive with its final job."
            self.notes.append(Evidence("graph", told))
        return self._say(verdict, message, [*evidence, *self._partly(graph)])

    def _partly(self, graph: KnownGraph) -> list[Evidence]:
        """Tell which sets took a part of the data ID away."""
        used = used_sets(self.sets, self.question, graph.header.metadata.get(PROVENANCE_KEY, ()))
        _, evidence = judge_sets(self.sets, self.question, used, graph, self._inputs(graph)) if used else (None, [])
        return [each for each in evidence if each.facts.get("role") == "exclude" and each.facts.get("rows")]

    def _found(self) -> Explanation | None:
        """Look for results of the data ID, and for failures, in the output alone."""
        question = self.question
        names = [question.wanted] if question.wanted else list(question.result_types(question.runs))
        refs = {name: question.datasets(name, question.runs) for name in names if name}
        refs = {name: each for name, each in refs.items() if each}
        known = run_fates(question) if not self.graphs else []
        bad = [each for each in known if each.state is State.FAILED]
        if bad and (question.wanted is None or not refs):
            verdict, message, evidence = judge_fates(question, known, {each.task for each in bad})
            return self._say(verdict, message, [*evidence, *_datasets(refs)])
        if not refs:
            return None
        told = f"{question} is in {question.collection}: it has {', '.join(refs)}."
        return self._say(Verdict.PRESENT, told, _datasets(refs))

    def _absent(self, graph: KnownGraph | None) -> Explanation:
        """Find out what kept the data ID out of all graphs."""
        question, inputs = self.question, self._inputs(graph)
        if graph is not None:
            self.notes.append(_graph_evidence(graph))
        there, evidence = in_inputs(question, graph, inputs)
        if not there:
            lacking = ", ".join(each.facts["dataset_type"] for each in evidence if not each.facts["found"])
            return self._say(Verdict.NOT_IN_INPUTS, f"The inputs have no {lacking} of {question}.", evidence)
        selected, asked = self._selected(graph, inputs)
        evidence += asked
        if not selected:
            return self._say(Verdict.NOT_IN_QUERY, asked[0].message, evidence)
        entries = graph.header.metadata.get(PROVENANCE_KEY) if graph is not None else None
        used = used_sets(self.sets, question, entries_of(self._set_uses()) if entries is None else entries)
        verdict, told = judge_sets(self.sets, question, used, graph, inputs) if used else (None, [])
        if verdict is not None:
            return self._say(verdict, told[0].message, [*told, *evidence])
        evidence += told
        if graph is not None and question.kind.name != "TAGGED":
            message = f"The graph was made with {question} in its inputs and query, but has no quantum for it."
            return self._say(Verdict.PRUNED, message, [*pruned_evidence(question, graph, inputs), *evidence])
        message = f"{question.collection} has nothing of {question}; no graph is known that could tell more."
        return self._say(Verdict.NOT_RUN, message, [*evidence, *self._skipped()])

    def _selected(self, graph: KnownGraph | None, inputs: Sequence[str]) -> tuple[bool, list[Evidence]]:
        """Hold the data ID against the graph's data query, or against those that were recorded with the uses."""
        if graph is not None:
            return in_query(self.question, graph, inputs)
        evidence: list[Evidence] = []
        for where in {use.collection: use.translation["query"] for use in self._recorded()}.values():
            selected, asked = in_recorded_query(self.question, where)
            if selected:
                return True, asked
            evidence += asked
        return not evidence, evidence

    def _skipped(self) -> list[Evidence]:
        names = [name for use in self._recorded() for name in use.translation.get("skip_existing_in") or ()]
        return list(skipped_evidence(list(dict.fromkeys(names))))

    def _recorded(self) -> list[Use]:
        """Give the uses for graphs of which it was written down what they were made of, the oldest first."""
        return [use for use in self.uses if use.kind is UseKind.GRAPH and use.translation.get("query") is not None]

    def _set_uses(self) -> list[Use]:
        """Give the uses that are known for the output, one for each set and role."""
        kind = UseKind.TAGGED if self.question.kind.name == "TAGGED" else UseKind.GRAPH
        return list({(use.reference, use.role): use for use in self.uses if use.kind == kind}.values())

    def _inputs(self, graph: KnownGraph | None) -> list[str]:
        if self.inputs is not None:
            return list(self.inputs)
        if graph is not None:
            return list(graph.header.inputs)
        recorded = [name for use in self._recorded() for name in use.translation.get("inputs") or ()]
        return list(dict.fromkeys(recorded)) or list(self.question.others)


def _graph_evidence(graph: KnownGraph) -> Evidence:
    header = graph.header
    told = f"The graph {graph.path} of {header.user} for {header.output_run} has {header.n_quanta:,} quanta."
    return Evidence("graph", told, {"graph": str(graph.path), "output_run": header.output_run, "user": header.user})


def _datasets(refs: Mapping[str, Sequence[Any]]) -> list[Evidence]:
    return [
        Evidence(
            "datasets",
            f"{len(listed):,} of {name} in {', '.join(sorted({ref.run for ref in listed}))}.",
            {"dataset_type": name, "count": len(listed), "ids": [str(ref.id) for ref in listed[:_TOLD]]},
        )
        for name, listed in refs.items()
    ]
