"""Reruns and lines of campaigns, as they go over REST."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from campaigns.domain.differences import Difference, DifferenceKind
from campaigns.domain.lineage import FieldGroup, Lineage, Relation, group_of
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.services.reruns import RerunPlan
from campaigns.wire.campaigns import CampaignDetail
from campaigns.wire.interface import Wire

__all__ = ("DifferenceModel", "LineageModel", "LineageNodeModel", "MissingModel", "RerunBody", "RerunModel")


class DifferenceModel(Wire):
    """One place in which two definitions differ."""

    where: str = Field(description="The place, such as `steps[step2].gate.accept`.")
    group: FieldGroup = Field(description="What the place is about.")
    kind: DifferenceKind = Field(description="Whether it was added, removed, changed, or stands in another order.")
    before: Any = Field(description="What it was; null for nothing.")
    after: Any = Field(description="What it is; null for nothing.")

    @classmethod
    def of(cls, one: Difference) -> DifferenceModel:
        """Make the model of a difference."""
        return cls(where=one.where, group=group_of(one.path), kind=one.kind, before=one.before, after=one.after)


class RerunBody(Wire):
    """How a campaign is run again."""

    reason: str = Field(description="Why; it is the new campaign's reason.")
    revision: int | None = Field(default=None, ge=1, description="The revision to derive from; by default the newest.")
    patch: dict[str, Any] = Field(
        default_factory=dict,
        description="A partial campaign file, laid over the definition as JSON Merge Patch (RFC 7396): null takes a field away, "
        "a list is replaced as a whole.",
    )
    set: dict[str, Any] = Field(
        default_factory=dict,
        max_length=200,
        description="Single places and what is put there after that, such as `steps[step2].gate.accept`; null takes it away.",
    )
    as_pinned: bool = Field(
        default=False,
        description="Take DataId sets that are named without a version as the campaign had them pinned, not the newest.",
    )
    draft: bool = Field(default=False, description="Leave it a draft, though it is complete.")


class MissingModel(Wire):
    """What a definition still needs to start."""

    code: str
    message: str
    where: str | None
    remedy: str | None


class RerunModel(Wire):
    """A rerun: what it is, or with `dry_run` what it would be."""

    parent: str = Field(description="The id of the campaign that it derives from.")
    parent_revision: int
    relation: Relation = Field(description="What both have in common.")
    differences: list[DifferenceModel]
    missing: list[MissingModel] = Field(description="What it still needs to start.")
    definition: dict[str, Any]
    campaign: CampaignDetail | None = Field(description="The campaign that was made; null for a dry run.")

    @classmethod
    def of(cls, plan: RerunPlan, campaign: CampaignDetail | None) -> RerunModel:
        """Make the model of a plan, and of what was made by it."""
        return cls(
            parent=plan.parent.id,
            parent_revision=plan.revision,
            relation=plan.relation,
            differences=[DifferenceModel.of(one) for one in plan.differences],
            missing=[MissingModel.model_validate(fault) for fault in plan.missing],
            definition=plan.definition.model_dump(mode="json", exclude_defaults=True),
            campaign=campaign,
        )


class LineageNodeModel(Wire):
    """A campaign in a line."""

    id: str
    uuid: str
    name: str
    title: str
    kind: Kind
    status: CampaignStatus
    owner: str
    created_us: int
    parent: str | None = Field(description="The id of what it derives from, if that is among these.")
    parent_revision: int | None
    relation: Relation | None = Field(description="What its definition has in common with that revision.")
    n_differences: int


class LineageModel(Wire):
    """Where a campaign comes from, and what derives from it: parents before their children."""

    of: str = Field(description="The id of the campaign that was asked about.")
    items: list[LineageNodeModel]
    is_whole: bool = Field(description="Whether these are all: at most 20 generations each way and 60 campaigns are told.")

    @classmethod
    def of_lineage(cls, lineage: Lineage) -> LineageModel:
        """Make the model of a line."""
        items = [LineageNodeModel.model_validate(node) for node in lineage.nodes]
        return cls(of=lineage.of, items=items, is_whole=lineage.is_whole)
