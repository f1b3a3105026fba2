"""Changing a definition: what must stay once a campaign has run, and how two changes to the same revision stand to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from campaigns.domain.definition import Definition, Step
from campaigns.domain.differences import (
    Path,
    apply_differences,
    definition_differences,
    document_of,
    is_nothing,
    path_text,
    value_at,
)
from campaigns.domain.errors import Fault
from campaigns.domain.groups import groups_of

__all__ = ("BothChanged", "changed_beside", "continuing_faults", "merged")

_FIXED: Final = ("name", "site", "butler", "instrument", "output")
"""What a campaign that has started is known by, and where its outputs are."""


@dataclass(frozen=True, slots=True)
class BothChanged:
    """One place that differs between what somebody changed, the revision they changed, and the newest.

    Attributes
    ----------
    where : `str`
        The place, such as ``steps[step2].gate.accept``.
    base : `typing.Any`
        What the revision had that was changed.
    yours : `typing.Any`
        What it was changed to.
    newest : `typing.Any`
        What the newest revision has.
    """

    where: str
    base: Any
    yours: Any
    newest: Any

    @property
    def is_conflict(self) -> bool:
        """Whether both changed it, and not to the same (`bool`)."""
        return self.yours not in (self.base, self.newest) and self.newest != self.base

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "where": self.where,
            "base": self.base,
            "yours": self.yours,
            "newest": self.newest,
            "conflict": self.is_conflict,
        }


def changed_beside(base: Definition, yours: Definition, newest: Definition) -> list[BothChanged]:
    """List what differs between a changed definition, the revision it was made from, and the newest.

    Parameters
    ----------
    base : `Definition`
        The revision that was changed.
    yours : `Definition`
        What it was changed to.
    newest : `Definition`
        What others changed it to meanwhile.

    Returns
    -------
    places : `list` [`BothChanged`]
        Those of the own changes first, in the order of the document, then those of the others.
    """
    documents = [document_of(one) for one in (base, yours, newest)]
    changes = (*definition_differences(base, yours), *definition_differences(base, newest))
    paths: dict[Path, None] = dict.fromkeys(one.path for one in changes)
    return [
        BothChanged(path_text(path), *(_told(value_at(document, path)) for document in documents))
        for path in paths
        # What lies within a place that differs as a whole is told with it.
        if not any(path[:length] in paths for length in range(1, len(path)))
    ]


def merged(base: Definition, yours: Definition, newest: Definition) -> Definition:
    """Put what others changed into a changed definition; where both changed the same, the own change stays.

    Parameters
    ----------
    base, yours, newest : `Definition`
        As for `changed_beside`.

    Raises
    ------
    ValueError
        If the changes cannot be put together, such as where one took a step away that the other changed.
    """
    own = {one.path for one in definition_differences(base, yours)}
    others = [
        one
        for one in definition_differences(base, newest)
        # A change within what the other changed as a whole, or around it, is in conflict with it.
        if not any(path[: len(one.path)] == one.path or one.path[: len(path)] == path for path in own)
    ]
    try:
        return Definition.model_validate(apply_differences(document_of(yours), others))
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("the changes do not fit together") from error


def continuing_faults(
    before: Definition, after: Definition, submitted: Mapping[str, Iterable[str]], *, awaited: Iterable[str] = ()
) -> list[Fault]:
    """Tell what a new revision takes away from a campaign that has started.

    Parameters
    ----------
    before : `Definition`
        The definition so far.
    after : `Definition`
        The one that is to govern what is submitted from now on.
    submitted : mapping of `str` to iterable of `str`
        The steps that have submissions, and their groups that have.
    awaited : iterable of `str`, optional
        The steps that are to leave out a set which is still being made.

    Returns
    -------
    faults : `list` [`Fault`]
        Empty where the campaign can go on by it.
    """
    faults = [
        Fault(
            "fixed_since_start",
            f"`{field}` was {getattr(before, field)} when the campaign started, and must stay.",
            field,
            "Leave it as it was, or make a new campaign from this definition.",
        )
        for field in _FIXED
        if getattr(before, field) != getattr(after, field)
    ]
    places = {step.name: f"steps[{index}]" for index, step in enumerate(after.steps)}
    for name, groups in submitted.items():
        if name in places:
            faults.extend(_step_faults(before, after, name, groups, places[name]))
        else:
            told = f"The step {name} has submissions and is no longer there."
            faults.append(Fault("step_gone", told, "steps", f"Keep {name}; what nobody has submitted yet may go."))
    for name in sorted(set(awaited) - places.keys() - submitted.keys()):
        told = f"The step {name} is to leave out a set that is still being made, and is no longer there."
        faults.append(Fault("step_gone", told, "steps", f"Keep {name} until the set is made, or withdraw the exclusion."))
    return faults


def _step_faults(before: Definition, after: Definition, name: str, groups: Iterable[str], place: str) -> list[Fault]:
    old, new = before.step(name), after.step(name)
    faults = []
    if before.pipeline_of(old) != after.pipeline_of(new):
        told = f"The step {name} has submissions of the pipeline {before.pipeline_of(old)}, which must stay."
        faults.append(Fault("step_changed", told, f"{place}.pipeline", "Give the other pipeline to a step of its own."))
    if sorted(old.needs) != sorted(new.needs):
        told = f"The step {name} has submissions, whose inputs come from the steps that it needs; these must stay."
        faults.append(Fault("step_changed", told, f"{place}.needs", "Leave `needs` as it was."))
    queries = {group.name: group.data_query for group in groups_of(after, new)}
    for group in groups_of(before, old):
        if group.name in groups and queries.get(group.name) != group.data_query:
            told = f"The group {group.name} of {name} has submissions, and would be of other data or gone."
            remedy = "Leave data queries and the split of this step as they were, or exclude data by a DataId set."
            faults.append(Fault("group_changed", told, _data_place(new, place), remedy))
    return faults


def _data_place(step: Step, place: str) -> str:
    if step.split is not None:
        return f"{place}.split"
    return f"{place}.data_query" if step.data_query else "data_query"


def _told(value: Any) -> Any:
    return None if is_nothing(value) else value
