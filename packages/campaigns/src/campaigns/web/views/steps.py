"""The graph of steps as the pages draw it; that of a definition twice: to the right for wide pages, down for narrow ones."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from campaigns.domain.definition import Definition, StartKind
from campaigns.domain.groups import groups_of
from campaigns.domain.steps import StepState
from campaigns.pictures.graph import Direction, GraphNode, draw_graph
from campaigns.pictures.looks import LEGEND, look_of, settled

__all__ = ("graph_of_definition", "graph_of_states")


def graph_of_states(states: Sequence[StepState], *, base: str, ended: bool) -> Markup:
    """Draw the steps of a campaign with their states.

    Parameters
    ----------
    states : sequence of `StepState`
        The steps.
    base : `str`
        The campaign's page, to which the steps link.
    ended : `bool`
        Whether the campaign has ended, so that nothing needs anyone.
    """
    nodes = [
        GraphNode(
            name=state.step.name,
            needs=state.step.needs,
            look=settled(look_of(state.status)) if ended else look_of(state.status),
            counts=state.quanta,
            note=_note(state),
            title=state.step.title,
            href=f"{base}?tab=submissions#step-{state.step.name}",
        )
        for state in states
    ]
    return _drawn(nodes, Direction.RIGHT)


def graph_of_definition(definition: Definition) -> Markup:
    """Draw the steps of a definition that nothing has run of."""
    nodes = []
    for step in definition.steps:
        n_groups = len(groups_of(definition, step))
        note = "1 submission" if n_groups == 1 else f"{n_groups:,} submissions"
        nodes.append(GraphNode(name=step.name, needs=step.needs, look=LEGEND["planned"], note=note, title=step.title))
    return _drawn(nodes, *Direction)


def _drawn(nodes: Sequence[GraphNode], *directions: Direction) -> Markup:
    return Markup("".join(draw_graph(nodes, direction=direction) for direction in directions))  # noqa: S704 - pictures escape what they are given


def _note(state: StepState) -> str:
    whole = len(state.groups)
    if not any(group.newest for group in state.groups):
        start = ", started by a person" if state.step.start is StartKind.PERSON else ""
        return f"{whole} groups{start}" if whole > 1 else start.removeprefix(", ")
    if whole == 1:
        newest = state.groups[0].newest
        return "" if newest is None else newest.id if newest.attempt == 1 else f"{newest.id}, attempt {newest.attempt}"
    return f"{state.n_accepted}/{whole} accepted" if state.n_accepted else f"{whole} groups"
