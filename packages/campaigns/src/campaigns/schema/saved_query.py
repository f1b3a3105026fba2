"""Filters that people keep."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText
from campaigns.schema.user import USER_NAME_LENGTH

__all__ = ("SavedQueryRow",)


class SavedQueryRow(Base):
    """One saved query, private or shared."""

    __tablename__ = "saved_query"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    owner: Mapped[str] = mapped_column(String(USER_NAME_LENGTH))
    name: Mapped[str] = mapped_column(ShortText)
    filter: Mapped[str] = mapped_column(Text)
    sort: Mapped[str] = mapped_column(String(40))
    columns: Mapped[list[Any]]
    shared: Mapped[str] = mapped_column(ShortText)
    """``private``, ``everyone``, or ``team:`` and a team's name."""
    created_us: Mapped[int] = mapped_column(Microseconds)
    updated_us: Mapped[int] = mapped_column(Microseconds)

    __table_args__ = (UniqueConstraint("owner", "name"), Index(None, "shared"))
