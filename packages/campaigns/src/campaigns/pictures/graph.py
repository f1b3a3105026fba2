"""The graph of a campaign's steps: state, counts and arrows, each step a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.domain.quanta import QuantaCounts
from campaigns.pictures.bars import bar_parts, counts_in_words
from campaigns.pictures.layout import Place, place_in_layers
from campaigns.pictures.looks import SHAPES, Look
from campaigns.pictures.svg import element, shortened, text_element

__all__ = ("Direction", "GraphNode", "draw_graph")

WIDTH, HEIGHT = 204, 74
GAP_ALONG, GAP_ACROSS = 44, 18
MARGIN = 3
NOTHING = QuantaCounts()
PAD = 14


class Direction(StrEnum):
    """Which way the arrows go: to the right on wide pages, down on narrow ones."""

    RIGHT = "right"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A step as it is drawn.

    Attributes
    ----------
    name : `str`
        The step's name.
    needs : sequence of `str`
        The steps before it.
    look : `Look`
        Its state.
    counts : `QuantaCounts`
        The sums over its newest attempts.
    note : `str`
        One short line, such as ``2 of 3 groups accepted``.
    title : `str`
        What the step does.
    href : `str`, optional
        Where it leads.
    """

    name: str
    look: Look
    needs: Sequence[str] = field(default_factory=tuple)
    counts: QuantaCounts = NOTHING
    note: str = ""
    title: str = ""
    href: str | None = None


def draw_graph(nodes: Sequence[GraphNode], *, direction: Direction, label: str = "Graph of steps") -> str:
    """Draw the graph of steps.

    Parameters
    ----------
    nodes : sequence of `GraphNode`
        The steps, in the definition's order.
    direction : `Direction`
        Which way the arrows go.
    label : `str`, optional
        What the picture is, for those who hear the page.

    Returns
    -------
    svg : `str`
        An ``svg`` element whose colours come from the page's style sheet.
    """
    places = place_in_layers({node.name: node.needs for node in nodes})
    corners = {name: _corner(place, direction) for name, place in places.items()}
    width = max((x for x, _ in corners.values()), default=0) + WIDTH + MARGIN
    height = max((y for _, y in corners.values()), default=0) + HEIGHT + MARGIN
    arrows = [
        _arrow(corners[needed], corners[node.name], direction)
        for node in nodes
        for needed in node.needs
        if needed in corners and needed != node.name
    ]
    boxes = [_box(node, corners[node.name]) for node in nodes]
    return element(
        "svg",
        element("g", *arrows, class_="arrows", aria_hidden="true"),
        *boxes,
        class_=f"graph {direction.value} layers-{1 + max((place.layer for place in places.values()), default=0)}",
        role="group",
        aria_label=label,
        viewBox=f"0 0 {width:g} {height:g}",
        width=float(width),
        height=float(height),
    )


def _corner(place: Place, direction: Direction) -> tuple[float, float]:
    if direction is Direction.RIGHT:
        return MARGIN + place.layer * (WIDTH + GAP_ALONG), MARGIN + place.across * (HEIGHT + GAP_ACROSS)
    return MARGIN + place.across * (WIDTH + GAP_ACROSS), MARGIN + place.layer * (HEIGHT + GAP_ALONG * 0.7)


def _arrow(begin: tuple[float, float], end: tuple[float, float], direction: Direction) -> str:
    """Draw a curve from one box to the next, with a head that needs no marker (markers want ids)."""
    if direction is Direction.RIGHT:
        x0, y0, x1, y1 = begin[0] + WIDTH, begin[1] + HEIGHT / 2, end[0] - 2, end[1] + HEIGHT / 2
        bend = max(16.0, (x1 - x0) / 2)
        path = f"M{x0:g} {y0:g}C{x0 + bend:g} {y0:g} {x1 - bend:g} {y1:g} {x1 - 5:g} {y1:g}"
        head = f"M{x1 - 7:g} {y1 - 4:g}L{x1:g} {y1:g}L{x1 - 7:g} {y1 + 4:g}z"
    else:
        x0, y0, x1, y1 = begin[0] + WIDTH / 2, begin[1] + HEIGHT, end[0] + WIDTH / 2, end[1] - 2
        bend = max(10.0, (y1 - y0) / 2)
        path = f"M{x0:g} {y0:g}C{x0:g} {y0 + bend:g} {x1:g} {y1 - bend:g} {x1:g} {y1 - 5:g}"
        head = f"M{x1 - 4:g} {y1 - 7:g}L{x1:g} {y1:g}L{x1 + 4:g} {y1 - 7:g}z"
    return element("path", class_="arrow", d=path) + element("path", class_="head", d=head)


def _box(node: GraphNode, corner: tuple[float, float]) -> str:
    """Draw a step: frame, shape and word of its state, name, counts and bar."""
    needs = f" It needs {', '.join(node.needs)}." if node.needs else ""
    note = f" {node.note}." if node.note else ""
    words = f"{node.name}: {node.look.word}. {counts_in_words(node.counts).capitalize()}.{note}{needs}"
    inside = WIDTH - 2 * PAD
    word = shortened(node.look.word, width=110, size=11)
    parts = [
        text_element(words if not node.title else f"{node.title} — {words}", name_="title"),
        element("rect", class_="frame", x=0.5, y=0.5, width=WIDTH - 1, height=HEIGHT - 1, rx=7),
        element("g", SHAPES[node.look.key], class_="shape", transform=f"translate({PAD} 12) scale(0.875)"),
        text_element(shortened(node.name, width=inside - 22 - 7 * len(word), size=13), class_="name", x=PAD + 20, y=24),
        text_element(word, class_="word", x=WIDTH - PAD, y=23.5, text_anchor="end"),
        text_element(
            shortened(node.note, width=inside - (70 if node.counts.expected else 0), size=11), class_="note", x=PAD, y=44
        ),
        text_element(_short_counts(node.counts), class_="counts", x=WIDTH - PAD, y=44, text_anchor="end"),
        *([element("rect", class_="q-ground", x=PAD, y=55, width=inside, height=7)] if node.counts.expected else []),
        *[
            element("rect", class_=f"q-{tone}", x=PAD + inside * begin / 100, y=55, width=inside * width / 100, height=7)
            for tone, begin, width in bar_parts(node.counts)
        ],
    ]
    classes = f"node tone-{node.look.tone.value} state-{node.look.key}"
    place = f"translate({corner[0]:g} {corner[1]:g})"
    group = element("g", *parts, class_=classes, transform=place, role="img", aria_label=words)
    return element("a", group, href=node.href) if node.href else group


def _short_counts(counts: QuantaCounts) -> str:
    if counts.expected == 0:
        return ""
    failed = f" {counts.failed:,}✕" if counts.failed else ""
    return f"{counts.succeeded:,}/{counts.expected:,}{failed}"
