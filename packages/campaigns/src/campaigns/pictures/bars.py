"""Bars of quanta: how many succeeded, failed and are still to come, by length and by words."""

from __future__ import annotations

from campaigns.domain.quanta import QuantaCounts
from campaigns.pictures.svg import element

__all__ = ("bar_parts", "counts_in_words", "quanta_bar")

_PARTS = (("succeeded", "good"), ("caveats", "caveat"), ("failed", "bad"), ("blocked", "blocked"))
"""What is drawn, in order, and the class of its colour; what is left over is unknown and stays empty."""

MIN_PERCENT = 1.5
"""A single failure among many thousands must still be seen."""


def counts_in_words(counts: QuantaCounts) -> str:
    """Say counts in words, such as ``97 of 100 quanta succeeded, 2 failed, 1 blocked``."""
    if counts.expected == 0:
        return "no quanta are known yet"
    told = [f"{counts.succeeded:,} of {counts.expected:,} quanta succeeded"]
    if counts.caveats:
        told[0] += f" ({counts.caveats:,} with caveats)"
    told += [
        f"{number:,} {word}"
        for number, word in ((counts.failed, "failed"), (counts.blocked, "blocked"), (counts.unknown, "not known yet"))
        if number
    ]
    return ", ".join(told)


def bar_parts(counts: QuantaCounts) -> list[tuple[str, float, float]]:
    """Give the pieces of a bar.

    Parameters
    ----------
    counts : `QuantaCounts`
        The counts.

    Returns
    -------
    parts : `list` [`tuple` [`str`, `float`, `float`]]
        Class, begin and width in percent, from left to right.
    """
    numbers = {
        "succeeded": counts.succeeded - counts.caveats,
        "caveats": counts.caveats,
        "failed": counts.failed,
        "blocked": counts.blocked,
    }
    whole = max(counts.expected, sum(numbers.values()), 1)
    widths = {name: max(100 * number / whole, MIN_PERCENT) if number else 0.0 for name, number in numbers.items()}
    scale = min(1.0, 100 / (sum(widths.values()) or 1.0))
    parts, begin = [], 0.0
    for name, tone in _PARTS:
        if widths[name]:
            parts.append((tone, begin, widths[name] * scale))
            begin += widths[name] * scale
    return parts


def quanta_bar(counts: QuantaCounts, *, height: int = 8) -> str:
    """Draw a bar of quanta that takes the width it is given.

    Parameters
    ----------
    counts : `QuantaCounts`
        The counts.
    height : `int`, optional
        In pixels.

    Returns
    -------
    svg : `str`
        An ``svg`` element with the counts in words as its label.
    """
    pieces = [
        element("rect", class_=f"q-{tone}", x=f"{begin:.2f}%", y=0, width=f"{width:.2f}%", height="100%")
        for tone, begin, width in bar_parts(counts)
    ]
    ground = element("rect", class_="q-ground", x=0, y=0, width="100%", height="100%")
    words = counts_in_words(counts)
    return element(
        "svg",
        element("title", words),
        ground,
        *pieces,
        class_="bar",
        role="img",
        aria_label=words,
        width="100%",
        height=height,
    )
