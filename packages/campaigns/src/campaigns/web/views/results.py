"""What came out: collections, plots and reports of the accepted and the newest submissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.decisions import newest_attempts
from campaigns.domain.submission import StoredFile, Submission
from campaigns.services.factory import Factory
from campaigns.wire.agent import FileKind

__all__ = ("Result", "Results", "campaign_results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A file that came out of a submission."""

    submission: Submission
    file: StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came out, in the order of the submissions."""

    plots: list[Result]
    reports: list[Result]
    runs: list[Submission]


def campaign_results(factory: Factory, campaign: Campaign, submissions: Sequence[Submission]) -> Results:
    """Gather the results of a campaign's newest attempts, in the order of its steps."""
    order = {name: position for position, name in enumerate(campaign.definition.step_names)}
    newest = sorted(newest_attempts(submissions).values(), key=lambda one: (order.get(one.step, len(order)), one.number))
    service = factory.submissions()
    found = [Result(submission=submission, file=file) for submission in newest for file in service.files(submission.id)]
    return Results(
        plots=[result for result in found if result.file.kind == FileKind.PLOT],
        reports=[result for result in found if result.file.kind == FileKind.REPORT],
        runs=newest,
    )
