"""The states of campaigns, submissions and orders, and the one function that moves them.

The tables below are the documentation: a pair that is not listed is not possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from campaigns.domain.errors import IllegalTransition

__all__ = (
    "ACTIVE",
    "BY_HAND",
    "CAMPAIGN_TRANSITIONS",
    "ENDED",
    "ENDING",
    "FINAL_CAMPAIGNS",
    "MARKS",
    "MARK_TRANSITIONS",
    "ORDER_TRANSITIONS",
    "SUBMISSION_TRANSITIONS",
    "CampaignAction",
    "CampaignStatus",
    "Judgement",
    "Kind",
    "OrderAction",
    "OrderStatus",
    "SubmissionAction",
    "SubmissionStatus",
    "transition",
)


class Kind(StrEnum):
    """What sort of processing a campaign is."""

    DATA_RELEASE = "data_release"
    MINI_DATA_RELEASE = "mini_data_release"
    INTEGRATION = "integration"
    DEVELOPMENT = "development"
    ALERT_PRODUCTION = "alert_production"
    SOLAR_SYSTEM = "solar_system"
    COMMISSIONING = "commissioning"
    OTHER = "other"


class CampaignStatus(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    DEFINED = "defined"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    IMPORTED = "imported"
    """The record of one that had not ended where it was exported; nothing moves it here."""


class CampaignAction(StrEnum):
    """What moves a campaign. ``wait`` and ``go_on`` are the system's own; the others are a person's."""

    DEFINE = "define"
    START = "start"
    WAIT = "wait"
    GO_ON = "go_on"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"


BY_HAND: Final = (
    CampaignAction.DEFINE,
    CampaignAction.PAUSE,
    CampaignAction.RESUME,
    CampaignAction.COMPLETE,
    CampaignAction.FAIL,
    CampaignAction.CANCEL,
)
"""What a person does, at once; before a start the site looks."""

ENDING: Final = (CampaignAction.COMPLETE, CampaignAction.FAIL, CampaignAction.CANCEL)
"""What ends a campaign."""


class SubmissionStatus(StrEnum):
    """Where one workflow submission stands."""

    PLANNED = "planned"
    QUEUED = "queued"
    ACQUIRING = "acquiring"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTLY_SUCCEEDED = "partly_succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST_CONTACT = "lost_contact"


class SubmissionAction(StrEnum):
    """What moves a submission; all but ``queue`` and ``cancel`` come from an agent's reports."""

    QUEUE = "queue"
    ACQUIRE = "acquire"
    RUN = "run"
    SUCCEED = "succeed"
    PARTLY_SUCCEED = "partly_succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    LOSE = "lose"


class Judgement(StrEnum):
    """What was decided about a submission's outputs."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class OrderStatus(StrEnum):
    """Where an order to an agent stands."""

    OPEN = "open"
    LEASED = "leased"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class OrderAction(StrEnum):
    """What moves an order."""

    LEASE = "lease"
    BEGIN = "begin"
    FINISH = "finish"
    FAIL = "fail"
    WITHDRAW = "withdraw"


C, A = CampaignStatus, CampaignAction
CAMPAIGN_TRANSITIONS: Final[Mapping[tuple[CampaignStatus, CampaignAction], CampaignStatus]] = {
    (C.DRAFT, A.DEFINE): C.DEFINED,
    (C.DRAFT, A.CANCEL): C.CANCELLED,
    (C.DEFINED, A.START): C.RUNNING,
    (C.DEFINED, A.CANCEL): C.CANCELLED,
    (C.RUNNING, A.WAIT): C.PAUSED,
    (C.RUNNING, A.PAUSE): C.PAUSED,
    (C.RUNNING, A.COMPLETE): C.COMPLETED,
    (C.RUNNING, A.FAIL): C.FAILED,
    (C.RUNNING, A.CANCEL): C.CANCELLED,
    (C.PAUSED, A.PAUSE): C.PAUSED,
    (C.PAUSED, A.GO_ON): C.RUNNING,
    (C.PAUSED, A.RESUME): C.RUNNING,
    (C.PAUSED, A.COMPLETE): C.COMPLETED,
    (C.PAUSED, A.FAIL): C.FAILED,
    (C.PAUSED, A.CANCEL): C.CANCELLED,
}

S, B = SubmissionStatus, SubmissionAction
SUBMISSION_TRANSITIONS: Final[Mapping[tuple[SubmissionStatus, SubmissionAction], SubmissionStatus]] = {
    (S.PLANNED, B.QUEUE): S.QUEUED,
    (S.PLANNED, B.CANCEL): S.CANCELLED,
    (S.QUEUED, B.ACQUIRE): S.ACQUIRING,
    (S.QUEUED, B.FAIL): S.FAILED,
    (S.QUEUED, B.CANCEL): S.CANCELLED,
    (S.QUEUED, B.LOSE): S.LOST_CONTACT,
    (S.ACQUIRING, B.RUN): S.RUNNING,
    (S.ACQUIRING, B.FAIL): S.FAILED,
    (S.ACQUIRING, B.CANCEL): S.CANCELLED,
    (S.ACQUIRING, B.LOSE): S.LOST_CONTACT,
    # A graph may be built and run between two looks, so that the end is the first that is heard of the run.
    (S.ACQUIRING, B.SUCCEED): S.SUCCEEDED,
    (S.ACQUIRING, B.PARTLY_SUCCEED): S.PARTLY_SUCCEEDED,
    (S.RUNNING, B.SUCCEED): S.SUCCEEDED,
    (S.RUNNING, B.PARTLY_SUCCEED): S.PARTLY_SUCCEEDED,
    (S.RUNNING, B.FAIL): S.FAILED,
    (S.RUNNING, B.CANCEL): S.CANCELLED,
    (S.RUNNING, B.LOSE): S.LOST_CONTACT,
    # Contact may come back, and with it the truth.
    (S.LOST_CONTACT, B.RUN): S.RUNNING,
    (S.LOST_CONTACT, B.SUCCEED): S.SUCCEEDED,
    (S.LOST_CONTACT, B.PARTLY_SUCCEED): S.PARTLY_SUCCEEDED,
    (S.LOST_CONTACT, B.FAIL): S.FAILED,
    (S.LOST_CONTACT, B.CANCEL): S.CANCELLED,
}

MARKS: Final[Mapping[SubmissionStatus, SubmissionAction]] = {
    S.RUNNING: B.RUN,
    S.SUCCEEDED: B.SUCCEED,
    S.PARTLY_SUCCEEDED: B.PARTLY_SUCCEED,
    S.FAILED: B.FAIL,
    S.CANCELLED: B.CANCEL,
    S.LOST_CONTACT: B.LOSE,
}
"""What people say became of a submission that the service does not run, and what they do by that."""

MARK_TRANSITIONS: Final[Mapping[tuple[SubmissionStatus, SubmissionAction], SubmissionStatus]] = {
    # A person's word can be corrected by a person's word: from each of these to each other.
    (before, action): after
    for before in MARKS
    for after, action in MARKS.items()
    if after is not before
}

R, D = OrderStatus, OrderAction
ORDER_TRANSITIONS: Final[Mapping[tuple[OrderStatus, OrderAction], OrderStatus]] = {
    (R.OPEN, D.LEASE): R.LEASED,
    (R.OPEN, D.WITHDRAW): R.WITHDRAWN,
    # A lease that ran out before the order was begun may go to another agent; the fencing token tells them apart.
    (R.LEASED, D.LEASE): R.LEASED,
    (R.LEASED, D.BEGIN): R.BEGUN,
    (R.LEASED, D.WITHDRAW): R.WITHDRAWN,
    # What an agent still says of an order that was withdrawn from it changes nothing.
    (R.BEGUN, D.WITHDRAW): R.WITHDRAWN,
    (R.BEGUN, D.FINISH): R.DONE,
    (R.BEGUN, D.FAIL): R.FAILED,
}

FINAL_CAMPAIGNS: Final = frozenset({C.COMPLETED, C.FAILED, C.CANCELLED})
"""Campaigns that have ended for good."""

ACTIVE: Final = frozenset({S.PLANNED, S.QUEUED, S.ACQUIRING, S.RUNNING})
"""Submissions that are under way or about to be."""

ENDED: Final = frozenset({S.SUCCEEDED, S.PARTLY_SUCCEEDED, S.FAILED, S.CANCELLED})
"""Submissions that will not move again by themselves."""

UNDER_WAY: Final = frozenset({R.OPEN, R.LEASED, R.BEGUN})
"""Orders that are still to be carried out, or are being."""

StatusT = TypeVar("StatusT", bound=StrEnum)
ActionT = TypeVar("ActionT", bound=StrEnum)


def transition(table: Mapping[tuple[StatusT, ActionT], StatusT], status: StatusT, action: ActionT, *, what: str) -> StatusT:
    """Give the state that an action leads to.

    Parameters
    ----------
    table : mapping
        One of the tables of this module.
    status : `enum.StrEnum`
        The state now.
    action : `enum.StrEnum`
        What is to be done.
    what : `str`
        The name of the thing, for the message, such as ``campaign C-4``.

    Returns
    -------
    status : `enum.StrEnum`
        The new state.

    Raises
    ------
    IllegalTransition
        If the table does not have the pair.
    """
    try:
        return table[status, action]
    except KeyError:
        possible = sorted(a.value.replace("_", " ") for s, a in table if s is status)
        said = f"Possible from this state: {', '.join(possible)}." if possible else "Nothing follows this state: it is final."
        raise IllegalTransition(
            f"{what} is {status.value.replace('_', ' ')}: it cannot {action.value.replace('_', ' ')} from there.",
            where=what,
            remedy=said,
        ) from None
