"""``/submissions``: one submission, its files, and what is decided about it."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from campaigns.api.dependencies import Caller, ClockUsed, DatabaseUsed, Reading, SettingsUsed, Writing
from campaigns.api.policy import operator, viewer
from campaigns.services.factory import Factory
from campaigns.web.accepting import accepted_in_words
from campaigns.web.flash import done
from campaigns.web.forms import Reason
from campaigns.web.live import live_response
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import Block, renderer_of
from campaigns.web.views.files import file_page, raw_file
from campaigns.web.views.submission import submission_page, submission_version

__all__ = ("Decision", "router")

router = APIRouter(prefix="/submissions/{ref}", include_in_schema=False)


class Decision(StrEnum):
    """What may be decided about a submission."""

    ACCEPT = "accept"
    REJECT = "reject"
    CANCEL = "cancel"
    RESTART = "restart"


@router.get("", dependencies=[viewer])
def show_submission(ref: str, request: Request, reading: Reading, block: Block = None) -> Response:
    """Show one submission."""
    return renderer_of(request).page(request, "submission.html", {"view": submission_page(reading, ref)}, block=block)


@router.get("/live", dependencies=[viewer])
async def follow_submission(
    ref: str, request: Request, identity: Caller, database: DatabaseUsed, clock: ClockUsed, settings: SettingsUsed
) -> StreamingResponse:
    """Tell of every change of a submission."""
    return await live_response(
        request,
        lambda factory: submission_version(factory, ref),
        database=database,
        identity=identity,
        clock=clock,
        settings=settings,
    )


@router.get("/files/{name}", dependencies=[viewer])
def show_file(ref: str, name: str, request: Request, reading: Reading) -> Response:
    """Show a file, such as a log."""
    return renderer_of(request).page(request, "file.html", {"view": file_page(reading, ref, name)})


@router.get("/raw/{name}", dependencies=[viewer])
def give_file(ref: str, name: str, reading: Reading) -> Response:
    """Give a file as it is."""
    raw = raw_file(reading, ref, name)
    return FileResponse(raw.path, media_type=raw.media_type, headers=raw.headers)


@router.post("/{decision}", dependencies=[operator])
def decide(ref: str, decision: Decision, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Accept, reject, cancel or restart."""
    return form_once(writing, once, lambda: _decided(ref, decision, writing, reason))


def _decided(ref: str, decision: Decision, writing: Factory, reason: str) -> Response:
    service = writing.submissions()
    match decision:
        case Decision.ACCEPT:
            submission = service.accept(ref, reason=reason)
            campaign = writing.campaigns().get(submission.campaign_id)
            message = accepted_in_words(campaign, submission, service.of_campaign(campaign.id))
            return done(f"/campaigns/{campaign.id}", message=message)
        case Decision.REJECT:
            service.reject(ref, reason=reason)
            return done(f"/submissions/{ref}", message=f"{ref} is rejected; its group waits to be restarted.")
        case Decision.CANCEL:
            service.cancel(ref, reason=reason)
            return done(f"/submissions/{ref}", message=f"{ref} is being cancelled.")
        case Decision.RESTART:
            made = service.restart(ref, reason=reason)
            return done(f"/submissions/{made.id}", message=f"{made.id} is queued: attempt {made.attempt}, after {ref}.")
        case _:
            assert_never(decision)
