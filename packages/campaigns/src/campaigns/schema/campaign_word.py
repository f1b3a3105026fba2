"""What campaigns can have several of, for searching."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base

__all__ = ("WORD_LENGTH", "CampaignWordRow")

WORD_LENGTH: Final = 500
"""Of what is longer, such as an address, the beginning is kept: an index takes no more."""


class CampaignWordRow(Base):
    """One word of one kind: a label, an operator, a DataId set, an input collection."""

    __tablename__ = "campaign_word"

    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    word: Mapped[str] = mapped_column(String(WORD_LENGTH), primary_key=True)
    """Folded, so that the index serves."""

    __table_args__ = (Index(None, "kind", "word", "campaign_id"),)
