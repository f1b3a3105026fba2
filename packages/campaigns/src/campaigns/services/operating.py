"""What follows from who operates what: the first assignment of a submission, and the words by which campaigns are found."""

from __future__ import annotations

import uuid

from campaigns.domain.identity import SYSTEM, Identity
from campaigns.domain.people import Assignment
from campaigns.domain.submission import Submission
from campaigns.services.context import Context
from campaigns.storage.assignments import AssignmentStore
from campaigns.storage.campaigns import CampaignStore

__all__ = ("begin_operating", "write_operators")


def begin_operating(context: Context, submission: Submission, *, actor: Identity) -> None:
    """Assign a new submission to its operator of record."""
    assignment = Assignment(
        uuid=str(uuid.uuid4()),
        submission=submission.id,
        operator=submission.operator,
        from_us=submission.created_us,
        assigned_by=actor.name,
        reason="The operator of record.",
    )
    AssignmentStore(context.writing, SYSTEM).add(assignment, submission_uuid=submission.uuid)


def write_operators(context: Context, campaign_uuid: str) -> None:
    """Write who operates a campaign's submissions now, so that it is found by them."""
    operators = AssignmentStore(context.writing, SYSTEM).now_of_campaign(campaign_uuid)
    CampaignStore(context.writing, SYSTEM).put_operators(campaign_uuid, {name for names in operators.values() for name in names})
