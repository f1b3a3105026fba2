"""How many quanta of each task of a submission stand where: the newest counts only."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, ShortText

__all__ = ("TaskCountsRow",)


class TaskCountsRow(Base):
    """The counts of one task."""

    __tablename__ = "task_counts"

    submission_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    label: Mapped[str] = mapped_column(ShortText)
    expected: Mapped[int] = mapped_column(Integer)
    succeeded: Mapped[int] = mapped_column(Integer)
    caveats: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    blocked: Mapped[int] = mapped_column(Integer)
    unknown: Mapped[int] = mapped_column(Integer)
