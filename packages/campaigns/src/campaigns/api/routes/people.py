"""Operators of submissions, sign-offs of definitions, and teams."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import admin, manager, operator, viewer
from campaigns.wire.campaigns import ReasonBody
from campaigns.wire.people import (
    AssignmentCreate,
    AssignmentList,
    AssignmentModel,
    MemberCreate,
    SignOffCreate,
    SignOffList,
    SignOffModel,
    TeamCreate,
    TeamList,
    TeamModel,
)

__all__ = ("router",)

router = APIRouter(tags=["people"])

At = Annotated[int | None, Query(ge=0, le=2**62, description="Only who operated it at this time, UTC microseconds.")]


@router.get("/submissions/{ref}/operators", dependencies=[viewer])
def list_operators(ref: str, reading: Reading, at: At = None) -> AssignmentList:
    """List who operated a submission, and when, oldest first; with `at`, only who did then."""
    return AssignmentList(items=[AssignmentModel.of(one) for one in reading.operators().of_submission(ref, at_us=at)])


@router.post("/submissions/{ref}/operators", status_code=201, response_model=AssignmentModel, dependencies=[operator])
def assign_operator(ref: str, body: AssignmentCreate, writing: Writing, once: Once) -> Response:
    """Make somebody an operator of a submission, beside those who are. The operator of record stays."""
    return idempotent(
        writing, once, lambda: AssignmentModel.of(writing.operators().assign(ref, body.operator, reason=body.reason))
    )


@router.post("/submissions/{ref}/operators/{name}/remove", dependencies=[operator])
def remove_operator(ref: str, name: str, body: ReasonBody, writing: Writing) -> AssignmentList:
    """Make somebody no operator of a submission any more; gives its whole history."""
    return AssignmentList(items=[AssignmentModel.of(one) for one in writing.operators().remove(ref, name, reason=body.reason)])


@router.get("/campaigns/{ref}/sign-off", dependencies=[viewer])
def list_sign_offs(ref: str, reading: Reading) -> SignOffList:
    """List the sign-offs of a campaign's definition, newest first."""
    return SignOffList(items=[SignOffModel.of(one) for one in reading.sign_offs().of_campaign(ref)])


@router.post("/campaigns/{ref}/sign-off", status_code=201, response_model=SignOffModel, dependencies=[manager])
def sign_off(ref: str, body: SignOffCreate, writing: Writing, once: Once) -> Response:
    """Sign the newest revision of a campaign's definition off, with its sets as they are pinned."""
    return idempotent(
        writing,
        once,
        lambda: SignOffModel.of(writing.sign_offs().sign(ref, revision=body.revision, comment=body.comment)),
    )


@router.post("/campaigns/{ref}/sign-off/undo", dependencies=[manager])
def undo_sign_off(ref: str, body: ReasonBody, writing: Writing) -> SignOffList:
    """Take the sign-off of a campaign back; gives all there were."""
    return SignOffList(items=[SignOffModel.of(one) for one in writing.sign_offs().undo(ref, reason=body.reason)])


@router.get("/teams", dependencies=[viewer])
def list_teams(reading: Reading) -> TeamList:
    """List the teams by name, with their members."""
    return TeamList(items=[TeamModel.of(team) for team in reading.teams().list()])


@router.post("/teams", status_code=201, response_model=TeamModel, dependencies=[admin])
def create_team(body: TeamCreate, writing: Writing, once: Once) -> Response:
    """Make a team, without members."""
    return idempotent(writing, once, lambda: TeamModel.of(writing.teams().create(body.name, description=body.description)))


@router.get("/teams/{name}", dependencies=[viewer])
def show_team(name: str, reading: Reading) -> TeamModel:
    """Show a team with its members."""
    return TeamModel.of(reading.teams().get(name))


@router.post("/teams/{name}/members", dependencies=[admin])
def add_member(name: str, body: MemberCreate, writing: Writing) -> TeamModel:
    """Add a user to a team."""
    return TeamModel.of(writing.teams().add_member(name, body.user))


@router.delete("/teams/{name}/members/{user}", dependencies=[admin])
def remove_member(name: str, user: str, writing: Writing) -> TeamModel:
    """Take a user out of a team."""
    return TeamModel.of(writing.teams().remove_member(name, user))
