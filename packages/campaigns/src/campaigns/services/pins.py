"""What a campaign takes the names of DataId sets for: looked up by the site at its start, and the same from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import DataIdSetEntry, Pin, SetUse, named_sets, sets_of_step
from campaigns.domain.definition import Definition, Step
from campaigns.domain.errors import Fault
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.services.context import Context
from campaigns.services.signing import pins_change_meaning, undo_sign_off
from campaigns.storage.dataidsets import DataIdSetStore, PinStore
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
        self._sets = DataIdSetStore(context.session, SYSTEM)

    def faults(self, campaign: Campaign, found: Sequence[dict[str, Any]]) -> list[Fault]:
        """Tell which sets of a definition the site has not looked up."""
        known = {one["reference"] for one in found}
        remedy = "Install the agent's newest version at the site."
        return [
            Fault("set_not_looked_up", f"The site did not look up the set {one.reference}.", one.where, remedy)
            for one in named_sets(campaign.definition)
            if one.reference not in known
        ]

    def pin(
        self,
        campaign: Campaign,
        found: Sequence[dict[str, Any]],
        *,
        actor: Identity,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """Pin the sets that a definition names and that are not pinned yet.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, with the definition that names them.
        found : sequence of `dict`
            What the site found: each with ``reference`` and ``set``.
        actor : `Identity`
            Who caused it.
        sources : mapping, optional
            Names of sets to the lists in git that they stand for.
        """
        pinned = self._store.of_campaign(campaign.uuid)
        told = {one["reference"]: FoundSet.model_validate(one["set"]) for one in found}
        wanted = dict.fromkeys(one.reference for one in named_sets(campaign.definition))
        new = [self._pin(reference, told[reference], campaign) for reference in wanted if reference not in pinned]
        self._keep(campaign, new, actor=actor, sources=sources)

    def _keep(self, campaign: Campaign, new: Sequence[Pin], *, actor: Identity, sources: Mapping[str, str] | None = None) -> None:
        if not new:
            return
        self._store.add(campaign.uuid, new)
        if opened := pins_change_meaning(new):
            reason = f"What was left open was pinned: {', '.join(opened)}."
            undo_sign_off(self._context, campaign, reason=reason, actor=actor)
        self._context.record(
            "campaign.pinned",
            f"{campaign.id} pinned {', '.join(map(str, new))}",
            campaign=campaign.uuid,
            actor=actor,
            details={
                "sets": [
                    {
                        "reference": pin.reference,
                        "set": str(pin),
                        "digest": pin.digest,
                        "rows": pin.rows,
                        **({"list": sources[pin.reference]} if sources and pin.reference in sources else {}),
                    }
                    for pin in new
                ]
            },
        )

    def unknown(self, campaign: Campaign, definition: Definition) -> list[Fault]:
        """Tell which sets a new definition names that are neither pinned nor known to the service, with their versions."""
        pinned = self._store.of_campaign(campaign.uuid)
        return [
            Fault(
                "set_not_known",
                f"The set {one.reference} is not pinned, and the service does not know {_wanted(one.reference)}.",
                one.where,
                "Name its version, as `name@version`, and have the site's sets looked up, on the page of the DataId sets.",
            )
            for one in named_sets(definition)
            if one.reference not in pinned and self._entry(campaign, one.reference) is None
        ]

    def pin_known(self, campaign: Campaign) -> None:
        """Pin what a definition names and is not pinned yet as the service knows it; see `unknown`."""
        pinned = self._store.of_campaign(campaign.uuid)
        wanted = dict.fromkeys(one.reference for one in named_sets(campaign.definition))
        entries = {reference: self._entry(campaign, reference) for reference in wanted if reference not in pinned}
        new = [
            Pin(
                reference=reference,
                name=entry.name,
                version=entry.version,
                digest=entry.digest,
                rows=entry.n_rows,
                dimensions=entry.dimensions,
                revision=campaign.revision,
                pinned_us=self._context.clock.now_us(),
            )
            for reference, entry in entries.items()
            if entry is not None
        ]
        self._keep(campaign, new, actor=self._context.identity)

    def _entry(self, campaign: Campaign, reference: str) -> DataIdSetEntry | None:
        name, _, version = reference.partition("@")
        if not version:
            return None
        definition = campaign.definition
        return self._sets.find(definition.site or "", definition.butler or "", name, int(version))

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


def _wanted(reference: str) -> str:
    return "that version of it" if "@" in reference else "which version is meant"
