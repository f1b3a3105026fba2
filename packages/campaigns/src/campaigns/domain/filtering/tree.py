"""The tree of a filter: what is asked, with names and values that have been checked.

Two things are true of every node: it holds for a campaign or it does not (there is no third answer, so that ``not`` gives just
the others), and it means the same on both databases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from campaigns.domain.filtering.fields import Field

__all__ = (
    "EVERYTHING",
    "Among",
    "And",
    "Compare",
    "Condition",
    "Empty",
    "Interval",
    "Not",
    "Operator",
    "Or",
    "Text",
    "Value",
    "folded",
)


class Operator(StrEnum):
    """How a field is held against a value."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    HAS = "~"


@dataclass(frozen=True, slots=True)
class Interval:
    """What a number or a time stands for, or a range of them: from `low`, which belongs to it, to before `end`.

    Attributes
    ----------
    low, end : `int` or `None`
        UTC microseconds, or numbers; `None` where a range is open.
    """

    low: int | None
    end: int | None


Value: TypeAlias = str | Interval


@dataclass(frozen=True, slots=True)
class And:
    """All hold; of none, this is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Text:
    """The campaign's texts have this in them.

    Attributes
    ----------
    text : `str`
        Folded: see `folded`.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against one value; of a field with several values, any of them.

    Attributes
    ----------
    field : `Field`
        What is compared.
    operator : `Operator`
        How.
    value : `str` or `Interval`
        With what; a word is folded.
    """

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Among:
    """A field is equal to any of these."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """A field has no value."""

    field: Field


Condition: TypeAlias = And | Or | Not | Text | Compare | Among | Empty

EVERYTHING: Final = And(())
"""What holds for every campaign."""

_CAPITALS = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def folded(text: str) -> str:
    """Give a text with small letters for capitals, as both databases can do it: of a to z only."""
    return text.translate(_CAPITALS)
