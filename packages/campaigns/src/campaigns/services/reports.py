"""What an agent reports, applied to the submission and its campaign.

The three truths are written down as they are told. Only the quanta, at the end, decide what became of a submission.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Fault
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.identity import SYSTEM
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import (
    ACTIVE,
    ORDER_TRANSITIONS,
    SUBMISSION_TRANSITIONS,
    Judgement,
    OrderAction,
    OrderStatus,
    SubmissionAction,
    SubmissionStatus,
    transition,
)
from campaigns.domain.submission import Launcher, Submission, Workflow
from campaigns.services.adopting import AdoptService
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.setreports import SetReportService
from campaigns.services.starting import StartService
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.agent import (
    DoneReport,
    FailedReport,
    FaultModel,
    FindingsReport,
    LaunchedReport,
    LauncherReport,
    LostReport,
    NumberedReport,
    OrderKind,
    PhaseReport,
    PreparedReport,
    ProgressReport,
    QuantaReport,
    Report,
    WorkflowReport,
)
from campaigns.wire.agentsets import GraphReport
from campaigns.wire.orderkind import SET_ORDERS

__all__ = ("ReportService",)

_ENDING = {
    SubmissionAction.SUCCEED: SubmissionStatus.SUCCEEDED,
    SubmissionAction.PARTLY_SUCCEED: SubmissionStatus.PARTLY_SUCCEEDED,
    SubmissionAction.FAIL: SubmissionStatus.FAILED,
    SubmissionAction.CANCEL: SubmissionStatus.CANCELLED,
}


class ReportService:
    """Applies reports, in a transaction that holds the order and its campaign.

    Parameters
    ----------
    context : `Context`
        The transaction and the agent's identity.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SubmissionStore(context.writing, SYSTEM)

    def apply(self, order: AgentOrder, numbered: NumberedReport) -> AgentOrder:
        """Apply one report.

        Parameters
        ----------
        order : `AgentOrder`
            The order it is about.
        numbered : `NumberedReport`
            The report, which is the next in its order's sequence.

        Returns
        -------
        order : `AgentOrder`
            The order afterwards; the caller saves it.
        """
        report = numbered.report
        if order.status is not OrderStatus.BEGUN:
            # An order that has ended takes no more reports; they are counted and passed over.
            return order
        submission = None if order.submission_uuid is None else self._store.find(order.submission_uuid)
        closed = self._closed(order, report)
        match order.kind:
            case OrderKind.SUBMIT if submission is not None:
                self._apply_to_submission(submission, report)
            case OrderKind.CHAIN if submission is not None and closed is not order:
                self._apply_to_chain(order, submission, closed)
            case OrderKind.CANCEL if submission is not None and closed.status is OrderStatus.FAILED:
                self._cancel_failed(submission, closed)
            case kind if kind in SET_ORDERS and closed is not order:
                closed = SetReportService(self._context).finish(closed)
            case OrderKind.INSPECT_RUN if closed is not order:
                closed = AdoptService(self._context).finish(closed)
            case OrderKind.PREFLIGHT if isinstance(report, FindingsReport):
                closed = replace(order, result={**order.result, **report.result})
            case OrderKind.PREFLIGHT if closed is not order:
                closed = replace(closed, faults=tuple(StartService(self._context).finish(closed, list(closed.faults))))
        return closed

    def _closed(self, order: AgentOrder, report: Report) -> AgentOrder:
        """End the order, if the report is the one that does."""
        now = self._context.clock.now_us()
        what = f"order {order.id}"
        if isinstance(report, DoneReport):
            status = transition(ORDER_TRANSITIONS, order.status, OrderAction.FINISH, what=what)
            # What an upload has left there, such as a set's data IDs, stays.
            return replace(order, status=status, result={**order.result, **report.result}, ended_us=now)
        if isinstance(report, FailedReport):
            status = transition(ORDER_TRANSITIONS, order.status, OrderAction.FAIL, what=what)
            return replace(order, status=status, faults=_faults(report.faults), ended_us=now)
        return order

    def _apply_to_submission(self, submission: Submission, report: Report) -> None:
        match report:
            case PreparedReport():
                self._save(
                    replace(
                        submission,
                        command=tuple(report.command),
                        bps_yaml=report.bps_yaml,
                        submit_dir=report.submit_dir,
                    )
                )
            case LaunchedReport():
                self._launched(submission, report)
            case PhaseReport():
                action = SubmissionAction.RUN if report.phase == "running" else SubmissionAction.ACQUIRE
                self._move(replace(submission, phase_message=report.message), action, reason=report.message or None)
            case GraphReport() | ProgressReport():
                self._seen(submission, report)
            case WorkflowReport():
                self._workflow(submission, report)
            case LauncherReport():
                self._launcher_ended(submission, report)
            case FindingsReport():
                # A look's alone: nothing of a submission is told by it.
                pass
            case QuantaReport():
                self._quanta(submission, report)
            case LostReport():
                self._move(submission, SubmissionAction.LOSE, reason=report.reason, remedy=report.remedy)
                self._advance(submission)
            case DoneReport():
                self._end(submission, cancelled=report.cancelled)
            case FailedReport():
                faults = _faults(report.faults)
                reason = faults[0].message if faults else "The agent could not carry out the order."
                self._move(replace(submission, faults=faults), SubmissionAction.FAIL, reason=reason)
                self._advance(submission)
            case _:
                assert_never(report)

    def _launched(self, submission: Submission, report: LaunchedReport) -> None:
        launcher = Launcher(pid=report.pid, host=report.host, boot_id=report.boot_id, started_us=report.started_us)
        launched = replace(submission, launcher=launcher)
        self._record(submission, "submission.launched", f"{submission.id}: bps started on {report.host}")
        self._move(launched, SubmissionAction.ACQUIRE, reason="The quantum graph is being built.")

    def _seen(self, submission: Submission, report: GraphReport | ProgressReport) -> None:
        if isinstance(report, GraphReport):
            self._graph(submission, report)
        elif not submission.quanta_final:
            self._store.set_counts(submission, report.tasks)
            self._save(replace(submission, quanta_source="datasets, while it runs"))

    def _graph(self, submission: Submission, report: GraphReport) -> None:
        told = {(one.role.value, one.name, one.version): one for one in report.sets}
        uses = []
        for use in submission.sets:
            found = told.get((use.role, use.name, use.version))
            uses.append(use if found is None else replace(use, outcome=found.outcome.value, detail=found.detail))
        if report.pins is not None:
            self._store.set_graph(submission, GraphPins.from_dict(report.pins.model_dump()))
        self._save(replace(submission, sets=tuple(uses)))

    def _workflow(self, submission: Submission, report: WorkflowReport) -> None:
        workflow = Workflow(
            state=report.state,
            run_id=report.run_id,
            jobs=report.jobs,
            message=report.message,
            seen_us=self._context.clock.now_us(),
        )
        if submission.workflow.state != report.state:
            self._record(submission, "submission.workflow", f"{submission.id}: the workflow system says {report.state.lower()}")
        self._save(replace(submission, workflow=workflow))

    def _launcher_ended(self, submission: Submission, report: LauncherReport) -> None:
        launcher = replace(
            submission.launcher,
            exit_code=report.exit_code,
            signal=report.signal,
            ended_us=report.ended_us,
            log_tail=report.log_tail,
        )
        self._record(submission, "submission.launcher_ended", f"{submission.id}: bps {_ended(launcher)}")
        self._save(replace(submission, launcher=launcher))

    def _quanta(self, submission: Submission, report: QuantaReport) -> None:
        self._store.set_counts(submission, report.tasks)
        self._store.set_failures(submission, report.failures)
        self._store.set_spent(submission, report.spent)
        self._save(
            replace(
                submission,
                quanta_source=report.source,
                quanta_final=True,
                registered=report.registered,
                n_failures=report.n_failures,
            )
        )

    def _end(self, submission: Submission, *, cancelled: bool) -> None:
        counts = submission.quanta
        told = f"{counts.succeeded} of {counts.expected} quanta succeeded"
        if cancelled:
            self._move(submission, SubmissionAction.CANCEL, reason=f"Stopped on request; {told}.")
        elif not submission.quanta_final or counts.expected == 0:
            self._move(
                submission, SubmissionAction.FAIL, reason=f"Nothing is known of its quanta; bps {_ended(submission.launcher)}."
            )
        elif not submission.registered:
            reason = f"{told}, but its outputs are not in the registry; bps {_ended(submission.launcher)}."
            self._move(submission, SubmissionAction.FAIL, reason=reason)
        elif counts.succeeded == counts.expected:
            self._move(submission, SubmissionAction.SUCCEED, reason=f"All {counts.expected} quanta succeeded.")
        elif counts.succeeded:
            self._move(submission, SubmissionAction.PARTLY_SUCCEED, reason=f"{told}.")
        else:
            self._move(submission, SubmissionAction.FAIL, reason=f"{told}.")
        self._advance(submission)

    def _move(self, submission: Submission, action: SubmissionAction, *, reason: str | None, remedy: str | None = None) -> None:
        """Bring a submission into another state, unless a person ended it meanwhile or it is there already."""
        if (submission.status, action) not in SUBMISSION_TRANSITIONS:
            self._save(submission)
            return
        status = transition(SUBMISSION_TRANSITIONS, submission.status, action, what=submission.id)
        now = self._context.clock.now_us()
        moved = replace(submission, status=status, status_reason=reason, status_remedy=remedy)
        if status is SubmissionStatus.ACQUIRING:
            moved = replace(moved, acquiring_us=now)
        elif status is SubmissionStatus.RUNNING:
            moved = replace(moved, running_us=now)
        elif status in _ENDING.values():
            moved = replace(moved, ended_us=now)
        self._save(moved)
        self._context.record(
            f"submission.{status.value}",
            f"{submission.id} {_words(submission.status)} → {_words(status)}",
            reason=reason,
            campaign=submission.campaign_uuid,
            submission=submission.uuid,
            details={"from": submission.status.value, "to": status.value},
        )

    def _cancel_failed(self, submission: Submission, closed: AgentOrder) -> None:
        self._record(submission, "submission.cancel_failed", f"{submission.id} could not be stopped", closed)
        if any(fault.code == "unknown_order" for fault in closed.faults) and submission.status in ACTIVE:
            reason = "Its agent knows nothing of it any more."
            self._move(submission, SubmissionAction.LOSE, reason=reason, remedy="Cancel it, or restart it.")
            self._advance(submission)

    def _apply_to_chain(self, order: AgentOrder, submission: Submission, closed: AgentOrder) -> None:
        campaign = self._campaign(submission)
        if closed.status is OrderStatus.FAILED:
            self._record(submission, "campaign.chain_failed", f"{submission.output} could not be chained", closed)
            if submission.judgement is Judgement.ACCEPTED:
                reason = closed.faults[0].message if closed.faults else "The output collection could not be chained."
                undone = replace(
                    submission,
                    judgement=Judgement.PENDING,
                    status_reason=f"Not chained: {reason}",
                    status_remedy="Accept it again.",
                )
                self._save(undone)
            self._advance(submission)
            return
        chained = set(order.payload["collections"])
        for other in self._store.of_campaign(submission.campaign_uuid):
            if other.output_run in chained and other.chained_us is None:
                self._save(replace(other, chained_us=self._context.clock.now_us()))
        self._context.record(
            "campaign.chained",
            f"{submission.output} chained: {len(order.payload['collections'])} collections",
            campaign=campaign.uuid,
            submission=submission.uuid,
            details={"chain": submission.output, "collections": order.payload["collections"]},
        )
        self._advance(submission)

    def _advance(self, submission: Submission) -> None:
        Conductor(self._context).advance(self._campaign(submission))

    def _campaign(self, submission: Submission) -> Campaign:
        campaign = CampaignStore(self._context.writing, SYSTEM).find(submission.campaign_uuid, lock=True)
        if campaign is None:
            raise LookupError(f"{submission.id} has no campaign")
        return campaign

    def _save(self, submission: Submission) -> None:
        self._store.save(replace(submission, updated_us=self._context.clock.now_us()))

    def _record(self, submission: Submission, kind: str, summary: str, order: AgentOrder | None = None) -> None:
        faults = [] if order is None else [fault.as_dict() for fault in order.faults]
        self._context.record(
            kind,
            summary,
            reason=faults[0]["message"] if faults else None,
            campaign=submission.campaign_uuid,
            submission=submission.uuid,
            details={"faults": faults} if faults else {},
        )


def _faults(models: list[FaultModel]) -> tuple[Fault, ...]:
    return tuple(Fault(**model.model_dump()) for model in models)


def _words(status: SubmissionStatus) -> str:
    return status.value.replace("_", " ")


def _ended(launcher: Launcher) -> str:
    if launcher.signal is not None:
        return f"was ended by signal {launcher.signal}"
    if launcher.exit_code is not None:
        return f"ended with exit code {launcher.exit_code}"
    return "ended unseen"
