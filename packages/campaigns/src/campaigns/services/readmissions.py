"""Letting data in again: exclusions withdrawn while their sets are still to be made, and dropped from steps afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import SetRole, sets_of_step
from campaigns.domain.definition import MAX_SETS
from campaigns.domain.errors import Fault, IllegalTransition, InvalidInput, NotFound
from campaigns.domain.leavingout import dropped_from
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import ACTIVE, ORDER_TRANSITIONS, CampaignStatus, OrderAction, SubmissionStatus, transition
from campaigns.domain.submission import Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.exclusions import check_under_way
from campaigns.services.lookup import checked_reason, found_campaign
from campaigns.services.revising import revised_by
from campaigns.storage.orders import OrderStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("ReadmissionService",)


class ReadmissionService:
    """Taking exclusions back, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SubmissionStore(context.session, context.identity)
        self._orders = OrderStore(context.session, context.identity)

    def withdraw(self, campaign_ref: str, order_id: str, *, reason: str) -> AgentOrder:
        """Take an exclusion back whose set is still to be made; whether its agent answers does not matter.

        Parameters
        ----------
        campaign_ref : `str`
            The campaign.
        order_id : `str`
            The order by which the set is made.
        reason : `str`
            Why.

        Returns
        -------
        order : `AgentOrder`
            The order, withdrawn. What its agent still tells of it changes nothing; a set that it makes all the same stays at
            the site, and is not excluded.

        Raises
        ------
        IllegalTransition
            If the set is made already, or could not be.
        NotFound
            If the campaign has no such exclusion.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, campaign_ref, lock=True)
        order = self._orders.find(order_id, lock=True)
        steps = [] if order is None else [str(step) for step in order.payload.get("exclude_from", [])]
        if order is None or order.campaign_uuid != campaign.uuid or not steps:
            remedy = f"`campaign exclusions {campaign.id}` lists those that are not applied yet."
            raise NotFound(f"{campaign.id} has no exclusion {order_id}.", where=order_id, remedy=remedy)
        name = order.payload["name"]
        if not order.under_way:
            become = {"done": "is made and excluded", "withdrawn": "was withdrawn"}.get(order.status.value, "could not be made")
            raise IllegalTransition(
                f"The exclusion can no longer be withdrawn: the set {name} {become}.",
                where=order_id,
                remedy="A set that is excluded is dropped from steps: `campaign drop`, or *drop* in the section data.",
            )
        now = self._context.clock.now_us()
        status = transition(ORDER_TRANSITIONS, order.status, OrderAction.WITHDRAW, what=f"order {order.id}")
        fault = Fault("withdrawn", f"{self._context.identity.name} withdrew it: {told}", where=order_id)
        withdrawn = replace(order, status=status, ended_us=now, lease_until_us=None, faults=(fault,))
        self._orders.save(withdrawn)
        self._context.session.flush()
        self._context.record(
            "campaign.exclude_withdrawn",
            f"{campaign.id}: the set {name} is not left out of {', '.join(steps)}; its exclusion was withdrawn",
            reason=told,
            campaign=campaign.uuid,
            submission=order.submission_uuid,
            details={"name": name, "steps": steps, "order": order.id, "was": order.status.value},
        )
        conductor = Conductor(self._context)
        conductor.touch(campaign)
        conductor.advance(campaign)
        return withdrawn

    def drop(self, campaign_ref: str, reference: str, *, steps: Sequence[str] | None = None, reason: str) -> Campaign:
        """Have steps of a campaign that has begun no longer leave a set out, by a new revision.

        Parameters
        ----------
        campaign_ref : `str`
            The campaign.
        reference : `str`
            The set, as its definition has it.
        steps : sequence of `str`, optional
            The steps; by default all that leave it out and were not submitted with it.
        reason : `str`
            Why.

        Returns
        -------
        campaign : `Campaign`
            With the new revision. What was pinned stays on record.

        Raises
        ------
        InvalidInput
            If a step does not leave the set out, or was submitted with it, or another could not name it itself.
        NotReady
            If the campaign neither runs nor is paused, or no step is left.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, campaign_ref, lock=True)
        check_under_way(campaign)
        chosen = self._droppable(campaign, reference, steps)
        try:
            definition = dropped_from(campaign.definition, reference, chosen)
        except ValueError:
            raise InvalidInput(
                f"{reference} is excluded from all steps, and one of the others leaves out {MAX_SETS} sets already.",
                where="steps",
                remedy="Drop it from all steps, or make a new campaign from this definition.",
            ) from None
        revised = revised_by(self._context, campaign, definition, author=self._context.identity, reason=told)
        self._context.record(
            "campaign.exclusion_dropped",
            f"{campaign.id} no longer leaves {reference} out of {', '.join(chosen)}: revision {revised.revision}",
            reason=told,
            campaign=campaign.uuid,
            details={"set": reference, "steps": chosen, "to": revised.revision},
        )
        return Conductor(self._context).advance(revised)

    def droppable(self, campaign: Campaign, submissions: Sequence[Submission]) -> dict[str, list[str]]:
        """Give for each set that a campaign excludes the steps that it can be dropped from."""
        if campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
            return {}
        found: dict[str, list[str]] = {}
        for step in campaign.definition.steps:
            for role, reference in sets_of_step(campaign.definition, step):
                if role is SetRole.EXCLUDE and step.name not in _submitted_with(reference, submissions):
                    found.setdefault(reference, []).append(step.name)
        return found

    def _droppable(self, campaign: Campaign, reference: str, steps: Sequence[str] | None) -> list[str]:
        """Give the steps that a set is dropped from, in the definition's order."""
        submissions = self._store.of_campaign(campaign.uuid)
        possible = self.droppable(campaign, submissions).get(reference, [])
        excluding = [
            step.name
            for step in campaign.definition.steps
            if (SetRole.EXCLUDE, reference) in sets_of_step(campaign.definition, step)
        ]
        if not excluding:
            raise InvalidInput(
                f"{campaign.id} does not leave out {reference}.",
                where="set",
                remedy="Name the set as the definition has it, with its version: the section data lists them.",
            )
        if steps is None and possible:
            return possible
        for step in excluding if steps is None else steps:
            if step not in excluding:
                remedy = f"Steps that do: {', '.join(excluding)}."
                raise InvalidInput(f"{step} of {campaign.id} does not leave out {reference}.", where="steps", remedy=remedy)
            if step not in possible:
                raise InvalidInput(
                    f"{step} of {campaign.id} was submitted without the data of {reference}.",
                    where="steps",
                    remedy=f"Possible: {', '.join(possible)}." if possible else "Make a new campaign from this definition.",
                )
        if not steps:
            raise InvalidInput("No step is named.", where="steps", remedy=f"Possible: {', '.join(possible) or 'none'}.")
        return [step for step in possible if step in steps]


def _submitted_with(reference: str, submissions: Iterable[Submission]) -> set[str]:
    """Give the steps of which something runs or has run without the data of a set; what never began does not count."""
    return {
        one.step
        for one in submissions
        if any(use.reference == reference and use.role == SetRole.EXCLUDE.value for use in one.sets)
        and (one.status in ACTIVE or one.status is SubmissionStatus.LOST_CONTACT or one.launcher.pid is not None)
    }
