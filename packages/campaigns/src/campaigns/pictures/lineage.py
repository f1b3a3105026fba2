"""The line of a campaign: what it derives from and what derives from it, each with its state and what it has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.pictures.graph import Direction
from campaigns.pictures.layout import place_in_layers
from campaigns.pictures.looks import SHAPES, Look
from campaigns.pictures.svg import element, shortened, text_element

__all__ = ("LineNode", "draw_lineage")

WIDTH, HEIGHT = 216, 66
GAP_ALONG, GAP_ACROSS = 40, 14
MARGIN = 3
PAD = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNode:
    """A campaign as it is drawn.

    Attributes
    ----------
    id, name : `str`
        The campaign.
    look : `Look`
        Its state.
    parent : `str`, optional
        The id of what it derives from, if that is drawn too.
    note : `str`
        What it has in common with that.
    href : `str`
        Where it leads.
    is_here : `bool`
        Whether it is the one whose line this is.
    """

    id: str
    name: str
    look: Look
    href: str
    parent: str | None = None
    note: str = ""
    is_here: bool = False


def draw_lineage(nodes: Sequence[LineNode], *, direction: Direction) -> str:
    """Draw a line of campaigns.

    Parameters
    ----------
    nodes : sequence of `LineNode`
        The campaigns, parents before their children.
    direction : `Direction`
        Which way the arrows go: to the right on wide pages, down on narrow ones.

    Returns
    -------
    svg : `str`
        An ``svg`` element whose colours come from the page's style sheet.
    """
    places = place_in_layers({node.id: [node.parent] if node.parent else [] for node in nodes})
    corners: dict[str, tuple[float, float]] = {}
    for name, place in places.items():
        if direction is Direction.RIGHT:
            corners[name] = MARGIN + place.layer * (WIDTH + GAP_ALONG), MARGIN + place.across * (HEIGHT + GAP_ACROSS)
        else:
            corners[name] = MARGIN + place.across * (WIDTH + GAP_ACROSS), MARGIN + place.layer * (HEIGHT + GAP_ALONG * 0.7)
    width = max((x for x, _ in corners.values()), default=0) + WIDTH + MARGIN
    height = max((y for _, y in corners.values()), default=0) + HEIGHT + MARGIN
    arrows = [_arrow(corners[node.parent], corners[node.id], direction) for node in nodes if node.parent in corners]
    return element(
        "svg",
        element("g", *arrows, class_="arrows", aria_hidden="true"),
        *(_box(node, corners[node.id]) for node in nodes),
        class_=f"graph lineage {direction.value}",
        role="group",
        aria_label="Where it comes from, and what derives from it",
        viewBox=f"0 0 {width:g} {height:g}",
        width=float(width),
        height=float(height),
    )


def _arrow(begin: tuple[float, float], end: tuple[float, float], direction: Direction) -> str:
    if direction is Direction.RIGHT:
        x0, y0, x1, y1 = begin[0] + WIDTH, begin[1] + HEIGHT / 2, end[0] - 2, end[1] + HEIGHT / 2
        middle = (x0 + x1) / 2
        path = f"M{x0:g} {y0:g}C{middle:g} {y0:g} {middle:g} {y1:g} {x1 - 5:g} {y1:g}"
        head = f"M{x1 - 7:g} {y1 - 4:g}L{x1:g} {y1:g}L{x1 - 7:g} {y1 + 4:g}z"
    else:
        x0, y0, x1, y1 = begin[0] + WIDTH / 2, begin[1] + HEIGHT, end[0] + WIDTH / 2, end[1] - 2
        middle = (y0 + y1) / 2
        path = f"M{x0:g} {y0:g}C{x0:g} {middle:g} {x1:g} {middle:g} {x1:g} {y1 - 5:g}"
        head = f"M{x1 - 4:g} {y1 - 7:g}L{x1:g} {y1:g}L{x1 + 4:g} {y1 - 7:g}z"
    return element("path", class_="arrow", d=path) + element("path", class_="head", d=head)


def _box(node: LineNode, corner: tuple[float, float]) -> str:
    origin = f" It derives from {node.parent}: {node.note}." if node.parent else ""
    words = f"{node.id} {node.name}: {node.look.word}.{origin}{' This one.' if node.is_here else ''}"
    inside = WIDTH - 2 * PAD
    word = shortened(node.look.word, width=96, size=11)
    parts = [
        text_element(words, name_="title"),
        element("rect", class_="frame", x=0.5, y=0.5, width=WIDTH - 1, height=HEIGHT - 1, rx=7),
        element("g", SHAPES[node.look.key], class_="shape", transform=f"translate({PAD} 10) scale(0.875)"),
        text_element(node.id, class_="name", x=PAD + 20, y=21.5),
        text_element(word, class_="word", x=WIDTH - PAD, y=21, text_anchor="end"),
        text_element(shortened(node.name, width=inside, size=11), x=PAD, y=39),
        text_element(shortened(node.note, width=inside + 8, size=10.5), class_="note", x=PAD, y=55),
    ]
    classes = f"node tone-{node.look.tone.value} state-{node.look.key}{' here' if node.is_here else ''}"
    place = f"translate({corner[0]:g} {corner[1]:g})"
    group = element("g", *parts, class_=classes, transform=place, role="img", aria_label=words)
    return element("a", group, href=node.href, aria_current="true" if node.is_here else None)
