"""Submissions: what was meant, what was run, and what is known of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText

__all__ = ("SubmissionRow",)


class SubmissionRow(Base):
    """One workflow submission. Its names are fixed before anything starts; the constraints keep them unique."""

    __tablename__ = "submission"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    campaign_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("campaign.id"))
    revision: Mapped[int] = mapped_column(Integer)
    step: Mapped[str] = mapped_column(ShortText)
    group_name: Mapped[str] = mapped_column(ShortText)
    attempt: Mapped[int] = mapped_column(Integer)
    recovers: Mapped[str | None] = mapped_column(String(32))
    superseded: Mapped[bool]
    status: Mapped[str] = mapped_column(String(24), index=True)
    status_reason: Mapped[str | None] = mapped_column(Text)
    status_remedy: Mapped[str | None] = mapped_column(Text)
    phase_message: Mapped[str] = mapped_column(Text, default="")
    judgement: Mapped[str] = mapped_column(String(16))
    judged_by: Mapped[str | None] = mapped_column(ShortText)
    judged_reason: Mapped[str | None] = mapped_column(Text)
    judged_us: Mapped[int | None] = mapped_column(Microseconds)
    chained_us: Mapped[int | None] = mapped_column(Microseconds)
    operator: Mapped[str] = mapped_column(ShortText)
    order_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    cancel_requested_by: Mapped[str | None] = mapped_column(ShortText)
    origin_number: Mapped[int | None] = mapped_column(Integer)
    """Its number at its origin, where its campaign was imported."""

    # What is run, as fixed when it was made.
    site: Mapped[str] = mapped_column(ShortText)
    stack: Mapped[str] = mapped_column(ShortText)
    repository: Mapped[str] = mapped_column(ShortText)
    pipeline: Mapped[str] = mapped_column(Text)
    input_collections: Mapped[list[Any]]
    output: Mapped[str] = mapped_column(ShortText)
    output_run: Mapped[str] = mapped_column(String(400))
    data_query: Mapped[str] = mapped_column(Text)
    bps: Mapped[dict[str, Any]]
    sets: Mapped[list[Any]]

    # As prepared by the agent.
    command: Mapped[list[Any]]
    commands: Mapped[list[Any] | None]
    """What was typed, as people say, where the service did not start it; none in what older versions wrote."""
    bps_yaml: Mapped[str] = mapped_column(Text, default="")
    submit_dir: Mapped[str | None] = mapped_column(Text)

    # The three truths; the quanta's counts have a table of their own.
    launcher: Mapped[dict[str, Any]]
    workflow: Mapped[dict[str, Any]]
    quanta_source: Mapped[str | None] = mapped_column(ShortText)
    quanta_final: Mapped[bool]
    registered: Mapped[bool]
    n_failures: Mapped[int] = mapped_column(Integer)
    faults: Mapped[list[Any]]

    created_us: Mapped[int] = mapped_column(Microseconds)
    updated_us: Mapped[int] = mapped_column(Microseconds)
    acquiring_us: Mapped[int | None] = mapped_column(Microseconds)
    running_us: Mapped[int | None] = mapped_column(Microseconds)
    ended_us: Mapped[int | None] = mapped_column(Microseconds)

    __table_args__ = (
        UniqueConstraint("campaign_id", "step", "group_name", "attempt"),
        UniqueConstraint("site", "repository", "output_run"),
        # What a list of campaigns adds up.
        Index("ix_submission_campaign_id_status", "campaign_id", "status", "superseded"),
    )
