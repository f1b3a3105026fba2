"""Looking at a definition as it is typed: what would run, and what is wrong, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from campaigns.domain.definition import Definition, definition_warnings, missing_for_start
from campaigns.domain.document import read_yaml
from campaigns.domain.errors import Fault, InvalidDefinition
from campaigns.domain.groups import groups_of
from campaigns.web.views.steps import graph_of_definition

__all__ = ("BLANK", "Checked", "PlannedStep", "check")

BLANK = """\
# Fill in the form or write here: both are the same document.
name: ""
title: ""
reason: ""
kind: development
inputs: []
steps:
  - name: step1
"""
"""A definition to begin with; it is not valid yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step as it would run: how many submissions, and the first group's data query."""

    name: str
    title: str
    pipeline: str
    n_groups: int
    data_query: str
    by_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in a definition's text.

    Attributes
    ----------
    text : `str`
        The text.
    definition : `Definition`, optional
        The definition, where it has no mistakes.
    faults : `tuple` [`Fault`, ...]
        Its mistakes: it cannot be saved with them.
    missing : `tuple` [`Fault`, ...]
        What it still needs to begin: it can be saved as a draft without.
    warnings : `tuple` [`Fault`, ...]
        What is allowed and yet not as it should be.
    steps : `tuple` [`PlannedStep`, ...]
        What would run.
    """

    text: str
    definition: Definition | None = None
    faults: tuple[Fault, ...] = ()
    missing: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    steps: tuple[PlannedStep, ...] = ()

    @property
    def only_empty(self) -> bool:
        """Whether nothing is wrong but that something must still be written (`bool`)."""
        return bool(self.faults) and all(fault.code in ("empty", "missing") for fault in self.faults)

    @property
    def graph(self) -> Markup:
        """The graph of steps (`markupsafe.Markup`)."""
        return graph_of_definition(self.definition) if self.definition else Markup("")

    @property
    def n_submissions(self) -> int:
        """How many submissions would be made (`int`)."""
        return sum(step.n_groups for step in self.steps)


def check(text: str) -> Checked:
    """Check the text of a definition.

    Parameters
    ----------
    text : `str`
        YAML or JSON.

    Returns
    -------
    checked : `Checked`
        With the definition, or with its faults.
    """
    try:
        definition = read_yaml(text)
    except InvalidDefinition as error:
        return Checked(text=text, faults=error.faults)
    return Checked(
        text=text,
        definition=definition,
        missing=tuple(missing_for_start(definition)),
        warnings=tuple(definition_warnings(definition)),
        steps=tuple(_planned(definition)),
    )


def _planned(definition: Definition) -> list[PlannedStep]:
    planned = []
    for step in definition.steps:
        groups = groups_of(definition, step)
        planned.append(
            PlannedStep(
                name=step.name,
                title=step.title,
                pipeline=definition.pipeline_of(step),
                n_groups=len(groups),
                data_query=groups[0].data_query if groups else "",
                by_person=step.start.value == "person",
            )
        )
    return planned
