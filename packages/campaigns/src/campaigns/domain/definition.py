"""The definition of a campaign: the document of ``campaign.yaml``.

A draft needs only a name, a title, a reason and a kind; `missing_for_start` tells what else a campaign must have before it runs.
Reading a document is in `campaigns.domain.document`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from campaigns.domain.errors import Fault
from campaigns.domain.states import Kind

__all__ = (
    "MAX_SETS",
    "Definition",
    "Gate",
    "GateKind",
    "Link",
    "Sets",
    "Split",
    "StartKind",
    "Step",
    "graph_faults",
    "missing_for_start",
    "needs_faults",
)

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
StepName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,49}$")]
SplitText = Annotated[str, StringConstraints(pattern=r"^[^'\n]{1,200}$")]
"""Butler's query language has no escapes in strings, so a quote cannot be written."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
SetReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199}(@[1-9][0-9]{0,8})?$")]
"""A DataId set as `dataid_sets` names it; without a version, the newest there is when the campaign starts."""
Collection = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}$")]


MAX_GROUPS = 2000
"""Each group is a submission; more of them could be neither made in one transaction nor watched."""


MAX_SETS = 50
"""How many sets a place of a definition includes at most, and how many it excludes."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GateKind(StrEnum):
    """Whose word a step waits for."""

    PERSON = "person"
    THRESHOLDS = "thresholds"


class Gate(_Part):
    """What must hold before a step's outputs are accepted."""

    accept: GateKind = Field(
        default=GateKind.THRESHOLDS,
        description="`person`: someone looks and decides. `thresholds`: accepted by rule where the numbers below hold, "
        "and by a person where they do not.",
    )
    max_failed_fraction: float = Field(
        default=0.0, ge=0, le=1, description="Of the expected quanta, how many may have failed, been blocked, or be unknown."
    )


class StartKind(StrEnum):
    """Who starts a step that could start."""

    AUTOMATIC = "automatic"
    PERSON = "person"


class Split(_Part):
    """How a step's data is cut into groups, each of which is one submission."""

    dimension: str | None = Field(default=None, description="The dimension whose values are cut into groups, such as `visit`.")
    values: list[int | SplitText] = Field(default_factory=list, description="The values of `dimension`, in order.")
    size: int = Field(default=1, ge=1, description="How many values go into one group.")
    queries: dict[StepName, str] = Field(
        default_factory=dict, description="Instead of a dimension: a name and a data query for each group."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Split:
        if bool(self.queries) == bool(self.dimension):
            raise ValueError("give either `dimension` with `values`, or `queries`")
        if self.dimension and not self.values:
            raise ValueError("`dimension` needs its `values`")
        if max(len(self.queries), len(self.values) / self.size) > MAX_GROUPS:
            raise ValueError(f"a step has at most {MAX_GROUPS} groups; put more values into each")
        if len(set(map(str, self.values))) != len(self.values):
            raise ValueError("`values` has the same value twice")
        return self


class Sets(_Part):
    """DataId sets by which data is taken in or left out."""

    include: list[SetReference] = Field(
        default_factory=list,
        max_length=MAX_SETS,
        description="Sets whose data IDs alone are used, such as `demo/good@3`; all must have them.",
    )
    exclude: list[SetReference] = Field(
        default_factory=list, max_length=MAX_SETS, description="Sets whose data IDs are left out; any of them is enough."
    )


class Step(_Part):
    """A named part of the campaign's graph of steps."""

    name: StepName = Field(description="Unique in the campaign; part of the output collections' names.")
    title: str = Field(default="", description="What the step does, in a few words.")
    pipeline: str | None = Field(
        default=None,
        description="The pipeline of this step: a URI, or `#subset` of the campaign's own pipeline. By default the subset "
        "named like the step.",
    )
    data_query: str | None = Field(default=None, description="Narrows the campaign's data query; both must hold.")
    needs: list[StepName] = Field(default_factory=list, description="The steps that must be accepted before this one starts.")
    sets: Sets = Field(default_factory=Sets, description="DataId sets of this step, besides those of the campaign.")
    split: Split | None = Field(default=None, description="How the data is cut into groups. By default one group, `all`.")
    start: StartKind = Field(default=StartKind.AUTOMATIC, description="Whether a person must start the step.")
    gate: Gate = Field(default_factory=Gate, description="What must hold before the step is accepted.")
    bps: dict[str, Any] = Field(default_factory=dict, description="BPS settings of this step alone.")


class Link(_Part):
    """A link to another system."""

    title: Line = Field(description="What is found there.")
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)] = Field(description="An http(s) address.")
    kind: Literal["collection", "metrics", "plots", "monitor", "ticket", "document", "other"] = Field(
        default="other", description="What sort of place it is."
    )


class Definition(_Part):
    """A campaign's definition: the whole of ``campaign.yaml``."""

    name: Name = Field(description="A short name, unique among all campaigns.")
    title: Line = Field(description="What the campaign is, on one line.")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)] = Field(
        description="Why the campaign is run."
    )
    kind: Kind = Field(description="What sort of processing it is.")
    description: str = Field(default="", max_length=100_000, description="More about it, in Markdown.")
    lead: str | None = Field(default=None, max_length=200, description="The campaign manager who answers for it.")
    team: str | None = Field(default=None, max_length=200, description="The team it belongs to.")
    labels: list[Line] = Field(default_factory=list, max_length=50, description="Words to find it by.")
    ticket: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]+-\d+$")] | None = Field(
        default=None, description="The ticket it belongs to, such as `DM-12345`."
    )
    site: Name | None = Field(default=None, description="The site where its submissions run.")
    stack: Name | None = Field(default=None, description="The stack that runs them, by the site's name for it.")
    butler: Name | None = Field(default=None, description="The Butler repository, by the site's alias.")
    instrument: Name | None = Field(default=None, description="The instrument, by Butler's name.")
    inputs: list[Collection] = Field(default_factory=list, description="Input collections, in search order.")
    output: Collection | None = Field(
        default=None, description="The output collection, made as a chain of accepted runs and the inputs; runs lie below it."
    )
    pipeline: str | None = Field(default=None, description="The URI of the pipeline, without a subset.")
    data_query: str = Field(default="", max_length=100_000, description="Which data IDs, in Butler's query language.")
    sets: Sets = Field(default_factory=Sets, description="DataId sets for all steps. Each is pinned when the campaign starts.")
    bps: dict[str, Any] = Field(default_factory=dict, description="BPS settings for all steps, merged over the site's own.")
    steps: list[Step] = Field(default_factory=list, max_length=200, description="The graph of steps.")
    links: list[Link] = Field(default_factory=list, max_length=200, description="Links to other systems.")

    @field_validator("name")
    @classmethod
    def _is_no_reference(cls, value: str) -> str:
        if re.fullmatch(r"(?i)[cs]-\d+|new|check|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
            raise ValueError(f"{value} reads like an id or an address; give another name")
        return value

    @property
    def step_names(self) -> list[str]:
        """The names of the steps, in the order of the document (`list` [`str`])."""
        return [step.name for step in self.steps]

    def step(self, name: str) -> Step:
        """Give a step by its name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def pipeline_of(self, step: Step) -> str:
        """Give the URI of a step's pipeline with its subset."""
        base = self.pipeline or ""
        if step.pipeline is None:
            return f"{base}#{step.name}"
        return base + step.pipeline if step.pipeline.startswith("#") else step.pipeline


_FIXED_BPS = {
    "pipelineYaml": "`pipeline`",
    "submitPath": "the site",
    "payload": "`butler`, `inputs`, `output` and `data_query`",
    "operator": "the submission",
    "campaign": "`name`",
    "instrument": "`instrument`",
    "pipetaskOutput": "the service, which chains outputs itself",
}
"""BPS settings that the service fixes itself, and where they come from."""


def missing_for_start(definition: Definition) -> list[Fault]:
    """Tell what a definition still needs before its campaign can run.

    Parameters
    ----------
    definition : `Definition`
        A valid definition.

    Returns
    -------
    faults : `list` [`Fault`]
        In the order of the document; empty when it is complete.
    """
    faults = [
        Fault("missing", f"The campaign names no {field}.", field, remedy)
        for field, remedy in (
            ("site", "Name the site where its submissions run; `campaign site` lists them."),
            ("stack", "Name a stack that the site offers."),
            ("butler", "Name a Butler repository by the site's alias."),
            ("output", "Name an output collection, such as `u/you/name` or `HSC/runs/RC2/w_2026_40/DM-12345`."),
        )
        if not getattr(definition, field)
    ]
    if not definition.inputs:
        faults.append(Fault("missing", "The campaign names no input collections.", "inputs", "List at least one."))
    if not definition.steps:
        faults.append(Fault("missing", "The campaign has no steps.", "steps", "Give at least one step with a name."))
    faults.extend(_pipeline_faults(definition))
    return faults


def _pipeline_faults(definition: Definition) -> list[Fault]:
    faults = []
    for index, step in enumerate(definition.steps):
        if not definition.pipeline and (step.pipeline is None or step.pipeline.startswith("#")):
            faults.append(
                Fault(
                    "missing",
                    f"Step {step.name} has no pipeline.",
                    f"steps[{index}].pipeline",
                    "Give `pipeline`, or the step's own.",
                )
            )
    return faults


def graph_faults(definition: Definition) -> list[Fault]:
    """Tell what is wrong with the graph of steps and with settings that are not the definition's to give.

    Parameters
    ----------
    definition : `Definition`
        A definition whose single fields are valid.

    Returns
    -------
    faults : `list` [`Fault`]
        Names used twice, unknown steps in `needs`, cycles, and BPS settings that are fixed elsewhere.
    """
    faults = needs_faults([(step.name, step.needs) for step in definition.steps])
    for index, step in enumerate(definition.steps):
        faults.extend(_bps_faults(step.bps, f"steps[{index}].bps"))
        faults.extend(_set_faults(definition, step.sets, f"steps[{index}].sets"))
    faults.extend(_bps_faults(definition.bps, "bps"))
    faults.extend(_set_faults(definition, Sets(), "sets"))
    if not faults and (cycle := _cycle(definition)):
        faults.append(
            Fault("cycle", f"The steps wait for each other: {' → '.join(cycle)}.", "steps", "Take one of the `needs` away.")
        )
    return faults


def needs_faults(steps: Sequence[tuple[str, Sequence[str]]]) -> list[Fault]:
    """Tell which names of steps are used twice or do not exist.

    Parameters
    ----------
    steps : sequence of (`str`, sequence of `str`)
        Each step's name, and the names of those it needs.

    Returns
    -------
    faults : `list` [`Fault`]
        In the order of the document.
    """
    faults = []
    names = [name for name, _ in steps]
    known = ", ".join(names)
    for index, (name, needs) in enumerate(steps):
        if name in names[:index]:
            faults.append(
                Fault("duplicate_step", f"Two steps are named {name}.", f"steps[{index}].name", "Give each step its own name.")
            )
        faults.extend(
            Fault(
                "unknown_step",
                f"Step {name} needs {needed}, which is no step of this campaign.",
                f"steps[{index}].needs[{position}]",
                f"Steps are: {known}.",
            )
            for position, needed in enumerate(needs)
            if needed not in names
        )
    return faults


def _bps_faults(settings: dict[str, Any], where: str) -> list[Fault]:
    return [
        Fault(
            "fixed_setting",
            f"The BPS setting {key} is not the definition's to give.",
            f"{where}.{key}",
            f"It comes from {source}.",
        )
        for key, source in _FIXED_BPS.items()
        if key in settings
    ]


def _set_faults(definition: Definition, own: Sets, where: str) -> list[Fault]:
    """Tell which sets a step, or with no sets of its own the campaign, both takes in and leaves out."""
    lists = own if where != "sets" else definition.sets
    included = {*definition.sets.include, *own.include}
    excluded = {*definition.sets.exclude, *own.exclude}
    return [
        Fault(
            "contradicting_sets",
            f"The set {name} is both included and excluded.",
            f"{where}.{kind}[{index}]",
            "Leave it out of one.",
        )
        for kind, names in (("include", lists.include), ("exclude", lists.exclude))
        for index, name in enumerate(names)
        if name in included & excluded
    ]


def _cycle(definition: Definition) -> list[str]:
    """Find a cycle among the steps; empty when there is none."""
    needs = {step.name: step.needs for step in definition.steps}
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for needed in needs[name]:
            if found := visit(needed, [*path, name]):
                return found
        done.add(name)
        return []

    for name in needs:
        if found := visit(name, []):
            return found
    return []
