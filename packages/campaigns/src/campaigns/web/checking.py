"""Looking at a definition as it is typed: what would run, and what is wrong, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition, missing_for_start
from campaigns.domain.document import read_yaml
from campaigns.domain.errors import Fault, InvalidDefinition
from campaigns.domain.groups import groups_of
from campaigns.services.checking import CheckService
from campaigns.web.views.steps import graph_of_definition

__all__ = ("BLANK", "Checked", "PlannedStep", "check", "definition_in")

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
        The definition, where it has no mistakes of its own.
    faults : `tuple` [`Fault`, ...]
        Its mistakes, or what of it is taken: it cannot be saved with them.
    missing : `tuple` [`Fault`, ...]
        What it still needs to begin: it can be saved as a draft without.
    hindrances : `tuple` [`Fault`, ...]
        Why it could not begin now.
    warnings : `tuple` [`Fault`, ...]
        What is allowed and yet not as it should be.
    steps : `tuple` [`PlannedStep`, ...]
        What would run.
    """

    text: str
    definition: Definition | None = None
    faults: tuple[Fault, ...] = ()
    missing: tuple[Fault, ...] = ()
    hindrances: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    steps: tuple[PlannedStep, ...] = ()

    @property
    def only_empty(self) -> bool:
        """Whether nothing is wrong but that something must still be written (`bool`)."""
        return self.definition is None and bool(self.faults) and all(fault.code in ("empty", "missing") for fault in self.faults)

    @property
    def graph(self) -> Markup:
        """The graph of steps (`markupsafe.Markup`)."""
        return graph_of_definition(self.definition) if self.definition else Markup("")

    @property
    def n_submissions(self) -> int:
        """How many submissions would be made (`int`)."""
        return sum(step.n_groups for step in self.steps)


def definition_in(text: str) -> Definition | None:
    """Give the definition in a text, or `None` where it has mistakes."""
    try:
        return read_yaml(text)
    except InvalidDefinition:
        return None


def check(text: str, rules: CheckService, *, own: Campaign | None = None) -> Checked:
    """Check the text of a definition.

    Parameters
    ----------
    text : `str`
        YAML or JSON.
    rules : `CheckService`
        What the server knows.
    own : `Campaign`, optional
        The campaign it is of.

    Returns
    -------
    checked : `Checked`
        With the definition, unless it has mistakes of its own; and with all that is wrong with it.
    """
    try:
        definition = read_yaml(text)
    except InvalidDefinition as error:
        return Checked(text=text, faults=error.faults)
    verdict = rules.verdict(definition, own=own)
    return Checked(
        text=text,
        definition=definition,
        faults=verdict.faults,
        missing=tuple(missing_for_start(definition)),
        hindrances=verdict.hindrances,
        warnings=verdict.warnings,
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
