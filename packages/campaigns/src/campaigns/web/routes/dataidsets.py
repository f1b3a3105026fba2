"""``/dataid-sets``, and leaving data out after failures."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, operator, viewer
from campaigns.domain.errors import InvalidInput
from campaigns.web.flash import done
from campaigns.web.forms import Reason
from campaigns.web.rendering import renderer_of
from campaigns.web.views.dataidsets import set_list_page, set_page
from campaigns.web.views.exclude import exclude_page, picked

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Part = Annotated[str | None, Query(max_length=200)]
Text = Annotated[str, Form()]
Picked = Annotated[list[str], Form()]
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
def upload_set(
    writing: Writing,
    reason: Reason,
    place: Text = "",
    name: Text = "",
    data_ids: Text = "",
) -> Response:
    """Have a site make a set."""
    site, butler = _place(place)
    writing.dataid_sets().upload(
        site=site, butler=butler, stack=None, name=name.strip(), data_ids=_document(data_ids), reason=reason
    )
    told = (
        f"{site} was asked to make the set {name.strip()}: it stands here when it is made; if it cannot be, its order says why."
    )
    return done(f"/dataid-sets?site={quote(site)}&butler={quote(butler)}", message=told)


@router.post("/dataid-sets/look", dependencies=[operator])
def look_at_sets(writing: Writing, place: Text = "") -> Response:
    """Have a site tell of all sets of a repository."""
    site, butler = _place(place)
    writing.dataid_sets().look(site=site, butler=butler)
    told = f"{site} was asked what sets there are in {butler}; load this page again in a moment."
    return done(f"/dataid-sets?site={quote(site)}&butler={quote(butler)}", message=told)


@router.get("/dataid-sets/{site}/{butler}/{reference:path}", dependencies=[viewer])
def show_set(
    site: str,
    butler: str,
    reference: str,
    request: Request,
    reading: Reading,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """Show one set with its data IDs and reasons."""
    page = set_page(reading, site, butler, reference, cursor=cursor)
    return renderer_of(request).page(request, "dataid_set.html", {"view": page})


@router.post("/dataid-sets/{site}/{butler}/{reference:path}/rows", dependencies=[operator])
def fetch_rows(site: str, butler: str, reference: str, writing: Writing) -> Response:
    """Have a site send the data IDs of a set."""
    writing.dataid_sets().show(site, butler, reference)
    told = f"{site} was asked for the data IDs; load this page again in a moment."
    return done(f"/dataid-sets/{quote(site)}/{quote(butler)}/{quote(reference, safe='/@')}", message=told)


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
def look_for_outputs(ref: str, writing: Writing, by: Text = "", pick: Picked = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Have the site count what the campaign's outputs have of the chosen data IDs already."""
    order = writing.exclusions().look(ref, data_ids=picked(pick))
    return RedirectResponse(f"/submissions/{ref}/exclude?by={quote(by)}&look={order.id}#looked", status_code=303)


@router.post("/submissions/{ref}/exclude", dependencies=[manager])
def exclude_data(
    ref: str,
    writing: Writing,
    reason: Reason,
    name: Text = "",
    pick: Picked = [],  # noqa: B006 - FastAPI copies it
    steps: Picked = [],  # noqa: B006
) -> Response:
    """Leave the chosen data IDs out of steps, by a new version of a set."""
    writing.exclusions().exclude(ref, name=name.strip(), data_ids=picked(pick), reason=reason, steps=steps)
    campaign = writing.submissions().get(ref).campaign_id
    told = f"{name.strip()} is being made; {', '.join(steps)} will leave it out, and waits for it."
    return done(f"/campaigns/{campaign}?tab=data", message=told)


def _place(place: str) -> tuple[str, str]:
    site, separator, butler = place.partition(" ")
    if not separator:
        raise InvalidInput("No repository is chosen.", where="place", remedy="Choose one of a site's repositories.")
    return site, butler


def _document(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "data_ids"
        raise InvalidInput(
            "The data IDs are not valid JSON.", where=where, remedy="Give a list of data IDs, as a DataId file has it."
        ) from None
    if not isinstance(document, list | dict):
        raise InvalidInput("A DataId file is a list of data IDs, or an object with `data_ids`.", where="data_ids")
    return document
