"""``/campaigns``: the list, one campaign, and what is done with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from campaigns.api.dependencies import Caller, ClockUsed, DatabaseUsed, Reading, SettingsUsed, Writing
from campaigns.api.policy import open_access, operator, viewer
from campaigns.api.specifications import ResolvedCampaign
from campaigns.domain.states import CampaignAction
from campaigns.web.flash import done
from campaigns.web.forms import Reason
from campaigns.web.live import live_response
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import Block, renderer_of
from campaigns.web.views.campaign import Tab, campaign_page, campaign_version

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Asked = Annotated[str, Query(max_length=200)]
Before = Annotated[int | None, Query(ge=0, le=2**62)]

ACTED = {
    CampaignAction.DEFINE: "is defined",
    CampaignAction.PAUSE: "is paused: nothing new starts",
    CampaignAction.RESUME: "goes on",
    CampaignAction.COMPLETE: "is completed",
    CampaignAction.FAIL: "is marked as failed",
    CampaignAction.CANCEL: "is cancelled",
}
"""What is said after an action, behind the campaign's id."""


@router.get("/", dependencies=[open_access])
def go_to_campaigns() -> Response:
    """Lead to the list."""
    return RedirectResponse("/campaigns", status_code=302)


@router.get("/campaigns/{ref}", dependencies=[viewer])
def show_campaign(
    ref: str,
    request: Request,
    reading: Reading,
    tab: Tab = Tab.SUBMISSIONS,
    before: Before = None,
    kind: Asked = "",
    who: Asked = "",
    block: Block = None,
) -> Response:
    """Show one campaign."""
    page = campaign_page(reading, ref, tab=tab, before=before, kind=kind, who=who)
    return renderer_of(request).page(request, "campaign.html", {"view": page, "before": before}, block=block)


@router.get("/campaigns/{ref}/live", dependencies=[viewer])
async def follow_campaign(
    ref: str, request: Request, identity: Caller, database: DatabaseUsed, clock: ClockUsed, settings: SettingsUsed
) -> StreamingResponse:
    """Tell of every change of a campaign."""
    return await live_response(
        request,
        lambda factory: campaign_version(factory, ref),
        database=database,
        identity=identity,
        clock=clock,
        settings=settings,
    )


@router.post("/campaigns/{ref}/start", dependencies=[operator])
def start_campaign(ref: str, resolution: ResolvedCampaign, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Have the site look, and start the campaign if nothing is wrong."""

    def start() -> Response:
        writing.starting().begin(ref, reason=reason, resolution=resolution)
        return done(f"/campaigns/{ref}", message=f"{ref} is being started: the site looks first whether it can run.")

    return form_once(writing, once, start)


@router.post("/campaigns/{ref}/next", dependencies=[operator])
def start_next(ref: str, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Submit what is next."""

    def submit() -> Response:
        made = writing.campaigns().next(ref, reason=reason)
        return done(f"/campaigns/{ref}", message=f"{made.id} is queued: {made.step} {made.group}, attempt {made.attempt}.")

    return form_once(writing, once, submit)


@router.post("/campaigns/{ref}/{action}", dependencies=[operator])
def act_on_campaign(ref: str, action: CampaignAction, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Define, pause, resume, complete, fail or cancel."""

    def act() -> Response:
        campaign = writing.campaigns().act(ref, action, reason=reason)
        return done(f"/campaigns/{campaign.id}", message=f"{campaign.id} {ACTED[action]}.")

    return form_once(writing, once, act)
