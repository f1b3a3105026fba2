"""Where a campaign comes from, what derives from it, and the last good one before it."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.domain.campaign import Campaign
from campaigns.domain.differences import definition_differences
from campaigns.domain.lineage import Lineage, LineageNode, relation_of
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign
from campaigns.storage.lineage import Kin, LineageStore

__all__ = ("Kin", "LineageService")

MAX_DEPTH = 20
MAX_NODES = 60


class LineageService:
    """Lines of campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = LineageStore(context.session, context.identity)

    def of(self, ref: str) -> Lineage:
        """Give the line of a campaign; see `of_campaign`."""
        return self.of_campaign(found_campaign(self._context, ref))

    def of_campaign(self, campaign: Campaign) -> Lineage:
        """Give what a campaign that was read already derives from, and what derives from it.

        Notes
        -----
        Bounded: 20 generations each way, 60 campaigns in all. Four statements, however many there are.
        """
        before = self._store.ancestors(campaign, depth=MAX_DEPTH)[::-1]
        after = self._store.descendants(campaign, depth=MAX_DEPTH, limit=MAX_NODES + 1)
        room = MAX_NODES - len(before) - 1
        known = [*before, _own(campaign), *after[:room]]
        cut_above = bool(known[0].parent_uuid)
        return Lineage(of=campaign.id, nodes=tuple(self._nodes(known)), is_whole=len(after) <= room and not cut_above)

    def last_good(self, ref: str) -> Kin | None:
        """Give the newest completed campaign before one that has its kind, instrument and pipeline, if there is one."""
        return self._store.last_good(found_campaign(self._context, ref))

    def parent_of(self, campaign: Campaign) -> Kin | None:
        """Give the campaign that one derives from, if it is here and may be seen."""
        return next(iter(self._store.ancestors(campaign, depth=1)), None)

    def _nodes(self, known: Sequence[Kin]) -> list[LineageNode]:
        ids = {kin.uuid: kin.id for kin in known}
        derived = [kin for kin in known if kin.parent_uuid in ids and kin.parent_revision is not None]
        wanted = [(kin.uuid, kin.revision) for kin in derived]
        wanted += [(kin.parent_uuid or "", kin.parent_revision or 0) for kin in derived]
        definitions = self._store.definitions(wanted)
        nodes = []
        for kin in known:
            parent = ids.get(kin.parent_uuid or "")
            old = definitions.get((kin.parent_uuid or "", kin.parent_revision or 0))
            new = definitions.get((kin.uuid, kin.revision))
            compared = parent is not None and old is not None and new is not None
            nodes.append(
                LineageNode(
                    id=kin.id,
                    uuid=kin.uuid,
                    name=kin.name,
                    title=kin.title,
                    kind=kin.kind,
                    status=kin.status,
                    created_us=kin.created_us,
                    owner=kin.owner,
                    parent=parent,
                    parent_revision=kin.parent_revision,
                    relation=relation_of(old, new) if compared and old and new else None,
                    n_differences=len(definition_differences(old, new)) if compared and old and new else 0,
                )
            )
        return nodes


def _own(campaign: Campaign) -> Kin:
    return Kin(
        uuid=campaign.uuid,
        number=campaign.number,
        name=campaign.name,
        title=campaign.title,
        kind=campaign.kind,
        status=campaign.status,
        revision=campaign.revision,
        created_us=campaign.created_us,
        owner=campaign.owner,
        parent_uuid=campaign.parent.uuid if campaign.parent else None,
        parent_revision=campaign.parent.revision if campaign.parent else None,
    )
