"""What the submissions of a campaign add up to, kept with the campaign, so that lists are filtered and ordered by it.

Quanta are those of the newest attempt at each group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaigns.schema.campaign import CampaignRow
from campaigns.schema.submission import SubmissionRow
from campaigns.schema.task_counts import TaskCountsRow

__all__ = ("add_up", "counts_of", "shift_counts")

_KEPT: Final = {"n_quanta": TaskCountsRow.expected, "n_succeeded": TaskCountsRow.succeeded, "n_failed": TaskCountsRow.failed}
_SUMS: Final = [func.coalesce(func.sum(column), 0).label(name) for name, column in _KEPT.items()]


def counts_of(session: Session, submissions: Collection[str]) -> Counter[str]:
    """Add up the quanta of submissions, of those alone that are the newest attempts.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction.
    submissions : collection of `str`
        Their UUIDs.

    Returns
    -------
    counts : `collections.Counter`
        By the column of the campaign.
    """
    joined = select(*_SUMS).join(SubmissionRow, SubmissionRow.id == TaskCountsRow.submission_id)
    row = session.execute(joined.where(SubmissionRow.id.in_(submissions), ~SubmissionRow.superseded)).one()
    return Counter({name: int(count) for name, count in row._mapping.items()})


def shift_counts(session: Session, campaign_uuid: str, changes: Counter[str]) -> None:
    """Write by how much the counts of a campaign have changed."""
    campaign = CampaignRow.table()
    shifted = {name: campaign.c[name] + change for name, change in changes.items() if change}
    if shifted:
        session.execute(update(campaign).where(campaign.c.id == campaign_uuid).values(shifted))


def add_up(session: Session, campaign_uuid: str) -> None:
    """Count anew, where rows were written as they came."""
    campaign = CampaignRow.table()
    mine = list(session.scalars(select(SubmissionRow.id).where(SubmissionRow.campaign_id == campaign_uuid)))
    counts = counts_of(session, mine) + Counter(n_submissions=len(mine))
    zeros = dict.fromkeys((*_KEPT, "n_submissions"), 0)
    session.execute(update(campaign).where(campaign.c.id == campaign_uuid).values(zeros | counts))
