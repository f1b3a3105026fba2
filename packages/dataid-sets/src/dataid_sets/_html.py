"""What notebooks show."""

from __future__ import annotations

__all__ = ("html_paragraph", "html_table")

import html
from collections.abc import Iterable, Sequence
from typing import Any

_LEFT = " style='text-align:left'"


def html_paragraph(text: str) -> str:
    """Give text as a paragraph; line breaks stay."""
    return f"<p>{_escaped(text)}</p>"


def html_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Give rows as a table; whole numbers stand to the right."""
    head = "".join(f"<th{_LEFT}>{_escaped(each)}</th>" for each in heads)
    lines = [head, *("".join(map(_cell, row)) for row in rows)]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"<td style='text-align:right'>{value:,}</td>"
    return f"<td{_LEFT}>{_escaped('' if value is None else str(value))}</td>"


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
