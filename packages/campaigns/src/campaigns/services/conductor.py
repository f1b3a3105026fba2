"""Moves campaigns on: does what follows by rule, in the same transaction as what made it follow.

Only this module changes a campaign's running state, makes submissions, and judges them. It knows no request and no agent.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import SetRole
from campaigns.domain.decisions import Decision, Start, decide, inputs_of, newest_attempts
from campaigns.domain.groups import groups_of, output_run_of
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.domain.order import AgentOrder
from campaigns.domain.processing import bps_settings
from campaigns.domain.states import (
    CAMPAIGN_TRANSITIONS,
    FINAL_CAMPAIGNS,
    SUBMISSION_TRANSITIONS,
    CampaignAction,
    CampaignStatus,
    Judgement,
    OrderStatus,
    SubmissionAction,
    SubmissionStatus,
    transition,
)
from campaigns.domain.submission import Submission, submission_id
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here
from campaigns.services.operating import begin_operating, write_operators
from campaigns.services.pins import PinService
from campaigns.services.specifications import SpecificationService
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.orders import OrderStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.agent import ChainPayload, OrderKind, SubmitPayload
from campaigns.wire.agentsets import PinnedSet
from campaigns.wire.processing import ProcessingModel

__all__ = ("Conductor",)


class Conductor:
    """Applies decisions to one campaign, which the caller has locked.

    Parameters
    ----------
    context : `Context`
        The transaction. Stores are read as the system: what follows by rule does not depend on who caused it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._campaigns = CampaignStore(context.writing, SYSTEM)
        self._submissions = SubmissionStore(context.writing, SYSTEM)
        self._orders = OrderStore(context.writing, SYSTEM)

    def decision(self, campaign: Campaign) -> Decision:
        """Say what would follow now, and change nothing; nothing does where the service does not run the campaign."""
        if not campaign.runs_here:
            return Decision()
        submissions = self._submissions.of_campaign(campaign.uuid)
        awaited = self._orders.awaited_steps(campaign.uuid)
        return decide(campaign.definition, submissions, status=campaign.status, held=campaign.held, awaited=awaited)

    def advance(self, campaign: Campaign) -> Campaign:
        """Do all that follows by rule.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, locked by this transaction.

        Returns
        -------
        campaign : `Campaign`
            As it stands afterwards.
        """
        decision = self.decision(campaign)
        while decision.accept:
            submissions = {submission.uuid: submission for submission in self._submissions.of_campaign(campaign.uuid)}
            for accepted in decision.accept:
                self.judge(campaign, submissions[accepted], Judgement.ACCEPTED, reason="The step's gate holds.", actor=SYSTEM)
            decision = self.decision(campaign)
        if decision.start:
            self._submit_all(campaign, decision.start, actor=SYSTEM, operator=None)
        if tuple(decision.waits) != campaign.waits:
            campaign = replace(campaign, waits=tuple(decision.waits))
            if campaign.status is CampaignStatus.PAUSED and not campaign.held:
                campaign = replace(campaign, status_reason=_why(decision))
            campaign = self._save(campaign)
        if decision.action is not None:
            campaign = self.move(campaign, decision.action, actor=SYSTEM, reason=_why(decision))
        return campaign

    def move(self, campaign: Campaign, action: CampaignAction, *, actor: Identity, reason: str) -> Campaign:
        """Bring a campaign into another state.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, locked by this transaction.
        action : `CampaignAction`
            What is done.
        actor : `Identity`
            By whom.
        reason : `str`
            Why.

        Returns
        -------
        campaign : `Campaign`
            In its new state.

        Raises
        ------
        IllegalTransition
            If its state does not allow the action.
        """
        status = transition(CAMPAIGN_TRANSITIONS, campaign.status, action, what=f"Campaign {campaign.id}")
        now = self._context.clock.now_us()
        held = action is CampaignAction.PAUSE if action is not CampaignAction.WAIT else campaign.held
        ended = now if status in FINAL_CAMPAIGNS else None
        started = campaign.started_us if campaign.started_us is not None else now if status is CampaignStatus.RUNNING else None
        waits = () if status in FINAL_CAMPAIGNS else campaign.waits
        moved = replace(campaign, status=status, held=held, status_reason=reason, started_us=started, ended_us=ended, waits=waits)
        self._context.record(
            f"campaign.{action.value}",
            f"{campaign.id} {campaign.status.value} → {status.value}",
            reason=reason,
            campaign=campaign.uuid,
            actor=actor,
            details={"from": campaign.status.value, "to": status.value, "held": held},
        )
        return self._save(moved)

    def submit(self, campaign: Campaign, start: Start, *, actor: Identity, operator: str | None = None) -> Submission:
        """Make the next attempt at a group, with every name fixed, and the order that carries it out.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, locked by this transaction.
        start : `Start`
            The step and the group.
        actor : `Identity`
            Who caused it.
        operator : `str`, optional
            The operator of record; by default who is answerable for the attempt before.

        Returns
        -------
        submission : `Submission`
            The new submission, queued.
        """
        return self._submit_all(campaign, [start], actor=actor, operator=operator)[0]

    def _submit_all(
        self, campaign: Campaign, starts: Sequence[Start], *, actor: Identity, operator: str | None
    ) -> list[Submission]:
        """Make the next attempts at some groups, reading what there is only once."""
        check_runs_here(campaign)
        existing = self._submissions.of_campaign(campaign.uuid)
        first = self._context.writing.next_number("submission", count=len(starts))
        made = [
            self._make(campaign, start, existing, number=number, actor=actor, operator=operator)
            for number, start in enumerate(starts, start=first)
        ]
        write_operators(self._context, campaign.uuid)
        self.touch(campaign)
        return made

    def _make(
        self,
        campaign: Campaign,
        start: Start,
        existing: Sequence[Submission],
        *,
        number: int,
        actor: Identity,
        operator: str | None,
    ) -> Submission:
        planned = self._plan(campaign, start, existing, number=number, operator=operator)
        self._submissions.add(planned)
        begin_operating(self._context, planned, actor=actor)
        order = self._order(campaign, planned, actor=actor)
        self._orders.add(order)
        status = transition(SUBMISSION_TRANSITIONS, planned.status, SubmissionAction.QUEUE, what=planned.id)
        queued = replace(planned, status=status, order_id=order.id)
        self._submissions.save(queued)
        self._context.record(
            "submission.queued",
            f"{queued.id} queued: {queued.step} {queued.group}, attempt {queued.attempt}",
            campaign=campaign.uuid,
            submission=queued.uuid,
            actor=actor,
            details={"output_run": queued.output_run, "operator": queued.operator, "revision": queued.revision},
        )
        return queued

    def judge(
        self, campaign: Campaign, submission: Submission, judgement: Judgement, *, reason: str, actor: Identity
    ) -> Submission:
        """Record a judgement on a submission, and have the accepted outputs chained.

        Parameters
        ----------
        campaign : `Campaign`
            The campaign, locked by this transaction.
        submission : `Submission`
            A submission that has ended.
        judgement : `Judgement`
            Accepted or rejected.
        reason : `str`
            Why.
        actor : `Identity`
            Whose judgement it is.

        Returns
        -------
        submission : `Submission`
            With the judgement.
        """
        now = self._context.clock.now_us()
        was_accepted = submission.judgement is Judgement.ACCEPTED
        judged = replace(
            submission,
            judgement=judgement,
            judged_by=actor.name,
            judged_reason=reason,
            judged_us=now,
            chained_us=None,
            updated_us=now,
        )
        self._submissions.save(judged)
        self._context.record(
            f"submission.{judgement.value}",
            f"{submission.id} {judgement.value}: {submission.step} {submission.group}",
            reason=reason,
            campaign=campaign.uuid,
            submission=submission.uuid,
            actor=actor,
            details={"from": submission.judgement.value, "to": judgement.value},
        )
        self.touch(campaign)
        if (judgement is Judgement.ACCEPTED or was_accepted) and campaign.runs_here:
            self._chain(campaign, judged, actor=actor)
        return judged

    def touch(self, campaign: Campaign) -> None:
        """Note that something about a campaign changed."""
        self._save(campaign)

    def _save(self, campaign: Campaign) -> Campaign:
        saved = replace(campaign, updated_us=self._context.clock.now_us())
        self._campaigns.save(saved)
        return saved

    def _plan(
        self,
        campaign: Campaign,
        start: Start,
        existing: Sequence[Submission],
        *,
        number: int,
        operator: str | None,
    ) -> Submission:
        definition = campaign.definition
        step = definition.step(start.step)
        group = next(group for group in groups_of(definition, step) if group.name == start.group)
        before = newest_attempts(existing).get((start.step, start.group))
        now = self._context.clock.now_us()
        taken = {submission.output_run for submission in existing}
        named_at = now
        # Runs are named by the second: an attempt right after another must not meet its name.
        while (run := output_run_of(definition, step=start.step, group=start.group, at_us=named_at)) in taken:
            named_at += 1_000_000
        return Submission(
            uuid=str(uuid.uuid4()),
            number=number,
            campaign_uuid=campaign.uuid,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            revision=campaign.revision,
            step=start.step,
            group=start.group,
            attempt=1 if before is None else before.attempt + 1,
            recovers=None if before is None else before.id,
            status=SubmissionStatus.PLANNED,
            judgement=Judgement.PENDING,
            operator=operator or (existing[-1].operator if existing else campaign.owner),
            site=definition.site or "",
            stack=definition.stack or "",
            repository=definition.butler or "",
            pipeline=definition.pipeline_of(step),
            input_collections=tuple(inputs_of(definition, start.step, existing)),
            output=definition.output or "",
            output_run=run,
            data_query=group.data_query,
            bps=bps_settings(definition, step),
            sets=PinService(self._context).uses(campaign, step),
            created_us=now,
            updated_us=now,
        )

    def _order(self, campaign: Campaign, submission: Submission, *, actor: Identity) -> AgentOrder:
        definition = campaign.definition
        step = definition.step(submission.step)
        specification = SpecificationService(self._context).pinned(campaign)
        payload = SubmitPayload(
            submission_id=submission_id(submission.number),
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            step=submission.step,
            group=submission.group,
            attempt=submission.attempt,
            revision=submission.revision,
            operator=submission.operator,
            stack=submission.stack,
            repository=submission.repository,
            instrument=definition.instrument,
            pipeline="" if step.file is not None else submission.pipeline,
            processing=ProcessingModel.of(definition, step, specification),
            input_collections=list(submission.input_collections),
            output=submission.output,
            output_run=submission.output_run,
            data_query=submission.data_query,
            bps=submission.bps,
            sets=[
                PinnedSet(role=SetRole(use.role), name=use.name, version=use.version, digest=use.digest)
                for use in submission.sets
            ],
        )
        return AgentOrder(
            id=str(uuid.uuid4()),
            site=submission.site,
            kind=OrderKind.SUBMIT.value,
            status=OrderStatus.OPEN,
            payload=payload.model_dump(mode="json"),
            actor=actor.name,
            campaign_uuid=campaign.uuid,
            submission_uuid=submission.uuid,
            created_us=self._context.clock.now_us(),
        )

    def _chain(self, campaign: Campaign, submission: Submission, *, actor: Identity) -> None:
        runs = [
            other.output_run
            for other in reversed(self._submissions.of_campaign(campaign.uuid))
            if other.judgement is Judgement.ACCEPTED
        ]
        payload = ChainPayload(
            stack=submission.stack,
            repository=submission.repository,
            chain=submission.output,
            collections=[*runs, *campaign.definition.inputs],
        )
        # Chains are made in the order of these times, in which two must not be equal, nor go back with the clock.
        made_us = max(self._context.clock.now_us(), self._orders.newest_in_turn_us(campaign.uuid) + 1)
        self._orders.add(
            AgentOrder(
                id=str(uuid.uuid4()),
                site=submission.site,
                kind=OrderKind.CHAIN.value,
                status=OrderStatus.OPEN,
                payload=payload.model_dump(mode="json"),
                actor=actor.name,
                campaign_uuid=campaign.uuid,
                submission_uuid=submission.uuid,
                created_us=made_us,
            )
        )


def _why(decision: Decision) -> str:
    if decision.action is CampaignAction.COMPLETE:
        return "All steps are accepted."
    if decision.action is CampaignAction.WAIT:
        return " ".join(wait.text for wait in decision.waits) or "Nothing may start without a decision."
    return "The decision it waited for was taken."
