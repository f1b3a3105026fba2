"""Who signed which revision of a definition off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("SignOffRow",)


class SignOffRow(Base):
    """One sign-off of one revision, and how it ended, if it has."""

    __tablename__ = "sign_off"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"))
    revision: Mapped[int] = mapped_column(Integer)
    signed_by: Mapped[str] = mapped_column(ShortText)
    is_author: Mapped[bool]
    """Whether the same person wrote the revision."""
    signed_us: Mapped[int] = mapped_column(Microseconds)
    comment: Mapped[str] = mapped_column(Text)
    sets: Mapped[list[Any]]
    """The sets that were pinned, as they were: reference, name, version, digest, rows."""
    undone_us: Mapped[int | None] = mapped_column(Microseconds)
    undone_by: Mapped[str | None] = mapped_column(ShortText)
    undone_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "campaign_id", "signed_us"),)
