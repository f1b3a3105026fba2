"""``/campaigns`` and ``/queries``: finding campaigns, keeping queries, moving many at once, and lists as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from campaigns.api.dependencies import Caller, ClockUsed, DatabaseUsed, Reading, SettingsUsed, Writing
from campaigns.api.policy import operator, viewer
from campaigns.domain.campaign import CampaignListing
from campaigns.domain.savedquery import checked_columns
from campaigns.domain.states import CampaignAction
from campaigns.services.factory import Factory
from campaigns.web.downloads import atom_feed, csv_lines, json_lines
from campaigns.web.flash import done
from campaigns.web.forms import Reason
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import Block, renderer_of
from campaigns.web.views.keeping import queries_page
from campaigns.web.views.listing import Asked, list_page
from campaigns.web.views.overview import place_of

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Wanted = Annotated[str, Query(alias="filter", max_length=10_000)]
Sort = Annotated[str, Query(max_length=60)]
Columns = Annotated[str, Query(max_length=1000)]
Shown = Annotated[list[str] | None, Query(description="The columns, from a form's boxes.")]
Kept = Annotated[str | None, Query(max_length=100, description="A saved query.")]
CHUNK = 500


def _asked(factory: Factory, wanted: str, sort: str, columns: str, cursor: str | None, query: str | None) -> Asked:
    """Put together what the address gives and what a saved query has."""
    kept = None if query is None else factory.queries().get(query)
    return Asked(
        filter=wanted or (kept.filter if kept else ""),
        sort=sort or (kept.sort if kept else ""),
        columns=tuple(name for name in columns.split(",") if name) or (kept.columns if kept else ()),
        cursor=cursor,
        query=kept,
    )


@router.get("/campaigns", dependencies=[viewer])
def list_campaigns(
    request: Request,
    reading: Reading,
    wanted: Wanted = "",
    sort: Sort = "",
    columns: Columns = "",
    column: Shown = None,
    cursor: str | None = None,
    query: Kept = None,
    block: Block = None,
) -> Response:
    """Show the list of campaigns; an id that stands alone leads to what it is of."""
    if block is None and query is None and (place := place_of(reading, wanted)) is not None:
        return RedirectResponse(place, status_code=302)
    asked = _asked(reading, wanted, sort, ",".join(column or ()) or columns, cursor, query)
    view = list_page(reading, asked)
    status = 422 if view.faults and block is None else 200
    return renderer_of(request).page(request, "campaigns.html", {"view": view}, block=block, status=status)


def _all_of(
    asked: Asked, *, database: DatabaseUsed, identity: Caller, clock: ClockUsed, settings: SettingsUsed
) -> Iterator[CampaignListing]:
    """Give all that a list has, in pieces, each read in a session of its own."""
    cursor: str | None = None
    while True:
        with database.read() as session:
            factory = Factory(session, identity=identity, clock=clock, settings=settings)
            page = factory.campaign_list().list(wanted=asked.filter, sort=asked.sort, limit=CHUNK, cursor=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


@router.get("/campaigns.{form}", dependencies=[viewer])
def download_campaigns(
    form: Literal["csv", "json"],
    reading: Reading,
    identity: Caller,
    database: DatabaseUsed,
    clock: ClockUsed,
    settings: SettingsUsed,
    wanted: Wanted = "",
    sort: Sort = "",
    columns: Columns = "",
    query: Kept = None,
) -> Response:
    """Give all campaigns that a filter finds, as CSV or JSON."""
    asked = _asked(reading, wanted, sort, columns, None, query)
    # What is wrong must be told before the first line goes out.
    shown = checked_columns(asked.columns)
    reading.campaign_list().list(wanted=asked.filter, sort=asked.sort, limit=1, cursor=None)
    found = _all_of(asked, database=database, identity=identity, clock=clock, settings=settings)
    named = {"Content-Disposition": f'attachment; filename="campaigns.{"json" if form == "json" else "csv"}"'}
    if form == "json":
        return StreamingResponse(json_lines(found), media_type="application/json", headers=named)
    return StreamingResponse(csv_lines(found, shown), media_type="text/csv; charset=utf-8", headers=named)


@router.get("/campaigns/bulk/outlook", dependencies=[operator])
def look_at_many(request: Request, reading: Reading, action: CampaignAction, wanted: Wanted = "") -> Response:
    """Tell to how many of the campaigns that a filter finds something can be done: a part of the list's page."""
    return renderer_of(request).page(request, "bulk.html", {"outlook": reading.bulk().outlook(wanted, action)})


@router.post("/campaigns/bulk", dependencies=[operator])
def act_on_many(
    writing: Writing,
    reason: Reason,
    action: Annotated[CampaignAction, Form()],
    expected: Annotated[int, Form(ge=0)],
    once: FormKey,
    wanted: Annotated[str, Form(alias="filter")] = "",
) -> Response:
    """Do the same to all campaigns that a filter finds."""

    def act() -> Response:
        bulk = writing.bulk().act(wanted, action, reason=reason, expected=expected)
        told = f"{action.value}: {len(bulk.done)} done"
        if bulk.refused:
            told += f", {len(bulk.refused)} refused, first {bulk.refused[0].where}: {bulk.refused[0].message}"
        return done(Asked(filter=wanted).url(), message=told)

    return form_once(writing, once, act)


@router.get("/queries", dependencies=[viewer])
def list_queries(request: Request, reading: Reading) -> Response:
    """Show the saved queries."""
    return renderer_of(request).page(request, "queries.html", {"view": queries_page(reading)})


@router.post("/queries", dependencies=[viewer])
def save_query(
    writing: Writing,
    once: FormKey,
    name: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="filter")] = "",
    sort: Annotated[str, Form()] = "",
    columns: Annotated[str, Form()] = "",
    shared: Annotated[str, Form()] = "private",
) -> Response:
    """Keep a query."""

    def save() -> Response:
        shown = [each for each in columns.split(",") if each]
        query = writing.queries().save(name, wanted=wanted, sort=sort, columns=shown, shared=shared)
        return done(f"/queries/{query.uuid}", message=f"The query {query.name} is saved.")

    return form_once(writing, once, save)


@router.get("/queries/{ref}", dependencies=[viewer])
def open_query(ref: str, reading: Reading) -> Response:
    """Lead to the list of a saved query."""
    query = reading.queries().get(ref)
    return RedirectResponse(Asked(query=query).url(), status_code=302)


@router.get("/queries/{ref}/feed.atom", dependencies=[viewer])
def follow_query(ref: str, request: Request, reading: Reading, clock: ClockUsed) -> Response:
    """Give the campaigns of a saved query that changed last, as an Atom feed."""
    query = reading.queries().get(ref)
    page = reading.campaign_list().list(wanted=query.filter, sort="-updated", limit=100, cursor=None)
    base = str(request.base_url).rstrip("/")
    feed = atom_feed(page.items, title=f"Campaigns: {query.name}", uuid=query.uuid, base=base, now_us=clock.now_us())
    return Response(feed, media_type="application/atom+xml")


@router.post("/queries/{ref}", dependencies=[viewer])
def change_query(
    ref: str,
    writing: Writing,
    name: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="filter")] = "",
    sort: Annotated[str, Form()] = "",
    shared: Annotated[str, Form()] = "private",
) -> Response:
    """Give a saved query another name, filter or order, or share it with others."""
    columns = writing.queries().get(ref).columns
    query = writing.queries().change(ref, name=name, wanted=wanted, sort=sort, columns=columns, shared=shared)
    return done("/queries", message=f"The query {query.name} is changed.")


@router.post("/queries/{ref}/remove", dependencies=[viewer])
def remove_query(ref: str, writing: Writing) -> Response:
    """Take a saved query away."""
    query = writing.queries().remove(ref)
    return done("/queries", message=f"The query {query.name} is removed.")
