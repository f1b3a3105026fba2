"""What a campaign takes the names of DataId sets for, from its start on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("SetPinRow",)


class SetPinRow(Base):
    """One name of a set in a campaign's definition. Never changed once written."""

    __tablename__ = "set_pin"

    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(String(220), primary_key=True)
    name: Mapped[str] = mapped_column(ShortText, index=True)
    version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    n_rows: Mapped[int] = mapped_column(BigInteger)
    dimensions: Mapped[list[Any]]
    revision: Mapped[int] = mapped_column(Integer)
    pinned_us: Mapped[int] = mapped_column(Microseconds)
