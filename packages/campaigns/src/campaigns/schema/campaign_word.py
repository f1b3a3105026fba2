"""What campaigns can have several of, for searching."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base

__all__ = ("CampaignWordRow",)


class CampaignWordRow(Base):
    """One word of one kind: a label, an operator, a DataId set."""

    __tablename__ = "campaign_word"

    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    word: Mapped[str] = mapped_column(String(220), primary_key=True)
    """Folded, so that the index serves; as long as a set's name with its version may be."""

    __table_args__ = (Index(None, "kind", "word", "campaign_id"),)
