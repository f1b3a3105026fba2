"""Defining campaigns and moving them by hand."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.decisions import Decision, Start, decide
from campaigns.domain.definition import Definition, missing_for_start
from campaigns.domain.errors import (
    Forbidden,
    InvalidDefinition,
    InvalidInput,
    NotFound,
    NotReady,
)
from campaigns.domain.identity import Role, may
from campaigns.domain.lineage import Parent
from campaigns.domain.states import ACTIVE, BY_HAND, ENDING, CampaignAction, CampaignStatus, SubmissionStatus
from campaigns.domain.submission import Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here, checked_reason, found_campaign
from campaigns.services.revising import check_free, new_revision
from campaigns.services.starting import StartService
from campaigns.services.submissions import SubmissionService
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.orders import OrderStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("CampaignService",)

_BY_MANAGERS = (CampaignAction.DEFINE, CampaignAction.COMPLETE, CampaignAction.FAIL, CampaignAction.CANCEL)
"""Operators do what is defined; what changes a campaign's meaning is a manager's."""
_EDITABLE = (CampaignStatus.DRAFT, CampaignStatus.DEFINED)


class CampaignService:
    """Campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = CampaignStore(context.session, context.identity)

    def get(self, ref: str) -> Campaign:
        """Give a campaign by local id, UUID or name."""
        return found_campaign(self._context, ref)

    def several(self, ids: Collection[str]) -> dict[str, Campaign]:
        """Give campaigns by their local ids, as far as there are any to be seen."""
        return self._store.several(ids)

    def decision(self, ref: str) -> Decision:
        """Say what would follow, what is ready to start, and what waits."""
        campaign = self.get(ref)
        if not campaign.runs_here:
            return Decision()
        submissions = SubmissionStore(self._context.session, self._context.identity).of_campaign(campaign.uuid)
        awaited = OrderStore(self._context.session, self._context.identity).awaited_steps(campaign.uuid)
        return decide(campaign.definition, submissions, status=campaign.status, held=campaign.held, awaited=awaited)

    def revisions(self, ref: str) -> Sequence[Revision]:
        """List the revisions of a campaign's definition, newest first."""
        return self._store.revisions(self.get(ref))

    def revision(self, ref: str, number: int) -> Revision:
        """Give one revision of a campaign's definition."""
        campaign = self.get(ref)
        # Not every number from outside is one that the databases can compare.
        revision = self._store.revision(campaign, number) if 0 < number <= campaign.revision else None
        if revision is None:
            raise NotFound(f"{campaign.id} has no revision {number}.", where=ref, remedy=f"The newest is {campaign.revision}.")
        return revision

    def create(self, definition: Definition, *, draft: bool = False, parent: Parent | None = None) -> Campaign:
        """Make a campaign from a definition.

        Parameters
        ----------
        definition : `Definition`
            A valid definition.
        draft : `bool`, optional
            Whether to leave it a draft though it is complete.
        parent : `Parent`, optional
            What it derives from; see `RerunService`.

        Returns
        -------
        campaign : `Campaign`
            A draft where something is still missing, and defined otherwise.

        Raises
        ------
        Conflict
            If the name is taken.
        """
        # Taking the number holds the names: see `CampaignStore.hold_names`.
        number = self._context.writing.next_number("campaign")
        check_free(self._store, definition.name, own=None)
        now = self._context.clock.now_us()
        complete = not missing_for_start(definition)
        campaign = Campaign(
            uuid=str(uuid.uuid4()),
            number=number,
            name=definition.name,
            title=definition.title,
            reason=definition.reason,
            kind=definition.kind,
            status=CampaignStatus.DEFINED if complete and not draft else CampaignStatus.DRAFT,
            revision=1,
            definition=definition,
            owner=self._context.identity.name,
            created_us=now,
            updated_us=now,
            parent=parent,
        )
        author = self._context.identity
        revision = new_revision(self._context, definition, number=1, author=author, reason=definition.reason)
        self._store.add(campaign, revision)
        self._context.record(
            "campaign.created",
            f"{campaign.id} {campaign.name} made as {campaign.status.value}",
            reason=definition.reason,
            campaign=campaign.uuid,
            details={"to": campaign.status.value, "revision": 1},
        )
        return campaign

    def act(self, ref: str, action: CampaignAction, *, reason: str) -> Campaign:
        """Move a campaign by hand.

        Parameters
        ----------
        ref : `str`
            The campaign.
        action : `CampaignAction`
            Define, pause, resume, complete, fail or cancel; starting is `StartService`'s.
        reason : `str`
            Why.

        Raises
        ------
        Forbidden
            If it is a manager's to decide.
        IllegalTransition
            If its state does not allow the action.
        InvalidDefinition
            If a draft is to be defined and something is missing.
        NotReady
            If it is resumed though only a decision would move it, or ended while submissions run.
        """
        if action not in BY_HAND:
            remedy = f"Possible are {', '.join(one.value for one in BY_HAND)}."
            raise InvalidInput(f"{action.value} is not done by hand.", where="action", remedy=remedy)
        if action in _BY_MANAGERS and not may(self._context.identity, Role.MANAGER):
            raise Forbidden(
                f"To {action.value} a campaign needs the role manager; "
                f"{self._context.identity.name} has {self._context.identity.role.value}.",
                where=ref,
                remedy="Ask the campaign's lead.",
            )
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        if not campaign.adopted or action not in ENDING:
            # What was adopted is ended by somebody's word.
            check_runs_here(campaign)
        if campaign.starting and action is CampaignAction.CANCEL:
            StartService(self._context).forget(campaign)
            campaign = replace(campaign, starting=False)
        elif campaign.starting:
            raise NotReady(
                f"{campaign.id} is just being started: the site looks whether it can run.",
                where=campaign.id,
                remedy="Wait for the answer, or cancel the campaign.",
            )
        conductor = Conductor(self._context)
        self._check_action(campaign, action, conductor)
        moved = conductor.move(campaign, action, actor=self._context.identity, reason=told)
        if action is CampaignAction.CANCEL:
            SubmissionService(self._context).cancel_all(moved, reason=told)
        return conductor.advance(moved)

    def next(self, ref: str, *, reason: str) -> Submission:
        """Make the next submission that could be made if somebody says so.

        Parameters
        ----------
        ref : `str`
            A campaign that runs or is paused.
        reason : `str`
            Why now.

        Returns
        -------
        submission : `Submission`
            The new submission.

        Raises
        ------
        NotReady
            If nothing could start; the message says what is waited for.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        check_runs_here(campaign)
        conductor = Conductor(self._context)
        start = self._next_start(campaign, conductor.decision(campaign))
        self._context.record(
            "campaign.next",
            f"{campaign.id}: {start.step} {start.group} started by hand",
            reason=told,
            campaign=campaign.uuid,
            details={"step": start.step, "group": start.group},
        )
        identity = self._context.identity
        submission = conductor.submit(campaign, start, actor=identity, operator=identity.name)
        conductor.advance(campaign)
        return submission

    def _next_start(self, campaign: Campaign, decision: Decision) -> Start:
        if campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
            remedy = f"`campaign start {campaign.id}` starts it." if campaign.status in _EDITABLE else None
            raise NotReady(f"{campaign.id} is {campaign.status.value}: nothing can run.", where=campaign.id, remedy=remedy)
        if not decision.ready:
            waits = " ".join(wait.text for wait in decision.waits)
            raise NotReady(
                f"{campaign.id} has nothing that could start now.",
                where=campaign.id,
                remedy=waits or "Wait until what runs has ended.",
            )
        return decision.ready[0]

    def _check_action(self, campaign: Campaign, action: CampaignAction, conductor: Conductor) -> None:
        if action is CampaignAction.DEFINE and (faults := missing_for_start(campaign.definition)):
            raise InvalidDefinition(faults)
        if action is CampaignAction.RESUME and campaign.status is CampaignStatus.PAUSED and not campaign.held:
            waits = " ".join(wait.text for wait in conductor.decision(campaign).waits)
            raise NotReady(f"Nobody holds {campaign.id}: it waits for a decision.", where=campaign.id, remedy=waits or None)
        if action in (CampaignAction.COMPLETE, CampaignAction.FAIL):
            submissions = SubmissionStore(self._context.session, self._context.identity).of_campaign(campaign.uuid)
            under_way = ACTIVE | {SubmissionStatus.LOST_CONTACT}
            active = [submission.id for submission in submissions if submission.status in under_way]
            if active:
                raise NotReady(
                    f"{campaign.id} still has submissions under way: {', '.join(active)}.",
                    where=campaign.id,
                    remedy=f"Say what became of them, such as by `campaign mark {active[0]}`."
                    if campaign.adopted
                    else "Wait for their end, or cancel them.",
                )
