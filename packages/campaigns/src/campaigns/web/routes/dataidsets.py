"""``/dataid-sets``, and leaving data out after failures."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, operator, viewer
from campaigns.domain.errors import InvalidInput, NotFound
from campaigns.web.downloads import rows_as_csv
from campaigns.web.flash import done
from campaigns.web.forms import Reason, SetForm
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.sentids import document_of
from campaigns.web.views.dataidsets import set_list_page, set_page
from campaigns.web.views.exclude import exclude_page, picked
from campaigns.wire.agentsets import MAX_SENT_ROWS

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Part = Annotated[str | None, Query(max_length=200)]
Text = Annotated[str, Form()]
Picked = Annotated[list[str], Form(default_factory=list)]
RowsWanted = Annotated[str, Query(alias="q", max_length=500, description="A value, or words of a reason.")]
OtherVersion = Annotated[int | None, Query(alias="with", ge=1, le=2**31 - 1, description="A version to compare it with.")]
Looked = Annotated[str | None, Query(pattern="^[0-9a-f-]{36}$")]


@router.get("/dataid-sets", dependencies=[viewer])
def list_sets(
    request: Request,
    reading: Reading,
    site: Part = None,
    butler: Part = None,
    name: Part = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """Show what sets there are at the sites."""
    page = set_list_page(reading, site=site, butler=butler, name=name, cursor=cursor)
    return renderer_of(request).page(request, "dataid_sets.html", {"view": page})


@router.post("/dataid-sets", dependencies=[operator])
def upload_set(writing: Writing, form: SetForm) -> Response:
    """Have a site make a set."""

    def make() -> Response:
        site, butler = _place(form.place)
        name, data_ids = form.name.strip(), document_of(form.data_ids)
        writing.dataid_sets().upload(site=site, butler=butler, stack=None, name=name, data_ids=data_ids, reason=form.reason)
        told = f"{site} was asked to make the set {name}: it stands here when it is made; if it cannot be, its order says why."
        return done(f"/dataid-sets?site={quote(site)}&butler={quote(butler)}", message=told)

    return form_once(writing, form.once, make)


@router.post("/dataid-sets/look", dependencies=[operator])
def look_at_sets(writing: Writing, once: FormKey, place: Text = "") -> Response:
    """Have a site tell of all sets of a repository."""

    def look() -> Response:
        site, butler = _place(place)
        writing.dataid_sets().look(site=site, butler=butler)
        told = f"{site} was asked what sets there are in {butler}; load this page again in a moment."
        return done(f"/dataid-sets?site={quote(site)}&butler={quote(butler)}", message=told)

    return form_once(writing, once, look)


@router.post("/dataid-sets/orders/{order_id}/dismiss", dependencies=[operator])
def dismiss_order(order_id: UUID, writing: Writing) -> Response:
    """Say of an order that failed that it has been seen."""
    order = writing.dataid_sets().dismiss(str(order_id))
    return done("/dataid-sets", message=f"What {order.site} could not do is no longer told of here; it stays on record.")


@router.get("/dataid-sets/{site}/{butler}/{reference:path}/rows.{form}", dependencies=[viewer])
def download_rows(site: str, butler: str, reference: str, form: Literal["csv", "json"], reading: Reading) -> Response:
    """Give the data IDs of a set as a DataId file, in JSON or CSV."""
    service = reading.dataid_sets()
    entry = service.get(site, butler, reference)
    page = service.rows(entry, start=0, limit=MAX_SENT_ROWS)
    if page is None:
        remedy = "Have the site bring them here: there is a button on the page."
        raise NotFound(f"The data IDs of {entry} are not here.", where=reference, remedy=remedy)
    name = f"{entry.name.replace('/', '-')}-{entry.version}.{'csv' if form == 'csv' else 'json'}"
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "json":
        return JSONResponse([{key: value for key, value in row.items() if value is not None} for row in page.rows], headers=named)
    return Response(rows_as_csv(entry.dimensions, page.rows), media_type="text/csv; charset=utf-8", headers=named)


@router.get("/dataid-sets/{site}/{butler}/{reference:path}", dependencies=[viewer])
def show_set(
    site: str,
    butler: str,
    reference: str,
    request: Request,
    reading: Reading,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    wanted: RowsWanted = "",
    other: OtherVersion = None,
) -> Response:
    """Show one set with its data IDs and reasons."""
    page = set_page(reading, site, butler, reference, cursor=cursor, wanted=wanted.strip(), other=other)
    return renderer_of(request).page(request, "dataid_set.html", {"view": page})


@router.post("/dataid-sets/{site}/{butler}/{reference:path}/rows", dependencies=[operator])
def fetch_rows(site: str, butler: str, reference: str, writing: Writing, once: FormKey) -> Response:
    """Have a site send the data IDs of a set."""

    def fetch() -> Response:
        writing.dataid_sets().show(site, butler, reference)
        told = f"{site} was asked for the data IDs; load this page again in a moment."
        return done(f"/dataid-sets/{quote(site)}/{quote(butler)}/{quote(reference, safe='/@')}", message=told)

    return form_once(writing, once, fetch)


@router.post("/campaigns/{ref}/dataid-sets/drop", dependencies=[manager])
def drop_set(
    ref: str,
    writing: Writing,
    reason: Reason,
    once: FormKey,
    steps: Picked,
    reference: Annotated[str, Form(alias="set")] = "",
) -> Response:
    """Have steps no longer leave a set out."""

    def drop() -> Response:
        campaign = writing.readmissions().drop(ref, reference, steps=steps, reason=reason)
        verb = "leaves" if len(steps) == 1 else "leave"
        told = f"{', '.join(steps)} no longer {verb} {reference} out: revision {campaign.revision}."
        return done(f"/campaigns/{campaign.id}?tab=data", message=told)

    return form_once(writing, once, drop)


@router.post("/campaigns/{ref}/exclusions/{order_id}/withdraw", dependencies=[manager])
def withdraw_exclusion(ref: str, order_id: UUID, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Take an exclusion back whose set is still to be made."""

    def withdraw() -> Response:
        order = writing.readmissions().withdraw(ref, str(order_id), reason=reason)
        steps = ", ".join(order.payload["exclude_from"])
        told = f"The exclusion by {order.payload['name']} is withdrawn: it is not left out of {steps}."
        return done(f"/campaigns/{ref}", message=told)

    return form_once(writing, once, withdraw)


@router.get("/submissions/{ref}/exclude", dependencies=[operator])
def show_exclusion(
    ref: str,
    request: Request,
    reading: Reading,
    by: Annotated[str, Query(max_length=200)] = "",
    look: Looked = None,
    block: Any = None,
) -> Response:
    """Show what could be left out after a submission's failures, and what has it already."""
    here = f"/submissions/{ref}/exclude?by={quote(by)}" + (f"&look={look}" if look else "")
    page = exclude_page(reading, ref, by=by, look=look, here=here)
    return renderer_of(request).page(request, "exclude.html", {"view": page}, block="looked" if block == "live" else None)


@router.post("/submissions/{ref}/exclude/look", dependencies=[operator])
def look_for_outputs(ref: str, writing: Writing, once: FormKey, pick: Picked, by: Text = "") -> Response:
    """Have the site count what the campaign's outputs have of the chosen data IDs already."""

    def look() -> Response:
        order = writing.exclusions().look(ref, data_ids=picked(pick))
        return RedirectResponse(f"/submissions/{ref}/exclude?by={quote(by)}&look={order.id}#looked", status_code=303)

    return form_once(writing, once, look)


@router.post("/submissions/{ref}/exclude", dependencies=[manager])
def exclude_data(
    ref: str, writing: Writing, reason: Reason, once: FormKey, pick: Picked, steps: Picked, name: Text = ""
) -> Response:
    """Leave the chosen data IDs out of steps, by a new version of a set."""

    def exclude() -> Response:
        service = writing.exclusions()
        order = service.exclude(ref, name=name.strip(), data_ids=picked(pick), reason=reason, steps=steps)
        campaign = writing.submissions().get(ref).campaign_id
        verb = "waits" if len(steps) == 1 else "wait"
        told = f"{name.strip()} is to be made; {', '.join(steps)} will leave it out, and {verb} for it."
        awaited = next((one for one in service.awaited(campaign) if one.order_id == order.id), None)
        if awaited is not None and not awaited.served:
            told = f"{told} {awaited.waits_for} Whether it fits can be looked at only there."
        return done(f"/campaigns/{campaign}?tab=data", message=told)

    return form_once(writing, once, exclude)


def _place(place: str) -> tuple[str, str]:
    site, separator, butler = place.partition(" ")
    if not separator:
        raise InvalidInput("No repository is chosen.", where="place", remedy="Choose one of a site's repositories.")
    return site, butler
