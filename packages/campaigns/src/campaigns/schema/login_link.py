"""One-time links that sign somebody in."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText
from campaigns.schema.user import UserRow

__all__ = ("LoginLinkRow",)


class LoginLinkRow(Base):
    """One link, good once and for a short time. Only the hash of its secret is kept."""

    __tablename__ = "login_link"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_name: Mapped[str] = mapped_column(ForeignKey(UserRow.name))
    created_us: Mapped[int] = mapped_column(Microseconds)
    created_by: Mapped[str] = mapped_column(ShortText)
    expires_us: Mapped[int] = mapped_column(Microseconds)
    used_us: Mapped[int | None] = mapped_column(Microseconds)

    __table_args__ = (Index(None, "user_name"),)
