"""Campaigns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text, Uuid, false, text
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("CampaignRow",)


class CampaignRow(Base):
    """A campaign as it stands. What can be searched for stands in columns beside the definition."""

    __tablename__ = "campaign"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    name: Mapped[str] = mapped_column(ShortText, unique=True)
    title: Mapped[str] = mapped_column(ShortText)
    reason: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str] = mapped_column(ShortText)
    created_us: Mapped[int] = mapped_column(Microseconds)
    updated_us: Mapped[int] = mapped_column(Microseconds)
    started_us: Mapped[int | None] = mapped_column(Microseconds)
    ended_us: Mapped[int | None] = mapped_column(Microseconds)
    held: Mapped[bool]
    start_order_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    status_reason: Mapped[str | None] = mapped_column(Text)
    waits: Mapped[list[Any]]
    site: Mapped[str | None] = mapped_column(ShortText)
    stack: Mapped[str | None] = mapped_column(ShortText)
    butler: Mapped[str | None] = mapped_column(ShortText)
    output: Mapped[str | None] = mapped_column(ShortText)
    claims_output: Mapped[bool]
    lead: Mapped[str | None] = mapped_column(ShortText)
    """Who leads it: whom its definition names, and its owner where it names nobody."""
    team: Mapped[str | None] = mapped_column(ShortText)
    ticket: Mapped[str | None] = mapped_column(ShortText)
    instrument: Mapped[str | None] = mapped_column(ShortText)
    waiting: Mapped[bool]
    """Whether `waits` has any."""
    signed_revision: Mapped[int | None] = mapped_column(Integer)
    adopted: Mapped[bool] = mapped_column(server_default=false())
    """Whether it tells of what ran, or runs, elsewhere: nothing of it is started here."""
    origin: Mapped[str | None] = mapped_column(ShortText)
    """For one that was imported, its name at its origin, such as ``usdf:C-42``."""
    visible_to: Mapped[str | None] = mapped_column(ShortText)
    """The only team that may see it, beside its owner, its lead and administrators; without one, all staff."""
    notebook_reopened_us: Mapped[int | None] = mapped_column(Microseconds)
    """When notes were allowed again after its end."""
    search_text: Mapped[str] = mapped_column(Text)
    """All that a search for words looks at, folded; `campaigns.storage.textindex` keeps an index of it."""

    parent_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    parent_revision: Mapped[int | None] = mapped_column(Integer)
    """What it derives from. No foreign key: one that came from elsewhere may have left its parent there."""
    root_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    """The first of its line; none for one that derives from nothing."""
    likeness: Mapped[str | None] = mapped_column(String(32))
    """Alike in campaigns of the same kind, instrument and pipeline: see `campaigns.domain.lineage.likeness_of`."""

    # What its submissions add up to: quanta of the newest attempts, and all submissions. The store of submissions keeps them.
    n_quanta: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    n_succeeded: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    n_failed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    n_submissions: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    skymap: Mapped[str | None] = mapped_column(ShortText)
    description: Mapped[str | None] = mapped_column(Text)
    data_query: Mapped[str | None] = mapped_column(Text)
    """That of the campaign and those of its steps, a line each."""

    __table_args__ = (
        Index(None, "status", "number"),
        Index(None, "output", "site", "butler"),
        Index(None, "parent_id"),
        Index(None, "root_id"),
        Index(None, "visible_to"),
        Index(None, "likeness", "status", "number"),
        Index(None, "updated_us", "number"),
        # From its start on, a campaign's output collection in a repository is its own.
        Index(
            "uq_campaign_claimed_output",
            "site",
            "butler",
            "output",
            unique=True,
            sqlite_where=text("claims_output"),
            postgresql_where=text("claims_output"),
        ),
    )
