"""Differences of documents, field by field: what it was and what it is.

Lists of named things are matched by their names, so that a step that moved is not ten fields that changed. The differences are
whole: applied to the one document they give the other. Which fields there are is not known here: new ones are compared too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from campaigns.domain.definition import Definition

__all__ = (
    "NAMES",
    "Difference",
    "DifferenceKind",
    "Item",
    "Line",
    "Path",
    "apply_differences",
    "definition_differences",
    "differences",
    "document_of",
    "is_nothing",
    "line_changes",
    "path_text",
    "value_at",
)

NAMES: Final = ("name", "title", "label")
"""What things in lists are called by: the first of these that all of a list have."""


BY_ITSELF: Final = ""
WITHOUT_VERSION: Final = "@"


@dataclass(frozen=True, slots=True)
class Item:
    """A thing of a list, by its name.

    Attributes
    ----------
    name : `str`
        The name.
    by : `str`
        What gives the name: a key of the object; for a text, nothing for the text itself, or ``@`` for the part before its
        version.
    """

    name: str
    by: str = BY_ITSELF


Path: TypeAlias = tuple[str | Item, ...]
"""A place in a document: keys, and names of things in lists."""


class DifferenceKind(StrEnum):
    """What happened to a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which two documents differ.

    Attributes
    ----------
    path : `tuple`
        The place.
    kind : `DifferenceKind`
        Whether it came, went, changed, or its things stand in another order.
    before, after : `typing.Any`
        What it was and what it is, as JSON; `None` for what is not there. For an order, the names in it.
    by : `str`
        For an order: what gives the names, as for `Item`.
    """

    path: Path
    kind: DifferenceKind
    before: Any
    after: Any
    by: str = BY_ITSELF

    @property
    def where(self) -> str:
        """The place as people write it, such as ``steps[step2].gate.accept`` (`str`)."""
        return path_text(self.path)

    @property
    def is_text(self) -> bool:
        """Whether it is text of several lines, better shown by lines (`bool`)."""
        both = [value for value in (self.before, self.after) if value is not None]
        return all(isinstance(value, str) for value in both) and any("\n" in value.strip() for value in both)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: ``+`` came, ``-`` went, a space stayed, ``@`` begins a place."""

    sign: str
    text: str


def definition_differences(before: Definition, after: Definition) -> list[Difference]:
    """List what differs between two definitions, in the order of the schema; see `differences`."""
    return differences(document_of(before), document_of(after))


def document_of(definition: Definition) -> dict[str, Any]:
    """Give a definition as a whole document: fields at their defaults are there too, so that they can be told."""
    return definition.model_dump(mode="json")


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """List what differs between two JSON documents.

    Parameters
    ----------
    before, after : `dict`
        The documents.

    Returns
    -------
    differences : `list` [`Difference`]
        In the order of the first document's keys, then of the second's; empty if they are equal.

    Notes
    -----
    Things in lists are matched where all of them have different names: objects by ``name``, ``title`` or ``label``, texts by
    themselves, DataId sets by their names without the version. Other lists, such as those of numbers, are compared as a whole.
    """
    return list(_of_mappings((), before, after))


def apply_differences(document: dict[str, Any], found: Iterable[Difference]) -> dict[str, Any]:
    """Give a document in which differences are applied; the document itself stays.

    Parameters
    ----------
    document : `dict`
        The document that they were found from.
    found : iterable of `Difference`
        What `differences` gave, in its order.
    """
    changed = deepcopy(document)
    for one in found:
        _apply(changed, one)
    return changed


def value_at(document: Any, path: Path) -> Any:
    """Give what stands at a place of a document; `None` where there is nothing."""
    here = document
    for part in path:
        if isinstance(part, Item):
            here = _named(here, part.by).get(part.name) if isinstance(here, list) else None
        else:
            here = here.get(part) if isinstance(here, dict) else None
    return here


def path_text(path: Path) -> str:
    """Write a place as people do, such as ``steps[step2].gate.accept``."""
    text = ""
    for part in path:
        text += f"[{part.name}]" if isinstance(part, Item) else f".{part}" if text else part
    return text


def is_nothing(value: Any) -> bool:
    """Tell whether a value says nothing: none, or an empty text, list or object."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def line_changes(before: str, after: str, *, context: int = 1) -> list[Line]:
    """Compare two texts by lines.

    Parameters
    ----------
    before, after : `str`
        The texts.
    context : `int`, optional
        How many lines that stayed are shown around each change.
    """
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context))[2:]
    return [Line(line[:1], line if line[:1] == "@" else line[1:]) for line in lines]


# ---- finding ------------------------------------------------------------------------------------------------------


def _of_values(path: Path, before: Any, after: Any) -> Iterable[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_mappings(path, before, after)
    elif isinstance(before, list) and isinstance(after, list) and (by := _naming(path, before, after)) is not None:
        yield from _of_lists(path, before, after, by=by)
    elif not _same(before, after):
        yield Difference(path, DifferenceKind.CHANGED, before, after)


def _of_mappings(path: Path, before: dict[str, Any], after: dict[str, Any]) -> Iterable[Difference]:
    for key, value in before.items():
        if key in after:
            yield from _of_values((*path, key), value, after[key])
        else:
            yield Difference((*path, key), DifferenceKind.REMOVED, value, None)
    for key, value in after.items():
        if key not in before:
            yield Difference((*path, key), DifferenceKind.ADDED, None, value)


def _of_lists(path: Path, before: list[Any], after: list[Any], *, by: str) -> Iterable[Difference]:
    olds, news = _named(before, by), _named(after, by)
    for name, value in olds.items():
        if name in news:
            yield from _of_values((*path, Item(name, by)), value, news[name])
        else:
            yield Difference((*path, Item(name, by)), DifferenceKind.REMOVED, value, None)
    for name, value in news.items():
        if name not in olds:
            yield Difference((*path, Item(name, by)), DifferenceKind.ADDED, None, value)
    # What stayed keeps its place, and what came stands behind it: only another order than that must be told.
    expected = [name for name in olds if name in news] + [name for name in news if name not in olds]
    if expected != list(news):
        yield Difference(path, DifferenceKind.ORDER, list(olds), list(news), by)


def _naming(path: Path, *lists: list[Any]) -> str | None:
    """Tell what gives the things of lists names that are all different in each; `None` if nothing does."""
    together = [value for values in lists for value in values]
    if not together:
        return None
    if all(isinstance(value, str) for value in together):
        ways: Sequence[str] = (WITHOUT_VERSION, BY_ITSELF) if "sets" in path else (BY_ITSELF,)
    elif all(isinstance(value, dict) for value in together):
        ways = [key for key in NAMES if all(isinstance(value.get(key), str) for value in together)]
    else:
        return None
    return next((by for by in ways if all(len(_named(values, by)) == len(values) for values in lists)), None)


def _named(values: Sequence[Any], by: str) -> dict[str, Any]:
    return {_name_of(value, by): value for value in values}


def _name_of(value: Any, by: str) -> str:
    if by == BY_ITSELF:
        return str(value)
    if by == WITHOUT_VERSION:
        return str(value).partition("@")[0]
    return str(value.get(by)) if isinstance(value, dict) else ""


def _same(before: Any, after: Any) -> bool:
    # In Python a truth value equals a number, and a whole number one with a point; in a document they are not the same.
    if type(before) is not type(after):
        return False
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(value, after[key]) for key, value in before.items())
    return bool(before == after)


# ---- applying -----------------------------------------------------------------------------------------------------


def _apply(document: dict[str, Any], one: Difference) -> None:
    if one.kind is DifferenceKind.ORDER:
        values = value_at(document, one.path)
        named = _named(values, one.by)
        values[:] = [named[name] for name in one.after]
        return
    *before, last = one.path
    place = value_at(document, tuple(before))
    if isinstance(last, Item):
        _put_item(place, last, one)
    elif one.kind is DifferenceKind.REMOVED:
        del place[last]
    else:
        place[last] = deepcopy(one.after)


def _put_item(values: list[Any], item: Item, one: Difference) -> None:
    added = one.kind is DifferenceKind.ADDED
    index = len(values) if added else list(_named(values, item.by)).index(item.name)
    values[index : index + 1] = [] if one.kind is DifferenceKind.REMOVED else [deepcopy(one.after)]
