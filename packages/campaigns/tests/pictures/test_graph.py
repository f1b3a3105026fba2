"""The graph of steps: well-formed, safe, and readable without colour."""

from __future__ import annotations

from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.quanta import QuantaCounts
from campaigns.pictures.graph import Direction, GraphNode, draw_graph
from campaigns.pictures.looks import LEGEND, SHAPES

NAMES = st.text(alphabet="abcdef_-<>&\"' é✕", min_size=1, max_size=60)


def node(name: str, *needs: str, key: str = "running", **fields: object) -> GraphNode:
    return GraphNode(name=name, needs=needs, look=LEGEND[key], **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("key", LEGEND)
def test_each_state_is_told_by_word_and_by_shape(key: str, direction: Direction) -> None:
    svg = draw_graph([node("step1", key=key)], direction=direction)
    drawn = minidom.parseString(svg).documentElement
    assert drawn is not None
    texts = [element.toxml() for element in drawn.getElementsByTagName("text")]
    assert any(f">{LEGEND[key].word}<" in text for text in texts)
    assert SHAPES[key] in svg
    [step] = [group for group in drawn.getElementsByTagName("g") if group.getAttribute("role") == "img"]
    assert step.getAttribute("aria-label").startswith(f"step1: {LEGEND[key].word}.")


def test_counts_and_needs_are_said_to_those_who_hear_the_page() -> None:
    counts = QuantaCounts(expected=10, succeeded=7, failed=2, blocked=1)
    svg = draw_graph([node("a"), node("b", "a", counts=counts, href="/campaigns/C-1")], direction=Direction.RIGHT)
    link = minidom.parseString(svg).getElementsByTagName("a")[0]
    assert link.getAttribute("href") == "/campaigns/C-1"
    [told] = link.getElementsByTagName("g")[:1]
    assert told.getAttribute("aria-label") == "b: running. 7 of 10 quanta succeeded, 2 failed, 1 blocked. It needs a."


def test_an_arrow_for_each_need_that_is_a_step() -> None:
    svg = draw_graph([node("a"), node("b", "a", "gone"), node("c", "a", "b")], direction=Direction.RIGHT)
    assert svg.count('class="arrow"') == 3


def test_no_styles_and_no_scripts_of_its_own() -> None:
    svg = draw_graph([node("a", title="<script>alert(1)</script>")], direction=Direction.DOWN)
    assert "<script" not in svg
    assert "style=" not in svg
    assert "<style" not in svg


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=8), st.sampled_from(Direction))
def test_any_graph_is_well_formed_even_one_with_cycles(graph: dict[str, list[str]], direction: Direction) -> None:
    names = list(graph)
    nodes = [node(name, *[names[len(one) % len(names)] for one in needs], title=name) for name, needs in graph.items()]
    drawn = minidom.parseString(draw_graph(nodes, direction=direction)).documentElement
    assert drawn is not None
    classes = [group.getAttribute("class") for group in drawn.getElementsByTagName("g")]
    assert sum(1 for one in classes if one.startswith("node ")) == len(graph)
