"""Campaigns, submissions and what belongs to them, as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from campaigns.domain.campaign import (
    Campaign,
    CampaignListing,
    Revision,
    WaitKind,
)
from campaigns.domain.errors import Fault
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.quanta import QuantaCounts, QuantumFailure, TaskCounts, TaskSpent
from campaigns.domain.states import (
    CampaignStatus,
    Judgement,
    Kind,
    OrderStatus,
    SubmissionStatus,
)
from campaigns.domain.submission import StoredFile, Submission
from campaigns.services.standing import Standing
from campaigns.wire.actions import TransitionAction
from campaigns.wire.dataidsets import SetUseModel
from campaigns.wire.interface import Wire

__all__ = (
    "CampaignDetail",
    "CampaignList",
    "CampaignModel",
    "CampaignStanding",
    "CampaignSummary",
    "FailureList",
    "FileList",
    "FileModel",
    "GraphCollectionModel",
    "GraphModel",
    "ParentModel",
    "PreflightModel",
    "ReasonBody",
    "RevisionList",
    "RevisionModel",
    "SubmissionDetail",
    "SubmissionList",
    "SubmissionModel",
    "TransitionBody",
    "WaitModel",
)


class WaitModel(Wire):
    """A decision that only a person can take."""

    kind: WaitKind
    step: str
    group: str
    submission: str | None
    text: str


class CampaignModel(Wire):
    """A campaign as it stands."""

    id: str
    uuid: str
    name: str
    title: str
    reason: str
    kind: Kind
    status: CampaignStatus
    status_reason: str | None
    held: bool = Field(description="Whether a person paused it.")
    starting: bool = Field(description="Whether the site looks, before the start, if it can run.")
    signed: bool = Field(description="Whether the newest revision is signed off.")
    waits: list[WaitModel]
    adopted: bool = Field(description="Whether it tells of what ran, or runs, elsewhere.")
    origin: str | None = Field(description="For one that was imported, its name at its origin, such as `usdf:C-42`.")
    revision: int
    owner: str
    lead: str = Field(description="Who leads it: whom its definition names, and its owner where it names nobody.")
    created_us: int
    updated_us: int
    started_us: int | None
    ended_us: int | None

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignModel:
        """Make the model of a campaign."""
        return cls.model_validate(campaign)


class CampaignDetail(CampaignModel):
    """A campaign with its definition."""

    definition: dict[str, Any] = Field(description="The campaign file's document; fields left at their defaults are left out.")
    warnings: list[dict[str, str | None]] = Field(
        default_factory=list,
        description="What hinders its start, or is allowed and yet not as it should be: code, message, where and remedy.",
    )

    @classmethod
    def of(cls, campaign: Campaign, warnings: Iterable[Fault] = ()) -> CampaignDetail:
        """Make the model of a campaign with its definition, and of what is known to be wrong with it."""
        document = campaign.definition.model_dump(mode="json", exclude_defaults=True)
        told = [fault.as_dict() for fault in warnings]
        return cls(**CampaignModel.of(campaign).model_dump(), definition=document, warnings=told)


class ParentModel(Wire):
    """What a campaign derives from."""

    id: str
    uuid: str
    name: str
    revision: int = Field(description="The revision of its definition.")


class CampaignStanding(CampaignDetail):
    """A campaign with its definition, and what is told of it beside that."""

    refusal: list[dict[str, str | None]] = Field(
        description="Why it was not started when somebody last tried, as the site found: code, message, where and remedy."
    )
    operators: list[str] = Field(description="Who operates its submissions now.")
    parent: ParentModel | None = Field(description="What it derives from.")
    n_notes: int

    @classmethod
    def with_standing(cls, detail: CampaignDetail, campaign: Campaign, standing: Standing) -> CampaignStanding:
        """Make the model of a campaign and of what is told beside it."""
        kin, revision = standing.parent, campaign.parent.revision if campaign.parent else 0
        return cls(
            **detail.model_dump(),
            refusal=[fault.as_dict() for fault in standing.refusal],
            operators=standing.operators,
            parent=None if kin is None else ParentModel(id=kin.id, uuid=kin.uuid, name=kin.name, revision=revision),
            n_notes=standing.n_notes,
        )


class CampaignSummary(Wire):
    """A row of the list of campaigns."""

    id: str
    uuid: str
    name: str
    title: str
    reason: str
    kind: Kind
    status: CampaignStatus
    status_reason: str | None
    held: bool = Field(description="Whether a person paused it.")
    starting: bool = Field(description="Whether the site looks, before the start, if it can run.")
    signed: bool = Field(description="Whether the newest revision is signed off.")
    adopted: bool = Field(description="Whether it tells of what ran, or runs, elsewhere.")
    origin: str | None = Field(description="For one that was imported, its name at its origin, such as `usdf:C-42`.")
    waits: list[WaitModel]
    revision: int
    owner: str
    lead: str = Field(description="Whom its definition names, and its owner where it names nobody.")
    team: str | None
    ticket: str | None
    site: str | None
    stack: str | None
    butler: str | None
    instrument: str | None
    output: str | None
    labels: list[str]
    operators: list[str]
    created_us: int
    updated_us: int
    started_us: int | None
    ended_us: int | None
    quanta: QuantaCounts = Field(description="Over the newest attempts.")
    n_submissions: int
    n_active: int
    n_steps: int
    n_steps_begun: int = Field(description="Of how many steps there is a submission; quanta of the others are not known.")

    @classmethod
    def of_listing(cls, listing: CampaignListing) -> CampaignSummary:
        """Make the model of a row."""
        return cls.model_validate(listing)


class CampaignList(Wire):
    """Campaigns in the order asked for."""

    items: list[CampaignSummary]
    next: str | None
    count: int | None = Field(default=None, description="How many the filter finds in all, where that was asked for.")


class RevisionModel(Wire):
    """One immutable state of a definition."""

    number: int
    digest: str
    author: str
    reason: str
    created_us: int
    definition: dict[str, Any]

    @classmethod
    def of(cls, revision: Revision) -> RevisionModel:
        """Make the model of a revision."""
        document = revision.definition.model_dump(mode="json", exclude_defaults=True)
        return cls(
            number=revision.number,
            digest=revision.digest,
            author=revision.author,
            reason=revision.reason,
            created_us=revision.created_us,
            definition=document,
        )


class RevisionList(Wire):
    """Revisions, newest first."""

    items: list[RevisionModel]
    next: str | None = None


class TransitionBody(Wire):
    """A change of a campaign's state by hand."""

    action: TransitionAction = Field(description="What to do.")
    reason: str = Field(description="Why, for those who come after.")
    wait_s: float = Field(
        default=30.0, ge=0, le=60, description="For `start`: how long to wait for what the site finds, before answering 202."
    )


class ReasonBody(Wire):
    """Why."""

    reason: str = Field(description="Why, for those who come after.")


class PreflightModel(Wire):
    """What a site found that looked whether a campaign could run."""

    order: str = Field(description="The order by which the site looks.")
    status: OrderStatus
    result: dict[str, Any] = Field(
        description="For each of `steps`, and each group of it, `quanta`, upper bounds by task; and `graph`, what a graph that "
        "was built has, or why there is none. Also the `output`, the DataId `sets`, and, while graphs are built, `progress`."
    )


class SubmissionModel(Wire):
    """A submission as it stands."""

    id: str
    uuid: str
    campaign: str
    step: str
    group: str
    attempt: int
    revision: int
    recovers: str | None
    status: SubmissionStatus
    status_reason: str | None
    status_remedy: str | None
    judgement: Judgement
    judged_by: str | None
    judged_reason: str | None
    judged_us: int | None
    chained_us: int | None
    operator: str
    site: str
    stack: str
    output_run: str
    quanta: QuantaCounts
    created_us: int
    updated_us: int
    acquiring_us: int | None
    running_us: int | None
    ended_us: int | None

    @classmethod
    def of(cls, submission: Submission) -> SubmissionModel:
        """Make the model of a submission."""
        return cls(**_submission(submission, SubmissionModel))


class GraphCollectionModel(Wire):
    """A collection, and its type, such as `RUN` or `CALIBRATION`."""

    name: str
    type: str


class SubmissionDetail(SubmissionModel):
    """A submission with what was run and the three truths."""

    repository: str
    pipeline: str
    input_collections: list[str]
    output: str
    data_query: str
    command: list[str] = Field(description="How the service had bps started, word by word.")
    commands: list[str] = Field(description="What people say was typed, where the service did not start it.")
    bps_yaml: str
    submit_dir: str | None
    phase_message: str
    launcher: dict[str, Any] = Field(description="The first truth: how bps was started and how it ended.")
    workflow: dict[str, Any] = Field(description="The second truth: what the workflow system says.")
    tasks: list[TaskCounts] = Field(description="The third truth: what the quanta say.")
    spent: list[TaskSpent] = Field(description="What quanta that succeeded took, by the label of their task, where it is known.")
    quanta_source: str | None
    quanta_final: bool
    registered: bool
    n_failures: int
    faults: list[dict[str, Any]]
    cancel_requested_by: str | None
    sets: list[SetUseModel] = Field(description="The DataId sets it applies, and what each did to its quantum graph.")

    @classmethod
    def of(cls, submission: Submission) -> SubmissionDetail:
        """Make the model of a submission with all that is known of it."""
        told = _submission(submission, cls)
        told["launcher"] = asdict(submission.launcher)
        told["workflow"] = asdict(submission.workflow)
        told["faults"] = [fault.as_dict() for fault in submission.faults]
        told["sets"] = [SetUseModel.model_validate(use) for use in submission.sets]
        return cls(**told)


class GraphModel(Wire):
    """What a submission's quantum graph was made from."""

    known: bool = Field(description="Whether it is known: not before the graph is there.")
    collections: list[GraphCollectionModel] = Field(description="Inputs, with chains flattened, in the order of the search.")
    read: dict[str, int] = Field(description="How many datasets are read of each run.")
    universe: str = Field(description="The dimension universe, such as `daf_butler@7`.")
    skymaps: list[str] = Field(description="Those of its data IDs.")

    @classmethod
    def of(cls, pins: GraphPins | None) -> GraphModel:
        """Make the model, which has nothing where nothing is known."""
        return cls(known=pins is not None, **(pins or GraphPins()).as_dict())


class SubmissionList(Wire):
    """Submissions, oldest first."""

    items: list[SubmissionModel]
    next: str | None = None


class FailureList(Wire):
    """Quanta that did not succeed."""

    items: list[QuantumFailure]
    next: str | None = None


class FileModel(Wire):
    """A file that an agent uploaded."""

    name: str
    kind: str
    title: str
    content_type: str
    size: int
    sha256: str
    created_us: int

    @classmethod
    def of(cls, file: StoredFile) -> FileModel:
        """Make the model of a file's entry."""
        return cls.model_validate(file)


class FileList(Wire):
    """Files by kind and name."""

    items: list[FileModel]
    next: str | None = None


def _submission(submission: Submission, model: type[BaseModel]) -> dict[str, Any]:
    told = {name: getattr(submission, name) for name in model.model_fields if name != "campaign"}
    return {**told, "campaign": submission.campaign_id}
