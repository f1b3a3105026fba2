"""``/campaigns/{id}/rerun`` and ``/compare``: making campaigns from others, and campaigns side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.specifications import ToResolve
from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition
from campaigns.domain.differences import definition_differences
from campaigns.domain.document import dump_yaml
from campaigns.domain.errors import InvalidDefinition
from campaigns.domain.site import SiteView
from campaigns.domain.specifications import SpecRole
from campaigns.domain.states import Kind
from campaigns.services.lookup import checked_reason
from campaigns.web.checking import Checked, check
from campaigns.web.forms import Document, Reason, Then, on_refusal
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.routes.define import ToBegin, followed
from campaigns.web.views.comparing import choice_page, compare_page
from campaigns.web.views.differences import changes_by_group

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Of = Annotated[list[str] | None, Query(max_length=8)]
Revision = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
AsPinned = Annotated[bool, Query(description="Whether to take DataId sets as they were pinned.")]
TO_BE_SAID = "to be said above"


@router.get("/campaigns/{ref}/rerun", dependencies=[manager])
def show_rerun(
    ref: str, request: Request, reading: Reading, *, revision: Revision = None, as_pinned: AsPinned = False
) -> Response:
    """Show what a rerun would be, to be changed."""
    plan = reading.reruns().proposal(ref, reason=TO_BE_SAID, revision=revision, as_pinned=as_pinned)
    parent = reading.campaigns().revision(ref, plan.revision)
    shown = plan.definition.model_copy(update={"reason": parent.definition.reason})
    checked = check(dump_yaml(shown))
    return _form(
        request, checked, campaign=plan.parent, revision=plan.revision, before=parent.definition, sites=reading.sites().list()
    )


@router.post("/campaigns/{ref}/rerun/check", dependencies=[viewer])
def check_rerun(
    ref: str, request: Request, reading: Reading, revision: Annotated[int, Query()], document: Annotated[str, Form()] = ""
) -> Response:
    """Look at a changed definition as it is typed, and at what it changes; nothing is kept."""
    parent, before = reading.campaigns().get(ref), reading.campaigns().revision(ref, revision).definition
    checked = check(document)
    context = {"checked": checked, "changes": _changes(before, checked), "campaign": parent, "revision": revision}
    return renderer_of(request).page(request, "define.html", context, block="verdict")


@router.post("/campaigns/{ref}/rerun", dependencies=[manager])
def make_rerun(
    ref: str,
    request: Request,
    resolution: ToBegin,
    writing: Writing,
    document: Document,
    revision: Annotated[int, Form()],
    reason: Reason,
    once: FormKey,
    then: Annotated[Then, Form()] = Then.SAVE,
) -> Response:
    """Make the new campaign; then begin, or have the site look, if that was asked for."""
    checked, parent, sites = check(document), writing.campaigns().get(ref), writing.sites().list()
    before = writing.campaigns().revision(ref, revision).definition

    def again(problem: Mapping[str, Any]) -> Response:
        return _form(
            request, checked, campaign=parent, revision=revision, before=before, sites=sites, reason=reason, problem=problem
        )

    on_refusal(request, again)

    def make() -> Response:
        if checked.definition is None:
            raise InvalidDefinition(checked.faults)
        definition = checked.definition.model_copy(update={"reason": checked_reason(reason)})
        plan = writing.reruns().plan_of(ref, definition, revision=revision)
        made = writing.reruns().make(plan, reason=reason)
        message = f"{made.id} derives from {parent.id} revision {revision} and is {made.status.value}."
        return followed(writing, made, resolution, then=then, reason=reason, message=message)

    return form_once(writing, once, make)


@router.get("/compare", dependencies=[viewer])
def compare(
    request: Request,
    reading: Reading,
    *,
    of: Of = None,
    everything: Annotated[bool, Query(alias="all")] = False,
) -> Response:
    """Put campaigns side by side; with fewer than two, ask for another."""
    refs = [ref.strip() for ref in of or () if ref.strip()]
    if len(refs) < 2:
        return renderer_of(request).page(request, "compare_with.html", {"view": choice_page(reading, refs)})
    return renderer_of(request).page(request, "compare.html", {"view": compare_page(reading, refs, everything=everything)})


@router.get("/compare/log", dependencies=[viewer])
def show_log(request: Request, resolving: ToResolve, role: SpecRole, of: Of = None) -> Response:
    """List the commits between the specifications of two campaigns; asks the repository, and holds no transaction meanwhile."""
    context = {"role": role.value, "log": resolving.log_between(of or (), role)}
    return renderer_of(request).page(request, "compare_log.html", context)


@router.post("/compare/outputs", dependencies=[operator])
def compare_outputs(writing: Writing, of: Annotated[list[str], Form()], here: Annotated[str, Form()] = "/compare") -> Response:
    """Have the site tell which datasets are in one only."""
    writing.comparing().order_outputs(of)
    back = here if here.startswith("/compare?") else "/compare"
    return RedirectResponse(f"{back}#outputs", status_code=303)


def _changes(before: Definition, checked: Checked) -> Sequence[Any] | None:
    if checked.definition is None:
        return None
    # The reason is said beside the document.
    after = checked.definition.model_copy(update={"reason": before.reason})
    return changes_by_group(definition_differences(before, after))


def _form(
    request: Request,
    checked: Checked,
    *,
    campaign: Campaign,
    revision: int,
    before: Definition,
    sites: Sequence[SiteView],
    reason: str = "",
    problem: Mapping[str, Any] | None = None,
) -> Response:
    # What is wrong with the document itself stands in the verdict already.
    shown = None if problem and checked.faults else problem
    context = {
        "checked": checked,
        "changes": _changes(before, checked),
        "campaign": campaign,
        "revision": revision,
        "reason": reason,
        "problem": shown,
        "clash": None,
        "rerun_of": campaign,
        "kinds": [kind.value for kind in Kind],
        "sites": sites,
    }
    return renderer_of(request).page(request, "rerun.html", context, status=problem["status"] if problem else 200)
