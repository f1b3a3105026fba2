"""The commits that the specifications of a revision were resolved to."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("SpecPinRow",)


class SpecPinRow(Base):
    """One specification of one revision. Never changed once written."""

    __tablename__ = "spec_pin"

    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    repository: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(ShortText)
    path: Mapped[str] = mapped_column(Text)
    commit: Mapped[str] = mapped_column(String(40))
    resolved_us: Mapped[int] = mapped_column(Microseconds)

    __table_args__ = (ForeignKeyConstraint(["campaign_id", "revision"], ["revision.campaign_id", "revision.number"]),)
