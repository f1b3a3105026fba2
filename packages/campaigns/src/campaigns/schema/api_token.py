"""Tokens for scripts, the command line and agents."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText
from campaigns.schema.user import UserRow

__all__ = ("ApiTokenRow",)


class ApiTokenRow(Base):
    """One token. It is a user's, or an agent's at one site. Only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    name: Mapped[str] = mapped_column(ShortText)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_name: Mapped[str | None] = mapped_column(ForeignKey(UserRow.name))
    role: Mapped[str] = mapped_column(String(16))
    site: Mapped[str | None] = mapped_column(ShortText)
    created_us: Mapped[int] = mapped_column(Microseconds)
    created_by: Mapped[str] = mapped_column(ShortText)
    expires_us: Mapped[int | None] = mapped_column(Microseconds)
    used_us: Mapped[int | None] = mapped_column(Microseconds)
    revoked_us: Mapped[int | None] = mapped_column(Microseconds)

    __table_args__ = (
        CheckConstraint("(role = 'agent') = (site IS NOT NULL)", name="agent_has_site"),
        CheckConstraint("(role = 'agent') = (user_name IS NULL)", name="agent_has_no_user"),
        Index(None, "user_name"),
    )
