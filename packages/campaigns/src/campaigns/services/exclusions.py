"""Leaving data out after failures: what could be, what has it already, and having it done.

A new version of a set is made at the site; then the campaign gets a revision in which the chosen steps leave it out. Until then
these steps do not start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.decisions import newest_attempts
from campaigns.domain.definition import MAX_SETS
from campaigns.domain.errors import InvalidInput, NotReady
from campaigns.domain.exclusions import AwaitedExclusion, Excludable, choices_of, finest_of, propose
from campaigns.domain.identity import SYSTEM
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import CampaignStatus, Judgement
from campaigns.domain.submission import Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here, checked_reason, found_campaign, found_submission, locked_submission
from campaigns.services.ordering import order_about_sets
from campaigns.services.sentsets import check_set_name, counted_data_ids
from campaigns.services.sites import ALIVE_S, SiteService
from campaigns.storage.orders import OrderStore
from campaigns.storage.sites import SiteStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.agentsets import FindOutputsPayload, StepPipeline, SubmittedRun, UploadSetPayload
from campaigns.wire.orderkind import OrderKind

__all__ = ("ExclusionService", "check_under_way")

MAX_FAILURES = 2000


class ExclusionService:
    """Exclusions, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SubmissionStore(context.session, context.identity)
        self._orders = OrderStore(context.session, context.identity)

    def excludable(self, ref: str, *, by: Sequence[str] = ()) -> Excludable:
        """Say what could be left out after a submission's failures.

        Parameters
        ----------
        ref : `str`
            The submission.
        by : sequence of `str`, optional
            The dimensions that failures are put together by; by default the finest that they have in common.

        Raises
        ------
        InvalidInput
            If no failure has these dimensions.
        """
        submission = found_submission(self._context, ref)
        failures = self._store.failures(submission, limit=MAX_FAILURES)
        choices = choices_of(failures)
        finest = finest_of(failures)
        chosen = tuple(by) or finest
        if by and chosen not in choices:
            told = "; ".join(", ".join(choice) for choice in choices) or "nothing"
            raise InvalidInput(f"No failure has {', '.join(by)}.", where="by", remedy=f"Possible: {told}.")
        campaign = found_campaign(self._context, submission.campaign_uuid)
        submissions = self._store.of_campaign(campaign.uuid)
        not_begun = _not_begun(campaign, submissions)
        return Excludable(
            by=chosen,
            choices=choices,
            finest=finest,
            proposals=propose(failures, chosen) if chosen else [],
            steps=not_begun,
            begun=[step for step in campaign.definition.step_names if step not in not_begun],
            name=f"{campaign.name}/bad",
            runs=_runs(submissions),
        )

    def exclude(
        self,
        ref: str,
        *,
        name: str,
        data_ids: Sequence[dict[str, Any]],
        reason: str,
        steps: Sequence[str] | None = None,
    ) -> AgentOrder:
        """Have a new version of a set made, and left out of steps of the submission's campaign.

        Parameters
        ----------
        ref : `str`
            The submission whose failures are the cause.
        name : `str`
            The set's name, without a version.
        data_ids : sequence of `dict`
            The data IDs; each may have a ``reason`` of its own.
        reason : `str`
            Why; data IDs without a reason of their own get it.
        steps : sequence of `str`, optional
            The steps that leave it out; by default all that have not begun.

        Returns
        -------
        order : `AgentOrder`
            The order to the site. The steps do not start before its end.

        Raises
        ------
        InvalidInput
            If there are no data IDs, no such steps, the name is none, or a step leaves out as many sets as it can.
        NotReady
            If the campaign neither runs nor is paused, or all its steps have begun and none is named.
        """
        told = checked_reason(reason)
        check_set_name(name)
        counted_data_ids(data_ids)
        campaign, submission = locked_submission(self._context, ref)
        check_under_way(campaign)
        chosen = self._checked_steps(campaign, steps)
        self._check_room(campaign, chosen)
        description, source = _told_of_set(campaign, submission, by=self._context.identity.name)
        payload = UploadSetPayload(
            stack=submission.stack,
            repository=submission.repository,
            name=name,
            data_ids=[{**data_id, "reason": data_id.get("reason") or told} for data_id in data_ids],
            description=description,
            source=source,
            fit_to=[
                StepPipeline(step=step.name, pipeline=campaign.definition.pipeline_of(step))
                for step in campaign.definition.steps
                if step.name in chosen
            ],
            exclude_from=chosen,
        )
        order = order_about_sets(
            self._context, submission.site, payload, reason=told, campaign=campaign.uuid, submission=submission.uuid
        )
        self._look_once(submission, payload.data_ids)
        number = len(data_ids)
        self._context.record(
            "campaign.exclude_asked",
            f"{campaign.id}: {number} data ID{'' if number == 1 else 's'} to be left out of {', '.join(chosen)}, by a set {name}",
            reason=told,
            campaign=campaign.uuid,
            submission=submission.uuid,
            details={"name": name, "data_ids": list(data_ids[:100]), "n_data_ids": number, "steps": chosen, "order": order.id},
        )
        Conductor(self._context).touch(campaign)
        return order

    def look(self, ref: str, *, data_ids: Sequence[dict[str, Any]]) -> AgentOrder:
        """Have the site count what the campaign's outputs have of some data IDs already.

        Raises
        ------
        InvalidInput
            If there are no data IDs.
        NotReady
            If the campaign has no outputs.
        """
        counted_data_ids(data_ids)
        submission = found_submission(self._context, ref)
        order = self._look(submission, data_ids)
        if order is None:
            raise NotReady(f"{submission.campaign_id} has no outputs yet that could have them.", where=submission.campaign_id)
        return order

    def looked(self, campaign_ref: str) -> AgentOrder | None:
        """Give the newest order by which a site counted, or counts, what a campaign's outputs have of some data IDs."""
        campaign = found_campaign(self._context, campaign_ref)
        return self._orders.newest_of(OrderKind.FIND_OUTPUTS.value, campaign_uuid=campaign.uuid)

    def awaited(self, campaign_ref: str) -> list[AwaitedExclusion]:
        """List the exclusions of a campaign whose sets are still to be made, oldest first."""
        return self.awaited_by(found_campaign(self._context, campaign_ref))

    def awaited_by(self, campaign: Campaign) -> list[AwaitedExclusion]:
        """List the exclusions of a campaign that was read already; see `awaited`."""
        found = self._orders.excluding(campaign.uuid)
        if not found:
            return []
        sites = {site.name: site for site in SiteService(self._context).list()}
        since_us = self._context.clock.now_us() - round(ALIVE_S * 1_000_000)
        told = []
        for one in found:
            agents = sites[one.site].agents if one.site in sites else ()
            heard_us = max((agent.last_seen_us for agent in agents), default=None)
            if one.taken_up and one.agent_id is not None:
                heard_us = SiteStore(self._context.session, SYSTEM).last_heard(one.agent_id)
            told.append(replace(one, heard_us=heard_us, served=heard_us is not None and heard_us >= since_us))
        return told

    def _look_once(self, submission: Submission, data_ids: Sequence[dict[str, Any]] | dict[str, Any]) -> None:
        """Have the site look, unless it was just asked about the same."""
        asked = [_plain(data_id) for data_id in data_ids if isinstance(data_id, dict)]
        before = self._orders.newest_of(OrderKind.FIND_OUTPUTS.value, campaign_uuid=submission.campaign_uuid)
        if before is None or before.payload["data_ids"] != asked:
            self._look(submission, asked)

    def _look(self, submission: Submission, data_ids: Sequence[dict[str, Any]]) -> AgentOrder | None:
        submissions = self._store.of_campaign(submission.campaign_uuid)
        runs = _runs(submissions)
        if not runs:
            return None
        payload = FindOutputsPayload(
            stack=submission.stack,
            repository=submission.repository,
            collections=runs,
            # Also those that were run again: later ones may have read what they made.
            submissions=[SubmittedRun(run=one.output_run, submit_dir=one.submit_dir) for one in submissions if one.registered],
            data_ids=[_plain(data_id) for data_id in data_ids],
        )
        return order_about_sets(
            self._context, submission.site, payload, campaign=submission.campaign_uuid, submission=submission.uuid
        )

    def _check_room(self, campaign: Campaign, steps: Sequence[str]) -> None:
        """Check that each step can leave out one set more; those being made count."""
        coming = Counter(step for order in self._orders.excluding(campaign.uuid) for step in order.steps)
        full = [step for step in steps if len(campaign.definition.step(step).sets.exclude) + coming[step] >= MAX_SETS]
        if full:
            raise InvalidInput(
                f"{full[0]} of {campaign.id} leaves out {MAX_SETS} sets already; there can be no more.",
                where="steps",
                remedy=f"Leave {', '.join(full)} out, or put sets together by `butler combine-dataid-sets` "
                f"and make a new campaign from {campaign.id}'s definition.",
            )

    def _checked_steps(self, campaign: Campaign, steps: Sequence[str] | None) -> list[str]:
        names = campaign.definition.step_names
        if steps is None:
            not_begun = _not_begun(campaign, self._store.of_campaign(campaign.uuid))
            if not not_begun:
                raise NotReady(
                    f"All steps of {campaign.id} have begun.",
                    where=campaign.id,
                    remedy="Name the steps whose new attempts are to leave it out.",
                )
            return not_begun
        unknown = [step for step in steps if step not in names]
        if unknown or not steps:
            told = f"{campaign.id} has no step {unknown[0]}." if unknown else "No step is named that leaves it out."
            raise InvalidInput(told, where="steps", remedy=f"Steps are: {', '.join(names)}.")
        return [name for name in names if name in steps]


def _told_of_set(campaign: Campaign, submission: Submission, *, by: str) -> tuple[str, str]:
    """Give description and source of a set; sets are everybody's to read."""
    if campaign.definition.visibility == "team":
        return "Excluded from a campaign of a team", by
    return f"Excluded from {campaign.name} after {submission.id}", f"{campaign.id} {submission.id}, {by}"


def _plain(data_id: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data_id.items() if name != "reason"}


def check_under_way(campaign: Campaign) -> None:
    """Make sure that a campaign runs or is paused, and runs here.

    Raises
    ------
    NotReady
        If it does not.
    """
    check_runs_here(campaign)
    if campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
        raise NotReady(f"{campaign.id} is {campaign.status.value}: nothing more will run in it.", where=campaign.id)


def _not_begun(campaign: Campaign, submissions: Sequence[Submission]) -> list[str]:
    begun = {submission.step for submission in submissions}
    return [step for step in campaign.definition.step_names if step not in begun]


def _runs(submissions: Sequence[Submission]) -> list[str]:
    """List the runs that are accepted, or may yet be: newest attempts whose outputs are in the registry."""
    newest = newest_attempts(submissions).values()
    return [one.output_run for one in newest if one.registered and one.judgement is not Judgement.REJECTED]
