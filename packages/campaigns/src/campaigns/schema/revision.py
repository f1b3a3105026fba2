"""The numbered, immutable revisions of a campaign's definition."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("RevisionRow",)


class RevisionRow(Base):
    """One revision. Never changed once written."""

    __tablename__ = "revision"

    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    document: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(ShortText)
    reason: Mapped[str] = mapped_column(Text)
    created_us: Mapped[int] = mapped_column(Microseconds)
