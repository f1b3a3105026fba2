"""Submissions: looking at them, judging, cancelling and restarting them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

from campaigns.domain.campaign import Campaign
from campaigns.domain.decisions import Start, newest_attempts
from campaigns.domain.errors import IllegalTransition, NotFound, NotReady
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.order import AgentOrder
from campaigns.domain.quanta import QuantumFailure
from campaigns.domain.states import (
    ACTIVE,
    ENDED,
    ORDER_TRANSITIONS,
    SUBMISSION_TRANSITIONS,
    CampaignStatus,
    Judgement,
    OrderAction,
    OrderStatus,
    SubmissionAction,
    SubmissionStatus,
    transition,
)
from campaigns.domain.submission import LeftAtSite, StoredFile, Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import (
    check_runs_here,
    checked_reason,
    found_campaign,
    found_submission,
    locked_submission,
)
from campaigns.services.sites import agent_is_gone
from campaigns.storage.orders import OrderStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.agent import CancelPayload, OrderKind

__all__ = ("SubmissionService",)


class SubmissionService:
    """Submissions, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SubmissionStore(context.session, context.identity)
        self._orders = OrderStore(context.session, context.identity)

    def of_campaign(self, ref: str) -> list[Submission]:
        """List a campaign's submissions, oldest first."""
        return self._store.of_campaign(found_campaign(self._context, ref).uuid)

    def changed_us(self, ref: str) -> int:
        """Tell when any submission of a campaign changed last, UTC microseconds; 0 if it has none. Progress counts."""
        return self._store.changed_us(found_campaign(self._context, ref).uuid)

    def get(self, ref: str) -> Submission:
        """Give a submission by local id or UUID."""
        return found_submission(self._context, ref)

    def attempts(self, ref: str) -> list[Submission]:
        """List all attempts at the group of a submission, oldest first."""
        submission = self.get(ref)
        return [
            other
            for other in self._store.of_campaign(submission.campaign_uuid)
            if (other.step, other.group) == (submission.step, submission.group)
        ]

    def failures(self, ref: str, *, limit: int, start: int = 0) -> list[QuantumFailure]:
        """List the quanta of a submission that did not succeed, from a position on."""
        return self._store.failures(self.get(ref), limit=limit, start=start)

    def graph(self, ref: str) -> GraphPins | None:
        """Give what a submission's quantum graph was made from; `None` where that is not known."""
        return self._store.graph(self.get(ref))

    def files(self, ref: str) -> list[StoredFile]:
        """List the files that an agent uploaded for a submission."""
        return self._store.files(self.get(ref))

    def left_at_site(self, ref: str) -> LeftAtSite:
        """Tell what an agent did not bring of a submission's files."""
        order_id = self.get(ref).order_id
        order = None if order_id is None else self._orders.find(order_id)
        # What is told by an agent is taken as it should be, and otherwise passed over.
        told = {} if order is None else order.result
        n_plots, n_metrics, names = (told.get(key) for key in ("plots_left", "metrics_left", "files_left_out"))
        return LeftAtSite(
            n_plots if isinstance(n_plots, int) else 0,
            n_metrics if isinstance(n_metrics, int) else 0,
            tuple(map(str, names)) if isinstance(names, list) else (),
        )

    def file(self, ref: str, name: str) -> tuple[StoredFile, Path]:
        """Give a file's entry, and the path of its content on the server."""
        for file in self.files(ref):
            if file.name == name:
                return file, self._context.files.path(file.sha256)
        raise NotFound(f"{ref} has no file {name}.", where=name)

    def accept(self, ref: str, *, reason: str) -> Submission:
        """Accept a submission's outputs: they are chained, and later steps may use them.

        Raises
        ------
        IllegalTransition
            If it has not ended, is not the newest attempt, or nothing of it is in the registry.
        """
        campaign, submission = self._for_judgement(ref)
        if not submission.registered or submission.quanta.succeeded == 0:
            raise IllegalTransition(
                f"{submission.id} has no outputs in the repository that could be accepted.",
                where=submission.id,
                remedy="What became of it is said by `campaign mark`; the campaign can be completed without a judgement."
                if campaign.adopted
                else f"`campaign restart {submission.id}` runs its group again.",
            )
        return self._judge(campaign, submission, Judgement.ACCEPTED, reason)

    def reject(self, ref: str, *, reason: str) -> Submission:
        """Reject a submission's outputs: its group must be restarted before the step can be accepted.

        Raises
        ------
        IllegalTransition
            If it has not ended, is not the newest attempt, or a later submission has already read its outputs.
        """
        campaign, submission = self._for_judgement(ref)
        readers = [
            other.id for other in self._store.of_campaign(campaign.uuid) if submission.output_run in other.input_collections
        ]
        if submission.judgement is Judgement.ACCEPTED and readers:
            raise IllegalTransition(
                f"The outputs of {submission.id} were already read by {', '.join(readers)}.",
                where=submission.id,
                remedy="Make a new campaign from this one's definition.",
            )
        return self._judge(campaign, submission, Judgement.REJECTED, reason)

    def restart(self, ref: str, *, reason: str) -> Submission:
        """Make a new attempt at a submission's group, with a new output run.

        Returns
        -------
        submission : `Submission`
            The new attempt; the caller is its operator of record.

        Raises
        ------
        IllegalTransition
            If it still runs, was accepted, or is not the newest attempt.
        NotReady
            If a set is being made that its step is to leave out.
        """
        told = checked_reason(reason)
        campaign, submission = locked_submission(self._context, ref)
        check_runs_here(campaign)
        self._check_newest(campaign, submission)
        self._check_campaign(campaign)
        if submission.status in ACTIVE:
            raise IllegalTransition(
                f"{submission.id} is {_words(submission.status)}.", where=submission.id, remedy="Cancel it first, or wait."
            )
        if submission.judgement is Judgement.ACCEPTED:
            raise IllegalTransition(
                f"{submission.id} was accepted.", where=submission.id, remedy="Reject it first, with a reason."
            )
        self._check_not_awaiting(campaign, submission)
        if submission.status is SubmissionStatus.LOST_CONTACT and submission.order_id is not None:
            # It may still run where nobody sees it: two attempts at once would only be in each other's way.
            order = self._orders.find(submission.order_id, lock=True)
            self._stop_order(campaign, submission, order, f"Restarted: {told}")
        conductor = Conductor(self._context)
        self._context.record(
            "submission.restarted",
            f"{submission.id} restarted",
            reason=told,
            campaign=campaign.uuid,
            submission=submission.uuid,
        )
        identity = self._context.identity
        start = Start(submission.step, submission.group)
        attempt = conductor.submit(campaign, start, actor=identity, operator=identity.name)
        conductor.advance(campaign)
        return attempt

    def cancel(self, ref: str, *, reason: str) -> Submission:
        """Stop a submission: at once if no agent has begun it, otherwise by an order to its agent.

        Returns
        -------
        submission : `Submission`
            As it stands now; what runs is cancelled when its agent says so.

        Raises
        ------
        IllegalTransition
            If it has ended.
        """
        told = checked_reason(reason)
        campaign, submission = locked_submission(self._context, ref)
        check_runs_here(campaign)
        cancelled = self._cancel(campaign, submission, told)
        Conductor(self._context).advance(campaign)
        return cancelled

    def cancel_all(self, campaign: Campaign, *, reason: str) -> None:
        """Stop all that a campaign, locked by this transaction, has under way."""
        for submission in self._store.of_campaign(campaign.uuid):
            if submission.status in ACTIVE or submission.status is SubmissionStatus.LOST_CONTACT:
                self._cancel(campaign, submission, reason)

    def _cancel(self, campaign: Campaign, submission: Submission, reason: str) -> Submission:
        status = transition(SUBMISSION_TRANSITIONS, submission.status, SubmissionAction.CANCEL, what=submission.id)
        order = self._orders.find(submission.order_id, lock=True) if submission.order_id else None
        now = self._context.clock.now_us()
        asked = replace(submission, cancel_requested_by=self._context.identity.name, updated_us=now)
        running = self._stop_order(campaign, submission, order, reason)
        nobody_knows = submission.status is SubmissionStatus.LOST_CONTACT or (
            order is not None and running and agent_is_gone(self._context, order.agent_id)
        )
        if running and not nobody_knows:
            summary = f"{submission.id}: asked to stop"
        else:
            # Nothing runs, or nobody knows: then a person's word ends it, and the agent stops what it may still find.
            asked = replace(asked, status=status, ended_us=now, status_reason=reason)
            summary = f"{submission.id} {_words(submission.status)} → cancelled"
        self._store.save(asked)
        self._context.record(
            "submission.cancel",
            summary,
            reason=reason,
            campaign=campaign.uuid,
            submission=submission.uuid,
            details={"from": submission.status.value, "to": asked.status.value},
        )
        return asked

    def _stop_order(self, campaign: Campaign, submission: Submission, order: AgentOrder | None, reason: str) -> bool:
        """Take back an order that nobody has begun, or have its agent stop; tells whether an agent has begun it."""
        match order:
            case None:
                return False
            case AgentOrder(status=OrderStatus.BEGUN):
                self._orders.add(self._cancel_order(campaign, submission, order, reason))
                return True
            case AgentOrder(status=OrderStatus.OPEN | OrderStatus.LEASED):
                status = transition(ORDER_TRANSITIONS, order.status, OrderAction.WITHDRAW, what=f"order {order.id}")
                self._orders.save(replace(order, status=status, ended_us=self._context.clock.now_us()))
        return False

    def _cancel_order(self, campaign: Campaign, submission: Submission, order: AgentOrder, reason: str) -> AgentOrder:
        payload = CancelPayload(submission_id=submission.id, submit_order_id=order.id, reason=reason)
        return AgentOrder(
            id=str(uuid.uuid4()),
            site=submission.site,
            kind=OrderKind.CANCEL.value,
            status=OrderStatus.OPEN,
            payload=payload.model_dump(mode="json"),
            actor=self._context.identity.name,
            reason=reason,
            campaign_uuid=campaign.uuid,
            submission_uuid=submission.uuid,
            created_us=self._context.clock.now_us(),
        )

    def _for_judgement(self, ref: str) -> tuple[Campaign, Submission]:
        campaign, submission = locked_submission(self._context, ref)
        if not campaign.adopted:
            check_runs_here(campaign)
        self._check_newest(campaign, submission)
        self._check_campaign(campaign)
        if submission.status not in ENDED:
            raise IllegalTransition(
                f"{submission.id} is {_words(submission.status)}: only what has ended can be judged.",
                where=submission.id,
                remedy=f"Wait for its end, or say what became of it: `campaign mark {submission.id}`."
                if campaign.adopted
                else "Wait for its end, or cancel it.",
            )
        return campaign, submission

    def _judge(self, campaign: Campaign, submission: Submission, judgement: Judgement, reason: str) -> Submission:
        told = checked_reason(reason)
        if submission.judgement is judgement:
            raise IllegalTransition(
                f"{submission.id} is already {judgement.value}, by {submission.judged_by}: {submission.judged_reason}",
                where=submission.id,
            )
        conductor = Conductor(self._context)
        judged = conductor.judge(campaign, submission, judgement, reason=told, actor=self._context.identity)
        conductor.advance(campaign)
        return judged

    def _check_newest(self, campaign: Campaign, submission: Submission) -> None:
        newest = newest_attempts(self._store.of_campaign(campaign.uuid))[submission.step, submission.group]
        if newest.uuid != submission.uuid:
            raise IllegalTransition(
                f"{submission.id} is not the newest attempt at its group.",
                where=submission.id,
                remedy=f"The newest is {newest.id}.",
            )

    def _check_not_awaiting(self, campaign: Campaign, submission: Submission) -> None:
        """Refuse a new attempt before the set is there: it would take in what somebody wants left out."""
        for order in self._orders.excluding(campaign.uuid):
            if submission.step in order.steps:
                raise NotReady(
                    f"{submission.id} is of {submission.step}, which is to leave out the set {order.name}: "
                    f"{order.site} is still to make it, by the order {order.order_id}.",
                    where=submission.id,
                    remedy="Wait until the set is made, then restart it; or withdraw the exclusion.",
                )

    def _check_campaign(self, campaign: Campaign) -> None:
        if campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
            raise NotReady(f"{campaign.id} is {campaign.status.value}: its submissions stand as they are.", where=campaign.id)


def _words(status: SubmissionStatus) -> str:
    return status.value.replace("_", " ")
