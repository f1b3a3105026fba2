"""Starting a campaign: the server checks what it knows, the site looks at the rest, and only then does anything run."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, replace

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import named_sets
from campaigns.domain.definition import Definition, Step, missing_for_start
from campaigns.domain.errors import (
    Conflict,
    Fault,
    Forbidden,
    InvalidDefinition,
    NotFound,
    PreflightFailed,
)
from campaigns.domain.groups import groups_of
from campaigns.domain.identity import ANYBODY, SYSTEM, Identity, Role, may
from campaigns.domain.order import AgentOrder
from campaigns.domain.places import placed
from campaigns.domain.processing import bps_settings, repository_is_used
from campaigns.domain.settings import merge
from campaigns.domain.specifications import ResolvedSpec, SpecRole
from campaigns.domain.states import (
    CAMPAIGN_TRANSITIONS,
    ORDER_TRANSITIONS,
    CampaignAction,
    CampaignStatus,
    OrderAction,
    OrderStatus,
    transition,
)
from campaigns.services.checking import output_fault
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here, checked_reason, found_campaign
from campaigns.services.pins import PinService
from campaigns.services.sentsets import sent_list
from campaigns.services.setreports import SetReportService, no_result
from campaigns.services.sites import SiteService, agent_is_gone, site_faults
from campaigns.services.specifications import Resolution, SpecificationService
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from campaigns.storage.orders import OrderStore
from campaigns.wire.agent import OrderKind, PreflightPayload, PreflightStep, TrialModel
from campaigns.wire.agentsets import FoundSet, NamedSetModel
from campaigns.wire.processing import PinnedSpecification, ProcessingModel, ResolvedModel

__all__ = ("StartService", "wait_for_order")


class StartService:
    """Starts campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._campaigns = CampaignStore(context.session, context.identity)
        self._orders = OrderStore(context.session, context.identity)

    def begin(self, ref: str, *, reason: str, resolution: Resolution | None = None) -> str:
        """Have the site look whether a campaign can run; it starts by itself when the site finds nothing wrong.

        Parameters
        ----------
        ref : `str`
            A campaign that is defined, or a complete draft, which a manager defines by starting it.
        reason : `str`
            Why it is started.
        resolution : `Resolution`, optional
            What its specifications stand for; needed where it has any.

        Returns
        -------
        order_id : `str`
            The order to the site; its end is the answer. Asking again while the site looks gives the same.

        Raises
        ------
        Conflict
            If another campaign has the output collection.
        Forbidden
            If it is a draft and the caller may not define campaigns.
        IllegalTransition
            If the campaign has started already.
        InvalidDefinition
            If something is missing in the definition.
        NotReady
            If its specifications changed since they were resolved.
        PreflightFailed
            If a specification could not be resolved; or the site is not known, offers no such stack or repository, or nobody
            serves it.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        check_runs_here(campaign)
        running = self._campaigns.start_order(campaign)
        if running is not None and not self._is_abandoned(running):
            return running
        campaign = self._defined(campaign)
        transition(CAMPAIGN_TRANSITIONS, campaign.status, CampaignAction.START, what=f"Campaign {campaign.id}")
        self._check_output(campaign)
        order = self._look(campaign, resolution, reason=told, starts=True)
        self._campaigns.set_start_order(campaign, order.id)
        Conductor(self._context).touch(campaign)
        making = [one["name"] for one in order.payload["lists"]]
        self._context.record(
            "campaign.start_asked",
            f"{campaign.id}: the site looks whether it can run{', and sees to the sets ' * bool(making)}{', '.join(making)}",
            reason=told,
            campaign=campaign.uuid,
            details={"making": making},
        )
        return order.id

    def preflight(self, ref: str, *, resolution: Resolution | None = None, graphs: bool = True) -> str:
        """Have the site look whether a campaign could run, and start nothing; see `begin`.

        Parameters
        ----------
        ref : `str`
            The campaign.
        resolution : `Resolution`, optional
            What its specifications stand for; needed where it has any.
        graphs : `bool`, optional
            Whether the site builds quantum graphs to tell what would run, which takes longer.

        Returns
        -------
        order_id : `str`
            The order to the site; its end is the answer.

        Raises
        ------
        InvalidDefinition
            If something is missing in the definition.
        PreflightFailed
            If the site is not known, offers no such stack or repository, or nobody serves it.
        """
        campaign = found_campaign(self._context, ref)
        check_runs_here(campaign)
        if faults := missing_for_start(campaign.definition):
            raise InvalidDefinition(faults)
        return self._look(campaign, resolution, reason=None, starts=False, graphs=graphs).id

    def forget(self, campaign: Campaign) -> None:
        """Take a start back that the site has not answered; the answer, if it still comes, finds that nobody asks any more.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, locked by this transaction.
        """
        order_id = self._campaigns.start_order(campaign)
        self._campaigns.set_start_order(campaign, None)
        order = None if order_id is None else self._orders.find(order_id, lock=True)
        if order is not None and order.status in (OrderStatus.OPEN, OrderStatus.LEASED):
            status = transition(ORDER_TRANSITIONS, order.status, OrderAction.WITHDRAW, what=f"order {order.id}")
            self._orders.save(replace(order, status=status, ended_us=self._context.clock.now_us()))

    def outcome(self, ref: str, order_id: str) -> AgentOrder:
        """Give an order by which the site looks at a campaign, as it stands.

        Raises
        ------
        NotFound
            If there is no such order for that campaign.
        """
        campaign, order = found_campaign(self._context, ref), self._orders.find(order_id)
        if order is None or order.kind != OrderKind.PREFLIGHT or order.campaign_uuid != campaign.uuid:
            remedy = "Ask anew what would run."
            raise NotFound(f"There is no order {order_id} to look at {campaign.id}.", where=order_id, remedy=remedy)
        return order

    def finish(self, order: AgentOrder, faults: list[Fault]) -> list[Fault]:
        """Take the site's answer: start the campaign, or leave it as it was and say why.

        Parameters
        ----------
        order : `AgentOrder`
            The order, whose campaign is held by this transaction.
        faults : `list` [`Fault`]
            What the site found wrong.

        Returns
        -------
        faults : `list` [`Fault`]
            What is wrong altogether; the campaign has started if nothing is.
        """
        store = CampaignStore(self._context.writing, SYSTEM)
        campaign = store.find(order.campaign_uuid or "", lock=True)
        if campaign is None:
            return faults
        faults = placed(faults, campaign.definition)
        if store.start_order(campaign) != order.id:
            return faults
        store.set_start_order(campaign, None)
        store.hold_names()
        # It is told of in the campaign's history, and so to all who read that.
        told_to_all = CampaignStore(self._context.writing, ANYBODY)
        if not faults and (taken := output_fault(told_to_all, campaign.definition, own=campaign.uuid)) is not None:
            # Another campaign was started while the site looked.
            faults = [taken]
        found = order.result.get("sets", [])
        told: list[FoundSet] = []
        try:
            told = [FoundSet.model_validate(one["set"]) for one in found]
            faults = faults or PinService(self._context).faults(campaign, found)
        except (KeyError, TypeError, ValueError) as error:
            # An error would have the agent tell it again for ever.
            faults = faults or [no_result(order, error)]
        if faults:
            self._refuse(campaign, faults)
            return faults
        # Agents carry out; it is the person who asked that starts the campaign.
        actor = Identity(name=order.actor, role=SYSTEM.role)
        set_reports = SetReportService(self._context)
        set_reports.catalogue(order, told)
        sources = {one["name"]: one["source"] for one in order.payload.get("lists", ())}
        set_reports.made_of_lists(order, found, sources=sources)
        PinService(self._context).pin(campaign, found, actor=actor, sources=sources)
        specs = [ResolvedSpec(**ResolvedModel.model_validate(one).model_dump()) for one in order.payload.get("resolved", [])]
        SpecificationService(self._context).record(campaign, specs, actor=actor)
        conductor = Conductor(self._context)
        started = conductor.move(campaign, CampaignAction.START, actor=actor, reason=order.reason or "")
        conductor.advance(started)
        return []

    def _refuse(self, campaign: Campaign, faults: list[Fault]) -> None:
        self._context.record(
            "campaign.start_refused",
            f"{campaign.id} was not started: preflight found {len(faults)} problem{'s' if len(faults) > 1 else ''}",
            reason=" ".join(fault.message for fault in faults),
            campaign=campaign.uuid,
            details={"faults": [fault.as_dict() for fault in faults]},
        )
        Conductor(self._context).touch(campaign)

    def _is_abandoned(self, order_id: str) -> bool:
        order = self._orders.find(order_id)
        return order is None or (order.status is OrderStatus.BEGUN and agent_is_gone(self._context, order.agent_id))

    def _defined(self, campaign: Campaign) -> Campaign:
        if campaign.status is not CampaignStatus.DRAFT:
            return campaign
        if not may(self._context.identity, Role.MANAGER):
            raise Forbidden(
                f"{campaign.id} is a draft: to define it needs the role manager.",
                where=campaign.id,
                remedy="Ask the campaign's lead to define it.",
            )
        if faults := missing_for_start(campaign.definition):
            raise InvalidDefinition(faults)
        return Conductor(self._context).move(
            campaign, CampaignAction.DEFINE, actor=self._context.identity, reason="The definition is complete."
        )

    def _check_output(self, campaign: Campaign) -> None:
        taken = output_fault(self._campaigns, campaign.definition, own=campaign.uuid)
        if taken is not None:
            raise Conflict(taken.message, where=taken.where, remedy=taken.remedy)

    def _look(
        self, campaign: Campaign, resolution: Resolution | None, *, reason: str | None, starts: bool, graphs: bool = False
    ) -> AgentOrder:
        found = resolution or Resolution()
        if faults := [*found.faults, *self._site_faults(campaign.definition)]:
            raise PreflightFailed(faults)
        SpecificationService(self._context).check(campaign, found)
        trial = TrialModel(
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            revision=campaign.revision,
            operator=self._context.identity.name,
        )
        payload = _payload(campaign.definition, found, starts=starts, trial=trial if graphs else None)
        order = AgentOrder(
            id=str(uuid.uuid4()),
            site=campaign.definition.site or "",
            kind=OrderKind.PREFLIGHT.value,
            status=OrderStatus.OPEN,
            payload=payload.model_dump(mode="json"),
            actor=self._context.identity.name,
            reason=reason,
            campaign_uuid=campaign.uuid,
            created_us=self._context.clock.now_us(),
        )
        self._orders.add(order)
        return order

    def _site_faults(self, definition: Definition) -> list[Fault]:
        faults = site_faults(self._context, definition)
        site = next((one for one in SiteService(self._context).list() if one.name == definition.site), None)
        if site is not None and not site.alive:
            remedy = f"Start its agent: `campaign agent --site {site.name}`."
            faults.append(Fault("no_agent", f"No agent serves the site {site.name} now.", "site", remedy))
        return faults


def wait_for_order(database: Database, order_id: str, *, timeout_s: float) -> AgentOrder | None:
    """Wait for the end of an order, in short read transactions of its own.

    Parameters
    ----------
    database : `Database`
        Where to look.
    order_id : `str`
        The order.
    timeout_s : `float`
        How long to wait at most, in seconds.

    Returns
    -------
    order : `AgentOrder` or `None`
        The order when it has ended; `None` if it has not in that time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        seen = database.bell.count
        with database.read() as session:
            order = OrderStore(session, SYSTEM).find(order_id)
        if order is not None and order.ended_us is not None:
            return order
        if time.monotonic() >= deadline or database.bell.closed:
            return None
        # Another server process may take the report: its bell does not ring here.
        database.bell.wait(since=seen, timeout_s=0.25)


def _payload(definition: Definition, resolution: Resolution, *, starts: bool, trial: TrialModel | None) -> PreflightPayload:
    processing = next((one for one in resolution.specs if one.role is SpecRole.PROCESSING), None)
    specification = None
    if processing is not None and repository_is_used(definition):
        told = {"repository": processing.repository, "reference": processing.reference, "commit": processing.commit}
        specification = PinnedSpecification(**told)
    return PreflightPayload(
        stack=definition.stack or "",
        repository=definition.butler or "",
        instrument=definition.instrument,
        input_collections=definition.inputs,
        output=definition.output or "",
        bps=merge(*(bps_settings(definition, step) for step in definition.steps)),
        skymap=definition.skymap,
        environment=definition.environment,
        local_packages=definition.local_packages,
        specification=specification,
        resolved=[ResolvedModel.model_validate(asdict(one)) for one in resolution.specs],
        steps=[_step(definition, step, specification) for step in definition.steps],
        sets=[
            NamedSetModel(where=one.where, reference=one.reference, role=one.role, step=one.step)
            for one in named_sets(definition)
        ],
        lists=[sent_list(one) for one in resolution.lists],
        make_sets=starts,
        trial=trial,
    )


def _step(definition: Definition, step: Step, specification: PinnedSpecification | None) -> PreflightStep:
    groups = groups_of(definition, step)
    return PreflightStep(
        name=step.name,
        pipeline="" if step.file is not None else definition.pipeline_of(step),
        processing=ProcessingModel.of(definition, step, specification),
        data_queries=[group.data_query for group in groups],
        groups=[group.name for group in groups],
        needs=step.needs,
        bps=bps_settings(definition, step),
    )
