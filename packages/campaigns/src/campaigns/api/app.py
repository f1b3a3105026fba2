"""The application: settings, a database and a clock in; something that answers HTTP out.

Routers of the REST interface are listed in `API_ROUTERS`, those of the pages come from `campaigns.web`. Each route names its
policy.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from campaigns import __version__
from campaigns.api import health
from campaigns.api.headers import BodyLimit, SecurityHeaders
from campaigns.api.policy import open_access
from campaigns.api.problems import install_problems
from campaigns.api.route_table import RouteTable
from campaigns.api.routes import (
    adopting,
    agents,
    campaigns,
    comparing,
    dataidsets,
    history,
    lineage,
    links,
    mentions,
    notes,
    people,
    portable,
    queries,
    records,
    session,
    specifications,
    submissions,
    tokens,
    users,
)
from campaigns.auth.doorkeeper import Doorkeeper
from campaigns.config import Settings
from campaigns.gateways.clock import Clock, SystemClock
from campaigns.storage.database import Database
from campaigns.web.pages import add_pages, show_problems_as_pages

__all__ = ("API_PREFIX", "create_app")

API_PREFIX: Final = "/api/v1"
MEGABYTE: Final = 1_000_000

API_ROUTERS: Final[tuple[APIRouter, ...]] = (
    campaigns.router,
    portable.router,
    adopting.router,
    lineage.router,
    comparing.router,
    queries.router,
    records.router,
    notes.router,
    mentions.router,
    links.router,
    people.router,
    history.router,
    submissions.router,
    specifications.router,
    dataidsets.router,
    agents.router,
    users.router,
    tokens.router,
    session.router,
)
"""All routers below ``/api/v1``. A new one is added here, and nowhere else."""

UPLOADS: Final = re.compile(
    r"/api/v1/(orders|submissions|campaigns)/[^/]+/files(/.*)?|(/api/v1)?/(dataid-sets|submissions/[^/]+/exclude(/look)?)"
    r"|(/api/v1)?/campaigns/[^/]+/notes(/[^/]+/files)?"
)
"""Paths that take files or many data IDs, and so larger bodies: of the interface, and of the forms on the pages."""


IMPORTS: Final = re.compile(r"(/api/v1)?/campaigns/import")
"""Paths that take exported campaigns."""


def create_app(settings: Settings, database: Database, *, clock: Clock | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings : `Settings`
        The settings.
    database : `Database`
        The database, up to date.
    clock : `Clock`, optional
        The time; by default the machine's.

    Returns
    -------
    app : `fastapi.FastAPI`
        The application. It closes the database when it stops.
    """
    # The framework's documentation pages load scripts from elsewhere.
    app = FastAPI(
        title="Rubin Campaigns",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        routes=_routes(),
    )
    state = app.state
    state.settings = settings
    state.database = database
    state.clock = clock or SystemClock()
    state.doorkeeper = Doorkeeper(database, settings=settings, clock=state.clock)
    state.touching = False
    state.route_table = RouteTable(app)
    install_problems(app)
    app.add_middleware(
        BodyLimit,
        limit=round(settings.max_body_mb * MEGABYTE),
        uploads={
            UPLOADS: round(settings.max_upload_mb * MEGABYTE),
            IMPORTS: round(settings.max_import_mb * MEGABYTE),
        },
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    show_problems_as_pages(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Make the routes, once for all applications of a process.

    Notes
    -----
    They know neither settings nor database, and the framework takes half a second to look at the parameters of all handlers.
    Each router is added by itself: the framework would look at those of a router within a router twice. No application can have
    ``dependency_overrides`` of its own.
    """
    all_routes = APIRouter(redirect_slashes=False)
    all_routes.include_router(health.router)
    for router in API_ROUTERS:
        all_routes.include_router(router, prefix=API_PREFIX)
    all_routes.add_api_route(
        f"{API_PREFIX}/openapi.json", _describe, methods=["GET"], dependencies=[open_access], include_in_schema=False
    )
    add_pages(all_routes)
    return all_routes.routes


def _describe(request: Request) -> dict[str, Any]:
    """Describe the interface, as an OpenAPI document."""
    app: FastAPI = request.app
    return app.openapi()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.database.close()
