"""The quanta that did not succeed, with what they said."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, ShortText

__all__ = ("QuantumFailureRow",)


class QuantumFailureRow(Base):
    """One quantum that failed, was blocked, or of which nothing is known."""

    __tablename__ = "quantum_failure"

    submission_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    task: Mapped[str] = mapped_column(ShortText)
    status: Mapped[str] = mapped_column(String(16))
    data_id: Mapped[dict[str, Any]]
    message: Mapped[str] = mapped_column(Text)
    exception: Mapped[str] = mapped_column(ShortText)
    quantum_id: Mapped[str] = mapped_column(String(64))
    log: Mapped[str] = mapped_column(ShortText)
