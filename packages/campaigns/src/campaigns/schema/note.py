"""Notes: what people wrote."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("NoteRow",)


class NoteRow(Base):
    """One version of a note. Its text never changes: an edit is a row of its own."""

    __tablename__ = "note"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    root_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    """The first version's id; that of the first version itself is its own."""
    parent_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), unique=True)
    """What it replaces; two edits of the same version cannot both be written."""
    version: Mapped[int] = mapped_column(Integer)
    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"))
    submission_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"))
    step: Mapped[str | None] = mapped_column(ShortText)
    set_reference: Mapped[str | None] = mapped_column(String(220))
    pinned: Mapped[dict[str, Any]]
    """The state of what it is about, as it was; empty where it was not kept yet."""
    author: Mapped[str] = mapped_column(ShortText)
    kind: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text)
    created_us: Mapped[int] = mapped_column(Microseconds)
    replaced: Mapped[bool]
    withdrawn_us: Mapped[int | None] = mapped_column(Microseconds)
    withdrawn_by: Mapped[str | None] = mapped_column(ShortText)
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "campaign_id", "created_us"), Index(None, "root_id", "version"))
