"""Files that belong to notes; the content lies in the data folder under its digest."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("NoteFileRow",)


class NoteFileRow(Base):
    """One file of a note, by its name. Never taken away."""

    __tablename__ = "note_file"

    note_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("note.id"), primary_key=True)
    """The note's first version."""
    name: Mapped[str] = mapped_column(ShortText, primary_key=True)
    content_type: Mapped[str] = mapped_column(String(100))
    is_image: Mapped[bool]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[str] = mapped_column(ShortText)
    created_us: Mapped[int] = mapped_column(Microseconds)
