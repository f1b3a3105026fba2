"""``/campaigns/{id}/rerun`` and ``/compare``: making campaigns from others, and campaigns side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.policy import manager, operator, viewer
from campaigns.api.specifications import ToResolve
from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml, with_reason
from campaigns.domain.errors import InvalidDefinition
from campaigns.domain.specifications import SpecRole
from campaigns.services.factory import Factory
from campaigns.services.specifications import Resolution
from campaigns.web.checking import Checked, check, definition_in
from campaigns.web.forms import Document, Reason, Then, on_refusal
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.routes.define import followed, show_form
from campaigns.web.views.comparing import choice_page, compare_page
from campaigns.web.views.defining import changes_from, with_old_title_told

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Of = Annotated[list[str] | None, Query(max_length=8)]
Revision = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
AsPinned = Annotated[bool, Query(description="Whether to take DataId sets as they were pinned.")]
TO_BE_SAID = "to be said above"


def _to_begin(
    resolving: ToResolve, document: Document, reason: Reason, then: Annotated[Then, Form()] = Then.SAVE
) -> Resolution | None:
    definition = definition_in(_with_told(document, reason))
    return resolving.definition(definition) if then in (Then.LOOK, Then.BEGIN) and definition is not None else None


def _with_told(document: str, reason: str) -> str:
    """Give a document with the reason that stands above it; without scripts it is not in the document yet."""
    return with_reason(document, reason) if reason.strip() else document


@router.get("/campaigns/{ref}/rerun", dependencies=[manager])
def show_rerun(
    ref: str, request: Request, reading: Reading, *, revision: Revision = None, as_pinned: AsPinned = False
) -> Response:
    """Show what a rerun would be, to be changed."""
    plan = reading.reruns().proposal(ref, reason=TO_BE_SAID, revision=revision, as_pinned=as_pinned)
    parent = reading.campaigns().revision(ref, plan.revision)
    checked = check(with_reason(dump_yaml(plan.definition), ""), reading.checking())
    return _again(reading, request, checked, ref=ref, revision=plan.revision, before=parent.definition)(None)


@router.post("/campaigns/{ref}/rerun/check", dependencies=[viewer])
def check_rerun(
    ref: str, request: Request, reading: Reading, revision: Annotated[int, Query()], document: Annotated[str, Form()] = ""
) -> Response:
    """Look at a changed definition as it is typed, and at what it changes; nothing is kept."""
    parent, before = reading.campaigns().get(ref), reading.campaigns().revision(ref, revision).definition
    checked = with_old_title_told(check(document, reading.checking()), before, parent=parent.id)
    context = {
        "checked": checked,
        "changes": changes_from(before, checked),
        "campaign": parent,
        "revision": revision,
        "rerun_of": parent,
        "proposed_output": _proposed_output(reading, ref, checked, revision=revision),
    }
    return renderer_of(request).page(request, "define.html", context, block="verdict")


@router.post("/campaigns/{ref}/rerun", dependencies=[manager])
def make_rerun(
    ref: str,
    request: Request,
    resolution: Annotated[Resolution | None, Depends(_to_begin)],
    writing: Writing,
    document: Document,
    revision: Annotated[int, Form()],
    reason: Reason,
    once: FormKey,
    then: Annotated[Then, Form()] = Then.SAVE,
) -> Response:
    """Make the new campaign; then begin, or have the site look, if that was asked for."""
    checked = check(_with_told(document, reason), writing.checking())
    before = writing.campaigns().revision(ref, revision).definition
    on_refusal(request, _again(writing, request, checked, ref=ref, revision=revision, before=before, reason=reason))

    def make() -> Response:
        if checked.definition is None:
            raise InvalidDefinition(checked.faults)
        plan = writing.reruns().plan_of(ref, checked.definition, revision=revision)
        made = writing.reruns().make(plan, reason=reason)
        message = f"{made.id} derives from {plan.parent.id} revision {revision} and is {made.status.value}."
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


def _proposed_output(factory: Factory, ref: str, checked: Checked, *, revision: int) -> str | None:
    """Give the output collection that would tell what a rerun is of, where it has another."""
    if checked.definition is None:
        return None
    proposed = factory.reruns().output_for(ref, checked.definition, revision=revision)
    return proposed if proposed != checked.definition.output else None


def _again(
    factory: Factory, request: Request, checked: Checked, *, ref: str, revision: int, before: Definition, reason: str = ""
) -> Callable[[Mapping[str, Any] | None], Response]:
    """Give what shows the form; it may be shown after the transaction's end, and so must need nothing of it."""
    parent = factory.campaigns().get(ref)
    told = with_old_title_told(checked, before, parent=parent.id)
    return partial(
        _shown,
        request,
        told,
        sites=factory.sites().list(),
        campaign=parent,
        revision=revision,
        reason=reason,
        before=before,
        template="rerun.html",
        rerun_of=parent,
        in_pause=False,
        proposed_output=_proposed_output(factory, ref, checked, revision=revision),
    )


def _shown(request: Request, checked: Checked, problem: Mapping[str, Any] | None = None, **told: Any) -> Response:
    return show_form(request, checked, problem=problem, **told)
