"""What is said of a data ID that is missing."""

from __future__ import annotations

__all__ = ("Evidence", "Explanation", "Verdict")

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .._html import html_paragraph, html_table


class Verdict(StrEnum):
    """Why a data ID is not in an output; the words do not change."""

    PRESENT = "present"
    UNKNOWN_DATA_ID = "unknown_data_id"
    NOT_IN_INPUTS = "not_in_inputs"
    NOT_IN_QUERY = "not_in_query"
    EXCLUDED = "excluded"
    NOT_INCLUDED = "not_included"
    SET_GONE = "set_gone"
    PRUNED = "pruned"
    FAILED = "failed"
    BLOCKED = "blocked"
    NO_WORK = "no_work"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Evidence:
    """Something that was found.

    Attributes
    ----------
    what : `str`
        What sort of thing: ``datasets``, ``input``, ``query``, ``set``, ``quantum``, ``graph`` or ``task``.
    message : `str`
        It in words.
    facts : mapping
        It for programs, ready for JSON.
    """

    what: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it (`dict`)."""
        return {"what": self.what, "message": self.message, **self.facts}


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a data ID is not in an output.

    Attributes
    ----------
    verdict : `Verdict`
        The first reason that holds, in the order in which data IDs get lost.
    message : `str`
        The reason in one sentence.
    evidence : `tuple` [`Evidence`, ...]
        What it rests on, and what else was found.
    collection : `str`
        The output.
    data_id : `dict`
        The data ID.
    dataset_type : `str` or `None`
        What was looked for.
    """

    verdict: Verdict
    message: str
    evidence: tuple[Evidence, ...]
    collection: str
    data_id: Mapping[str, Any]
    dataset_type: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it (`dict`)."""
        return {
            "verdict": self.verdict.value,
            "message": self.message,
            "collection": self.collection,
            "data_id": dict(self.data_id),
            "dataset_type": self.dataset_type,
            "evidence": [each.to_dict() for each in self.evidence],
        }

    def _repr_html_(self) -> str:
        told = f"{self.verdict.value}: {self.message}"
        return html_paragraph(told) + html_table(("what", "evidence"), [(each.what, each.message) for each in self.evidence])

    def __str__(self) -> str:
        return "\n".join([f"{self.verdict.value}: {self.message}", *(f"  - {each.message}" for each in self.evidence)])
