"""Making campaigns of what ran, or runs, without the service. Nothing of them is ever started, stopped or chained here.

The site looks first, by an order that changes nothing; what it finds becomes a campaign in the transaction that takes its
answer. What no agent can look at is told by people, or by programs, over REST.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from campaigns.domain.adoption import ELSEWHERE, adopted_status, begun_us, campaign_status, chain_of, step_names
from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition
from campaigns.domain.document import read_definition
from campaigns.domain.errors import CampaignError, Conflict, Fault, InvalidInput
from campaigns.domain.identity import ANYBODY, SYSTEM, Identity, Role
from campaigns.domain.order import AgentOrder
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import FINAL_CAMPAIGNS, Judgement, OrderStatus, SubmissionStatus
from campaigns.domain.submission import Submission, Workflow, submission_id
from campaigns.services.context import Context
from campaigns.services.lookup import OF_A_TEAM, checked_reason
from campaigns.services.operating import begin_operating
from campaigns.services.ordering import site_with
from campaigns.services.revising import check_name
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.orders import OrderStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.adopting import AdoptBody, FoundRun, FoundRuns, InspectRunPayload, told_adoption
from campaigns.wire.orderkind import OrderKind

__all__ = ("AdoptService",)


class AdoptService:
    """Adopts campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._campaigns = CampaignStore(context.session, SYSTEM)
        self._submissions = SubmissionStore(context.session, SYSTEM)

    def ask(self, body: AdoptBody) -> AgentOrder:
        """Have a site look at what ran; a campaign is made of what it finds.

        Parameters
        ----------
        body : `AdoptBody`
            What is looked at, and what the campaign is to be called.

        Returns
        -------
        order : `AgentOrder`
            The order; its result has the ``campaign`` when it is done.

        Raises
        ------
        Conflict
            If the name is taken.
        InvalidDefinition, InvalidInput, NotFound
            If the name is none, nothing is named to look at, or the site offers no such thing.
        """
        checked_reason(body.reason)
        if body.steps or not body.butler or not (body.submit_dir or body.collections):
            raise InvalidInput(
                "It is not said what ran.",
                where="submit_dir",
                remedy="Give `site`, `butler` and a `submit_dir` or `collections`; or `steps` alone for what runs elsewhere.",
            )
        if body.submit_dir is not None and not body.submit_dir.startswith("/"):
            raise InvalidInput(
                f"{body.submit_dir} is no absolute path.", where="submit_dir", remedy="Give the path as it is at the site."
            )
        _, stack = site_with(self._context, body.site or "", butler=body.butler, stack=body.stack)
        # What is wrong with its name or its title is told before the site looks.
        self._definition(body.model_copy(update={"stack": stack}), [])
        self._check_name(body.name, self._context.identity)
        payload = InspectRunPayload(
            stack=stack, repository=body.butler, submit_dir=body.submit_dir, collections=list(body.collections)
        )
        order = AgentOrder(
            id=str(uuid.uuid4()),
            site=body.site or "",
            kind=OrderKind.INSPECT_RUN.value,
            status=OrderStatus.OPEN,
            payload=payload.model_dump(mode="json"),
            actor=self._context.identity.name,
            reason=body.reason,
            result={"adoption": told_adoption(body.model_copy(update={"stack": stack}))},
            created_us=self._context.clock.now_us(),
        )
        OrderStore(self._context.session, self._context.identity).add(order)
        return order

    def enter(self, body: AdoptBody) -> Campaign:
        """Make a campaign of what no agent can look at; what becomes of its parts is told as it happens.

        Raises
        ------
        Conflict
            If the name is taken.
        InvalidDefinition, InvalidInput
            If the name is none, or it is not said what its parts are.
        """
        checked_reason(body.reason)
        if not body.steps or body.submit_dir or body.collections:
            raise InvalidInput("It is not said what its parts are.", where="steps", remedy="Name at least one of `steps`.")
        if len(set(body.steps)) != len(body.steps):
            raise InvalidInput("Two of the steps have the same name.", where="steps", remedy="Give each its own name.")
        self._check_name(body.name, self._context.identity)
        runs = [FoundRun(run=f"{body.name}/{step}") for step in body.steps]
        return self._make(body, runs, list(body.steps), actor=self._context.identity)

    def finish(self, order: AgentOrder) -> AgentOrder:
        """Make a campaign of what a site has found; tells in the order which, or why not."""
        if order.status is not OrderStatus.DONE:
            return order
        told = order.result
        try:
            body = AdoptBody.model_validate(told["adoption"])
            runs = FoundRuns.model_validate(told).runs
            actor = Identity(name=order.actor, role=Role.MANAGER)
            # What is wrong is kept with the order, which all may read.
            self._check_name(body.name, ANYBODY)
            self._check_runs(body, runs, ANYBODY)
            made = self._make(body, runs, step_names([run.run for run in runs]), actor=actor)
        except ValidationError:
            return _failed(
                order, Fault("invalid_input", "The site's answer is not understood.", None, "Bring its agent up to date.")
            )
        except CampaignError as error:
            return _failed(order, *error.as_faults())
        return _with_result(order, {"campaign": made.id, "uuid": made.uuid, "adoption": told["adoption"]})

    def _check_name(self, name: str, asking: Identity) -> None:
        check_name(CampaignStore(self._context.session, asking), name, own=None)

    def _check_runs(self, body: AdoptBody, runs: Sequence[FoundRun], asking: Identity) -> None:
        for run in runs:
            other = self._submissions.of_run(body.site or "", body.butler or "", run.run)
            if other is not None:
                seen = SubmissionStore(self._context.session, asking).find(other.uuid) is not None
                raise Conflict(
                    f"{run.run} is known already, {f'as {other.id} of {other.campaign_id}' if seen else f'in {OF_A_TEAM}'}.",
                    where="collections",
                    remedy="Leave it out.",
                )

    def _make(self, body: AdoptBody, runs: Sequence[FoundRun], steps: list[str], *, actor: Identity) -> Campaign:
        definition = self._definition(body, runs, steps)
        outcomes = [self._outcome(body, run) for run in runs]
        status = campaign_status([outcome for outcome, _ in outcomes])
        now = self._context.clock.now_us()
        began = [at for run in runs if (at := run.started_us or begun_us(run.run)) is not None]
        ended = [run.ended_us for run in runs if run.ended_us is not None]
        is_over = status in FINAL_CAMPAIGNS
        campaign = Campaign(
            uuid=str(uuid.uuid4()),
            number=self._context.writing.next_number("campaign"),
            name=definition.name,
            title=definition.title,
            reason=definition.reason,
            kind=definition.kind,
            status=status,
            status_reason="All its quanta had succeeded when it was adopted." if is_over else None,
            revision=1,
            definition=definition,
            owner=actor.name,
            adopted=True,
            created_us=now,
            updated_us=now,
            started_us=min(began, default=now),
            ended_us=max(ended, default=now) if is_over else None,
        )
        self._campaigns.add(campaign, _revision(campaign))
        self._context.record(
            "campaign.adopted",
            f"{campaign.id} {campaign.name} adopted as {status.value}: {len(runs)} {'run' if len(runs) == 1 else 'runs'}",
            reason=body.reason,
            campaign=campaign.uuid,
            details={"runs": [run.run for run in runs], "site": body.site, "to": status.value},
            actor=actor,
        )
        first = self._context.writing.next_number("submission", count=len(runs))
        for number, (run, step, outcome) in enumerate(zip(runs, steps, outcomes, strict=True), start=first):
            self._add(campaign, body, run, step, outcome, number=number, actor=actor)
        self._campaigns.put_operators(campaign.uuid, {run.operator or actor.name for run in runs})
        return campaign

    def _outcome(self, body: AdoptBody, run: FoundRun) -> tuple[SubmissionStatus, str]:
        if body.steps:
            return SubmissionStatus.RUNNING, "It runs elsewhere; what becomes of it is told by those who run it."
        return adopted_status(QuantaCounts.total(run.tasks), registered=run.registered, has_graph=run.has_graph)

    def _add(
        self,
        campaign: Campaign,
        body: AdoptBody,
        run: FoundRun,
        step: str,
        outcome: tuple[SubmissionStatus, str],
        *,
        number: int,
        actor: Identity,
    ) -> None:
        now = self._context.clock.now_us()
        status, why = outcome
        submission = Submission(
            uuid=str(uuid.uuid4()),
            number=number,
            campaign_uuid=campaign.uuid,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            revision=1,
            step=step,
            group="all",
            attempt=1,
            status=status,
            status_reason=why,
            operator=run.operator or actor.name,
            site=body.site or ELSEWHERE,
            stack=body.stack or "",
            repository=body.butler or "",
            output=campaign.definition.output or "",
            quanta_final=bool(run.tasks) and status is not SubmissionStatus.LOST_CONTACT,
            created_us=now,
            updated_us=now,
            **_judged(status, why, now_us=now),
            commands=tuple(body.commands),
            **_as_run(run),
        )
        self._submissions.add(submission)
        begin_operating(self._context, submission, actor=actor)
        self._submissions.set_counts(submission, run.tasks)
        self._submissions.set_failures(submission, run.failures)
        self._submissions.set_spent(submission, run.spent)
        self._context.record(
            "submission.adopted",
            f"{submission_id(number)} adopted as {status.value.replace('_', ' ')}: {run.run}",
            reason=why,
            campaign=campaign.uuid,
            submission=submission.uuid,
            details={"to": status.value, "output_run": run.run},
            actor=actor,
        )

    def _definition(self, body: AdoptBody, runs: Sequence[FoundRun], steps: Sequence[str] = ()) -> Definition:
        document: dict[str, Any] = {
            **{name: getattr(body, name) for name in ("name", "title", "reason", "lead", "ticket", "site", "stack", "butler")},
            "kind": body.kind.value,
            "output": chain_of([run.run for run in runs]) if not body.steps else None,
            "steps": [_step(step, run) for step, run in zip(steps, runs, strict=False)],
        }
        return read_definition({name: value for name, value in document.items() if value})


def _judged(status: SubmissionStatus, why: str, *, now_us: int) -> dict[str, Any]:
    """Accept what succeeded as a whole, as the gate's rule would; all else is a person's to judge."""
    if status is not SubmissionStatus.SUCCEEDED:
        return {"judgement": Judgement.PENDING}
    return {"judgement": Judgement.ACCEPTED, "judged_by": SYSTEM.name, "judged_reason": why, "judged_us": now_us}


def _as_run(run: FoundRun) -> dict[str, Any]:
    return {
        "pipeline": run.pipeline,
        "input_collections": tuple(run.inputs),
        "output_run": run.run,
        "data_query": run.data_query,
        "bps": {},
        "bps_yaml": run.bps_yaml,
        "submit_dir": run.submit_dir,
        "workflow": Workflow(message=run.workflow_system),
        "quanta_source": run.source,
        "registered": run.registered,
        "n_failures": run.n_failures,
        "running_us": run.started_us or begun_us(run.run),
        "ended_us": run.ended_us,
    }


def _step(name: str, run: FoundRun) -> dict[str, Any]:
    told = {"name": name, "pipeline": run.pipeline if not run.pipeline.startswith("#") else "", "data_query": run.data_query}
    return {key: value for key, value in told.items() if value}


def _revision(campaign: Campaign) -> Revision:
    document = campaign.definition.model_dump(mode="json", exclude_defaults=True)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Revision(
        number=1,
        definition=campaign.definition,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        author=campaign.owner,
        reason=campaign.reason,
        created_us=campaign.created_us,
    )


def _failed(order: AgentOrder, *faults: Fault) -> AgentOrder:
    return replace(order, status=OrderStatus.FAILED, faults=faults)


def _with_result(order: AgentOrder, result: dict[str, Any]) -> AgentOrder:
    return replace(order, result=result)
