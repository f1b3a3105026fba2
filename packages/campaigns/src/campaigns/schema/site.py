"""Sites, as their agents describe them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("SiteRow",)


class SiteRow(Base):
    """A site and what it offers."""

    __tablename__ = "site"

    name: Mapped[str] = mapped_column(ShortText, primary_key=True)
    document: Mapped[dict[str, Any]]
    updated_us: Mapped[int] = mapped_column(Microseconds)
