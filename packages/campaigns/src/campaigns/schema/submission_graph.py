"""What the quantum graphs of submissions were made from; apart, since it is long and lists of submissions do not need it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base

__all__ = ("SubmissionGraphRow",)


class SubmissionGraphRow(Base):
    """What one submission's graph was made from; see `campaigns.domain.graphpins.GraphPins`."""

    __tablename__ = "submission_graph"

    submission_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"), primary_key=True)
    pins: Mapped[dict[str, Any]]
