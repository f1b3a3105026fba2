"""Where a campaign comes from: its line, drawn and as a list, what it changed, and the last good one before it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from campaigns.domain.campaign import Campaign
from campaigns.domain.differences import definition_differences
from campaigns.domain.lineage import LineageNode
from campaigns.domain.states import FINAL_CAMPAIGNS
from campaigns.pictures.graph import Direction
from campaigns.pictures.lineage import LineNode, draw_lineage
from campaigns.pictures.looks import Look, look_of, settled
from campaigns.services.factory import Factory
from campaigns.services.lineage import Kin
from campaigns.web.views.differences import ChangeView, changes_by_group

__all__ = ("LineRow", "LineageView", "Origin", "campaign_lineage", "origin_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a campaign's page tells of others: what it derives from, and the last good one before it."""

    parent: Kin | None
    revision: int | None
    last_good: Kin | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A campaign of the line, and its state."""

    node: LineageNode
    look: Look
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageView:
    """The line of a campaign; ``changes`` is what it has other than the revision that it derives from, by groups."""

    picture: Markup
    rows: list[LineRow]
    is_whole: bool
    changes: list[tuple[str, list[ChangeView]]]
    n_changes: int


def origin_of(factory: Factory, campaign: Campaign) -> Origin:
    """Gather what stands above a campaign's page of those that it is held against."""
    service = factory.lineage()
    parent = service.parent_of(campaign) if campaign.parent else None
    return Origin(
        parent=parent,
        revision=campaign.parent.revision if campaign.parent else None,
        last_good=service.last_good(campaign.uuid),
    )


def campaign_lineage(factory: Factory, campaign: Campaign) -> LineageView | None:
    """Gather a campaign's line; `None` if it derives from nothing and nothing derives from it."""
    lineage = factory.lineage().of_campaign(campaign)
    if len(lineage.nodes) == 1:
        return None
    rows = [
        LineRow(
            node=node,
            look=settled(look_of(node.status)) if node.status in FINAL_CAMPAIGNS else look_of(node.status),
            is_here=node.id == campaign.id,
        )
        for node in lineage.nodes
    ]
    nodes = [
        LineNode(
            id=row.node.id,
            name=row.node.name,
            look=row.look,
            parent=row.node.parent,
            note=row.node.relation.words if row.node.relation else "",
            href=f"/campaigns/{row.node.id}?tab=definition",
            is_here=row.is_here,
        )
        for row in rows
    ]
    picture = Markup("".join(draw_lineage(nodes, direction=way) for way in Direction))  # noqa: S704 - pictures escape
    changes = _changes(factory, campaign, lineage.node(campaign.id))
    n_changes = sum(len(several) for _, several in changes)
    return LineageView(picture=picture, rows=rows, is_whole=lineage.is_whole, changes=changes, n_changes=n_changes)


def _changes(factory: Factory, campaign: Campaign, own: LineageNode | None) -> list[tuple[str, list[ChangeView]]]:
    if own is None or own.parent is None or own.parent_revision is None:
        return []
    before = factory.campaigns().revision(own.parent, own.parent_revision)
    return changes_by_group(definition_differences(before.definition, campaign.definition))
