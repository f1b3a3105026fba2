"""Answers that were given under an Idempotency-Key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds

__all__ = ("KEY_LENGTH", "IdempotencyRow")

KEY_LENGTH = 200


class IdempotencyRow(Base):
    """One answered creation; written in the transaction that created."""

    __tablename__ = "idempotency"

    principal: Mapped[str] = mapped_column(String(210), primary_key=True)
    route: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    # Text, not a JSON column: the second answer is the first to the byte.
    body: Mapped[str]
    created_us: Mapped[int] = mapped_column(Microseconds)

    __table_args__ = (Index(None, "created_us"),)
