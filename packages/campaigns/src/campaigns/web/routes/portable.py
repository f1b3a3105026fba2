"""``/campaigns/adopt`` and ``print``, ``/submissions/{ref}/mark`` and ``commands``: what ran without the service, and paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import RedirectResponse, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, operator, viewer
from campaigns.domain.adoption import commands_in
from campaigns.domain.errors import Fault, InvalidInput
from campaigns.domain.states import Kind, SubmissionStatus
from campaigns.services.factory import Factory
from campaigns.services.marking import Told
from campaigns.web.flash import done
from campaigns.web.forms import Reason, on_refusal
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.views.adopt import AdoptPage, adopt_page, adopting_page, campaign_of
from campaigns.web.views.paper import paper_page
from campaigns.wire.adopting import AdoptBody, ProgressBody

__all__ = ("router",)

BodyT = TypeVar("BodyT", bound=BaseModel)

router = APIRouter(include_in_schema=False)


@router.get("/campaigns/adopt", dependencies=[manager])
def show_adopt_form(request: Request, reading: Reading) -> Response:
    """Show the form by which runs are adopted."""
    return _page(request, adopt_page(reading))


@router.post("/campaigns/adopt", dependencies=[manager])
def adopt(
    request: Request,
    writing: Writing,
    once: FormKey,
    name: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    kind: Annotated[Kind, Form()] = Kind.OTHER,
    place: Annotated[str, Form()] = "",
    submit_dir: Annotated[str, Form()] = "",
    collections: Annotated[str, Form()] = "",
    steps: Annotated[str, Form()] = "",
    commands: Annotated[str, Form()] = "",
) -> Response:
    """Have a site look at what ran, or take in what runs elsewhere."""
    told = {
        "name": name, "title": title, "reason": reason, "kind": kind.value, "place": place, "submit_dir": submit_dir,
        "collections": collections, "steps": steps, "commands": commands,
    }  # fmt: skip
    again = adopt_page(writing, told=told)
    on_refusal(request, lambda problem: _page(request, _with_faults(again, problem), status=problem["status"]))
    return form_once(writing, once, lambda: _asked(writing, told))


@router.get("/campaigns/adopt/{order_id}", dependencies=[manager])
def show_adopting(order_id: str, request: Request, reading: Reading) -> Response:
    """Show what has become of a request; once there is a campaign, lead to it."""
    page = adopting_page(reading, order_id)
    made = campaign_of(page.order) if page.order is not None else None
    return RedirectResponse(f"/campaigns/{made}", status_code=303) if made else _page(request, page)


@router.get("/campaigns/{ref}/print", dependencies=[viewer])
def print_campaign(ref: str, request: Request, reading: Reading) -> Response:
    """Show the whole notebook of a campaign, for paper."""
    return renderer_of(request).page(request, "print.html", {"view": paper_page(reading, ref)})


@router.post("/submissions/{ref}/mark", dependencies=[operator])
def mark_submission(
    ref: str,
    writing: Writing,
    reason: Reason,
    once: FormKey,
    *,
    status: Annotated[SubmissionStatus, Form()],
    confirmed: Annotated[bool, Form()] = False,
) -> Response:
    """Say what became of a submission that the service does not run."""

    def mark() -> Response:
        told = writing.marking().tell(ref, Told(status=status, reason=reason, confirmed=confirmed))
        return done(f"/submissions/{told.id}", message=f"{told.id} is marked as {told.status.value.replace('_', ' ')}.")

    return form_once(writing, once, mark)


@router.post("/submissions/{ref}/commands", dependencies=[operator])
def tell_commands(ref: str, writing: Writing, reason: Reason, once: FormKey, commands: Annotated[str, Form()] = "") -> Response:
    """Say by which commands a submission ran that the service did not start."""

    def tell() -> Response:
        body = _read(ProgressBody, {"commands": commands_in(commands), "reason": reason or None})
        told = writing.marking().tell(ref, Told(commands=body.commands, reason=body.reason))
        return done(f"/submissions/{told.id}", message=f"It is kept by which commands {told.id} ran.")

    return form_once(writing, once, tell)


def _asked(writing: Factory, told: Mapping[str, str]) -> Response:
    body = _body(told)
    if body.steps:
        campaign = writing.adopting().enter(body)
        return done(f"/campaigns/{campaign.id}", message=f"{campaign.id} is made; say what becomes of its parts as it happens.")
    return RedirectResponse(f"/campaigns/adopt/{writing.adopting().ask(body).id}", status_code=303)


def _body(told: Mapping[str, str]) -> AdoptBody:
    site, _, butler = told["place"].partition(" ")
    given: dict[str, Any] = {name: told[name].strip() for name in ("name", "title", "reason", "kind", "submit_dir")}
    given |= {name: [line.strip() for line in told[name].splitlines() if line.strip()] for name in ("collections", "steps")}
    given |= {"site": site, "butler": butler, "commands": commands_in(told["commands"])}
    return _read(AdoptBody, {name: value for name, value in given.items() if value or name in ("name", "title", "reason")})


def _read(body: type[BodyT], given: Mapping[str, Any]) -> BodyT:
    """Read what a form sent as REST's body of the same."""
    try:
        return body.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidInput(f"{first['msg']}.", where=".".join(map(str, first["loc"]))) from None


def _with_faults(page: AdoptPage, problem: Mapping[str, Any]) -> AdoptPage:
    faults = [Fault.from_dict(fault) for fault in problem["faults"]]
    own = Fault(problem["code"], problem["detail"], problem["where"], problem["remedy"])
    return AdoptPage(sites=page.sites, told=page.told, faults=faults or [own])


def _page(request: Request, page: AdoptPage, *, status: int = 200) -> Response:
    return renderer_of(request).page(request, "adopt.html", {"view": page}, status=status)
