"""Counters that give numbers in the order of commits, which plain sequences do not."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base

__all__ = ("CounterRow",)


class CounterRow(Base):
    """The last number given under a name: ``event``, ``campaign`` or ``submission``."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
