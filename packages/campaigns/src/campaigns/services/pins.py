"""What a campaign takes the names of DataId sets for: looked up by the site at its start, and the same from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import Pin, SetUse, named_sets, sets_of_step
from campaigns.domain.definition import Step
from campaigns.domain.errors import Fault
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.services.context import Context
from campaigns.storage.dataidsets import PinStore
from campaigns.wire.agentsets import FoundSet

__all__ = ("PinService",)


class PinService:
    """Pins sets, by rule, in a transaction that holds the campaign.

    Parameters
    ----------
    context : `Context`
        The transaction.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = PinStore(context.session, SYSTEM)

    def faults(self, campaign: Campaign, found: Sequence[dict[str, Any]]) -> list[Fault]:
        """Tell which sets of a definition the site has not looked up."""
        known = {one["reference"] for one in found}
        remedy = "Install the agent's newest version at the site."
        return [
            Fault("set_not_looked_up", f"The site did not look up the set {one.reference}.", one.where, remedy)
            for one in named_sets(campaign.definition)
            if one.reference not in known
        ]

    def pin(self, campaign: Campaign, found: Sequence[dict[str, Any]], *, actor: Identity) -> None:
        """Pin the sets that a definition names and that are not pinned yet.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, with the definition that names them.
        found : sequence of `dict`
            What the site found: each with ``reference`` and ``set``.
        actor : `Identity`
            Who caused it.
        """
        pinned = self._store.of_campaign(campaign.uuid)
        told = {one["reference"]: FoundSet.model_validate(one["set"]) for one in found}
        wanted = dict.fromkeys(one.reference for one in named_sets(campaign.definition))
        new = [self._pin(reference, told[reference], campaign) for reference in wanted if reference not in pinned]
        if not new:
            return
        self._store.add(campaign.uuid, new)
        self._context.record(
            "campaign.pinned",
            f"{campaign.id} pinned {', '.join(map(str, new))}",
            campaign=campaign.uuid,
            actor=actor,
            details={"sets": [{"reference": p.reference, "set": str(p), "digest": p.digest, "rows": p.rows} for p in new]},
        )

    def uses(self, campaign: Campaign, step: Step) -> tuple[SetUse, ...]:
        """Give the sets that a submission of a step applies."""
        pinned = self._store.of_campaign(campaign.uuid)
        return tuple(SetUse.of(pinned[reference], role) for role, reference in sets_of_step(campaign.definition, step))

    def _pin(self, reference: str, found: FoundSet, campaign: Campaign) -> Pin:
        return Pin(
            reference=reference,
            name=found.name,
            version=found.version,
            digest=found.digest,
            rows=found.rows,
            dimensions=tuple(found.dimensions),
            revision=campaign.revision,
            pinned_us=self._context.clock.now_us(),
        )
