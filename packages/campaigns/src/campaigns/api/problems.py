"""Errors as RFC 9457 problem documents, or as a page where a browser asked for one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from campaigns.api.headers import SECURITY_HEADERS
from campaigns.api.mistakes import mistake
from campaigns.domain.errors import (
    CampaignError,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    TooLarge,
)

__all__ = ("PROBLEM_TYPE", "ProblemPage", "install_problems", "problem_response", "wants_page")

PROBLEM_TYPE: Final = "application/problem+json"

ProblemPage = Callable[[Request, Mapping[str, Any]], Response]
"""Renders a problem document as a page; the pages register one as ``app.state.render_problem_page``."""

log = structlog.get_logger(__name__)


def install_problems(app: FastAPI) -> None:
    """Make all errors of an application problem documents."""
    app.state.render_problem_page = None
    app.exception_handler(CampaignError)(_campaign_error)
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(DataError)(_unstorable)
    app.exception_handler(UnicodeEncodeError)(_unstorable)
    app.exception_handler(Exception)(_unexpected)


def wants_page(request: Request) -> bool:
    """Tell whether the caller is a browser that looks at a page, and not a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def problem_response(request: Request, problem: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem, as a page or as a document.

    Parameters
    ----------
    request : `starlette.requests.Request`
        What was asked.
    problem : mapping
        An RFC 9457 problem document; its ``status`` is the answer's.
    headers : mapping, optional
        More headers.

    Returns
    -------
    response : `starlette.responses.Response`
        The answer.
    """
    page: ProblemPage | None = request.app.state.render_problem_page
    if page is not None and wants_page(request):
        response = page(request, problem)
    else:
        response = JSONResponse(dict(problem), status_code=problem["status"], media_type=PROBLEM_TYPE)
    response.headers.update(headers or {})
    return response


def _campaign_error(request: Request, error: CampaignError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAuthenticated) else None
    return problem_response(request, error.as_problem(), headers=headers)


def _validation_error(request: Request, error: RequestValidationError) -> Response:
    faults = [mistake(request, found) for found in error.errors()]
    noun = "problem" if len(faults) == 1 else "problems"
    found = InvalidInput(
        f"The request has {len(faults)} {noun}.",
        where=faults[0].where if len(faults) == 1 else None,
        remedy=faults[0].remedy if len(faults) == 1 else "Correct what is listed, and send it again.",
        faults=faults,
    )
    return problem_response(request, found.as_problem())


def _http_error(request: Request, error: HTTPException) -> Response:
    match error.status_code:
        case 404:
            problem = NotFound(
                f"There is nothing at {request.url.path}.",
                where=request.url.path,
                remedy="Look at /api/v1/openapi.json for what there is.",
            ).as_problem()
        case 413:
            limit = f": {error.detail} are taken here" if str(error.detail).startswith("at most") else ""
            problem = TooLarge(
                f"The request is larger than allowed{limit}.", where="body", remedy="Send less, or ask for a higher limit."
            ).as_problem()
        case status:
            phrase = HTTPStatus(status).phrase
            code = phrase.lower().replace(" ", "_").replace("-", "_")
            problem = {
                "type": f"urn:rubin-campaigns:error:{code}",
                "title": phrase,
                "status": status,
                "detail": f"{request.method} {request.url.path}: {str(error.detail).rstrip('.')}.",
                "code": code,
            }
    return problem_response(request, problem, headers=error.headers)


def _unstorable(request: Request, error: DataError | UnicodeEncodeError) -> Response:
    # Such as text with NUL characters or halves of surrogate pairs, or numbers of a hundred digits.
    log.warning("a value cannot be stored", method=request.method, path=request.url.path, exc_info=error)
    found = InvalidInput(
        "Some text or number in the request cannot be stored.",
        where="body",
        remedy="Look for NUL characters, for halves of surrogate pairs, and for numbers that are too large.",
    )
    return problem_response(request, found.as_problem())


def _unexpected(request: Request, error: Exception) -> Response:
    # The text of an unexpected error may hold anything; only its number goes out.
    correlation_id = uuid.uuid4().hex
    log.error(
        "unexpected error",
        correlation_id=correlation_id,
        method=request.method,
        path=request.url.path,
        exc_info=error,
    )
    problem = {
        "type": "urn:rubin-campaigns:error:internal_error",
        "title": "Something went wrong in the service",
        "status": 500,
        "detail": f"The service failed; its log has the details under {correlation_id}.",
        "code": "internal_error",
        "correlation_id": correlation_id,
        "remedy": "Try again; if it stays, give the administrators this number.",
    }
    # This answer passes by the middleware that adds these headers to all others.
    return problem_response(request, problem, headers=SECURITY_HEADERS)
