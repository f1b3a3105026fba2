"""Notes: what people wrote."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("NoteRow",)


class NoteRow(Base):
    """One note. Append-only."""

    __tablename__ = "note"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"))
    submission_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"))
    author: Mapped[str] = mapped_column(ShortText)
    kind: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text)
    created_us: Mapped[int] = mapped_column(Microseconds)

    __table_args__ = (Index(None, "campaign_id", "created_us"),)
