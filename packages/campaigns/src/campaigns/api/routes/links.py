"""``/api/v1/campaigns/{ref}/links`` and those of submissions: links to other systems."""

from __future__ import annotations

from fastapi import APIRouter, Response

from campaigns.api.dependencies import LinkChecking, Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import operator, viewer
from campaigns.wire.campaigns import ReasonBody
from campaigns.wire.links import LinkCreate, LinkList, LinkModel

__all__ = ("router",)

router = APIRouter(tags=["links"])


@router.get("/campaigns/{ref}/links", dependencies=[viewer])
def list_links(ref: str, reading: Reading) -> LinkList:
    """List a campaign's links: its ticket, those of its definition and of its site's templates, and those that were added."""
    return LinkList(items=[LinkModel.of(link) for link in reading.links().of_campaign(ref)])


@router.get("/submissions/{ref}/links", dependencies=[viewer])
def list_links_of_submission(ref: str, reading: Reading) -> LinkList:
    """List a submission's links: those of its site's templates, and those that were added."""
    return LinkList(items=[LinkModel.of(link) for link in reading.links().of_submission(ref)])


@router.post("/campaigns/{ref}/links", status_code=201, response_model=LinkModel, dependencies=[operator])
def add_link(ref: str, body: LinkCreate, writing: Writing, once: Once) -> Response:
    """Add a link to a campaign, or to one of its submissions."""
    return idempotent(
        writing,
        once,
        lambda: LinkModel.of(
            writing.links().add(ref, kind=body.kind, title=body.title, url=body.url, submission=body.submission)
        ),
    )


@router.post("/campaigns/{ref}/links/check", dependencies=[operator])
def check_links(ref: str, checking: LinkChecking) -> LinkList:
    """Look whether the links lead anywhere. Only hosts that the service's settings name are asked."""
    return LinkList(items=[LinkModel.of(link) for link in checking.check(ref)])


@router.post("/campaigns/{ref}/links/{link}/remove", dependencies=[operator])
def remove_link(ref: str, link: str, body: ReasonBody, writing: Writing) -> LinkModel:
    """Take away a link that was added. It stays on record."""
    return LinkModel.of(writing.links().remove(ref, link, reason=body.reason))
