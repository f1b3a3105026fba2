"""Writing SVG as text: escaped, without styles or scripts of its own, so that a strict content policy lets it pass."""

from __future__ import annotations

from html import escape

__all__ = ("element", "shortened", "text_element")

CHARACTER_EM = 0.62
"""How wide a character is taken to be, in ems: a little more than the average, so that text fits in most fonts."""


def element(name: str, *children: str, **attributes: object) -> str:
    """Write an element.

    Parameters
    ----------
    name : `str`
        The element's name.
    *children : `str`
        Its content, already written as SVG.
    **attributes : `object`
        Its attributes; `None` is left out, underscores become hyphens, a trailing one is dropped (``class_``).

    Returns
    -------
    svg : `str`
        The element.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{''.join(children)}</{name}>" if children else f"<{name}{told}/>"


def text_element(content: str, **attributes: object) -> str:
    """Write a ``text`` element, or another one (``name_="title"``), with escaped content."""
    name = str(attributes.pop("name_", "text"))
    return element(name, escape(content), **attributes)


def shortened(text: str, *, width: float, size: float) -> str:
    """Cut a text so that it fits into a width.

    Parameters
    ----------
    text : `str`
        The text.
    width : `float`
        The room there is, in the picture's units.
    size : `float`
        The font's size in the same units.

    Returns
    -------
    text : `str`
        The text, or its beginning and an ellipsis.
    """
    room = max(1, int(width / (size * CHARACTER_EM)))
    return text if len(text) <= room else text[: room - 1] + "…"


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
