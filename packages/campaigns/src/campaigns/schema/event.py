"""Everything that ever changed anything, in the order in which it was committed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("EventRow",)


class EventRow(Base):
    """One event. Append-only."""

    __tablename__ = "event"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    campaign_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"))
    submission_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"))
    at_us: Mapped[int] = mapped_column(Microseconds)
    actor: Mapped[str] = mapped_column(ShortText)
    kind: Mapped[str] = mapped_column(String(64))
    summary: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]]
    origin_number: Mapped[int | None] = mapped_column(BigInteger)
    """Its number at its origin, where its campaign was imported."""

    __table_args__ = (
        Index(None, "campaign_id", "number"),
        Index(None, "submission_id", "number"),
        # Of a long history, the few of one person or of one kind.
        Index(None, "actor", "number"),
        Index(None, "kind", "number"),
    )
