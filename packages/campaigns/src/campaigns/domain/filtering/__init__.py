"""The language by which campaigns are found: ``kind = integration and status in (paused, failed) and "trailed"``.

A text is parsed into an immutable tree (`tree`), in which every name and value has been checked (`parsing`) against what can be
asked for (`fields`). What the tree means in SQL is the store's business. Page, REST and command all read filters here.
"""

from __future__ import annotations

from campaigns.domain.filtering.fields import ALIASES, FIELDS, Field, FieldKind
from campaigns.domain.filtering.ordering import Ordering, parse_ordering
from campaigns.domain.filtering.parsing import parse_filter
from campaigns.domain.filtering.tree import EVERYTHING, Among, And, Compare, Condition, Empty, Not, Operator, Or, Text

__all__ = (
    "ALIASES",
    "EVERYTHING",
    "FIELDS",
    "Among",
    "And",
    "Compare",
    "Condition",
    "Empty",
    "Field",
    "FieldKind",
    "Not",
    "Operator",
    "Or",
    "Ordering",
    "Text",
    "parse_filter",
    "parse_ordering",
)
