"""Who is named in notes."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base
from campaigns.schema.user import USER_NAME_LENGTH

__all__ = ("NoteMentionRow",)


class NoteMentionRow(Base):
    """One user who is named in one version of a note."""

    __tablename__ = "note_mention"

    note_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("note.id"), primary_key=True)
    user_name: Mapped[str] = mapped_column(
        String(USER_NAME_LENGTH), ForeignKey("user_account.name"), primary_key=True, index=True
    )
