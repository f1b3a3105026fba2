"""What follows by rule: cases by name, and what holds for any campaign whatever."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.campaign import WaitKind
from campaigns.domain.decisions import Start, decide
from campaigns.domain.definition import Definition
from campaigns.domain.quanta import TaskCounts
from campaigns.domain.states import ACTIVE, CampaignAction, CampaignStatus, Judgement, SubmissionStatus
from campaigns.domain.submission import Submission


def _definition(*steps: dict[str, Any]) -> Definition:
    return Definition.model_validate({"name": "a", "title": "b", "reason": "c", "kind": "other", "steps": list(steps)})


def _submission(step: str = "s1", **changes: Any) -> Submission:
    given = {
        "uuid": f"{step}-{changes.get('attempt', 1)}",
        "number": 1,
        "campaign_uuid": "u",
        "campaign_id": "C-1",
        "campaign_name": "a",
        "revision": 1,
        "step": step,
        "group": "all",
        "attempt": 1,
        "status": SubmissionStatus.SUCCEEDED,
        "judgement": Judgement.PENDING,
        "operator": "otto",
        "site": "here",
        "stack": "w_1",
        "repository": "main",
        "pipeline": "p#s1",
        "input_collections": (),
        "output": "o",
        "output_run": "o/r",
        "data_query": "",
        "bps": {},
        "created_us": 0,
        "updated_us": 0,
        "quanta_final": True,
        "registered": True,
        "tasks": (_counts(10, 10),),
    }
    return Submission(**{**given, **changes})


def _counts(expected: int, succeeded: int) -> TaskCounts:
    return TaskCounts(label="t", expected=expected, succeeded=succeeded, failed=expected - succeeded)


CHAIN = _definition({"name": "s1"}, {"name": "s2", "needs": ["s1"]})


def test_the_first_step_starts() -> None:
    decision = decide(CHAIN, [], status=CampaignStatus.RUNNING, held=False)
    assert decision.start == [Start("s1", "all")]
    assert decision.action is None


def test_a_held_campaign_starts_nothing_but_could() -> None:
    decision = decide(CHAIN, [], status=CampaignStatus.PAUSED, held=True)
    assert (decision.start, decision.ready) == ([], [Start("s1", "all")])


def test_the_gate_accepts_within_its_threshold_only() -> None:
    for fraction, accepted in ((0.1, ["s1-1"]), (0.09, [])):
        definition = _definition({"name": "s1", "gate": {"max_failed_fraction": fraction}})
        submission = _submission(status=SubmissionStatus.PARTLY_SUCCEEDED, tasks=(_counts(10, 9),))
        assert decide(definition, [submission], status=CampaignStatus.RUNNING, held=False).accept == accepted


def test_a_persons_gate_never_accepts_by_rule() -> None:
    definition = _definition({"name": "s1", "gate": {"accept": "person"}})
    decision = decide(definition, [_submission()], status=CampaignStatus.RUNNING, held=False)
    assert decision.accept == []
    assert [wait.kind for wait in decision.waits] == [WaitKind.JUDGE]
    assert decision.action is CampaignAction.WAIT


def test_the_campaign_is_complete_when_all_is_accepted_and_chained() -> None:
    definition = _definition({"name": "s1"})
    accepted = _submission(judgement=Judgement.ACCEPTED)
    assert decide(definition, [accepted], status=CampaignStatus.RUNNING, held=False).action is None
    chained = _submission(judgement=Judgement.ACCEPTED, chained_us=5)
    assert decide(definition, [chained], status=CampaignStatus.RUNNING, held=False).action is CampaignAction.COMPLETE


def test_a_step_that_a_person_starts() -> None:
    definition = _definition({"name": "s1", "start": "person", "split": {"dimension": "visit", "values": [1, 2]}})
    decision = decide(definition, [], status=CampaignStatus.RUNNING, held=False)
    assert decision.start == []
    assert decision.ready == [Start("s1", "g1"), Start("s1", "g2")]
    begun = decide(
        definition, [_submission(group="g1", status=SubmissionStatus.RUNNING)], status=CampaignStatus.RUNNING, held=False
    )
    assert begun.start == [Start("s1", "g2")], "the word was given for the step"


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[Definition, list[Submission]]:
    """Draw a graph of steps and attempts in any state, as they could stand after any history."""
    names = [f"s{number}" for number in range(1, draw(st.integers(1, 4)) + 1)]
    steps = [
        {
            "name": name,
            "needs": draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else [],
            "gate": {"accept": draw(st.sampled_from(["person", "thresholds"]))},
            "start": draw(st.sampled_from(["person", "automatic"])),
        }
        for index, name in enumerate(names)
    ]
    submissions = []
    for name in names:
        for attempt in range(1, draw(st.integers(0, 2)) + 1):
            expected = draw(st.integers(0, 5))
            submissions.append(
                _submission(
                    name,
                    attempt=attempt,
                    status=draw(st.sampled_from(SubmissionStatus)),
                    judgement=draw(st.sampled_from(Judgement)),
                    registered=draw(st.booleans()),
                    quanta_final=draw(st.booleans()),
                    chained_us=draw(st.sampled_from([None, 1])),
                    tasks=(_counts(expected, draw(st.integers(0, expected))),),
                )
            )
    return _definition(*steps), submissions


@given(campaigns(), st.sampled_from([CampaignStatus.RUNNING, CampaignStatus.PAUSED]), st.booleans())
def test_what_holds_for_any_campaign(drawn: tuple[Definition, list[Submission]], status: CampaignStatus, held: bool) -> None:
    definition, submissions = drawn
    decision = decide(definition, submissions, status=status, held=held)
    attempted = {(item.step, item.group) for item in submissions}
    active = [item for item in submissions if item.status in ACTIVE]
    for start in [*decision.start, *decision.ready]:
        assert (start.step, start.group) not in attempted, "a group is never attempted twice by rule"
        for needed in definition.step(start.step).needs:
            newest = max((item for item in submissions if item.step == needed), key=lambda item: item.attempt)
            assert newest.judgement is Judgement.ACCEPTED, "a step never reads what was not accepted"
    if held:
        assert decision.start == []
    if decision.action is CampaignAction.WAIT:
        assert not active
        assert not decision.start
        assert decision.waits or decision.ready, "a campaign never waits without saying for what"
    if decision.action is CampaignAction.COMPLETE:
        assert not active
        assert not decision.waits


@given(campaigns())
def test_nothing_moves_before_the_start_or_after_the_end(drawn: tuple[Definition, list[Submission]]) -> None:
    definition, submissions = drawn
    for status in set(CampaignStatus) - {CampaignStatus.RUNNING, CampaignStatus.PAUSED}:
        decision = decide(definition, submissions, status=status, held=False)
        assert (decision.start, decision.ready, decision.accept, decision.waits, decision.action) == ([], [], [], [], None)
