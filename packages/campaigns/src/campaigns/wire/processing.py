"""What a submission's processing is made of beyond pipeline, data and settings, as the server tells it to an agent."""

from __future__ import annotations

from pydantic import Field

from campaigns.domain.definition import ConfigOverride, Definition, Step
from campaigns.domain.definition.parts import SetRule
from campaigns.domain.specifications import SpecRole
from campaigns.wire.protocol import Wire

__all__ = ("PinnedSpecification", "ProcessingModel", "ResolvedModel")


class PinnedSpecification(Wire):
    """A specification in git at the commit it was resolved to."""

    repository: str
    reference: str
    commit: str


class ResolvedModel(Wire):
    """What a specification's reference was resolved to."""

    role: SpecRole
    repository: str
    reference: str
    path: str
    commit: str


class ProcessingModel(Wire):
    """Files, options and surroundings of a submission. Relative paths are in the specification's repository."""

    file: str | None = Field(default=None, description="An existing BPS file, instead of a pipeline.")
    include_configs: list[str] = Field(default_factory=list, description="BPS files, later ones over earlier ones.")
    shared_overrides: list[ConfigOverride] = Field(
        default_factory=list, description="Those of the whole campaign, for those of these tasks that the pipeline has."
    )
    config_overrides: list[ConfigOverride] = Field(default_factory=list, description="Those of the step, applied after them.")
    qgraph_options: list[str] = Field(default_factory=list)
    run_options: list[str] = Field(default_factory=list)
    set_rule: SetRule | None = Field(default=None, description="How exposures and visits stand for each other in sets.")
    set_visit_system: int | None = Field(default=None, description="The visit system whose visits count; null for all.")
    environment: dict[str, str] = Field(default_factory=dict)
    local_packages: list[str] = Field(default_factory=list, description="Folders at the site; later ones win.")
    specification: PinnedSpecification | None = Field(
        default=None, description="Where relative paths lead; the agent asks the server for the files."
    )

    @property
    def translation(self) -> dict[str, str | int]:
        """What is said of how sets are translated, as `dataid_sets` takes it (`dict`)."""
        said = {"rule": None if self.set_rule is None else self.set_rule.value, "visit_system": self.set_visit_system}
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def of(cls, definition: Definition, step: Step, specification: PinnedSpecification | None) -> ProcessingModel:
        """Make the model of a step.

        Parameters
        ----------
        definition : `Definition`
            The campaign's definition.
        step : `Step`
            One of its steps.
        specification : `PinnedSpecification` or `None`
            Where files are read that it names by relative paths.
        """
        translated = step.sets.below(definition.sets)
        return cls(
            file=step.file,
            include_configs=[*definition.include_configs, *step.include_configs],
            shared_overrides=definition.config_overrides,
            config_overrides=step.config_overrides,
            qgraph_options=[*definition.qgraph_options, *step.qgraph_options],
            run_options=[*definition.run_options, *step.run_options],
            set_rule=translated.rule,
            set_visit_system=translated.visit_system,
            environment=definition.environment,
            local_packages=definition.local_packages,
            specification=specification,
        )
