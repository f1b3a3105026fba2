"""Two changes to the same revision of a definition, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml
from campaigns.domain.errors import Conflict
from campaigns.domain.revising import merged

__all__ = ("Clash", "ClashRow", "merged_text")


@dataclass(frozen=True, slots=True)
class ClashRow:
    """One place, and what each has there, as text; empty for nothing."""

    where: str
    base: str
    yours: str
    newest: str
    conflict: bool


@dataclass(frozen=True, slots=True)
class Clash:
    """What differs, and what the numbers of the revisions are.

    Attributes
    ----------
    base : `int`, optional
        The revision that was changed, where it is known.
    newest : `int`
        The newest.
    """

    base: int | None
    newest: int
    rows: tuple[ClashRow, ...]

    @property
    def n_conflicts(self) -> int:
        """In how many places both changed the same (`int`)."""
        return sum(row.conflict for row in self.rows)

    @classmethod
    def of(cls, problem: Mapping[str, Any]) -> Clash:
        """Make it of the problem document that refuses the change."""
        rows = (
            ClashRow(one["where"], _shown(one["base"]), _shown(one["yours"]), _shown(one["newest"]), one["conflict"])
            for one in problem["differences"]
        )
        return cls(problem["base_revision"], problem["newest_revision"], tuple(rows))


def merged_text(base: Definition, yours: Definition, newest: Definition) -> str:
    """Give the own changes together with those of others, as YAML.

    Raises
    ------
    Conflict
        If they cannot be put together.
    """
    try:
        return dump_yaml(merged(base, yours, newest))
    except ValueError:
        raise Conflict(
            "What others changed and what you changed cannot be put together.",
            where="document",
            remedy="Take over by hand what you need, and save; or take the newest revision.",
        ) from None


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=60)).removesuffix("...\n").strip()
