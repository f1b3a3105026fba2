"""Who operates submissions: entered and changed by hand, with a reason, and kept."""

from __future__ import annotations

import uuid

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Conflict, InvalidInput, NotFound
from campaigns.domain.identity import SYSTEM, Identity, Role, may
from campaigns.domain.people import Assignment
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason, found_campaign, found_submission, locked_submission
from campaigns.services.operating import write_operators
from campaigns.storage.assignments import AssignmentStore
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.users import UserStore

__all__ = ("OperatorService",)


class OperatorService:
    """Operators, for one caller. The operator of record of a submission is fixed; who is answerable now may change.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = AssignmentStore(context.session, context.identity)

    def of_submission(self, ref: str, *, at_us: int | None = None) -> list[Assignment]:
        """List who operated a submission, and when, oldest first; with a time, only who did then."""
        return self._store.of_submission(found_submission(self._context, ref).uuid, at_us=at_us)

    def now_of_campaign(self, ref: str) -> dict[str, list[str]]:
        """Give the operators of each of a campaign's submissions, by the submissions' ids."""
        return self._store.now_of_campaign(found_campaign(self._context, ref).uuid)

    def candidates(self) -> list[str]:
        """List those who could be assigned: users who are not disabled and may operate, by name."""
        return UserStore(self._context.session).names_with(role for role in Role if _operates(role))

    def assign(self, ref: str, operator: str, *, reason: str) -> Assignment:
        """Make somebody an operator of a submission, beside those who are.

        Raises
        ------
        Conflict
            If they operate it already.
        InvalidInput
            If they are disabled, may not operate, or may not see the campaign.
        NotFound
            If there is no such user.
        """
        told = checked_reason(reason)
        campaign, submission = locked_submission(self._context, ref)
        self._check_operator(operator, campaign)
        if any(one.operator == operator and one.until_us is None for one in self._store.of_submission(submission.uuid)):
            raise Conflict(f"{operator} operates {submission.id} already.", where="operator")
        assignment = Assignment(
            uuid=str(uuid.uuid4()),
            submission=submission.id,
            operator=operator,
            from_us=self._context.clock.now_us(),
            assigned_by=self._context.identity.name,
            reason=told,
        )
        self._store.add(assignment, submission_uuid=submission.uuid)
        self._tell(campaign, submission.uuid, "submission.assigned", f"{operator} operates {submission.id}", operator, told)
        return assignment

    def remove(self, ref: str, operator: str, *, reason: str) -> list[Assignment]:
        """Make somebody no operator of a submission any more; gives its whole history.

        Raises
        ------
        Conflict
            If nobody would be left.
        NotFound
            If they do not operate it now.
        """
        told = checked_reason(reason)
        campaign, submission = locked_submission(self._context, ref)
        now = [one for one in self._store.of_submission(submission.uuid) if one.until_us is None]
        mine = [one for one in now if one.operator == operator]
        if not mine:
            names = ", ".join(one.operator for one in now)
            raise NotFound(f"{operator} does not operate {submission.id}.", where=operator, remedy=f"Its operators: {names}.")
        if len(now) == len(mine):
            raise Conflict(
                f"{operator} is the only operator of {submission.id}.",
                where=operator,
                remedy="Assign somebody else first: somebody must be answerable.",
            )
        at_us, by = self._context.clock.now_us(), self._context.identity.name
        for one in mine:
            self._store.end(one.uuid, by=by, reason=told, at_us=at_us)
        summary = f"{operator} no longer operates {submission.id}"
        self._tell(campaign, submission.uuid, "submission.unassigned", summary, operator, told)
        return self._store.of_submission(submission.uuid)

    def _tell(self, campaign: Campaign, submission_uuid: str, kind: str, summary: str, operator: str, reason: str) -> None:
        self._context.record(
            kind,
            summary,
            reason=reason,
            campaign=campaign.uuid,
            submission=submission_uuid,
            details={"operator": operator},
        )
        write_operators(self._context, campaign.uuid)
        Conductor(self._context).touch(campaign)

    def _check_operator(self, name: str, campaign: Campaign) -> None:
        user = UserStore(self._context.session).get(name)
        if user is None:
            raise NotFound(f"There is no user {name}.", where="operator", remedy="Give the name that they sign in with.")
        if user.disabled or not _operates(user.role):
            why = "is disabled" if user.disabled else f"has the role {user.role.value}"
            raise InvalidInput(
                f"{name} {why}, and cannot operate.", where="operator", remedy="Choose somebody with the role operator or above."
            )
        seen = CampaignStore(self._context.session, Identity(name=name, role=user.role)).find(campaign.uuid)
        if seen is None:
            team = campaign.definition.team
            raise InvalidInput(
                f"{name} may not see {campaign.id}: it is the team {team}'s.",
                where="operator",
                remedy=f"An administrator can add {name} to the team.",
            )


def _operates(role: Role) -> bool:
    return role is not Role.AGENT and may(Identity(name=SYSTEM.name, role=role), Role.OPERATOR)
