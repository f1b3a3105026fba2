"""Saved queries: a filter with an order and columns, that people keep and share; and what a list of campaigns can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from campaigns.domain.errors import InvalidInput

__all__ = ("COLUMNS", "DEFAULT_COLUMNS", "EVERYONE", "PRIVATE", "TEAM", "SavedQuery", "checked_columns", "checked_sharing")

PRIVATE: Final = "private"
EVERYONE: Final = "everyone"
TEAM: Final = "team:"

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "state": "State",
        "id": "Id",
        "campaign": "Campaign",
        "kind": "Kind",
        "quanta": "Quanta",
        "waits": "Waits for",
        "updated": "Changed",
        "ticket": "Ticket",
        "lead": "Lead",
        "operators": "Operators",
        "team": "Team",
        "labels": "Labels",
        "site": "Site",
        "stack": "Stack",
        "butler": "Butler",
        "instrument": "Instrument",
        "output": "Output",
        "submissions": "Submissions",
        "revision": "Revision",
        "signed": "Signed off",
        "owner": "Made by",
        "created": "Made",
        "started": "Started",
        "ended": "Ended",
    }
)
"""What a list can show, and its heads."""

_CALLED: Final = {"status": "state", "name": "campaign", "changed": "updated", "operator": "operators", "label": "labels"}
"""Other names of columns, as filters have them."""

DEFAULT_COLUMNS: Final = ("state", "id", "campaign", "kind", "quanta", "waits", "updated", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A query that somebody keeps.

    Attributes
    ----------
    uuid : `str`
        Its address.
    owner, name : `str`
        Whose it is, and how they call it; unique together.
    filter, sort : `str`
        In the words of the list.
    columns : `tuple` [`str`, ...]
        What the list shows; none for the usual ones.
    shared : `str`
        ``private``, ``everyone``, or ``team:`` and a team's name.
    """

    uuid: str
    owner: str
    name: str
    filter: str
    sort: str
    columns: tuple[str, ...]
    shared: str
    created_us: int
    updated_us: int


def checked_columns(names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Give the columns of a list, the usual ones if there are none; they may be called as the fields of filters are.

    Raises
    ------
    InvalidInput
        If there is no such column.
    """
    names = [_CALLED.get(name, name) for name in names]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise InvalidInput(
            f"There is no column {unknown[0][:60]!r}.", where="columns", remedy=f"There are: {', '.join(COLUMNS)}."
        )
    return tuple(dict.fromkeys(names)) or DEFAULT_COLUMNS


def checked_sharing(text: str) -> str:
    """Give with whom a query is shared.

    Raises
    ------
    InvalidInput
        If it is neither of the three forms.
    """
    if text in (PRIVATE, EVERYONE) or (text.startswith(TEAM) and 0 < len(text) - len(TEAM) <= 100):
        return text
    raise InvalidInput(
        f"{text[:60]!r} is not whom a query can be shared with.", where="shared", remedy="Give private, everyone, or team:NAME."
    )
