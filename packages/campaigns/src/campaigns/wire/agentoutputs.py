"""What the server and the agents say to each other about outputs of campaigns; only agents touch Butler, in the stack."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.domain.quanta import cut_to
from campaigns.wire.orderkind import OrderKind
from campaigns.wire.protocol import Wire

__all__ = ("CompareOutputsPayload", "ComparedOutputs", "ComparedType")

Number = Annotated[int, Field(ge=0, le=2**63 - 1)]


class CompareOutputsPayload(Wire):
    """Tell which datasets are in the runs of one campaign only, and change nothing."""

    kind: Literal[OrderKind.COMPARE_OUTPUTS] = OrderKind.COMPARE_OUTPUTS
    stack: str
    repository: str
    before: list[str] = Field(max_length=5000, description="RUN collections of the one.")
    after: list[str] = Field(max_length=5000, description="Those of the other.")
    dataset_types: list[str] = Field(
        default_factory=list, max_length=1000, description="Only these; by default all but logs, metadata and configurations."
    )


class ComparedType(BaseModel):
    """How many data IDs of a dataset type are where, and the first of those that are in one only."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    dataset_type: Annotated[str, cut_to(200)]
    only_before: Number
    only_after: Number
    both: Number
    first_before: list[dict[str, Any]] = Field(default_factory=list, max_length=50)
    first_after: list[dict[str, Any]] = Field(default_factory=list, max_length=50)


class ComparedOutputs(BaseModel):
    """The result of `CompareOutputsPayload`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    types: list[ComparedType] = Field(default_factory=list, max_length=5000)
