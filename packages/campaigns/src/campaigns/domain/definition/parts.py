"""The parts of a definition that stand by themselves: sets, splits, gates, links, and what every step has."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, model_validator

from campaigns.domain.addresses import MAX_URL, address_fault
from campaigns.domain.definition.processing import FilePath, Part, Processing

__all__ = (
    "FORMS",
    "MAX_SETS",
    "STORED",
    "Collection",
    "Command",
    "Gate",
    "GateKind",
    "Line",
    "Link",
    "Name",
    "Sets",
    "Split",
    "StartKind",
    "StepBase",
    "StepName",
)

_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
_STEP_NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,49}$"
FORMS: Final = {
    _NAME: "Take letters, digits, `_`, `.` and `-`, the first a letter or a digit; at most 100.",
    _STEP_NAME: "Take letters, digits, `_` and `-`, the first a letter; at most 50.",
}
"""What patterns ask for, for those who do not read patterns."""

Name = Annotated[str, StringConstraints(pattern=_NAME)]
StepName = Annotated[str, StringConstraints(pattern=_STEP_NAME)]
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


STORED: Final = {"stored": True}
"""The context in which what was accepted once is read again, though rules may have become stricter since."""


class GateKind(StrEnum):
    """Whose word a step waits for."""

    PERSON = "person"
    THRESHOLDS = "thresholds"


class Gate(Part):
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


class Split(Part):
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


class SetRule(StrEnum):
    """When a visit counts as listed by a set of exposures, and the reverse."""

    ANY = "any"
    ALL = "all"


class Sets(Part):
    """DataId sets by which data is taken in or left out."""

    include: list[SetReference] = Field(
        default_factory=list,
        max_length=MAX_SETS,
        description="Sets whose data IDs alone are used, such as `demo/good@3`; all must have them.",
    )
    exclude: list[SetReference] = Field(
        default_factory=list, max_length=MAX_SETS, description="Sets whose data IDs are left out; any of them is enough."
    )
    rule: SetRule | None = Field(
        default=None,
        description="How exposures and visits stand for each other. `any`, unless it is given: a visit is listed if any of its "
        "exposures is. `all`: only if all of them are. A step's own goes before the campaign's.",
    )
    visit_system: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="The visit system whose visits count where sets are translated; all, unless it is given. A step's own goes "
        "before the campaign's.",
    )

    def below(self, common: Sets) -> Sets:
        """Give how a step's sets are translated: by what it says itself, or else by what the campaign says for all."""
        visit_system = common.visit_system if self.visit_system is None else self.visit_system
        return Sets(rule=self.rule or common.rule, visit_system=visit_system)


class StepBase(Part):
    """What every step has, whatever it runs."""

    name: StepName = Field(description="Unique in the campaign; part of the output collections' names.")
    title: str = Field(default="", description="What the step does, in a few words.")
    data_query: str | None = Field(default=None, description="Narrows the campaign's data query; both must hold.")
    sets: Sets = Field(default_factory=Sets, description="DataId sets of this step, besides those of the campaign.")
    start: StartKind = Field(default=StartKind.AUTOMATIC, description="Whether a person must start the step.")
    gate: Gate = Field(default_factory=Gate, description="What must hold before the step is accepted.")


class _WithFile(StepBase):
    file: FilePath = Field(
        description="The BPS file: absolute, below `$VARIABLE`, or in the repository of the processing specification."
    )


class Command(Processing, _WithFile):
    """An existing BPS file to be submitted in its turn; a text alone is its `file`, of which the name is made."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        told = {"file": given} if isinstance(given, str) else given
        if isinstance(told, dict) and "name" not in told and isinstance(told.get("file"), str):
            return {"name": _name_of(told["file"]), **told}
        return told


def _name_of(file: str) -> str:
    stem = re.sub(r"\.(ya?ml)$", "", file.rpartition("/")[2])
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")
    return (plain if plain[:1].isalpha() else f"bps-{plain}")[:50]


def _linkable(url: str, info: ValidationInfo) -> str:
    if info.context != STORED and (fault := address_fault(url)) is not None:
        raise ValueError(fault.rstrip("."))
    return url


class Link(Part):
    """A link to another system."""

    title: Line = Field(description="What is found there.")
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=MAX_URL), AfterValidator(_linkable)] = Field(
        description="An http(s) address."
    )
    kind: Literal["collection", "metrics", "plots", "monitor", "ticket", "document", "other"] = Field(
        default="other", description="What sort of place it is."
    )
