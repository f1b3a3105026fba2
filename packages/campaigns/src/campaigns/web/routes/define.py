"""``/campaigns/new`` and ``/campaigns/{id}/edit``: the definition, as a form and as YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, viewer
from campaigns.api.specifications import ToResolve
from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml
from campaigns.domain.errors import InvalidDefinition, InvalidInput
from campaigns.domain.site import SiteView
from campaigns.domain.specifications import Move
from campaigns.domain.states import CampaignStatus, Kind
from campaigns.services.factory import Factory
from campaigns.services.specifications import Resolution
from campaigns.web.checking import BLANK, Checked, check, definition_in
from campaigns.web.flash import done
from campaigns.web.forms import Document, Reason, Then, on_refusal
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.views.clash import Clash, merged_text
from campaigns.web.views.defining import changes_from, form_context

__all__ = ("ToBegin", "followed", "router", "show_form")

router = APIRouter(include_in_schema=False)


def _to_begin(resolving: ToResolve, document: Document, then: Annotated[Then, Form()] = Then.SAVE) -> Resolution | None:
    definition = definition_in(document)
    return resolving.definition(definition) if then in (Then.LOOK, Then.BEGIN) and definition is not None else None


def _to_revise(
    ref: str, resolving: ToResolve, document: Document, then: Annotated[Then, Form()] = Then.SAVE
) -> Resolution | None:
    definition = definition_in(document)
    if definition is None or then is Then.MERGE:
        return None
    return resolving.for_revision(ref, definition) if then is Then.SAVE else resolving.definition(definition)


ToBegin = Annotated[Resolution | None, Depends(_to_begin)]
"""What the specifications of a new definition stand for, where it is to begin. Found out before a transaction is opened."""

ToRevise = Annotated[Resolution | None, Depends(_to_revise)]
"""The same for a campaign's new revision, also where it is paused."""


def _moved(ref: str, resolving: ToResolve) -> list[Move]:
    return resolving.moves_in_pause(ref)


@router.get("/campaigns/new", dependencies=[manager])
def show_blank(request: Request, reading: Reading) -> Response:
    """Show an empty definition."""
    return show_form(request, check(BLANK, reading.checking()), sites=reading.sites().list())


@router.post("/campaigns/check", dependencies=[viewer])
def check_document(request: Request, reading: Reading, document: Annotated[str, Form()] = "") -> Response:
    """Look at a definition as it is typed; nothing is kept."""
    checked = check(document, reading.checking())
    return renderer_of(request).page(request, "define.html", {"checked": checked}, block="verdict")


@router.post("/campaigns/new", dependencies=[manager])
def create_campaign(
    request: Request,
    resolution: ToBegin,
    writing: Writing,
    document: Document,
    once: FormKey,
    then: Annotated[Then, Form()] = Then.SAVE,
) -> Response:
    """Save a new definition; then begin, or have the site look, if that was asked for."""
    # The form is shown again after the transaction's end, and so must need nothing of it.
    checked, sites = check(document, writing.checking()), writing.sites().list()
    on_refusal(request, lambda problem: show_form(request, checked, sites=sites, problem=problem))

    def create() -> Response:
        campaign = writing.campaigns().create(_whole(checked))
        return _saved(writing, campaign, resolution, then=then, reason=campaign.reason)

    return form_once(writing, once, create)


@router.get("/campaigns/{ref}/edit", dependencies=[manager])
def show_definition(ref: str, request: Request, moves: Annotated[list[Move], Depends(_moved)], reading: Reading) -> Response:
    """Show a campaign's definition, to be changed."""
    campaign = reading.campaigns().get(ref)
    checked = check(dump_yaml(campaign.definition), reading.checking(), own=campaign)
    sites = reading.sites().list()
    return show_form(request, checked, sites=sites, campaign=campaign, revision=campaign.revision, moves=moves)


@router.post("/campaigns/{ref}/edit/check", dependencies=[viewer])
def check_revision(
    ref: str, request: Request, reading: Reading, revision: Annotated[int, Query()], document: Annotated[str, Form()] = ""
) -> Response:
    """Look at a new revision as it is typed, and at what it changes; nothing is kept."""
    campaign, before = reading.campaigns().get(ref), reading.campaigns().revision(ref, revision).definition
    checked = check(document, reading.checking(), own=campaign)
    context = {
        "checked": checked,
        "campaign": campaign,
        "revision": revision,
        "changes": changes_from(before, checked),
        "in_pause": campaign.status is CampaignStatus.PAUSED,
    }
    return renderer_of(request).page(request, "define.html", context, block="verdict")


@router.post("/campaigns/{ref}/edit", dependencies=[manager])
def revise_campaign(
    ref: str,
    request: Request,
    resolution: ToRevise,
    writing: Writing,
    document: Document,
    revision: Annotated[int, Form()],
    reason: Reason,
    base: Annotated[int, Form()] = 0,
    then: Annotated[Then, Form()] = Then.SAVE,
) -> Response:
    """Save a new revision; then begin, or have the site look, if that was asked for; or put what others changed into the form."""
    seen, sites = writing.campaigns().get(ref), writing.sites().list()
    checked = check(document, writing.checking(), own=seen)
    form = partial(show_form, request, sites=sites, campaign=seen, reason=reason)
    if then is Then.MERGE:
        return form(_merged(writing, seen, checked, base=base), revision=seen.revision)
    # Whoever saves after seeing what others changed means to.
    on_refusal(request, lambda problem: form(checked, revision=problem.get("newest_revision", revision), problem=problem))
    definition = _whole(checked)
    if revision == seen.revision and definition == seen.definition and not _takes_commits(writing, seen, resolution):
        message = f"Nothing was changed: {seen.id} stays at revision {seen.revision}."
        return followed(writing, seen, resolution, then=then, reason=reason, message=message)
    campaign = writing.revising().revise(ref, definition, expected_revision=revision, reason=reason, resolution=resolution)
    return _saved(writing, campaign, resolution, then=then, reason=reason)


def _takes_commits(writing: Factory, campaign: Campaign, resolution: Resolution | None) -> bool:
    """Tell whether the same definition stands for other commits now, in a campaign that would go on by them."""
    if campaign.status is not CampaignStatus.PAUSED or resolution is None:
        return False
    pinned = {
        (pin.role, pin.commit) for pin in writing.specifications().of_campaign(campaign) if pin.revision == campaign.revision
    }
    return bool(resolution.faults) or pinned != {(one.role, one.commit) for one in resolution.specs}


def _merged(writing: Factory, campaign: Campaign, checked: Checked, *, base: int) -> Checked:
    before = writing.campaigns().revision(campaign.id, base).definition
    return check(merged_text(before, _whole(checked), campaign.definition), writing.checking(), own=campaign)


def _whole(checked: Checked) -> Definition:
    if checked.definition is None:
        raise InvalidDefinition(checked.faults)
    return checked.definition


def _saved(writing: Factory, campaign: Campaign, resolution: Resolution | None, *, then: Then, reason: str) -> Response:
    state = f"saved as {campaign.status.value}, revision {campaign.revision}"
    return followed(writing, campaign, resolution, then=then, reason=reason, message=f"{campaign.id} is {state}.")


def followed(
    writing: Factory, campaign: Campaign, resolution: Resolution | None, *, then: Then, reason: str, message: str
) -> Response:
    """Do what was asked for after a definition was saved, and lead there.

    Parameters
    ----------
    writing : `Factory`
        The transaction.
    campaign : `Campaign`
        What was saved.
    resolution : `Resolution` or `None`
        What its specifications stand for.
    then : `Then`
        What was asked for.
    reason : `str`
        Why.
    message : `str`
        What to say of the saving.

    Raises
    ------
    InvalidInput
        If a merge was asked for, of which there is none in a new definition.
    """
    page = f"/campaigns/{campaign.id}"
    if then is Then.MERGE:
        raise InvalidInput("There is nothing here that others changed.", where="then", remedy="Save it, or begin.")
    if then is Then.LOOK:
        order_id = writing.starting().preflight(campaign.id, resolution=resolution)
        return done(f"{page}/would-run/{order_id}", message=f"{message} The site was asked; nothing is started.")
    if then is Then.BEGIN:
        writing.starting().begin(campaign.id, reason=reason, resolution=resolution)
        return done(page, message=f"{message} It is being started.")
    return done(page, message=message)


def show_form(
    request: Request,
    checked: Checked,
    *,
    sites: Sequence[SiteView],
    campaign: Campaign | None = None,
    revision: int = 0,
    reason: str = "",
    problem: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    before: Definition | None = None,
    moves: Sequence[Move] = (),
    template: str = "define.html",
    **more: Any,
) -> Response:
    """Show the form of a definition.

    Parameters
    ----------
    request : `starlette.requests.Request`
        The request.
    checked : `Checked`
        The definition as it was typed.
    sites : sequence of `SiteView`
        What can be chosen.
    campaign : `Campaign`, optional
        The campaign that is revised.
    revision : `int`, optional
        The revision that the text was made from.
    reason : `str`, optional
        Why it is changed.
    problem : mapping, optional
        What was refused.
    source : mapping, optional
        Where in a repository it was read from: ``repository``, ``reference``, ``path``, and a ``problem`` or none.
    before : `Definition`, optional
        What it is compared with; by default the campaign's newest.
    moves : sequence of `Move`, optional
        How far the references of its specifications have moved.
    template : `str`, optional
        The page.
    **more : `typing.Any`
        What that page is told besides.
    """
    told = form_context(checked, problem)
    shown = told["problem"]
    before = before or (campaign.definition if campaign is not None else None)
    context = {
        **told,
        "changes": None if before is None else changes_from(before, checked),
        "campaign": campaign,
        "revision": revision,
        "reason": reason,
        "source": source,
        "moves": [one for one in moves if one.move is None or one.move.n_ahead or one.move.n_behind],
        "in_pause": campaign is not None and campaign.status is CampaignStatus.PAUSED,
        "clash": Clash.of(shown) if shown and shown["code"] == "lost_update" else None,
        "kinds": [kind.value for kind in Kind],
        "sites": sites,
        **more,
    }
    return renderer_of(request).page(request, template, context, status=problem["status"] if problem else 200)
