"""``/api/v1/campaigns/{id}/specifications``: what they were resolved to, how far they have moved; campaigns from git."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.details import made_campaign
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.routes.dataidsets import ORDERED
from campaigns.api.specifications import DefinitionThere, SentList, ToResolve
from campaigns.wire.campaigns import CampaignDetail
from campaigns.wire.sites import OrderModel
from campaigns.wire.specifications import (
    FromRepository,
    LookedModel,
    MoveList,
    MoveModel,
    SetOfList,
    SpecificationList,
    SpecificationModel,
)

__all__ = ("router",)

router = APIRouter(prefix="/campaigns", tags=["specifications"])


@router.get("/{ref}/specifications", dependencies=[viewer])
def list_specifications(ref: str, reading: Reading) -> SpecificationList:
    """List the commits that the specifications of a campaign's revisions were resolved to, newest revisions first."""
    return SpecificationList(items=[SpecificationModel.of(pin) for pin in reading.specifications().listed(ref)])


@router.get("/{ref}/specifications/moved", dependencies=[viewer])
def look_at_repositories(ref: str, resolving: ToResolve) -> MoveList:
    """Look how far the references of a campaign's newest resolved revision have moved; asks the repositories."""
    return MoveList(items=[MoveModel.of(move) for move in resolving.moves(ref)])


@router.get("/{ref}/specifications/look", dependencies=[viewer])
def look_at_specifications(ref: str, resolving: ToResolve) -> LookedModel:
    """Look at a campaign's specifications, also before the start: commits, and lists of data IDs; asks the repositories."""
    return LookedModel.of(resolving.looked_at(ref))


@router.post(
    "/{ref}/specifications/sets",
    status_code=202,
    response_model=OrderModel,
    dependencies=[operator],
    response_description=ORDERED,
)
def make_set_of_list(ref: str, body: SetOfList, listed: SentList, writing: Writing, once: Once) -> Response:
    """Have the site make a DataId set of a list in a campaign's data specification, unless it has one with the same data IDs."""
    make = partial(writing.dataid_sets().upload_list, ref, listed.as_list(body.name), reason=body.reason)
    return idempotent(
        writing, once, lambda: OrderModel.of(make()), status=202, headers=lambda order: {"Location": f"/api/v1/orders/{order.id}"}
    )


@router.post("/from-repository", status_code=201, response_model=CampaignDetail, dependencies=[manager])
def create_from_repository(body: FromRepository, definition: DefinitionThere, writing: Writing, once: Once) -> Response:
    """Make a campaign from the campaign file in a repository, at a tag; what it names without a repository is there too."""
    return idempotent(
        writing,
        once,
        lambda: made_campaign(writing, definition, draft=body.draft),
        headers=lambda made: {"Location": f"/api/v1/campaigns/{made.id}", "ETag": f'"{made.revision}"'},
    )
