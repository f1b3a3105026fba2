"""``/api/v1/campaigns``: campaigns, their definitions, and moving them."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from campaigns.api.dependencies import Reading, Starting, Writing
from campaigns.api.details import detail_of, made_campaign
from campaigns.api.documents import DOCUMENT_BODY, SentDefinition
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.specifications import ResolvedDefinition
from campaigns.domain.errors import InvalidInput
from campaigns.domain.states import CampaignAction
from campaigns.wire.campaigns import (
    CampaignDetail,
    CampaignList,
    CampaignStanding,
    CampaignSummary,
    PreflightModel,
    ReasonBody,
    RevisionList,
    RevisionModel,
    SubmissionList,
    SubmissionModel,
    TransitionBody,
)
from campaigns.wire.queries import BulkBody, BulkModel

__all__ = ("router",)

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

IfMatch = Annotated[str | None, Header(description='The revision that the change was made to, such as `"3"`.')]
Filter = Annotated[
    str | None,
    Query(description='What is looked for, such as `kind = integration and status in (paused, failed) and "trailed"`.'),
]
Sort = Annotated[str | None, Query(max_length=60, description="The order: a field, behind a minus for falling order.")]
Counted = Annotated[bool, Query(description="Whether to count all that the filter finds.")]
Graphs = Annotated[bool, Query(description="Whether quantum graphs are built, where their inputs are there; it takes longer.")]
WaitS = Annotated[float, Query(ge=0, le=60, description="How long to wait for what the site finds.")]


@router.get("", dependencies=[viewer])
def list_campaigns(
    reading: Reading,
    filter: Filter = None,  # noqa: A002 - what it is called everywhere
    sort: Sort = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    count: Counted = False,
) -> CampaignList:
    """List campaigns that a filter finds; by default all, newest first."""
    campaigns = reading.campaign_list()
    page = campaigns.list(wanted=filter, sort=sort, limit=limit, cursor=cursor)
    total = campaigns.count(filter) if count else None
    return CampaignList(items=[CampaignSummary.of_listing(item) for item in page.items], next=page.next, count=total)


@router.post("", status_code=201, response_model=CampaignDetail, dependencies=[manager], openapi_extra=DOCUMENT_BODY)
def create_campaign(definition: SentDefinition, writing: Writing, once: Once, draft: bool = False) -> Response:
    """Make a campaign from a campaign file; it is a draft where something is still missing, or if one asks for it."""
    return idempotent(
        writing,
        once,
        lambda: made_campaign(writing, definition, draft=draft),
        headers=lambda made: {"Location": f"/api/v1/campaigns/{made.id}", "ETag": f'"{made.revision}"'},
    )


@router.post("/bulk", response_model=BulkModel, dependencies=[operator])
def act_on_many(body: BulkBody, writing: Writing, once: Once) -> Response:
    """Move all campaigns that a filter finds; one that may not be moved so holds up no other."""
    action = CampaignAction(body.action)
    return idempotent(
        writing,
        once,
        lambda: BulkModel.of(writing.bulk().act(body.filter, action, reason=body.reason, expected=body.expected)),
        status=200,
    )


@router.get("/{ref}", dependencies=[viewer])
def show_campaign(ref: str, reading: Reading, response: Response) -> CampaignStanding:
    """Show a campaign, by local id, UUID or name, with its newest definition, and why it was not started."""
    campaign = reading.campaigns().get(ref)
    response.headers["ETag"] = f'"{campaign.revision}"'
    return CampaignStanding.with_standing(detail_of(reading, campaign), campaign, reading.standing().of(campaign))


@router.get("/{ref}/revisions", dependencies=[viewer])
def list_revisions(ref: str, reading: Reading) -> RevisionList:
    """List the revisions of a campaign's definition, newest first."""
    return RevisionList(items=[RevisionModel.of(revision) for revision in reading.campaigns().revisions(ref)])


@router.get("/{ref}/revisions/{number}", dependencies=[viewer])
def show_revision(ref: str, number: int, reading: Reading) -> RevisionModel:
    """Show one revision of a campaign's definition."""
    return RevisionModel.of(reading.campaigns().revision(ref, number))


@router.post("/{ref}/revisions", status_code=201, dependencies=[manager], openapi_extra=DOCUMENT_BODY)
def revise_campaign(
    ref: str,
    reason: str,
    definition: SentDefinition,
    resolution: ResolvedDefinition,
    writing: Writing,
    response: Response,
    if_match: IfMatch = None,
) -> CampaignDetail:
    """Give a campaign that has not started, or is paused, a new revision of its definition.

    In a pause it governs what is submitted from then on. A 412 carries the newest revision's number and what both changed.
    """
    revised = writing.revising().revise(
        ref, definition, expected_revision=_revision(if_match), reason=reason, resolution=resolution
    )
    return _answer(detail_of(writing, revised), response)


@router.post("/{ref}/transitions", dependencies=[operator], responses={202: {"description": "The site has not answered yet."}})
def move_campaign(ref: str, body: TransitionBody, starting: Starting, response: Response) -> CampaignDetail:
    """Define, start, pause, resume, complete, fail or cancel a campaign.

    A campaign starts once its site has looked and found nothing wrong; 202 where the site has not answered in the time.
    """
    campaign = starting.act(ref, CampaignAction(body.action), reason=body.reason, timeout_s=body.wait_s)
    response.status_code = 202 if campaign.starting else 200
    return _answer(CampaignDetail.of(campaign, starting.warnings(campaign)), response)


@router.post("/{ref}/preflight", dependencies=[operator], responses={202: {"description": "The site has not answered yet."}})
def look_before_start(
    ref: str, starting: Starting, response: Response, wait_s: WaitS = 30.0, graphs: Graphs = True
) -> PreflightModel:
    """Have the site look whether a campaign could run, and what would run; start nothing.

    Where it has not answered in the time, `GET /api/v1/orders/{order}` tells what it has found so far, and in the end all.
    """
    order = starting.look(ref, timeout_s=wait_s, graphs=graphs)
    response.status_code = 200 if order.ended_us is not None else 202
    return PreflightModel(order=order.id, status=order.status, result=order.result)


@router.post("/{ref}/next", status_code=201, response_model=SubmissionModel, dependencies=[operator])
def start_next(ref: str, body: ReasonBody, writing: Writing, once: Once) -> Response:
    """Make the next submission that could be made if somebody says so."""
    return idempotent(
        writing,
        once,
        lambda: SubmissionModel.of(writing.campaigns().next(ref, reason=body.reason)),
        headers=lambda made: {"Location": f"/api/v1/submissions/{made.id}"},
    )


@router.get("/{ref}/submissions", dependencies=[viewer])
def list_submissions(ref: str, reading: Reading) -> SubmissionList:
    """List a campaign's submissions, oldest first."""
    return SubmissionList(items=[SubmissionModel.of(item) for item in reading.submissions().of_campaign(ref)])


def _answer(detail: CampaignDetail, response: Response) -> CampaignDetail:
    response.headers["ETag"] = f'"{detail.revision}"'
    return detail


def _revision(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    match = re.fullmatch(r'(?:W/)?"?(\d{1,9})"?', if_match.strip())
    if match is None:
        raise InvalidInput(
            f"{if_match!r} is not a revision.",
            where="If-Match",
            remedy='Give the number of the revision you changed, such as "3".',
        )
    return int(match[1])
