"""``/api/v1/dataid-sets``: the DataId sets of the sites' repositories; and leaving data out after failures."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.details import detail_of
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, decode_cursor, encode_cursor
from campaigns.api.policy import manager, operator, viewer
from campaigns.domain.dataidsets import SetSort
from campaigns.wire.campaigns import CampaignDetail, ReasonBody
from campaigns.wire.dataidsets import (
    CampaignSetList,
    CampaignSetModel,
    DataIdsBody,
    DataIdSetCreate,
    DataIdSetDetail,
    DataIdSetList,
    DataIdSetModel,
    ExcludableModel,
    ExclusionCreate,
    ExclusionList,
    ExclusionModel,
    RepositoryBody,
    SetDrop,
    SetUserModel,
)
from campaigns.wire.sites import OrderModel

__all__ = ("router",)

router = APIRouter(tags=["dataid-sets"])

Part = Annotated[str | None, Query(max_length=200)]
By = Annotated[
    list[str],
    Query(
        default_factory=list,
        description="The dimensions that failures are put together by; by default the finest that they have in common.",
    ),
]
Words = Annotated[
    str | None,
    Query(alias="filter", max_length=500, description="Only sets that have each word in name, owner, description or source."),
]
ORDERED = "What becomes of it is told by its order: `GET /api/v1/orders/{order_id}`."


@router.get("/dataid-sets", dependencies=[viewer])
def list_sets(
    reading: Reading,
    site: Part = None,
    butler: Part = None,
    name: Part = None,
    words: Words = None,
    sort: SetSort = SetSort.NEWEST,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> DataIdSetList:
    """List the sets that agents have told of, by default newest first; `name` is a part of theirs."""
    after = decode_cursor(cursor, sort.key_type, str) if cursor else None
    found = reading.dataid_sets().list(
        site=site, butler=butler, name=name, words=(words or "").split(), sort=sort, after=after, limit=limit + 1
    )
    items, following = cut(found, limit=limit, key=lambda entry: (sort.key(entry), entry.uuid))
    return DataIdSetList(items=[DataIdSetModel.of(entry) for entry in items], next=following)


@router.post("/dataid-sets", status_code=202, response_model=OrderModel, dependencies=[operator], response_description=ORDERED)
def upload_set(body: DataIdSetCreate, writing: Writing, once: Once) -> Response:
    """Have a site make the next version of a set."""
    service = writing.dataid_sets()
    # The names of the body's fields are those of the service's parameters.
    told = {name: getattr(body, name) for name in DataIdSetCreate.model_fields}
    return idempotent(writing, once, lambda: OrderModel.of(service.upload(**told)), status=202, headers=_where)


@router.post(
    "/dataid-sets/look", status_code=202, response_model=OrderModel, dependencies=[operator], response_description=ORDERED
)
def look_at_sets(body: RepositoryBody, writing: Writing, once: Once) -> Response:
    """Have a site tell of all sets of a repository."""
    service = writing.dataid_sets()
    look = partial(service.look, site=body.site, butler=body.butler, stack=body.stack)
    return idempotent(writing, once, lambda: OrderModel.of(look()), status=202, headers=_where)


@router.get("/dataid-sets/{site}/{butler}/{reference:path}", dependencies=[viewer])
def show_set(
    site: str, butler: str, reference: str, reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> DataIdSetDetail:
    """Show a set, by `name@version` or `name` for the newest, with its data IDs and reasons, where the site has sent them."""
    service = reading.dataid_sets()
    entry = service.get(site, butler, reference)
    start = max(0, min(decode_cursor(cursor, int)[0], 2**62)) if cursor else 0
    page = service.rows(entry, start=start, limit=limit)
    return DataIdSetDetail.of_whole(
        entry,
        versions=[one.version for one in service.versions(entry)],
        used_by=[SetUserModel(campaign=ref, name=name, version=version) for ref, name, version in service.users(entry)],
        items=None if page is None else page.rows,
        following=None if page is None or page.next is None else encode_cursor(page.next),
    )


@router.post(
    "/dataid-sets/{site}/{butler}/{reference:path}/rows",
    status_code=202,
    response_model=OrderModel,
    dependencies=[operator],
    response_description=ORDERED,
)
def fetch_rows(site: str, butler: str, reference: str, writing: Writing, once: Once) -> Response:
    """Have a site send the data IDs of a set."""
    show = partial(writing.dataid_sets().show, site, butler, reference)
    return idempotent(writing, once, lambda: OrderModel.of(show()), status=202, headers=_where)


@router.get("/campaigns/{ref}/dataid-sets", dependencies=[viewer])
def list_campaign_sets(ref: str, reading: Reading) -> CampaignSetList:
    """List the sets of a campaign's definition: what was pinned, the steps they are for, and what has changed since."""
    return CampaignSetList(items=[CampaignSetModel.of(one) for one in reading.dataid_sets().of_campaign(ref)])


@router.post("/campaigns/{ref}/dataid-sets/drop", response_model=CampaignDetail, dependencies=[manager])
def drop_set(ref: str, body: SetDrop, writing: Writing, once: Once) -> Response:
    """Have steps no longer leave a set out with which they were not submitted, by a new revision."""
    drop = partial(writing.readmissions().drop, ref, body.set, steps=body.steps, reason=body.reason)
    return idempotent(
        writing, once, lambda: detail_of(writing, drop()), status=200, headers=lambda made: {"ETag": f'"{made.revision}"'}
    )


@router.get("/campaigns/{ref}/exclusions", dependencies=[viewer])
def list_exclusions(ref: str, reading: Reading) -> ExclusionList:
    """List the exclusions of a campaign whose sets are still to be made, oldest first: what each waits for, and since when."""
    return ExclusionList(items=[ExclusionModel.of(one) for one in reading.exclusions().awaited(ref)])


@router.post("/campaigns/{ref}/exclusions/{order_id}/withdraw", response_model=OrderModel, dependencies=[manager])
def withdraw_exclusion(ref: str, order_id: UUID, body: ReasonBody, writing: Writing, once: Once) -> Response:
    """Take an exclusion back whose set is still to be made, whether or not its agent answers: its steps no longer wait."""
    withdraw = partial(writing.readmissions().withdraw, ref, str(order_id), reason=body.reason)
    return idempotent(writing, once, lambda: OrderModel.of(withdraw()), status=200)


@router.get("/submissions/{ref}/exclude", dependencies=[viewer])
def list_excludable(ref: str, reading: Reading, by: By) -> ExcludableModel:
    """List data IDs that could be left out after a submission's failures."""
    return ExcludableModel.of(reading.exclusions().excludable(ref, by=by))


@router.post(
    "/submissions/{ref}/exclude", status_code=202, response_model=OrderModel, dependencies=[manager], response_description=ORDERED
)
def exclude_data(ref: str, body: ExclusionCreate, writing: Writing, once: Once) -> Response:
    """Leave data out of the later steps of a submission's campaign: a set is made, and then a revision that excludes it."""
    service = writing.exclusions()
    told = {name: getattr(body, name) for name in ExclusionCreate.model_fields}
    return idempotent(writing, once, lambda: OrderModel.of(service.exclude(ref, **told)), status=202, headers=_where)


@router.post(
    "/submissions/{ref}/exclude/look",
    status_code=202,
    response_model=OrderModel,
    dependencies=[operator],
    response_description=ORDERED,
)
def look_for_outputs(ref: str, body: DataIdsBody, writing: Writing, once: Once) -> Response:
    """Have the site count what the campaign's outputs have of some data IDs already."""
    look = partial(writing.exclusions().look, ref, data_ids=body.data_ids)
    return idempotent(writing, once, lambda: OrderModel.of(look()), status=202, headers=_where)


@router.get("/orders/{order_id}", tags=["sites"], dependencies=[viewer])
def show_order(order_id: UUID, reading: Reading) -> OrderModel:
    """Show an order to an agent, with its result or its faults once it has ended."""
    return OrderModel.of(reading.orders().get(str(order_id)))


@router.post("/orders/{order_id}/dismiss", tags=["sites"], dependencies=[operator])
def dismiss_order(order_id: UUID, body: ReasonBody, writing: Writing) -> OrderModel:
    """Say of an order about DataId sets that failed that it has been seen: the pages no longer tell of it."""
    return OrderModel.of(writing.dataid_sets().dismiss(str(order_id), reason=body.reason))


def _where(order: OrderModel) -> dict[str, str]:
    return {"Location": f"/api/v1/orders/{order.id}"}
