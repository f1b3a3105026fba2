"""The tables are the documentation: all that they allow, and nothing else."""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import Any

import pytest

from campaigns.domain.errors import IllegalTransition
from campaigns.domain.states import (
    ACTIVE,
    CAMPAIGN_TRANSITIONS,
    ENDED,
    MARK_TRANSITIONS,
    MARKS,
    ORDER_TRANSITIONS,
    SUBMISSION_TRANSITIONS,
    CampaignAction,
    CampaignStatus,
    OrderAction,
    OrderStatus,
    SubmissionAction,
    SubmissionStatus,
    transition,
)

TABLES: list[tuple[Any, type[StrEnum], type[StrEnum]]] = [
    (CAMPAIGN_TRANSITIONS, CampaignStatus, CampaignAction),
    (SUBMISSION_TRANSITIONS, SubmissionStatus, SubmissionAction),
    (ORDER_TRANSITIONS, OrderStatus, OrderAction),
]


@pytest.mark.parametrize(("table", "statuses", "actions"), TABLES)
def test_every_pair_is_allowed_or_refused_with_a_remedy(table: Any, statuses: Any, actions: Any) -> None:
    for status, action in itertools.product(statuses, actions):
        if (status, action) in table:
            assert transition(table, status, action, what="it") is table[status, action]
            continue
        with pytest.raises(IllegalTransition) as caught:
            transition(table, status, action, what="it")
        assert caught.value.where == "it"
        assert caught.value.remedy


@pytest.mark.parametrize(("table", "statuses", "actions"), TABLES)
def test_every_state_and_action_is_used(table: Any, statuses: Any, actions: Any) -> None:
    assert {action for _, action in table} == set(actions)
    reached = set(table.values()) | {status for status, _ in table}
    # The record of a campaign of another server is not moved at all.
    assert reached == set(statuses) - {CampaignStatus.IMPORTED}


def test_what_has_ended_stays_so() -> None:
    assert not [status for status, _ in SUBMISSION_TRANSITIONS if status in ENDED]
    final = {CampaignStatus.COMPLETED, CampaignStatus.FAILED, CampaignStatus.CANCELLED}
    assert not [status for status, _ in CAMPAIGN_TRANSITIONS if status in final]


def test_a_mark_is_corrected_by_any_other() -> None:
    assert set(MARKS) == ENDED | {SubmissionStatus.RUNNING, SubmissionStatus.LOST_CONTACT}
    for before, after in itertools.permutations(MARKS, 2):
        assert transition(MARK_TRANSITIONS, before, MARKS[after], what="it") is after
    with pytest.raises(IllegalTransition):
        transition(MARK_TRANSITIONS, SubmissionStatus.QUEUED, SubmissionAction.FAIL, what="it")


def test_a_submission_is_active_ended_or_lost() -> None:
    assert ACTIVE | ENDED | {SubmissionStatus.LOST_CONTACT} == set(SubmissionStatus)
    assert not ACTIVE & ENDED
