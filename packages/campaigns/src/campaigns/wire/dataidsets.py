"""DataId sets as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from campaigns.domain.dataidsets import CampaignSet, DataIdSetEntry, SetRole
from campaigns.domain.exclusions import AwaitedExclusion, Excludable
from campaigns.wire.agentsets import Unknown
from campaigns.wire.interface import Wire

__all__ = (
    "CampaignSetList",
    "CampaignSetModel",
    "DataIdSetCreate",
    "DataIdSetDetail",
    "DataIdSetList",
    "DataIdSetModel",
    "DataIdsBody",
    "ExcludableModel",
    "ExclusionCreate",
    "ExclusionList",
    "ExclusionModel",
    "ProposalModel",
    "RepositoryBody",
    "SetDrop",
    "SetUseModel",
    "SetUserModel",
)

DataIds = list[dict[str, Any]] | dict[str, Any]


class ReasonCountModel(Wire):
    """A reason, and how many data IDs have it; an empty one stands for none."""

    reason: str
    rows: int


class DataIdSetModel(Wire):
    """A set of a site's repository, as its agent last told of it."""

    site: str
    butler: str
    name: str
    version: int
    digest: str
    dimensions: list[str]
    rows: int
    pending: int = Field(description="How many of its data IDs had no record in the registry when it was made.")
    owner: str
    description: str
    source: str
    created_us: int
    seen_us: int
    reasons: list[ReasonCountModel] = Field(description="The most frequent ones.")
    n_reasons: int | None = Field(description="How many there are; null where they were not counted.")

    @classmethod
    def of(cls, entry: DataIdSetEntry) -> DataIdSetModel:
        """Make the model of a set."""
        return cls(**_entry(entry))


class DataIdSetList(Wire):
    """Sets, newest first."""

    items: list[DataIdSetModel]
    next: str | None


class SetUserModel(Wire):
    """A campaign that has pinned a version of a set."""

    campaign: str
    name: str
    version: int


class DataIdSetDetail(DataIdSetModel):
    """A set with a piece of its data IDs."""

    versions: list[int] = Field(description="All versions of its name that are known.")
    used_by: list[SetUserModel]
    items: list[dict[str, Any]] | None = Field(description="Data IDs with their reasons; null where the site has not sent them.")
    next: str | None

    @classmethod
    def of_whole(
        cls,
        entry: DataIdSetEntry,
        *,
        versions: list[int],
        used_by: list[SetUserModel],
        items: list[dict[str, Any]] | None,
        following: str | None,
    ) -> DataIdSetDetail:
        """Make the model of a set and a piece of it."""
        return cls(**_entry(entry), versions=versions, used_by=used_by, items=items, next=following)


class DataIdSetCreate(Wire):
    """A set to be made."""

    site: str
    butler: str = Field(description="The repository, by the site's alias.")
    stack: str | None = Field(default=None, description="By default the site's first.")
    name: str = Field(description="Without a version, which the site gives.")
    data_ids: DataIds = Field(description="The document of a DataId file.")
    description: str = Field(default="", max_length=5000)
    unknown: Unknown = Field(default=Unknown.ERROR, description="What becomes of data IDs that the registry has no records of.")
    reason: str = Field(description="Why, for those who come after.")


class RepositoryBody(Wire):
    """A repository whose sets are to be listed."""

    site: str
    butler: str
    stack: str | None = None


class SetUseModel(Wire):
    """A set as a submission applies it."""

    role: SetRole
    reference: str
    name: str
    version: int
    digest: str
    rows: int
    dimensions: list[str]
    outcome: str | None = Field(description="`applied`, `translated` or `not_applicable`, once the quantum graph is there.")
    detail: str


class CampaignSetFit(Wire):
    """What a set would do to a step, as the site told when it looked last."""

    step: str
    outcome: str = Field(description="`applied`, `translated` or `not_applicable`, for the step as a whole.")
    detail: str
    tasks: dict[str, str] = Field(description="The outcome for each task.")


class CampaignSetModel(Wire):
    """A set as a campaign uses it."""

    reference: str
    role: SetRole
    steps: list[str]
    name: str | None = Field(description="What was pinned; null before the campaign has started.")
    version: int | None
    digest: str | None
    rows: int | None
    pinned_us: int | None
    revision: int | None = Field(description="The revision that first needed it.")
    drift: str | None = Field(description="What has changed since.")
    fits: list[CampaignSetFit] = Field(description="One for each of its steps; empty where the site has not looked yet.")

    @classmethod
    def of(cls, one: CampaignSet) -> CampaignSetModel:
        """Make the model of a campaign's set."""
        pin = one.pin
        names = ("name", "version", "digest", "rows", "pinned_us", "revision")
        return cls(
            reference=one.reference,
            role=one.role,
            steps=list(one.steps),
            drift=one.drift.text if one.drift else None,
            fits=[CampaignSetFit(**asdict(fit)) for fit in one.fits],
            **{name: None if pin is None else getattr(pin, name) for name in names},
        )


class CampaignSetList(Wire):
    """Sets in the definition's order."""

    items: list[CampaignSetModel]
    next: str | None = None


class ProposalModel(Wire):
    """A data ID that might be left out."""

    data_id: dict[str, Any]
    n_failed: int
    n_blocked: int
    tasks: list[str]
    message: str
    reason: str


class ExcludableModel(Wire):
    """What could be left out after a submission's failures."""

    by: list[str]
    choices: list[list[str]]
    steps: list[str] = Field(description="The steps that have not begun: by default they leave it out.")
    begun: list[str] = Field(description="The others: new attempts would leave it out.")
    runs: list[str] = Field(description="The runs whose outputs are or may be accepted, in which the data may be already.")
    name: str
    items: list[ProposalModel]
    next: str | None = None

    @classmethod
    def of(cls, found: Excludable) -> ExcludableModel:
        """Make the model of what was found."""
        return cls(
            by=list(found.by),
            choices=[list(choice) for choice in found.choices],
            steps=found.steps,
            begun=found.begun,
            runs=found.runs,
            name=found.name,
            items=[ProposalModel.model_validate(one) for one in found.proposals],
        )


class DataIdsBody(Wire):
    """Data IDs that are asked about."""

    data_ids: list[dict[str, Any]]


class ExclusionCreate(Wire):
    """Data to be left out of a campaign's later steps."""

    name: str = Field(description="The set's name, without a version.")
    data_ids: list[dict[str, Any]] = Field(description="Each may have a `reason` of its own.")
    reason: str = Field(description="Why, for those who come after.")
    steps: list[str] | None = Field(default=None, description="The steps that leave it out; by default all that have not begun.")


class ExclusionModel(Wire):
    """Data to be left out of steps, whose set is still to be made: the steps wait for it."""

    id: str = Field(description="The order to the site.")
    site: str
    name: str = Field(description="The set's name.")
    n_data_ids: int = Field(description="How many data IDs, or lists of them, it is made of.")
    steps: list[str]
    actor: str
    reason: str
    asked_us: int
    taken_up: bool = Field(description="Whether an agent has begun to make it.")
    served: bool = Field(description="Whether the agent that has it, or any of the site, was heard lately.")
    heard_us: int | None = Field(description="When that agent was heard last; null if never.")
    waits_for: str = Field(description="What is waited for, as one sentence.")
    remedy: str

    @classmethod
    def of(cls, one: AwaitedExclusion) -> ExclusionModel:
        """Make the model of an exclusion."""
        names = set(cls.model_fields) - {"id", "steps"}
        return cls(id=one.order_id, steps=list(one.steps), **{name: getattr(one, name) for name in names})


class ExclusionList(Wire):
    """Exclusions, oldest first."""

    items: list[ExclusionModel]
    next: str | None = None


class SetDrop(Wire):
    """A set that steps are no longer to leave out."""

    set: str = Field(description="As the definition has it, such as `demo/bad@1`.")
    steps: list[str] | None = Field(default=None, description="By default all that leave it out and were not submitted with it.")
    reason: str


def _entry(entry: DataIdSetEntry) -> dict[str, Any]:
    renamed = {"rows": "n_rows", "pending": "n_pending"}
    told = {name: getattr(entry, renamed.get(name, name)) for name in DataIdSetModel.model_fields if name != "reasons"}
    return {**told, "reasons": [ReasonCountModel.model_validate(one) for one in entry.reasons]}
