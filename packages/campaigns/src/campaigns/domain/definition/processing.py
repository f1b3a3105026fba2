"""What a definition says of processing: where it is specified, how tasks are configured, what their jobs need."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

__all__ = (
    "Cluster",
    "ConfigOverride",
    "FilePath",
    "Label",
    "Part",
    "Processing",
    "Specification",
    "TaskSettings",
    "in_repository",
)

MAX_ENTRIES = 200

Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
"""A task's label in its pipeline."""

DimensionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
ConfigKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.\[\]\"'-]{0,199}$")]
Scalar = bool | int | float | str
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]

_PATH = re.compile(r"(?:[A-Za-z0-9_./+:@=,~%#-]|\$\{[A-Za-z_]\w*\}|\$[A-Za-z_]\w*)+", re.ASCII)

_FIXED_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "HOME", "PWD", "SHELL", "BASH_ENV", "ENV")
"""Variables by which a stack is what it is."""

_FIXED_OPTIONS = {
    ("-b", "--butler-config"): "`butler`",
    ("-i", "--input"): "`inputs`",
    ("-o", "--output", "--output-run", "--extend-run", "--replace-run"): "`output`",
    ("-p", "--pipeline"): "`pipeline`",
    ("-d", "--data-query"): "`data_query`",
    ("-c", "--config", "-C", "--config-file"): "`config_overrides`",
    ("-g", "--qgraph", "-q", "--save-qgraph"): "BPS",
    ("--include-set", "--exclude-set", "--include-file", "--exclude-file"): "`sets`",
    ("--set-rule", "--set-visit-system", "--set-constant"): "`sets`",
}
"""Options of pipetask that the service gives itself, and where they come from."""


def in_repository(path: str) -> bool:
    """Tell whether a path is one in a repository: not absolute, no URI, and not below a variable's folder."""
    return not path.startswith(("/", "$", "~")) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path) is None


def _plain(value: str) -> str:
    if any(letter in value for letter in "{}\n\r\t\0"):
        raise ValueError("braces, tabs and line breaks cannot be passed on by BPS; put the setting into a file")
    return value


def _path(value: str) -> str:
    if value.startswith("-"):
        raise ValueError(f"{value} begins like an option")
    if ".." in value.split("/"):
        raise ValueError(f"{value} leads out of its folder")
    if value and _PATH.fullmatch(value) is None:
        raise ValueError(f"{value!r} has a letter in it that BPS's commands cannot take, such as a blank or a quote")
    return value


def _plain_but_variables(value: str) -> str:
    # BPS takes braces for names of its settings, but for those of variables of the environment.
    _plain(re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", "", value))
    return value


def _reference(value: str) -> str:
    if value.startswith("-") or ".." in value or value.endswith((".lock", "/", ".")) or "@{" in value or "//" in value:
        raise ValueError(f"{value} is no name of a tag, a branch or a commit")
    return value


FilePath = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_path)]
"""A file: absolute, below ``$VARIABLE``, or in the repository of the processing specification."""

InRepository = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_path)]


class Part(BaseModel):
    """A part of the document: what is unknown is an error, and nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Specification(Part):
    """Where something is specified in git."""

    repository: Annotated[
        str,
        StringConstraints(pattern=r"^(https://[^\s@]+|ssh://\S+|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[^\s:]+|/\S+)$", max_length=1000),
    ] = Field(
        description="The repository: `https://…`, `ssh://…`, `git@host:path`, or the absolute path of one that the server allows."
    )
    reference: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+@#=-]{0,199}$"), AfterValidator(_reference)
    ] = Field(description="A tag, a branch or a commit. It is resolved to a commit when the campaign starts.")
    path: InRepository = Field(default="", description="A file or a folder in it; empty for the whole repository.")

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        if value and not in_repository(value):
            raise ValueError(f"{value} is not a path in the repository; begin it at the repository's root, without a slash")
        return value.rstrip("/")


class ConfigOverride(Part):
    """What a task's configuration has other than the pipeline says, as by `pipetask -C` or `pipetask -c`."""

    label: Label = Field(description="The task's label in the pipeline.")
    file: FilePath | None = Field(
        default=None, description="A configuration file: absolute, below `$VARIABLE`, or in the processing specification."
    )
    settings: dict[ConfigKey, Scalar | list[Scalar]] = Field(
        default_factory=dict, max_length=MAX_ENTRIES, description="Instead of a file: names of settings and their values."
    )

    @model_validator(mode="after")
    def _one_way(self) -> ConfigOverride:
        if (self.file is None) == (not self.settings):
            raise ValueError("give either `file` or `settings`")
        for value in self.settings.values():
            _plain(repr(value))
        return self

    def options(self, file: str | None = None) -> list[str]:
        """Give the options of pipetask, quoted for a command line.

        Parameters
        ----------
        file : `str`, optional
            Where the file really is.
        """
        if self.file is not None:
            return [f"-C {self.label}:{file or self.file}"]
        return [f"-c {shlex.quote(f'{self.label}:{key}={_literal(value)}')}" for key, value in self.settings.items()]


def _literal(value: Any) -> str:
    """Write a value so that pipetask reads the same: text that looks like something else needs quotes."""
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z_][\w./ :-]*", value) and value not in ("True", "False", "None")
        return value if plain else repr(value)
    return repr(value)


class Resources(Part):
    """What jobs ask of the workflow system."""

    memory_mb: int | None = Field(default=None, ge=1, description="Memory of a job, in MB: BPS's `requestMemory`.")
    cpus: int | None = Field(default=None, ge=1, description="Processors of a job: BPS's `requestCpus`.")
    walltime_min: int | None = Field(
        default=None, ge=1, description="How long a job may take, in minutes: BPS's `requestWalltime`."
    )
    retries: int | None = Field(
        default=None, ge=0, le=100, description="How often a job that failed is run again: BPS's `numberOfRetries`."
    )

    def as_bps(self) -> dict[str, Any]:
        """Give the settings by the names that BPS has for them."""
        named = {
            "requestMemory": self.memory_mb,
            "requestCpus": self.cpus,
            "requestWalltime": self.walltime_min,
            "numberOfRetries": self.retries,
        }
        return {name: value for name, value in named.items() if value is not None}


class TaskSettings(Resources):
    """What the jobs of one task need."""

    @model_validator(mode="after")
    def _says_something(self) -> TaskSettings:
        if not self.as_bps():
            raise ValueError("say at least one of `memory_mb`, `cpus`, `walltime_min` and `retries`")
        return self


class Cluster(Resources):
    """Quanta of several tasks that run in one job, one cluster for each data ID of its dimensions."""

    tasks: list[Label] = Field(min_length=1, max_length=MAX_ENTRIES, description="The labels of the tasks.")
    dimensions: list[DimensionName] = Field(
        default_factory=list, max_length=20, description="One job for each value of these together, such as `visit, detector`."
    )

    def as_bps(self) -> dict[str, Any]:
        """Give the cluster as BPS's `cluster` has it."""
        dimensions = {"dimensions": ",".join(self.dimensions)} if self.dimensions else {}
        return {"pipetasks": ",".join(self.tasks), **dimensions, **super().as_bps()}


def _option(value: str) -> str:
    if not value.startswith("-"):
        raise ValueError(f"{value} is no option; an option and its value make one entry, such as `--skip-existing-in NAME`")
    try:
        words = shlex.split(value)
    except ValueError:
        raise ValueError(f"{value} has a quote that is not closed") from None
    for word in words:
        for names, source in _FIXED_OPTIONS.items():
            name = word.partition("=")[0]
            short = next((one for one in names if len(one) == 2 and word.startswith(one) and not word.startswith("--")), None)
            if name in names or short:
                raise ValueError(f"the option {short or name} is not the definition's to give here; it comes from {source}")
    return _plain_but_variables(value)


Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=1000), AfterValidator(_option)]


class Processing(Part):
    """Settings of the processing that a campaign has for all steps, and a step for itself."""

    config_overrides: list[ConfigOverride] = Field(
        default_factory=list,
        max_length=MAX_ENTRIES,
        description="Configuration of tasks, in the order in which it is applied; a step's own come after the campaign's.",
    )
    tasks: dict[Label, TaskSettings] = Field(
        default_factory=dict, max_length=MAX_ENTRIES, description="What the jobs of a task need, by its label: BPS's `pipetask`."
    )
    clusters: dict[Label, Cluster] = Field(
        default_factory=dict,
        max_length=MAX_ENTRIES,
        description="Quanta that share a job, by a name: BPS's `cluster`, with its clustering by dimensions.",
    )
    include_configs: list[FilePath] = Field(
        default_factory=list,
        max_length=50,
        description="BPS files whose settings lie under the definition's and over the site's; later ones win.",
    )
    qgraph_options: list[Option] = Field(
        default_factory=list,
        max_length=50,
        description="More options of `pipetask qgraph`, each with its value, such as `--skip-existing-in u/you/run`.",
    )
    run_options: list[Option] = Field(
        default_factory=list, max_length=50, description="More options of `pipetask run-qbb`, such as `--timeout 3600`."
    )
    bps: dict[str, Any] = Field(default_factory=dict, description="Any other settings of BPS, merged over all of the above.")

    @model_validator(mode="after")
    def _one_cluster_each(self) -> Processing:
        seen: dict[str, str] = {}
        for name, cluster in self.clusters.items():
            for label in cluster.tasks:
                if seen.setdefault(label, name) != name:
                    raise ValueError(f"the task {label} is in two clusters, {seen[label]} and {name}")
        return self


def checked_variable(name: str, value: str) -> None:
    """Refuse a variable that is not a definition's to set, or a value that cannot be passed on.

    Raises
    ------
    ValueError
        If it is.
    """
    if name in _FIXED_VARIABLES or name.upper().startswith("CAMPAIGN"):
        raise ValueError(f"the variable {name} is not the definition's to set; `local_packages` and the stack set paths")
    if any(letter in value for letter in "{}$\n\r\0"):
        raise ValueError(f"the value of {name} has a brace, a dollar sign or a line break, which BPS cannot pass on")
