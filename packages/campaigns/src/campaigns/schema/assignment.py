"""Who operates which submission, from when to when."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("AssignmentRow",)


class AssignmentRow(Base):
    """One operator of one submission for a time. Only its end is ever written later."""

    __tablename__ = "assignment"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    submission_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"))
    operator: Mapped[str] = mapped_column(ShortText)
    """A user's name; for what ran elsewhere, whoever is told to have run it."""
    from_us: Mapped[int] = mapped_column(Microseconds)
    until_us: Mapped[int | None] = mapped_column(Microseconds)
    assigned_by: Mapped[str] = mapped_column(ShortText)
    reason: Mapped[str] = mapped_column(Text)
    ended_by: Mapped[str | None] = mapped_column(ShortText)
    ended_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "submission_id", "from_us"), Index(None, "operator", "until_us"))
