"""The definition itself and its steps."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from campaigns.domain.definition.parts import Collection, Command, Line, Link, Name, Sets, Split, StepBase, StepName
from campaigns.domain.definition.processing import (
    FilePath,
    Part,
    Processing,
    Specification,
    VariableName,
    checked_variable,
    in_repository,
)
from campaigns.domain.states import Kind

__all__ = ("Definition", "Step")


class _WithPipeline(StepBase):
    pipeline: str | None = Field(
        default=None,
        description="The pipeline of this step: a URI, or `#subset` of the campaign's own pipeline. By default the subset "
        "named like the step.",
    )
    needs: list[StepName] = Field(default_factory=list, description="The steps that must be accepted before this one starts.")
    split: Split | None = Field(default=None, description="How the data is cut into groups. By default one group, `all`.")
    file: FilePath | None = Field(
        default=None, description="Instead of a pipeline: an existing BPS file, of which `commands` is the shorter way."
    )


class Step(Processing, _WithPipeline):
    """A named part of the campaign's graph of steps."""


class _Heading(Part):
    name: Name = Field(description="A short name, unique among all campaigns.")
    title: Line = Field(description="What the campaign is, on one line.")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)] = Field(
        description="Why the campaign is run."
    )
    kind: Kind = Field(description="What sort of processing it is.")
    description: str = Field(default="", max_length=100_000, description="More about it, in Markdown.")
    lead: str | None = Field(
        default=None, max_length=200, description="The campaign manager who answers for it; by default whoever made it."
    )
    team: str | None = Field(default=None, max_length=200, description="The team it belongs to.")
    visibility: Literal["staff", "team"] = Field(
        default="staff", description="Who may see it: all staff, or only its team, its owner, its lead and administrators."
    )
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
    skymap: Name | None = Field(
        default=None,
        description="The skymap, by Butler's name. Data queries that name a tract or a patch, and no skymap, are of this one.",
    )
    data_spec: Specification | None = Field(
        default=None, description="Where in git it is specified which data is processed, such as lists of what to leave out."
    )
    processing_spec: Specification | None = Field(
        default=None,
        description="Where in git it is specified how it is processed. Files named by relative paths are read there, at the "
        "commit to which the reference was resolved.",
    )
    environment: dict[VariableName, str] = Field(
        default_factory=dict, max_length=100, description="Variables of the environment in which its submissions run."
    )
    local_packages: list[FilePath] = Field(
        default_factory=list,
        max_length=50,
        description="Folders, at the site, of packages that are set up over the stack, as by `setup -k -r`; later ones win.",
    )


class Definition(Processing, _Heading):
    """A campaign's definition: the whole of ``campaign.yaml``."""

    steps: list[Step] = Field(default_factory=list, max_length=200, description="The graph of steps.")
    commands: list[Command] = Field(
        default_factory=list,
        max_length=200,
        description="Instead of steps: existing BPS files, each of which is submitted when the one before it is accepted.",
    )
    links: list[Link] = Field(default_factory=list, max_length=200, description="Links to other systems.")

    @field_validator("name")
    @classmethod
    def _is_no_reference(cls, value: str) -> str:
        if re.fullmatch(r"(?i)[cs]-\d+|new|check|adopt|import|bulk|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
            raise ValueError(f"{value} reads like an id or an address; give another name")
        return value

    @field_validator("environment")
    @classmethod
    def _may_be_set(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            checked_variable(name, text)
        return value

    @field_validator("local_packages")
    @classmethod
    def _at_the_site(cls, value: list[str]) -> list[str]:
        if relative := [path for path in value if in_repository(path)]:
            raise ValueError(f"{relative[0]} must be an absolute path at the site, or begin with a variable")
        return value

    @field_validator("commands")
    @classmethod
    def _instead_of_steps(cls, value: list[Command], info: ValidationInfo) -> list[Command]:
        if value and info.data.get("steps"):
            raise ValueError("give either `steps` or `commands`")
        return value

    @model_validator(mode="after")
    def _steps_of_commands(self) -> Self:
        # All that runs campaigns knows steps alone: commands are a way to write them.
        if self.commands:
            before = [None, *(command.name for command in self.commands)]
            self.__dict__["steps"] = [
                Step.model_validate({**command.model_dump(exclude_defaults=True), "needs": [needed] if needed else []})
                for command, needed in zip(self.commands, before, strict=False)
            ]
        return self

    @model_serializer(mode="wrap")
    def _commands_of_steps(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = write(self)
        if self.commands:
            # What was changed since, such as the sets to leave out, was changed in the steps.
            document["commands"] = [
                {name: value for name, value in step.items() if name in Command.model_fields}
                for step in document.pop("steps", [])
            ]
        return document

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
        """Give the URI of a step's pipeline with its subset, or the BPS file that has it."""
        if step.file is not None:
            return step.file
        base = self.pipeline or ""
        if step.pipeline is None:
            return f"{base}#{step.name}"
        return base + step.pipeline if step.pipeline.startswith("#") else step.pipeline
