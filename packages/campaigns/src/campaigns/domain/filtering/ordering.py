"""The order of a list: ``-updated`` for the newest change first."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

from campaigns.domain.errors import InvalidInput
from campaigns.domain.filtering.fields import ALIASES, CLOSE, FIELDS, Field

__all__ = ("NEWEST_FIRST", "Ordering", "parse_ordering")


@dataclass(frozen=True, slots=True)
class Ordering:
    """By what a list is ordered; campaigns that are alike follow each other by their numbers.

    Attributes
    ----------
    field : `Field`
        The field.
    descending : `bool`
        Whether the largest come first.
    """

    field: Field
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.field.name}"


NEWEST_FIRST: Final = Ordering(FIELDS["id"], descending=True)


def parse_ordering(text: str | None) -> Ordering:
    """Read an order; of nothing, the newest campaigns come first.

    Parameters
    ----------
    text : `str` or `None`
        A field's name, behind a minus for falling order.

    Raises
    ------
    InvalidInput
        If lists cannot be ordered by it.
    """
    if not text or not text.strip():
        return NEWEST_FIRST
    name = text.strip()
    descending, name = name.startswith("-"), name.removeprefix("-").lower()
    name = ALIASES.get(name, name)
    possible = [each for each, field in FIELDS.items() if field.is_sortable]
    if name not in possible:
        close = difflib.get_close_matches(name, possible, n=1, cutoff=CLOSE)
        remedy = f"Did you mean `{close[0]}`?" if close else f"Possible are {', '.join(possible)}."
        raise InvalidInput(f"Campaigns cannot be ordered by {name[:60]!r}.", where="sort", remedy=remedy)
    return Ordering(FIELDS[name], descending)
