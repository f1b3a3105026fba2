"""``/api/v1/campaigns/adopt`` and what is told of submissions that the service does not run."""

from __future__ import annotations

from fastapi import APIRouter, Response

from campaigns.api.dependencies import Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import manager, operator
from campaigns.domain.states import SubmissionStatus
from campaigns.services.factory import Factory
from campaigns.services.marking import Told
from campaigns.wire.adopting import AdoptBody, AdoptModel, ProgressBody
from campaigns.wire.campaigns import SubmissionDetail
from campaigns.wire.sites import OrderModel

__all__ = ("router",)

router = APIRouter(tags=["campaigns"])


@router.post("/campaigns/adopt", status_code=202, response_model=AdoptModel, dependencies=[manager])
def adopt_campaign(body: AdoptBody, writing: Writing, once: Once) -> Response:
    """Make a campaign of what ran, or runs, without the service: a site looks at it first, unless only its steps are named."""
    return idempotent(writing, once, lambda: _adopted(writing, body), status=202)


@router.post("/submissions/{ref}/progress", dependencies=[operator])
def tell_progress(ref: str, body: ProgressBody, writing: Writing) -> SubmissionDetail:
    """Say how far a submission of an adopted campaign is, what was typed, or what became of it, with who says so and why."""
    told = Told(
        tasks=body.tasks,
        status=None if body.status is None else SubmissionStatus(body.status),
        reason=body.reason,
        message=body.message,
        commands=body.commands,
        confirmed=body.confirmed,
    )
    return SubmissionDetail.of(writing.marking().tell(ref, told))


def _adopted(writing: Factory, body: AdoptBody) -> AdoptModel:
    if body.steps:
        return AdoptModel(campaign=writing.adopting().enter(body).id, order=None)
    return AdoptModel(campaign=None, order=OrderModel.of(writing.adopting().ask(body)))
