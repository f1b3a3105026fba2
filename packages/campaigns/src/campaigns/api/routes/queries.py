"""``/api/v1/queries``: saved queries; their campaigns are read by ``/api/v1/campaigns?filter=…``."""

from __future__ import annotations

from fastapi import APIRouter, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import viewer
from campaigns.wire.queries import QueryBody, QueryList, QueryModel

__all__ = ("router",)

router = APIRouter(prefix="/queries", tags=["queries"])


@router.get("", dependencies=[viewer])
def list_queries(reading: Reading) -> QueryList:
    """List the saved queries that one may see, one's own first."""
    return QueryList(items=[QueryModel.of(query) for query in reading.queries().all()])


@router.post("", status_code=201, response_model=QueryModel, dependencies=[viewer])
def save_query(body: QueryBody, writing: Writing, once: Once) -> Response:
    """Keep a query under a name of one's own; the same name again changes it."""
    return idempotent(
        writing,
        once,
        lambda: QueryModel.of(
            writing.queries().save(body.name, wanted=body.filter, sort=body.sort, columns=body.columns, shared=body.shared)
        ),
        headers=lambda made: {"Location": f"/api/v1/queries/{made.uuid}"},
    )


@router.get("/{ref:path}", dependencies=[viewer])
def show_query(ref: str, reading: Reading) -> QueryModel:
    """Show a saved query, by its UUID, its name, or its owner and name, such as `mary/weekly`."""
    return QueryModel.of(reading.queries().get(ref))


@router.put("/{ref:path}", dependencies=[viewer])
def change_query(ref: str, body: QueryBody, writing: Writing) -> QueryModel:
    """Change one's own query."""
    queries = writing.queries()
    changed = queries.change(ref, name=body.name, wanted=body.filter, sort=body.sort, columns=body.columns, shared=body.shared)
    return QueryModel.of(changed)


@router.delete("/{ref:path}", status_code=204, dependencies=[viewer])
def remove_query(ref: str, writing: Writing) -> None:
    """Remove one's own query."""
    writing.queries().remove(ref)
