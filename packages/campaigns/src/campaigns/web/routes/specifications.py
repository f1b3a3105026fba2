"""Pages that ask git and hold no transaction meanwhile: specifications, campaigns from a repository, what would run."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from campaigns.api.dependencies import Caller, Reading, Writing
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.specifications import ResolvedCampaign, ToResolve
from campaigns.domain.errors import CampaignError
from campaigns.services.repositories import SentDataIds
from campaigns.web.checking import BLANK, check
from campaigns.web.flash import done
from campaigns.web.forms import Reason
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.routes.define import show_form
from campaigns.web.views.specifications import SpecificationsPage, specifications_page
from campaigns.web.views.wouldrun import would_run

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=1000)]


def _looked(ref: str, resolving: ToResolve) -> SpecificationsPage:
    return specifications_page(resolving.looked_at(ref))


def _sent(ref: str, resolving: ToResolve, path: Text = "") -> SentDataIds:
    return resolving.data_ids(ref, path)


@router.get("/campaigns/{ref}/specifications", dependencies=[viewer])
def show_specifications(
    ref: str, request: Request, page: Annotated[SpecificationsPage, Depends(_looked)], reading: Reading
) -> Response:
    """Show what a campaign's specifications stand for, how far they have moved, and the lists of data IDs in them."""
    pinned = {one.reference: one.pin for one in reading.dataid_sets().of_campaign(ref) if one.pin is not None}
    context = {"view": page, "campaign": reading.campaigns().get(ref), "pinned": pinned}
    return renderer_of(request).page(request, "specifications.html", context)


@router.post("/campaigns/{ref}/specifications/upload", dependencies=[operator])
def upload_list(
    ref: str,
    sent: Annotated[SentDataIds, Depends(_sent)],
    writing: Writing,
    reason: Reason,
    once: FormKey,
    name: Text = "",
) -> Response:
    """Have the site make a DataId set of a list in a campaign's data specification."""

    def upload() -> Response:
        listed = sent.as_list(name)
        order = writing.dataid_sets().upload_list(ref, listed, reason=reason)
        told = (
            f"{order.site} was asked to make the set {listed.name} of {sent.path}; it stands among the DataId sets in a moment."
        )
        return done(f"/campaigns/{ref}/specifications", message=told)

    return form_once(writing, once, upload)


@router.post("/campaigns/{ref}/specifications/take", dependencies=[manager])
def take_newer_commits(
    ref: str,
    resolution: ResolvedCampaign,
    writing: Writing,
    reason: Reason,
    once: FormKey,
    revision: Annotated[int, Form()],
) -> Response:
    """Give a paused campaign the commits that its specifications stand for now, by a new revision of the same definition."""

    def take() -> Response:
        definition = writing.campaigns().get(ref).definition
        revised = writing.revising().revise(ref, definition, expected_revision=revision, reason=reason, resolution=resolution)
        told = f"Revision {revised.revision} of {revised.id} takes the newer commits, for what is submitted from now on."
        return done(f"/campaigns/{revised.id}/specifications", message=told)

    return form_once(writing, once, take)


@router.post("/campaigns/{ref}/would-run", dependencies=[operator])
def look_what_would_run(ref: str, resolution: ResolvedCampaign, writing: Writing, once: FormKey) -> Response:
    """Have the site look what would run, and start nothing."""

    def look() -> Response:
        order_id = writing.starting().preflight(ref, resolution=resolution)
        return done(f"/campaigns/{ref}/would-run/{order_id}", message="The site was asked; nothing is started.")

    return form_once(writing, once, look)


@router.get("/campaigns/{ref}/would-run/{order_id}", dependencies=[viewer])
def show_what_would_run(ref: str, order_id: UUID, request: Request, reading: Reading, identity: Caller) -> Response:
    """Show what the site found: counts, collections, sets, or what is wrong."""
    return renderer_of(request).page(
        request, "would_run.html", {"view": would_run(reading, ref, str(order_id), identity=identity)}
    )


def _read(resolving: ToResolve, repository: Text = "", reference: Text = "", path: Text = "") -> tuple[str, CampaignError | None]:
    return resolving.file_or_error(repository.strip(), reference.strip(), path.strip())


@router.post("/campaigns/new/from-repository", dependencies=[manager])
def read_from_repository(
    request: Request,
    found: Annotated[tuple[str, CampaignError | None], Depends(_read)],
    reading: Reading,
    repository: Text = "",
    reference: Text = "",
    path: Text = "",
) -> Response:
    """Fill the form with the campaign file in a repository, at a tag; nothing is kept."""
    text, error = found
    source = {"repository": repository, "reference": reference, "path": path, "problem": error.as_problem() if error else None}
    return show_form(request, check(text or BLANK, reading.checking()), sites=reading.sites().list(), source=source)
