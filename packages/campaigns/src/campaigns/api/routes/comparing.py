"""``/api/v1/campaigns/{id}/diff/{other}``: two campaigns side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.idempotency import Once, idempotent
from campaigns.api.policy import operator, viewer
from campaigns.api.specifications import ToResolve
from campaigns.domain.specifications import SpecRole
from campaigns.wire.comparing import CompareOutputsBody, ComparisonModel
from campaigns.wire.sites import OrderModel
from campaigns.wire.specifications import LogModel

__all__ = ("router",)

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

Everything = Annotated[bool, Query(alias="all", description="Also what is the same in both.")]
More = Annotated[list[str] | None, Query(alias="and", max_length=6, description="More campaigns to put beside the two.")]


@router.get("/{ref}/diff/{other}", dependencies=[viewer])
def compare_campaigns(
    ref: str, other: str, reading: Reading, everything: Everything = False, more: More = None
) -> ComparisonModel:
    """Compare campaigns or revisions, such as `C-1` with `C-2@3`: definitions, DataId sets, outcomes, failures, time, metrics."""
    service = reading.comparing()
    comparison = service.compare([ref, other, *(more or ())])
    return ComparisonModel.of(comparison, service.outputs(comparison), everything=everything)


@router.get("/{ref}/diff/{other}/log", dependencies=[viewer])
def compare_log(ref: str, other: str, resolving: ToResolve, role: SpecRole) -> LogModel:
    """List the commits between the specifications of two campaigns, of one role; asks the repository."""
    return LogModel.of(resolving.log_between([ref, other], role), role=role)


@router.post("/{ref}/diff/{other}/outputs", status_code=201, response_model=OrderModel, dependencies=[operator])
def compare_outputs(ref: str, other: str, body: CompareOutputsBody, writing: Writing, once: Once) -> Response:
    """Have the site tell which datasets are in the runs of one campaign only; gives the order, whose result has them."""
    return idempotent(
        writing,
        once,
        lambda: OrderModel.of(writing.comparing().order_outputs([ref, other], dataset_types=body.dataset_types)),
        headers=lambda made: {"Location": f"/api/v1/orders/{made.id}"},
    )
