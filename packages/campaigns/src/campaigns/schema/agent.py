"""Agents that have said hello."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("AgentRow",)


class AgentRow(Base):
    """An agent: one state directory at a site, whichever process serves it now."""

    __tablename__ = "agent"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    site: Mapped[str] = mapped_column(ShortText, ForeignKey("site.name"), index=True)
    principal: Mapped[str] = mapped_column(ShortText)
    host: Mapped[str] = mapped_column(ShortText)
    boot_id: Mapped[str] = mapped_column(String(64))
    pid: Mapped[int] = mapped_column(Integer)
    version: Mapped[str] = mapped_column(String(64))
    created_us: Mapped[int] = mapped_column(Microseconds)
    hello_us: Mapped[int] = mapped_column(Microseconds)
    last_seen_us: Mapped[int] = mapped_column(Microseconds)
