"""``/api/v1/agents``, ``/api/v1/orders`` and uploads: the agents' protocol; and ``/api/v1/sites`` for people."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from campaigns.api.dependencies import (
    Caller,
    ClockUsed,
    DatabaseUsed,
    LeaseTurn,
    Reading,
    SettingsUsed,
    Writing,
)
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, moment_of
from campaigns.api.policy import agent, viewer
from campaigns.api.specifications import Git
from campaigns.services.factory import Factory
from campaigns.services.orders import wait_for_orders
from campaigns.services.specifications import archive_of
from campaigns.wire.agent import (
    AgentHello,
    AgentWelcome,
    BeginRequest,
    FileKind,
    LeaseRequest,
    LeaseResponse,
    Order,
    ReportsRequest,
    ReportsResponse,
)
from campaigns.wire.campaigns import FileModel
from campaigns.wire.sites import AgentList, AgentModel, OrderList, OrderModel, SiteList, SiteModel

__all__ = ("router",)

router = APIRouter()

CONTENT_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
}


async def _content(request: Request) -> bytes:
    return await request.body()


Content = Annotated[bytes, Depends(_content)]


@router.get("/sites", tags=["sites"], dependencies=[viewer])
def list_sites(reading: Reading) -> SiteList:
    """List the sites, what they offer and who serves them."""
    return SiteList(items=[SiteModel.of(site) for site in reading.sites().list()])


@router.get("/agents", tags=["sites"], dependencies=[viewer])
def list_agents(reading: Reading) -> AgentList:
    """List the agents that have said hello."""
    return AgentList(items=[AgentModel.model_validate(item) for site in reading.sites().list() for item in site.agents])


@router.get("/orders", tags=["sites"], dependencies=[viewer])
def list_orders(reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> OrderList:
    """List orders to agents, newest first."""
    found = reading.orders().recent(limit=limit + 1, after=moment_of(cursor))
    items, following = cut(found, limit=limit, key=lambda order: (order.created_us, order.id))
    return OrderList(items=[OrderModel.of(order) for order in items], next=following)


@router.post("/agents", tags=["agents"], dependencies=[agent])
def say_hello(body: AgentHello, writing: Writing) -> AgentWelcome:
    """Take note of an agent, and tell it which orders it had begun."""
    return writing.orders().hello(body)


@router.post("/agents/{agent_id}/lease", tags=["agents"], dependencies=[agent, LeaseTurn])
def lease_orders(
    agent_id: UUID,
    body: LeaseRequest,
    caller: Caller,
    database: DatabaseUsed,
    clock: ClockUsed,
    settings: SettingsUsed,
) -> LeaseResponse:
    """Give an agent orders; waits for one if there is none now."""
    asked_us = clock.now_us()
    # The wait must hold no transaction, so this handler opens its own when it is over.
    if caller.site is not None and body.max_orders:
        wait_for_orders(database, caller.site, clock=clock, timeout_s=body.wait_s)
    with database.write() as session:
        factory = Factory(session, identity=caller, clock=clock, settings=settings)
        orders = factory.orders()
        leased = orders.lease(str(agent_id), max_orders=body.max_orders, asked_us=asked_us, holding=body.holding)
        return LeaseResponse(orders=leased)


@router.post("/orders/{order_id}/begin", tags=["agents"], dependencies=[agent])
def begin_order(order_id: UUID, body: BeginRequest, writing: Writing) -> Order:
    """Make an order the agent's own for good."""
    return writing.orders().begin(str(order_id), body)


@router.post("/orders/{order_id}/reports", tags=["agents"], dependencies=[agent])
def report_on_order(order_id: UUID, body: ReportsRequest, writing: Writing) -> ReportsResponse:
    """Take an agent's reports; those that are here already change nothing."""
    return writing.orders().report(str(order_id), body)


@router.put("/submissions/{ref}/files/{name}", tags=["agents"], dependencies=[agent], openapi_extra=CONTENT_BODY)
def upload_file(
    ref: str,
    name: str,
    content: Content,
    writing: Writing,
    kind: FileKind,
    order: UUID,
    token: int,
    title: str = "",
    content_type: Annotated[str, Header()] = "application/octet-stream",
) -> FileModel:
    """Keep a file that belongs to a submission, over one of the same name."""
    stored = writing.orders().put_file(
        ref, name, content, order_id=str(order), token=token, kind=kind, title=title, content_type=content_type
    )
    return FileModel.of(stored)


@router.put(
    "/orders/{order_id}/files/rows.json", status_code=204, tags=["agents"], dependencies=[agent], openapi_extra=CONTENT_BODY
)
def bring_rows(order_id: UUID, content: Content, writing: Writing, token: int) -> None:
    """Keep the data IDs of the DataId set that an order is about."""
    writing.dataid_sets().put_rows(str(order_id), content, token=token)


@router.get(
    "/orders/{order_id}/specification",
    tags=["agents"],
    dependencies=[agent],
    response_class=FileResponse,
    responses={200: {"content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}}}},
)
def fetch_specification(
    order_id: UUID, git: Git, caller: Caller, database: DatabaseUsed, clock: ClockUsed, settings: SettingsUsed
) -> FileResponse:
    """Give the files that an order's relative paths lead to, at their commit, as a tar file."""
    with database.read() as session:
        factory = Factory(session, identity=caller, clock=clock, settings=settings)
        wanted = factory.orders().specification(str(order_id))
    # Git may take a while, and holds no session.
    archive = archive_of(git, wanted)
    return FileResponse(archive, media_type="application/x-tar", background=BackgroundTask(archive.unlink))
