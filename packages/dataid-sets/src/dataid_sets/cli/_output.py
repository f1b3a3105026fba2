"""What commands print: tables as Butler's other commands have them, and JSON."""

from __future__ import annotations

__all__ = ("NOTHING", "digits", "echo_fields", "echo_json", "echo_table", "mappings", "one_line")

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .. import DataIdTable

NOTHING = "No results. Try --help for more information."
"""What Butler's own commands say."""


def one_line(text: str) -> str:
    """Make text safe for a terminal: no line breaks, no control characters of whoever wrote a description."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def digits(number: int) -> str:
    """Give a number as people read it."""
    return f"{number:,}"


def mappings(table: DataIdTable) -> list[dict[str, Any]]:
    """Give data IDs and reasons as JSON has them, in the order that people know dimensions in."""
    rows: list[dict[str, Any]] = table.arrow.select([*table.dimensions.required, "reason"]).to_pylist()
    return rows


def echo_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=2))


def echo_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values below each other; empty values are left out."""
    shown = {name: _cell(value) for name, value in fields.items() if value not in (None, "", [], {})}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        click.echo(f"{name:<{width}}  {value}")


def echo_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers stand to the right."""
    # Astropy takes long to load, and a command line may be wrong.
    from astropy.table import Table

    listed = list(rows)
    if not listed:
        click.echo(NOTHING)
        return
    numeric = [all(isinstance(row[place], int) for row in listed) for place in range(len(heads))]
    columns = [[row[place] if number else _cell(row[place]) for row in listed] for place, number in enumerate(numeric)]
    table = Table(dict(zip(heads, columns, strict=True)))
    for line in table.pformat(max_lines=-1, max_width=-1, align=[">" if number else "<" for number in numeric]):
        click.echo(line.rstrip())


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return digits(value)
        case list() | tuple():
            return one_line(", ".join(map(str, value)))
        case dict():
            return one_line(json.dumps(value))
        case _:
            return one_line(str(value))
