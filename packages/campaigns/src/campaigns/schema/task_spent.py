"""What the quanta of each task of a submission took, as far as their records were read: at its end, once."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, ShortText

__all__ = ("TaskSpentRow",)


class TaskSpentRow(Base):
    """What the quanta of one task took; see `campaigns.domain.quanta.TaskSpent`.

    Notes
    -----
    Durations are integers, as times are, so that both databases and exported campaigns have the very same.
    """

    __tablename__ = "task_spent"

    submission_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"), primary_key=True)
    label: Mapped[str] = mapped_column(ShortText, primary_key=True)
    n_read: Mapped[int] = mapped_column(Integer)
    cpu_us: Mapped[int] = mapped_column(BigInteger)
    run_us: Mapped[int] = mapped_column(BigInteger)
    max_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
