"""Links that people added to campaigns and submissions, and what was found at addresses."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("LinkCheckRow", "LinkRow")


class LinkRow(Base):
    """One link. What was removed stays, with who and why."""

    __tablename__ = "link"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"))
    submission_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"))
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(ShortText)
    url: Mapped[str] = mapped_column(Text)
    added_by: Mapped[str] = mapped_column(ShortText)
    added_us: Mapped[int] = mapped_column(Microseconds)
    removed_by: Mapped[str | None] = mapped_column(ShortText)
    removed_us: Mapped[int | None] = mapped_column(Microseconds)
    removed_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "campaign_id", "added_us"),)


class LinkCheckRow(Base):
    """What was found at an address when it was last looked at."""

    __tablename__ = "link_check"

    url_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Addresses are too long for an index of both databases."""
    reached: Mapped[bool]
    answer: Mapped[str] = mapped_column(Text)
    checked_us: Mapped[int] = mapped_column(Microseconds)
