"""Files that agents uploaded; the content lies in the data folder under its digest."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("StoredFileRow",)


class StoredFileRow(Base):
    """One file of a submission, by its name."""

    __tablename__ = "stored_file"

    submission_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("submission.id"), primary_key=True)
    name: Mapped[str] = mapped_column(ShortText, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(ShortText)
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_us: Mapped[int] = mapped_column(Microseconds)
