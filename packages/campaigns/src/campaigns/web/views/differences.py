"""How values and differences of definitions look on a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import yaml

from campaigns.domain.differences import Difference, DifferenceKind, Line, is_nothing, line_changes
from campaigns.domain.lineage import FieldGroup, group_of

__all__ = ("GROUP_WORDS", "ChangeView", "ValueView", "changes_by_group", "value_view")

GROUP_WORDS: Final = {
    FieldGroup.SPECIFICATION: "Specifications",
    FieldGroup.SOFTWARE: "Software",
    FieldGroup.CONFIGURATION: "Configuration",
    FieldGroup.DATA: "Data",
    FieldGroup.STEPS: "Steps",
    FieldGroup.PLACE: "Where it runs and writes",
    FieldGroup.ABOUT: "About it",
}
"""What each part of a definition is called."""

MAX_LISTED = 12
MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class ValueView:
    """A value as it is shown; ``is_block`` for what needs lines of its own, ``more`` for what was cut."""

    text: str
    is_block: bool = False
    more: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there is none (`bool`)."""
        return not self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A difference as it is shown: long text by lines, all else as what it was and what it is."""

    where: str
    sign: str
    word: str
    before: ValueView
    after: ValueView
    lines: list[Line]


_SIGNS: Final = {
    DifferenceKind.ADDED: ("+", "came"),
    DifferenceKind.REMOVED: ("−", "went"),
    DifferenceKind.CHANGED: ("~", "changed"),
    DifferenceKind.ORDER: ("↕", "other order"),
}


def value_view(value: Any) -> ValueView:
    """Give a JSON value as people read it."""
    if is_nothing(value):
        return ValueView("")
    if isinstance(value, bool):
        return ValueView("yes" if value else "no")
    if isinstance(value, str):
        return ValueView(value[:MAX_CHARS], "\n" in value.strip(), max(0, len(value) - MAX_CHARS))
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        told = ", ".join(str(one) for one in value[:MAX_LISTED])
        return ValueView(told, more=max(0, len(value) - MAX_LISTED))
    if isinstance(value, dict | list):
        text = yaml.safe_dump(_pruned(value), sort_keys=False, allow_unicode=True, width=70).rstrip()
        return ValueView(text[: 3 * MAX_CHARS], True, max(0, len(text) - 3 * MAX_CHARS))  # noqa: FBT003
    return ValueView(str(value))


def changes_by_group(found: Iterable[Difference]) -> list[tuple[str, list[ChangeView]]]:
    """Bring differences together by what they are about, each group with its name."""
    order = list(FieldGroup)
    ranked = sorted(found, key=lambda one: order.index(group_of(one.path)))
    return [
        (GROUP_WORDS[group], [_change(one) for one in several])
        for group, several in groupby(ranked, key=lambda one: group_of(one.path))
    ]


def _change(one: Difference) -> ChangeView:
    before, after = value_view(one.before), value_view(one.after)
    kind = one.kind
    if kind is DifferenceKind.CHANGED and before.is_nothing != after.is_nothing:
        kind = DifferenceKind.ADDED if before.is_nothing else DifferenceKind.REMOVED
    sign, word = _SIGNS[kind]
    lines: Sequence[Line] = line_changes(str(one.before or ""), str(one.after or "")) if one.is_text else []
    return ChangeView(where=one.where, sign=sign, word=word, before=before, after=after, lines=list(lines))


def _pruned(value: Any) -> Any:
    """Leave out what says nothing."""
    if isinstance(value, dict):
        told = {key: _pruned(inner) for key, inner in value.items()}
        return {key: inner for key, inner in told.items() if not is_nothing(inner)}
    return [_pruned(inner) for inner in value] if isinstance(value, list) else value
