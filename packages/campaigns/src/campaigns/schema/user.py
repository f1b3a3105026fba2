"""People who may sign in."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("USER_NAME_LENGTH", "UserRow")

USER_NAME_LENGTH = 64


class UserRow(Base):
    """One user. Never deleted, since the record names them; only disabled."""

    # ``user`` alone is a function in PostgreSQL, and a query that forgets the quotes would silently call it.
    __tablename__ = "user_account"

    name: Mapped[str] = mapped_column(String(USER_NAME_LENGTH), primary_key=True)
    full_name: Mapped[str] = mapped_column(ShortText)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    disabled: Mapped[bool]
    created_us: Mapped[int] = mapped_column(Microseconds)
