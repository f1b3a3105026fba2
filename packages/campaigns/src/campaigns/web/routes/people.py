"""Operators, sign-offs, links, and ``/history``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from campaigns.api.dependencies import LinkChecking, Reading, Writing
from campaigns.api.history import FileFormat, Wanted, history_file
from campaigns.api.policy import manager, operator, viewer
from campaigns.domain.links import LinkKind
from campaigns.web.flash import done
from campaigns.web.forms import Reason, local_path
from campaigns.web.once import FormKey, form_once
from campaigns.web.rendering import renderer_of
from campaigns.web.views.history import KINDS, whole_history

__all__ = ("router",)

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
Asked = Annotated[str, Query(max_length=200)]


@router.post("/submissions/{ref}/operators", dependencies=[operator])
def assign_operator(
    ref: str, writing: Writing, reason: Reason, once: FormKey, name: Annotated[str, Form(alias="operator")]
) -> Response:
    """Make somebody an operator of a submission."""

    def assign() -> Response:
        made = writing.operators().assign(ref, name, reason=reason)
        return done(f"/submissions/{made.submission}#operators", message=f"{name} operates {made.submission} now.")

    return form_once(writing, once, assign)


@router.post("/submissions/{ref}/operators/{name}/remove", dependencies=[operator])
def remove_operator(ref: str, name: str, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Make somebody no operator of a submission any more."""

    def remove() -> Response:
        writing.operators().remove(ref, name, reason=reason)
        return done(f"/submissions/{ref}#operators", message=f"{name} no longer operates {ref}.")

    return form_once(writing, once, remove)


@router.post("/campaigns/{ref}/sign-off", dependencies=[manager])
def sign_off(ref: str, writing: Writing, reason: Reason, once: FormKey, revision: Annotated[int, Form()]) -> Response:
    """Sign a campaign's definition off."""

    def sign() -> Response:
        signed = writing.sign_offs().sign(ref, revision=revision, comment=reason)
        return done(f"/campaigns/{ref}?tab=definition", message=f"Revision {signed.revision} is signed off.")

    return form_once(writing, once, sign)


@router.post("/campaigns/{ref}/sign-off/undo", dependencies=[manager])
def undo_sign_off(ref: str, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Take a sign-off back."""

    def undo() -> Response:
        writing.sign_offs().undo(ref, reason=reason)
        return done(f"/campaigns/{ref}?tab=definition", message="The sign-off is taken back.")

    return form_once(writing, once, undo)


@router.post("/campaigns/{ref}/links", dependencies=[operator])
def add_link(
    ref: str,
    writing: Writing,
    once: FormKey,
    kind: Annotated[LinkKind, Form()],
    title: Text = "",
    url: Text = "",
    submission: Text = "",
    then: Text = "",
) -> Response:
    """Add a link."""

    def add() -> Response:
        link = writing.links().add(ref, kind=kind, title=title, url=url, submission=submission or None)
        return done(local_path(then) if then else f"/campaigns/{ref}?tab=results#links", message=f"{link.title} is linked.")

    return form_once(writing, once, add)


@router.post("/campaigns/{ref}/links/check", dependencies=[operator])
def check_links(ref: str, checking: LinkChecking) -> Response:
    """Look whether the links lead anywhere."""
    links = checking.check(ref)
    seen = [link.check for link in links if link.check is not None and not link.passed_over]
    lost = sum(not check.reached for check in seen)
    passed_over = [link.passed_over for link in links if link.passed_over]
    why = "; ".join(dict.fromkeys(passed_over))
    others = f" {len(passed_over)} {'was' if len(passed_over) == 1 else 'were'} not looked at: {why}." if passed_over else ""
    return done(
        f"/campaigns/{ref}?tab=results#links", message=f"Links were looked at: {lost or 'none'} could not be reached.{others}"
    )


@router.post("/campaigns/{ref}/links/{link}/remove", dependencies=[operator])
def remove_link(ref: str, link: str, writing: Writing, reason: Reason, once: FormKey) -> Response:
    """Take a link away."""

    def remove() -> Response:
        gone = writing.links().remove(ref, link, reason=reason)
        return done(f"/campaigns/{ref}?tab=results#links", message=f"{gone.title} is removed; that it was there stays on record.")

    return form_once(writing, once, remove)


@router.get("/history", dependencies=[viewer])
def show_history(
    request: Request,
    reading: Reading,
    kind: Asked = "",
    who: Asked = "",
    campaign: Asked = "",
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> Response:
    """Show what happened, of everything."""
    history = whole_history(reading, before=before, kind=kind, who=who.strip(), campaign=campaign.strip())
    return renderer_of(request).page(request, "history.html", {"history": history, "kinds": KINDS, "before": before})


@router.get("/history/file", dependencies=[viewer])
def give_history(reading: Reading, wanted: Wanted, format: FileFormat, campaign: Asked = "") -> Response:  # noqa: A002
    """Give the history as a file."""
    return history_file(reading, format, wanted=wanted, campaign=campaign or None)
