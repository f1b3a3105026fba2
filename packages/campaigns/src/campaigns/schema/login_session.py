"""Browsers that are signed in."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds
from campaigns.schema.user import UserRow

__all__ = ("LoginSessionRow",)


class LoginSessionRow(Base):
    """One browser's sign-in. Only the hash of its cookie is kept."""

    __tablename__ = "login_session"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_name: Mapped[str] = mapped_column(ForeignKey(UserRow.name))
    created_us: Mapped[int] = mapped_column(Microseconds)
    seen_us: Mapped[int] = mapped_column(Microseconds)
    expires_us: Mapped[int] = mapped_column(Microseconds)
    ends_us: Mapped[int] = mapped_column(Microseconds)

    __table_args__ = (Index(None, "user_name"), Index(None, "expires_us"))
