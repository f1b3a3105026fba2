"""What accepting a submission brings with it, in words: before it is done, and afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from campaigns.domain.campaign import Campaign
from campaigns.domain.decisions import Decision, Start, decide, newest_attempts, step_accepted
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import Judgement
from campaigns.domain.submission import Submission

__all__ = ("acceptance_in_words", "accepted_in_words", "missing_in_words")


def missing_in_words(counts: QuantaCounts) -> str:
    """Say as a sentence how many quanta did not succeed, and why; nothing if all did."""
    missing = counts.expected - counts.succeeded
    if missing <= 0:
        return ""
    parts = [f"{getattr(counts, name):,} {name}" for name in ("failed", "blocked", "unknown") if getattr(counts, name)]
    told = f" ({', '.join(parts)})" if parts else ""
    return f"{missing:,} of {counts.expected:,} quanta {'is' if missing == 1 else 'are'} missing{told}."


def acceptance_in_words(
    campaign: Campaign, submission: Submission, submissions: Sequence[Submission], *, awaited: frozenset[str]
) -> str:
    """Say what accepting a submission would do.

    Parameters
    ----------
    campaign : `Campaign`
        Its campaign.
    submission : `Submission`
        The submission.
    submissions : sequence of `Submission`
        All of the campaign.
    awaited : `frozenset` [`str`]
        Steps that wait for a set.

    Returns
    -------
    sentences : `str`
        What is missing in it, what becomes of its run, and what starts or could start.
    """
    if not campaign.runs_here:
        used = f"What {submission.id} made is good, as far as the record goes. Nothing is chained or started by it."
        return f"{missing_in_words(submission.quanta)} {used}".strip()
    used = f"Later steps may use what {submission.id} made: {submission.output_run} is chained into {submission.output}."
    return " ".join(
        filter(None, (missing_in_words(submission.quanta), used, _follows(campaign, submission, submissions, awaited)))
    )


def _follows(campaign: Campaign, submission: Submission, submissions: Sequence[Submission], awaited: frozenset[str]) -> str:
    definition = campaign.definition
    accepted = [replace(one, judgement=Judgement.ACCEPTED) if one.uuid == submission.uuid else one for one in submissions]
    if not step_accepted(definition, definition.step(submission.step), newest_attempts(accepted)):
        return ""

    def decided(existing: Sequence[Submission]) -> Decision:
        return decide(definition, existing, status=campaign.status, held=campaign.held, awaited=awaited)

    before, after = decided(submissions), decided(accepted)
    if starts := [start for start in after.start if start not in before.start]:
        return f"{_named(starts)} submitted at once."
    if ready := [start for start in after.ready if start not in before.ready]:
        waits = "somebody resumes the campaign" if campaign.held else "somebody starts it"
        return f"{_named(ready)} ready then, and waits until {waits}."
    return ""


def accepted_in_words(campaign: Campaign, submission: Submission, submissions: Sequence[Submission]) -> str:
    """Say what accepting a submission did.

    Parameters
    ----------
    campaign : `Campaign`
        Its campaign.
    submission : `Submission`
        With its judgement.
    submissions : sequence of `Submission`
        All of the campaign, with those that were made by it.
    """
    made: dict[str, list[str]] = {}
    for one in submissions:
        if submission.judged_us is not None and one.created_us >= submission.judged_us and one.uuid != submission.uuid:
            made.setdefault(one.step, []).append(one.id)
    queued = "; ".join(f"{step} is queued as {', '.join(ids)}" for step, ids in made.items())
    chained = "its run is being chained" if campaign.runs_here else "nothing is chained or started by it"
    return f"{submission.id} is accepted; {queued or chained}."


def _named(starts: Sequence[Start]) -> str:
    steps = Counter(start.step for start in starts)
    told = ", ".join(step if number == 1 else f"{step} ({number} submissions)" for step, number in steps.items())
    return f"{told} {'is' if len(steps) == 1 else 'are'}"
