"""Placing the steps of a graph in layers, so that every arrow goes one way and few of them cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ("Place", "place_in_layers")

SWEEPS = 4
"""How often the layers are put in order; more changes little for graphs of this size."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its layer, from 0, and its place across it, in units of nodes, layers being centred."""

    layer: int
    across: float


def place_in_layers(needs: Mapping[str, Sequence[str]]) -> dict[str, Place]:
    """Place the nodes of an acyclic graph.

    Parameters
    ----------
    needs : mapping of `str` to sequence of `str`
        Each node and those before it; unknown names are passed over, and what would be a cycle is cut.

    Returns
    -------
    places : `dict` [`str`, `Place`]
        For each node, in the order of ``needs``.

    Notes
    -----
    The layer is the longest way from a source; inside a layer, nodes are put in order by the mean place of their neighbours
    (the barycentre method of Sugiyama, Tagawa and Toda, 1981).
    """
    known = {name: [needed for needed in before if needed in needs] for name, before in needs.items()}
    layer_of = _layers(known)
    layers: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for name in known:
        layers[layer_of[name]].append(name)
    after: dict[str, list[str]] = {name: [] for name in known}
    for name, before in known.items():
        for needed in before:
            after[needed].append(name)
    for sweep in range(SWEEPS):
        neighbours = known if sweep % 2 == 0 else after
        _order(layers if sweep % 2 == 0 else layers[::-1], neighbours)
    widest = max((len(layer) for layer in layers), default=0)
    places = {
        name: Place(number, position + (widest - len(layer)) / 2)
        for number, layer in enumerate(layers)
        for position, name in enumerate(layer)
    }
    return {name: places[name] for name in known}


def _layers(known: Mapping[str, Sequence[str]]) -> dict[str, int]:
    layer_of: dict[str, int] = {}

    def visit(name: str, path: frozenset[str]) -> int:
        if name not in layer_of:
            inner = [visit(needed, path | {name}) for needed in known[name] if needed not in path and needed != name]
            layer_of[name] = max(inner, default=-1) + 1
        return layer_of[name]

    for name in known:
        visit(name, frozenset())
    return layer_of


def _order(layers: Sequence[list[str]], neighbours: Mapping[str, Sequence[str]]) -> None:
    """Sort each layer after the first by the mean place of its nodes' neighbours; those without keep theirs."""
    place = {name: float(position) for layer in layers for position, name in enumerate(layer)}
    for layer in layers[1:]:
        means = {
            name: sum(place[one] for one in neighbours[name]) / len(neighbours[name]) if neighbours[name] else place[name]
            for name in layer
        }
        layer.sort(key=means.__getitem__)
        place.update({name: float(position) for position, name in enumerate(layer)})
