"""Definitions whose steps leave a DataId set out, or no longer do."""

from __future__ import annotations

from collections.abc import Iterable

from campaigns.domain.definition import Definition, Step
from campaigns.domain.definition.parts import STORED

__all__ = ("dropped_from", "excluded_from")


def excluded_from(definition: Definition, reference: str, steps: Iterable[str]) -> Definition:
    """Give a definition in which some steps leave a set out.

    Parameters
    ----------
    definition : `Definition`
        The definition.
    reference : `str`
        The set, with its version. Earlier versions of it stay excluded: the new one need not have what they have.
    steps : iterable of `str`
        The names of the steps.

    Raises
    ------
    ValueError
        If a step would leave out more sets than a definition may name: such a definition could never be read again.
    """
    chosen = set(steps)
    return _checked(definition, [_leaving(step, reference) if step.name in chosen else step for step in definition.steps])


def dropped_from(definition: Definition, reference: str, steps: Iterable[str]) -> Definition:
    """Give a definition in which some steps no longer leave a set out.

    Parameters
    ----------
    definition : `Definition`
        The definition.
    reference : `str`
        The set, as the definition has it. Where it is excluded from all steps at once, the others name it themselves.
    steps : iterable of `str`
        The names of the steps.

    Raises
    ------
    ValueError
        If another step would leave out more sets than a definition may name.
    """
    chosen = set(steps)
    everywhere = reference in definition.sets.exclude
    changed = []
    for step in definition.steps:
        if step.name in chosen:
            left = [one for one in step.sets.exclude if one != reference]
            changed.append(step.model_copy(update={"sets": step.sets.model_copy(update={"exclude": left})}))
        else:
            changed.append(_leaving(step, reference) if everywhere else step)
    if everywhere:
        rest = [one for one in definition.sets.exclude if one != reference]
        definition = definition.model_copy(update={"sets": definition.sets.model_copy(update={"exclude": rest})})
    return _checked(definition, changed)


def _leaving(step: Step, reference: str) -> Step:
    sets = step.sets.model_copy(update={"exclude": list(dict.fromkeys([*step.sets.exclude, reference]))})
    return step.model_copy(update={"sets": sets})


def _checked(definition: Definition, steps: list[Step]) -> Definition:
    # A copy checks nothing.
    changed = definition.model_copy(update={"steps": steps})
    return Definition.model_validate(changed.model_dump(mode="json", exclude_defaults=True), context=STORED)
