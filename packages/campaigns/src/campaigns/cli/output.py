"""What commands print: tables and lines for people, JSON with ``--json``; problems on standard error, always in the same form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from campaigns.domain.errors import CampaignError, EditConflict, InvalidInput, LostUpdate

__all__ = ("Output", "output_option", "text_of")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Output:
    """Where and how a command prints.

    Attributes
    ----------
    as_json : `bool`
        Whether for programs.
    """

    as_json: bool = False

    def say(self, text: str) -> None:
        """Print a line for people. With ``--json`` it goes to standard error, which is theirs."""
        click.echo(text, err=self.as_json)

    def document(self, document: Any, *, text: str) -> None:
        """Print a document to programs, and a text in its place to people."""
        click.echo(_dump(document) if self.as_json else text)

    def table(self, items: Sequence[Mapping[str, Any]], *, columns: Mapping[str, str], empty: str = "There are none.") -> None:
        """Print a list: all of it to programs, some columns of it to people.

        Parameters
        ----------
        items : sequence of mapping
            The items, as the server gave them.
        columns : mapping of `str` to `str`
            Heads of columns to keys of items, from left to right.
        empty : `str`, optional
            What people see if there are no items.
        """
        if self.as_json:
            click.echo(_dump({"items": list(items), "next": None}))
        elif not items:
            click.echo(empty)
        else:
            rows = [[_cell(item.get(key)) for key in columns.values()] for item in items]
            click.echo(aligned([list(columns), *rows]))

    def problem(self, error: CampaignError) -> None:
        """Print what went wrong, where, and what to do about it."""
        if self.as_json:
            click.echo(_dump(error.as_problem()), err=True)
            return
        click.echo(f"error: {error.message}", err=True)
        _details(error.where, error.remedy, indent="  ")
        for fault in error.faults:
            if fault.message == error.message and fault.where == error.where:
                continue
            click.echo(f"  - {fault.message}", err=True)
            _details(fault.where, fault.remedy, indent="    ")
        for line in _both(error):
            click.echo(f"  {line}", err=True)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Set rows of equal length in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def text_of(file: Path) -> str:
    """Read a file of text that somebody gave.

    Raises
    ------
    InvalidInput
        If it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        where = f"{file}, byte {error.start}"
        raise InvalidInput(f"{file} is not UTF-8 text.", where=where, remedy="Give a text file, saved as UTF-8.") from None


def output_option(command: Callable[Concatenate[Output, P], R]) -> Callable[P, R]:
    """Give a command the option ``--json``, and its `Output` as the first argument."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(click.get_current_context().find_object(Output) or Output(), *args, **kwargs)

    def choose(context: click.Context, _parameter: click.Parameter, value: object) -> None:
        output = context.find_object(Output)
        if output is not None and value:
            output.as_json = True

    # Eager, so that even an error in the other options is printed as asked for.
    option = click.option(
        "--json", is_flag=True, expose_value=False, is_eager=True, callback=choose, help="Print JSON, for programs."
    )
    return option(update_wrapper(run, command))


def _details(where: str | None, remedy: str | None, *, indent: str) -> None:
    for name, text in (("where", where), ("remedy", remedy)):
        if text:
            click.echo(f"{indent}{name}: {text}", err=True)


def _both(error: CampaignError) -> list[str]:
    """Show what others changed meanwhile beside one's own change."""
    match error:
        case EditConflict():
            newest = error.newest
            return [f"version {newest['version']}, by {newest['author']}:", newest["body"], "yours:", error.yours]
        case LostUpdate():
            base = f"revision {error.base_revision}" if error.base_revision else "before"
            heads = {"base": base, "newest": f"revision {error.newest_revision}", "yours": "yours"}
            width = max(map(len, heads.values()))
            lines = []
            for place in error.differences:
                lines.append(f"{place['where']}{'  (both changed it)' if place['conflict'] else ''}")
                lines += [f"  {head.ljust(width)}  {_value(place[side])}" for side, head in heads.items()]
            return lines
        case _:
            return []


def _value(value: object) -> str:
    return "-" if value is None else _cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    # A line break would break the table, and control characters the terminal.
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def _dump(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
