"""Orders to agents; ``order`` alone is a word of SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("AgentOrderRow",)


class AgentOrderRow(Base):
    """One order, with its lease, and how far its reports have come."""

    __tablename__ = "agent_order"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    site: Mapped[str] = mapped_column(ShortText)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any]]
    campaign_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"), index=True)
    submission_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"), index=True)
    actor: Mapped[str] = mapped_column(ShortText)
    reason: Mapped[str | None] = mapped_column(Text)
    agent_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    token: Mapped[int] = mapped_column(Integer)
    lease_until_us: Mapped[int | None] = mapped_column(Microseconds)
    next_seq: Mapped[int] = mapped_column(Integer)
    faults: Mapped[list[Any]]
    result: Mapped[dict[str, Any]]
    created_us: Mapped[int] = mapped_column(Microseconds)
    begun_us: Mapped[int | None] = mapped_column(Microseconds)
    ended_us: Mapped[int | None] = mapped_column(Microseconds)
    dismissed_us: Mapped[int | None] = mapped_column(Microseconds)

    __table_args__ = (Index(None, "site", "status", "created_us"),)
