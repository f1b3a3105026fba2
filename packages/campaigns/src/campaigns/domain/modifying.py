"""Modifying a document: a partial document laid over it, single places set, and names for what is made anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from campaigns.domain.dataidsets import SetRole
from campaigns.domain.differences import NAMES
from campaigns.domain.errors import InvalidInput

__all__ = ("merged", "placed", "proposed_name", "proposed_output", "with_exact_sets")

MAX_DEPTH: Final = 50
MAX_TRIES: Final = 1000
NAME_LENGTH: Final = 100
OUTPUT_LENGTH: Final = 200

_PART = re.compile(r"(?:^|\.)([^.\[\]]+)|\[([^\[\]]+)\]")
_SHARED = re.compile(r"([^/]+/runs/[^/]+/)([^/]+)(/[A-Z][A-Z0-9]+-\d+)")
_AGAIN = re.compile(r"-r(\d{1,6})$")
_REMEDY: Final = "Write a path such as `data_query`, `bps.requestMemory` or `steps[step2].gate.accept`."


def merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a partial document over another, as JSON Merge Patch (RFC 7396) says.

    Parameters
    ----------
    document : mapping
        The document; it stays as it is.
    patch : mapping
        What changes: objects are merged, null takes a field away, anything else takes the place of what was there. So a list is
        replaced as a whole; see `placed` for one thing of it.

    Raises
    ------
    InvalidInput
        If the patch is nested too deeply.
    """
    return _merged(document, patch, depth=0)


def _merged(document: object, patch: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise InvalidInput(f"The patch has more than {MAX_DEPTH} levels.", where="patch", remedy="Nest it less deeply.")
    told = dict(deepcopy(document)) if isinstance(document, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            told.pop(key, None)
        elif isinstance(value, Mapping):
            told[key] = _merged(told.get(key), value, depth=depth + 1)
        else:
            told[key] = deepcopy(value)
    return told


def placed(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set one place of a document.

    Parameters
    ----------
    document : mapping
        The document; it stays as it is.
    path : `str`
        The place: keys behind dots, and things of lists in brackets, by their names (``steps[step2]``) or their numbers from 0.
    value : `typing.Any`
        What is to stand there; `None` takes it away.

    Raises
    ------
    InvalidInput
        If there is no such place, or the path is none.
    """
    changed = dict(deepcopy(document))
    parts = _parts(path)
    here: Any = changed
    for position, part in enumerate(parts[:-1]):
        # What is not there yet, such as a `gate`, is made; a thing of a list is not.
        if isinstance(here, dict) and not isinstance(part, _InList) and here.get(part) is None:
            here[part] = [] if isinstance(parts[position + 1], _InList) else {}
        here = here[_key(here, part, path)]
    last = parts[-1]
    key = last if isinstance(here, dict) and not isinstance(last, _InList) else _key(here, last, path)
    if value is None:
        if not isinstance(here, dict) or key in here:
            del here[key]
    else:
        here[key] = deepcopy(value)
    return changed


def with_exact_sets(document: dict[str, Any], exact: Mapping[str, str]) -> dict[str, Any]:
    """Put other references in the places of those to DataId sets.

    Parameters
    ----------
    document : `dict`
        The definition as JSON; it is changed.
    exact : mapping of `str` to `str`
        What each becomes; those that are not in it stay.
    """
    for part in (document, *document.get("steps", ())):
        sets = part.get("sets", {})
        # How they are translated stands beside them.
        for role in sets.keys() & set(SetRole):
            sets[role] = list(dict.fromkeys(exact.get(reference, reference) for reference in sets[role]))
    return document


class _InList(str):
    """A part of a path in brackets."""

    __slots__ = ()


def _parts(path: str) -> list[str]:
    parts: list[str] = []
    end = 0
    for match in _PART.finditer(path):
        if match.start() != end:
            break
        parts.append(match[1] if match[1] is not None else _InList(match[2]))
        end = match.end()
    if not parts or end != len(path) or isinstance(parts[0], _InList) or len(parts) > MAX_DEPTH:
        raise InvalidInput(f"{path[:200]!r} is no path in a campaign file.", where="set", remedy=_REMEDY)
    return parts


def _key(here: Any, part: str, path: str) -> Any:
    """Give the key or the index by which a part of a path is found."""
    if isinstance(here, dict) and not isinstance(part, _InList):
        return part
    if isinstance(here, list) and isinstance(part, _InList):
        for ways in (_full_names, _short_names):
            found = [index for index, value in enumerate(here) if part in ways(value)]
            if len(found) == 1:
                return found[0]
        if part.isascii() and part.isdecimal() and len(part) < 6 and int(part) < len(here):
            return int(part)
        known = ", ".join(name for value in here for name in _full_names(value)[:1])
        remedy = f"There are: {known[:500]}." if known else _REMEDY
        raise InvalidInput(f"There is no single {part} at {path}.", where=f"set.{path}", remedy=remedy)
    raise InvalidInput(f"There is no place {path} in the definition.", where=f"set.{path}", remedy=_REMEDY)


def _full_names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value[key] for key in NAMES if isinstance(value.get(key), str)]
    return [value] if isinstance(value, str) else []


def _short_names(value: Any) -> list[str]:
    """Give the name of a DataId set without its version."""
    return [value.partition("@")[0]] if isinstance(value, str) else []


def proposed_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Propose the name of a campaign that is run again: ``rc2`` becomes ``rc2-r2``, and that ``rc2-r3``.

    Parameters
    ----------
    name : `str`
        The name of the campaign that it derives from.
    is_taken : callable
        Tells whether a name is another campaign's.

    Raises
    ------
    InvalidInput
        If too many are taken.
    """
    return _next(name, is_taken, length=NAME_LENGTH, where="name")


def proposed_output(output: str, is_taken: Callable[[str], bool], *, renamed: Mapping[str, str]) -> str:
    """Propose an output collection that nobody has.

    Parameters
    ----------
    output : `str`
        The output collection of the campaign that is run again.
    is_taken : callable
        Tells whether a collection, or one below it, is another campaign's.
    renamed : mapping of `str` to `str`
        What changes of the words that collections are named by, such as the campaign's name, its stack and its ticket.

    Raises
    ------
    InvalidInput
        If too many are taken.

    Notes
    -----
    The form of shared collections (DMTN-167), ``<instrument>/runs/<target>/<release>/<ticket>``, stays: what tells two runs of
    the same apart is put behind the release.
    """
    changed = output
    for old, new in renamed.items():
        changed = new.join(re.split(rf"(?<![A-Za-z0-9_.+-]){re.escape(old)}(?![A-Za-z0-9_.+-])", changed))
    if changed != output and len(changed) <= OUTPUT_LENGTH and not is_taken(changed):
        return changed
    match = _SHARED.fullmatch(output)
    if match is None:
        return _next(output, is_taken, length=OUTPUT_LENGTH, where="output")
    head, release, rest = match.groups()
    length = OUTPUT_LENGTH - len(head) - len(rest)
    return head + _next(release, lambda one: is_taken(head + one + rest), length=length, where="output") + rest


def _next(name: str, is_taken: Callable[[str], bool], *, length: int, where: str) -> str:
    match = _AGAIN.search(name)
    base, number = (name[: match.start()], int(match[1])) if match else (name, 1)
    for more in range(number + 1, number + MAX_TRIES):
        ending = f"-r{more}"
        candidate = base[: length - len(ending)] + ending
        if not is_taken(candidate):
            return candidate
    raise InvalidInput(f"All of {base}-r{number + 1} and after are taken.", where=where, remedy=f"Give another `{where}`.")
