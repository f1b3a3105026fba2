"""``/api/v1/campaigns/{id}/rerun`` and ``…/lineage``: making campaigns from others, and where they come from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.details import detail_of
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import manager, viewer
from campaigns.services.factory import Factory
from campaigns.services.reruns import RerunPlan
from campaigns.wire.lineage import LineageModel, RerunBody, RerunModel

__all__ = ("router",)

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

DryRun = Annotated[bool, Query(description="Tell what would be made, field by field, and make nothing.")]


@router.post(
    "/{ref}/rerun",
    status_code=201,
    response_model=RerunModel,
    dependencies=[manager],
    responses={200: {"description": "What a dry run would make.", "model": RerunModel}},
)
def rerun_campaign(ref: str, body: RerunBody, writing: Writing, once: Once, dry_run: DryRun = False) -> Response:
    """Make a new campaign from a revision of another: all settings copied, but name and output collection, and then changed."""
    if dry_run:
        shown = RerunModel.of(_plan(writing, ref, body), None)
        return Response(shown.model_dump_json(), media_type="application/json")
    return idempotent(
        writing, once, lambda: _made(writing, ref, body), headers=lambda made: {"Location": _location(made), "ETag": '"1"'}
    )


@router.get("/{ref}/lineage", dependencies=[viewer])
def show_lineage(ref: str, reading: Reading) -> LineageModel:
    """Show what a campaign derives from and what derives from it, each with what it has in common with its parent."""
    return LineageModel.of_lineage(reading.lineage().of(ref))


def _plan(factory: Factory, ref: str, body: RerunBody, *, to_make: bool = False) -> RerunPlan:
    return factory.reruns().proposal(
        ref,
        reason=body.reason,
        revision=body.revision,
        patch=body.patch,
        settings=body.set,
        as_pinned=body.as_pinned,
        to_make=to_make,
    )


def _made(writing: Factory, ref: str, body: RerunBody) -> RerunModel:
    plan = _plan(writing, ref, body, to_make=True)
    made = writing.reruns().make(plan, reason=body.reason, draft=body.draft)
    return RerunModel.of(plan, detail_of(writing, made))


def _location(made: RerunModel) -> str:
    return f"/api/v1/campaigns/{made.campaign.id if made.campaign else made.parent}"
