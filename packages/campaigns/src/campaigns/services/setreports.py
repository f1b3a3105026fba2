"""What agents tell of DataId sets, written into the catalogue; and the exclusions that wait for a set to be made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import DataIdSetEntry, ReasonCount
from campaigns.domain.definition import MAX_SETS
from campaigns.domain.errors import Fault
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.domain.leavingout import excluded_from
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import CAMPAIGN_TRANSITIONS, CampaignAction, CampaignStatus, OrderStatus
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.pins import PinService
from campaigns.services.revising import revised_by
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.dataidsets import DataIdSetStore
from campaigns.storage.orders import OrderStore
from campaigns.wire.agentsets import EVERYONE, FoundOutputs, FoundSet, FoundSets, MadeSet, OutputCount, StepFit
from campaigns.wire.orderkind import OrderKind

__all__ = ("SetReportService", "no_result")


class SetReportService:
    """Takes the ends of orders about sets, in a transaction that holds the order and its campaign.

    Parameters
    ----------
    context : `Context`
        The transaction and the agent's identity.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = DataIdSetStore(context.session, context.identity)

    def finish(self, order: AgentOrder) -> AgentOrder:
        """Take the end of an order: catalogue what was told, and have a campaign leave out what was to be left out.

        Parameters
        ----------
        order : `AgentOrder`
            The order, done or failed.

        Returns
        -------
        order : `AgentOrder`
            The order; failed, if what its agent told is no result. An error would have the agent tell it again for ever.
        """
        told: _Told | None = None
        if order.status is not OrderStatus.FAILED:
            try:
                told = _Told.of(order)
            except ValueError as error:
                order = replace(order, status=OrderStatus.FAILED, faults=(no_result(order, error),))
        # What follows looks for orders that are still awaited: this one is not, any more.
        OrderStore(self._context.session, self._context.identity).save(order)
        excluding = order.kind == OrderKind.UPLOAD_SET and bool(order.payload.get("exclude_from"))
        if told is None:
            if excluding:
                self._not_excluded(order)
            return order
        match order.kind:
            case OrderKind.LIST_SETS:
                self._take_list(order, told.sets)
            case OrderKind.FIND_OUTPUTS:
                self._found(order, told.outputs)
            case OrderKind.UPLOAD_SET | OrderKind.SHOW_SET:
                [found] = told.sets
                self.catalogue(order, [found], rows_sha256=order.result.get("rows_sha256"))
                if order.kind == OrderKind.UPLOAD_SET and order.result.get("made", True):
                    self._made(order, found)
                if excluding:
                    self._exclude(order, found, told.fits)
        return order

    def catalogue(self, order: AgentOrder, found: Sequence[FoundSet], *, rows_sha256: str | None = None) -> None:
        """Write what an agent told of sets of an order's repository; what not everyone may read is not kept."""
        now = self._context.clock.now_us()
        for one in found:
            if one.access != EVERYONE:
                self._store.forget(order.site, order.payload["repository"], one.name, one.version)
                continue
            self._store.put(
                DataIdSetEntry(
                    uuid=str(uuid.uuid4()),
                    site=order.site,
                    butler=order.payload["repository"],
                    name=one.name,
                    version=one.version,
                    digest=one.digest,
                    dimensions=tuple(one.dimensions),
                    n_rows=one.rows,
                    n_pending=one.pending,
                    owner=one.owner,
                    description=one.description,
                    source=one.source,
                    created_us=_microseconds(one.created),
                    seen_us=now,
                    reasons=tuple(ReasonCount(reason.reason, reason.rows) for reason in one.reasons),
                    n_reasons=one.n_reasons,
                    rows_sha256=rows_sha256,
                )
            )

    def made_of_lists(self, order: AgentOrder, found: Sequence[dict[str, Any]], *, sources: Mapping[str, str]) -> None:
        """Tell of the sets that a start had made of lists in git, and where there was one of that name with other data IDs."""
        for told in found:
            one = MadeSet.model_validate(told)
            if not one.made or one.reference not in sources:
                continue
            other = f"; {one.differs} has other data IDs" if one.differs else ""
            self._context.record(
                "dataid_set.created",
                f"{one.set.name}@{one.set.version} made in {order.payload['repository']} at {order.site}: "
                f"{_n_data_ids(one.set.rows)}{other}",
                reason=f"The definition names it, and {sources[one.reference]} has it.",
                campaign=order.campaign_uuid,
                actor=_person(order),
                details={
                    "digest": one.set.digest,
                    "rows": one.set.rows,
                    "order": order.id,
                    "source": sources[one.reference],
                    "differs": one.differs or None,
                },
            )

    def _take_list(self, order: AgentOrder, found: Sequence[FoundSet]) -> None:
        if order.result.get("n_sets") == len(found):
            kept = [(one.name, one.version) for one in found]
            asked_us = order.created_us if order.begun_us is None else order.begun_us
            self._store.keep_only(order.site, order.payload["repository"], kept, asked_us=asked_us)
        self.catalogue(order, found)

    def _found(self, order: AgentOrder, outputs: Sequence[OutputCount]) -> None:
        number = sum(one.datasets for one in outputs)
        told = f"{number:,} dataset{'' if number == 1 else 's'}" if number else "nothing"
        n_runs = len(order.payload["collections"])
        self._context.record(
            "campaign.outputs_found",
            f"{order.site} found {told} of {_n_data_ids(_n_sent(order.payload))} in {n_runs} run{'' if n_runs == 1 else 's'}",
            campaign=order.campaign_uuid,
            submission=order.submission_uuid,
            actor=_person(order),
            details={"data_ids": order.payload["data_ids"][:100], "outputs": order.result.get("outputs", [])[:500]},
        )

    def _made(self, order: AgentOrder, found: FoundSet) -> None:
        self._context.record(
            "dataid_set.created",
            f"{found.name}@{found.version} made in {order.payload['repository']} at {order.site}: {_n_data_ids(found.rows)}",
            reason=order.reason,
            campaign=order.campaign_uuid,
            submission=order.submission_uuid,
            actor=_person(order),
            details={"digest": found.digest, "rows": found.rows, "order": order.id},
        )

    def _exclude(self, order: AgentOrder, found: FoundSet, fits: Sequence[StepFit]) -> None:
        """Give the campaign a revision in which some steps leave the new set out."""
        campaign = self._campaign(order)
        if campaign is None:
            return
        reference, steps = f"{found.name}@{found.version}", [str(step) for step in order.payload["exclude_from"]]
        if campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
            message = f"The set {reference} is made, and not excluded: {campaign.id} is {campaign.status.value}."
            self._not_excluded(replace(order, faults=(Fault("sets_not_usable", message, campaign.id),)))
            return
        gone = sorted(set(steps) - {step.name for step in campaign.definition.steps})
        if gone:
            message = f"The set {reference} is made, and not excluded: {campaign.id} has no step {', '.join(gone)} any more."
            remedy = f"Look which steps are to leave it out, and name {reference} in them."
            self._not_excluded(replace(order, faults=(Fault("sets_not_usable", message, campaign.id, remedy),)))
            return
        try:
            definition = excluded_from(campaign.definition, reference, steps)
        except ValueError:
            message = f"The set {reference} is made, and not excluded: a step leaves out {MAX_SETS} sets already."
            remedy = (
                f"Put sets together by `butler combine-dataid-sets`, and make a new campaign from {campaign.id}'s definition."
            )
            fault = Fault("sets_not_usable", message, f"steps {', '.join(steps)}", remedy)
            self._not_excluded(replace(order, faults=(fault,)))
            return
        actor = _person(order)
        revised = revised_by(self._context, campaign, definition, author=actor, reason=order.reason or "")
        known = {fit.step for fit in fits if fit.outcome != "not_known"}
        doubtful = [step for step in steps if step not in known]
        doubt = f"; whether it fits {', '.join(doubtful)} could not be looked at" if doubtful else ""
        self._context.record(
            "campaign.excluded",
            f"{campaign.id} leaves {reference} out of {', '.join(steps)}: revision {revised.revision}{doubt}",
            reason=order.reason,
            campaign=campaign.uuid,
            submission=order.submission_uuid,
            actor=actor,
            details={
                "set": reference,
                "digest": found.digest,
                "rows": found.rows,
                "steps": steps,
                "to": revised.revision,
                "fits": [fit.model_dump() for fit in fits],
            },
        )
        PinService(self._context).pin(revised, [{"reference": reference, "set": found.model_dump()}], actor=actor)
        Conductor(self._context).advance(revised)

    def _not_excluded(self, order: AgentOrder) -> None:
        """Hold the campaign: what somebody wanted left out must not come in because a set could not be made."""
        campaign = self._campaign(order)
        if campaign is None:
            return
        made = order.status is OrderStatus.DONE
        why = order.faults[0].message if order.faults else "The site could not make the set."
        self._context.record(
            "campaign.exclude_failed",
            f"{campaign.id}: the set {order.payload['name']} could not be {'excluded' if made else 'made'}",
            reason=why,
            campaign=campaign.uuid,
            submission=order.submission_uuid,
            details={"faults": [fault.as_dict() for fault in order.faults], "data_ids": _n_sent(order.payload)},
        )
        conductor = Conductor(self._context)
        if (campaign.status, CampaignAction.PAUSE) in CAMPAIGN_TRANSITIONS:
            reason = f"Nothing is excluded: {why}"
            campaign = conductor.move(campaign, CampaignAction.PAUSE, actor=SYSTEM, reason=reason)
        conductor.advance(campaign)

    def _campaign(self, order: AgentOrder) -> Campaign | None:
        return CampaignStore(self._context.writing, SYSTEM).find(order.campaign_uuid or "", lock=True)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the result of an order tells, checked."""

    sets: tuple[FoundSet, ...] = ()
    outputs: tuple[OutputCount, ...] = ()
    fits: tuple[StepFit, ...] = ()

    @classmethod
    def of(cls, order: AgentOrder) -> _Told:
        """Read it; raises `ValueError` if it is not what it should be."""
        match order.kind:
            case OrderKind.LIST_SETS:
                return cls(sets=tuple(FoundSets.model_validate(order.result).sets))
            case OrderKind.FIND_OUTPUTS:
                return cls(outputs=tuple(FoundOutputs.model_validate(order.result).outputs))
            case _:
                found = FoundSet.model_validate(order.result.get("set"))
                if found.name != order.payload["name"]:
                    raise ValueError("this is another set")
                fits = tuple(StepFit.model_validate(fit) for fit in order.result.get("fits") or ())
                return cls(sets=(found,), fits=fits)


def no_result(order: AgentOrder, error: Exception) -> Fault:
    """Tell that what an agent reported as an order's result is none."""
    where = "result"
    if isinstance(error, ValidationError):
        where = ".".join(["result", *(str(part) for part in error.errors()[0]["loc"])])
    message = f"What the agent at {order.site} told of this order is not what it should be."
    return Fault("agent_failed", message, where, "Bring the agent and the service to the same version, then ask again.")


def _person(order: AgentOrder) -> Identity:
    """Give who asked; agents only carry out."""
    return Identity(name=order.actor, role=SYSTEM.role)


def _n_data_ids(number: int) -> str:
    return f"{number:,} data ID{'' if number == 1 else 's'}"


def _n_sent(payload: dict[str, Any]) -> int:
    sent = payload["data_ids"]
    return len(sent) if isinstance(sent, list) else len(sent.get("data_ids", ()))


def _microseconds(text: str) -> int:
    told = datetime.fromisoformat(text)
    return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1_000_000)
