"""What the form of a definition shows beside it: what was refused, and what changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from campaigns.domain.definition import Definition
from campaigns.domain.differences import definition_differences
from campaigns.domain.document import with_reason
from campaigns.domain.errors import Fault
from campaigns.web.checking import Checked, definition_in
from campaigns.web.views.differences import ChangeView, changes_by_group

__all__ = ("Changes", "changes_from", "form_context", "with_old_title_told")

Changes = Sequence[tuple[str, Sequence[ChangeView]]]
"""What changes, by what it is about."""


def changes_from(before: Definition, checked: Checked) -> Changes | None:
    """List what a definition changes; `None` where it cannot be read. A reason that is still to be said is no hindrance."""
    definition = checked.definition or definition_in(with_reason(checked.text, before.reason))
    return None if definition is None else changes_by_group(definition_differences(before, definition))


def with_old_title_told(checked: Checked, before: Definition, *, parent: str) -> Checked:
    """Add that a rerun has its parent's title, where it has."""
    if checked.definition is None or checked.definition.title != before.title:
        return checked
    told = Fault("same_title", f"The title is still that of {parent}.", "title", "Say in it what is different.")
    return replace(checked, warnings=(*checked.warnings, told))


def form_context(checked: Checked, problem: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell what was refused: what is wrong with the document itself stands in the verdict, and is only counted above it."""
    n_empty = sum(fault.code in ("empty", "missing") for fault in checked.faults)
    refused = bool(problem and checked.faults)
    return {
        "checked": checked,
        "problem": None if refused else problem,
        "refused": _in_words(n_empty, len(checked.faults) - n_empty) if refused else "",
    }


def _in_words(n_empty: int, n_wrong: int) -> str:
    empty = f"{n_empty} field{' is' if n_empty == 1 else 's are'} empty" if n_empty else ""
    wrong = f"{n_wrong} problem{'' if n_wrong == 1 else 's'}" if n_wrong else ""
    return ", ".join(part for part in (empty, wrong) if part)
