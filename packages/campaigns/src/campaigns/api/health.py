"""Whether the service is well; for whatever watches it."""

from __future__ import annotations

from typing import Literal

import structlog
from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from campaigns import __version__
from campaigns.api.dependencies import DatabaseUsed
from campaigns.api.policy import open_access

__all__ = ("router",)

router = APIRouter(tags=["service"])
log = structlog.get_logger(__name__)


class Health(BaseModel):
    """How the service is."""

    status: Literal["ok", "unavailable"]
    database: str
    version: str


@router.get("/healthz", dependencies=[open_access], responses={503: {"model": Health}})
def check_health(database: DatabaseUsed, response: Response) -> Health:
    """Tell whether the service and its database answer."""
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.warning("the database does not answer", exc_info=error)
        response.status_code = 503
        return Health(status="unavailable", database=database.backend, version=__version__)
    return Health(status="ok", database=database.backend, version=__version__)
