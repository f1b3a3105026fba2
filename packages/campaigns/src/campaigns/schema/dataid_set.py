"""DataId sets of the sites' repositories, as agents have told of them; the sets themselves lie in the registries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("DataIdSetRow",)


class DataIdSetRow(Base):
    """One version of a set in one repository."""

    __tablename__ = "dataid_set"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    site: Mapped[str] = mapped_column(ShortText)
    butler: Mapped[str] = mapped_column(ShortText)
    name: Mapped[str] = mapped_column(ShortText)
    version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    dimensions: Mapped[list[Any]]
    n_rows: Mapped[int] = mapped_column(BigInteger)
    n_pending: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(ShortText)
    description: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[Any]]
    n_reasons: Mapped[int | None] = mapped_column(Integer)
    rows_sha256: Mapped[str | None] = mapped_column(String(64))
    created_us: Mapped[int] = mapped_column(Microseconds)
    seen_us: Mapped[int] = mapped_column(Microseconds)

    __table_args__ = (UniqueConstraint("site", "butler", "name", "version"), Index(None, "created_us", "id"))
