"""``/api/v1/dataid-sets``: the DataId sets of the sites' repositories; and leaving data out after failures."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, decode_cursor, encode_cursor
from campaigns.api.policy import manager, operator, viewer
from campaigns.domain.errors import InvalidInput
from campaigns.domain.order import AgentOrder
from campaigns.wire.campaigns import OrderModel
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
    RepositoryBody,
    SetUserModel,
)

__all__ = ("router",)

router = APIRouter(tags=["dataid-sets"])

Part = Annotated[str | None, Query(max_length=200)]
By = Annotated[
    list[str], Query(description="The dimensions that failures are put together by; by default `visit`, where they have it.")
]
ORDERED = "What becomes of it is told by its order: `GET /api/v1/orders/{order_id}`."


@router.get("/dataid-sets", dependencies=[viewer])
def list_sets(
    reading: Reading,
    site: Part = None,
    butler: Part = None,
    name: Part = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> DataIdSetList:
    """List the sets that agents have told of, newest first; `name` is a part of theirs."""
    after = _key(cursor) if cursor else None
    found = reading.dataid_sets().list(site=site, butler=butler, name=name, after=after, limit=limit + 1)
    items, following = cut(found, limit=limit, key=lambda entry: (entry.created_us, entry.uuid))
    return DataIdSetList(items=[DataIdSetModel.of(entry) for entry in items], next=following)


@router.post("/dataid-sets", status_code=202, response_model=OrderModel, dependencies=[operator], response_description=ORDERED)
def upload_set(body: DataIdSetCreate, writing: Writing, once: Once) -> Response:
    """Have a site make the next version of a set."""
    service = writing.dataid_sets()
    # The names of the body's fields are those of the service's parameters.
    told = {name: getattr(body, name) for name in DataIdSetCreate.model_fields}
    return idempotent(writing, once, lambda: OrderModel.of(service.upload(**told)), status=202, headers=_where)


@router.post("/dataid-sets/look", status_code=202, dependencies=[operator], response_description=ORDERED)
def look_at_sets(body: RepositoryBody, writing: Writing, response: Response) -> OrderModel:
    """Have a site tell of all sets of a repository."""
    return _ordered(writing.dataid_sets().look(site=body.site, butler=body.butler, stack=body.stack), response)


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
    dependencies=[operator],
    response_description=ORDERED,
)
def fetch_rows(site: str, butler: str, reference: str, writing: Writing, response: Response) -> OrderModel:
    """Have a site send the data IDs of a set."""
    return _ordered(writing.dataid_sets().show(site, butler, reference), response)


@router.get("/campaigns/{ref}/dataid-sets", dependencies=[viewer])
def list_campaign_sets(ref: str, reading: Reading) -> CampaignSetList:
    """List the sets of a campaign's definition: what was pinned, the steps they are for, and what has changed since."""
    return CampaignSetList(items=[CampaignSetModel.of(one) for one in reading.dataid_sets().of_campaign(ref)])


@router.get("/submissions/{ref}/exclude", dependencies=[viewer])
def list_excludable(ref: str, reading: Reading, by: By = []) -> ExcludableModel:  # noqa: B006 - FastAPI copies it
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


@router.post("/submissions/{ref}/exclude/look", status_code=202, dependencies=[operator], response_description=ORDERED)
def look_for_outputs(ref: str, body: DataIdsBody, writing: Writing, response: Response) -> OrderModel:
    """Have the site count what the campaign's outputs have of some data IDs already."""
    return _ordered(writing.exclusions().look(ref, data_ids=body.data_ids), response)


@router.get("/orders/{order_id}", tags=["sites"], dependencies=[viewer])
def show_order(order_id: UUID, reading: Reading) -> OrderModel:
    """Show an order to an agent, with its result or its faults once it has ended."""
    return OrderModel.of(reading.orders().get(str(order_id)))


def _ordered(order: AgentOrder, response: Response) -> OrderModel:
    made = OrderModel.of(order)
    response.headers.update(_where(made))
    return made


def _where(order: OrderModel) -> dict[str, str]:
    return {"Location": f"/api/v1/orders/{order.id}"}


def _key(cursor: str) -> tuple[int, str]:
    time_us, uuid = decode_cursor(cursor, int, str)
    try:
        return max(0, min(time_us, 2**62)), str(UUID(uuid))
    except ValueError:
        raise InvalidInput("The cursor is not one of this list.", where="query.cursor", remedy="Leave it out.") from None
