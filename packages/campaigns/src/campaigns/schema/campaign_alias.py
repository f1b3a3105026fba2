"""By what names campaigns are known that came from another server."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("CampaignAliasRow",)


class CampaignAliasRow(Base):
    """Where an imported campaign came from, and what of it is told otherwise here. Never changed once written."""

    __tablename__ = "campaign_alias"

    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(ShortText)
    number: Mapped[int] = mapped_column(Integer)
    exported_us: Mapped[int] = mapped_column(Microseconds)
    imported_us: Mapped[int] = mapped_column(Microseconds)
    imported_by: Mapped[str] = mapped_column(ShortText)
    kept: Mapped[dict[str, Any]]
    """Columns of the campaign whose values at its origin differ from those here."""
    aside: Mapped[dict[str, Any]]
    """Rows, by table, that refer to what is not here; they travel on with the next export."""

    __table_args__ = (UniqueConstraint("origin", "number"),)
