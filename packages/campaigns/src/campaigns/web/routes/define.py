"""``/campaigns/new`` and ``/campaigns/{id}/edit``: the definition, as a form and as YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, viewer
from campaigns.domain.campaign import Campaign
from campaigns.domain.document import dump_yaml
from campaigns.domain.errors import InvalidDefinition
from campaigns.domain.site import SiteView
from campaigns.domain.states import Kind
from campaigns.services.factory import Factory
from campaigns.web.checking import BLANK, Checked, check
from campaigns.web.flash import done
from campaigns.web.forms import Document, Reason, Then, on_refusal
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of

__all__ = ("router",)

router = APIRouter(include_in_schema=False)


@router.get("/campaigns/new", dependencies=[manager])
def show_blank(request: Request, reading: Reading) -> Response:
    """Show an empty definition."""
    return _form(request, check(BLANK), sites=reading.sites().list())


@router.post("/campaigns/check", dependencies=[viewer])
def check_document(request: Request, document: Annotated[str, Form()] = "") -> Response:
    """Look at a definition as it is typed; nothing is kept."""
    return renderer_of(request).page(request, "define.html", {"checked": check(document)}, block="verdict")


@router.post("/campaigns/new", dependencies=[manager])
def create_campaign(
    request: Request, writing: Writing, document: Document, once: FormKey, then: Annotated[Then, Form()] = Then.SAVE
) -> Response:
    """Save a new definition, and begin if that was asked for."""
    # The form is shown again after the transaction's end, and so must need nothing of it.
    checked, sites = check(document), writing.sites().list()
    on_refusal(request, lambda problem: _form(request, checked, sites=sites, problem=problem))

    def create() -> Response:
        campaign = writing.campaigns().create(_whole(checked))
        return _saved(writing, campaign, then=then, reason=campaign.reason)

    return form_once(writing, once, create)


@router.get("/campaigns/{ref}/edit", dependencies=[manager])
def show_definition(ref: str, request: Request, reading: Reading) -> Response:
    """Show a campaign's definition, to be changed."""
    campaign = reading.campaigns().get(ref)
    checked = check(dump_yaml(campaign.definition))
    return _form(request, checked, sites=reading.sites().list(), campaign=campaign, revision=campaign.revision)


@router.post("/campaigns/{ref}/edit", dependencies=[manager])
def revise_campaign(
    ref: str,
    request: Request,
    writing: Writing,
    document: Document,
    revision: Annotated[int, Form()],
    reason: Reason,
    then: Annotated[Then, Form()] = Then.SAVE,
) -> Response:
    """Save a new revision, and begin if that was asked for."""
    checked, seen, sites = check(document), writing.campaigns().get(ref), writing.sites().list()
    on_refusal(
        request,
        lambda problem: _form(request, checked, sites=sites, campaign=seen, revision=revision, reason=reason, problem=problem),
    )
    campaign = writing.campaigns().revise(ref, _whole(checked), expected_revision=revision, reason=reason)
    return _saved(writing, campaign, then=then, reason=reason)


def _whole(checked: Checked) -> Any:
    if checked.definition is None:
        raise InvalidDefinition(checked.faults)
    return checked.definition


def _saved(writing: Factory, campaign: Campaign, *, then: Then, reason: str) -> Response:
    if then is Then.BEGIN:
        writing.starting().begin(campaign.id, reason=reason)
        return done(f"/campaigns/{campaign.id}", message=f"{campaign.id} is saved and being started.")
    return done(
        f"/campaigns/{campaign.id}", message=f"{campaign.id} is saved as {campaign.status.value}, revision {campaign.revision}."
    )


def _form(
    request: Request,
    checked: Checked,
    *,
    sites: Sequence[SiteView],
    campaign: Campaign | None = None,
    revision: int = 0,
    reason: str = "",
    problem: Mapping[str, Any] | None = None,
) -> Response:
    # What is wrong with the document itself stands in the verdict already.
    shown = None if problem and checked.faults else problem
    context = {
        "checked": checked,
        "campaign": campaign,
        "revision": revision,
        "reason": reason,
        "problem": shown,
        "kinds": [kind.value for kind in Kind],
        "sites": sites,
    }
    return renderer_of(request).page(request, "define.html", context, status=problem["status"] if problem else 200)
