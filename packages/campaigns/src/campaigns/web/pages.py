"""The pages: their routes, and what shows a problem as a page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from campaigns.config import Settings
from campaigns.web.assets import STATIC
from campaigns.web.forms import come_back, refused, told_of
from campaigns.web.prose import ProseLinks
from campaigns.web.rendering import renderer, renderer_of
from campaigns.web.routes import (
    campaigns,
    dataidsets,
    define,
    deriving,
    finding,
    importing,
    mentions,
    notes,
    people,
    portable,
    session,
    specifications,
    submissions,
)

__all__ = ("PAGE_ROUTERS", "add_pages", "show_problems_as_pages")

# Fixed paths such as /campaigns/new go before those with an id in the same place.
PAGE_ROUTERS: Final[tuple[APIRouter, ...]] = (
    define.router,
    specifications.router,
    portable.router,
    importing.router,
    deriving.router,
    finding.router,
    notes.router,
    mentions.router,
    people.router,
    campaigns.router,
    dataidsets.router,
    submissions.router,
    session.router,
)
"""All routers of pages. A new one is added here, and nowhere else."""

PARTS: Final = {"code": "", "detail": "", "remedy": None, "where": None, "faults": ()}
"""What a problem document may leave out."""


def add_pages(router: APIRouter) -> None:
    """Add the pages, their scripts and styles to a router.

    Parameters
    ----------
    router : `fastapi.APIRouter`
        What takes them.
    """
    router.mount("/static", _Static(directory=STATIC), name="static")
    for pages in PAGE_ROUTERS:
        router.include_router(pages)


def show_problems_as_pages(app: FastAPI) -> None:
    """Give an application what renders pages, of problems too.

    Parameters
    ----------
    app : `fastapi.FastAPI`
        The application; its ``state`` has the settings.

    Raises
    ------
    MissingBuild
        If the scripts and styles were not built; the message says what to do.
    """
    settings: Settings = app.state.settings
    projects = tuple(name.strip() for name in settings.ticket_projects.split(",") if name.strip())
    app.state.renderer = renderer(ProseLinks(ticket_url=settings.ticket_url, projects=projects))
    app.state.render_problem_page = _problem_page


class _Static(StaticFiles):
    """Static files; what was built has a hash in its name, and may be kept for good."""

    def file_response(self, full_path: Any, stat_result: os.stat_result, scope: Any, status_code: int = 200) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        built = "/built/" in scope["path"]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if built else "public, max-age=3600"
        return response


def _problem_page(request: Request, problem: Mapping[str, Any]) -> Response:
    """Show a problem: the form again where there is one, the sign-in where nobody is signed in, else a page of its own."""
    told = {**PARTS, **problem}
    again = refused(request)
    if again is not None and told["status"] < 500:
        return again(told)
    if told["status"] == 401:
        return _to_login(request)
    back, name = come_back(request) or (None, "")
    context = {"problem": told, "back": back, "back_name": name, "told": told_of(request)}
    return renderer_of(request).page(request, "problem.html", context, status=told["status"])


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request"):
        # A part of a page cannot show the sign-in; the whole page goes there, and comes back.
        here = request.headers.get("hx-current-url", "")
        path = here[here.find("/", here.find("//") + 2) :] if "//" in here else "/campaigns"
        return Response(status_code=401, headers={"HX-Redirect": f"/login?{urlencode({'next': path})}"})
    after = str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    query = urlencode({"next": after}) if request.method == "GET" else ""
    return RedirectResponse(f"/login?{query}" if query else "/login", status_code=303)
