"""Campaigns that came from elsewhere: their origins and aliases, and what was adopted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Bring the tables up to this revision."""
    # Never by copying the table: it has indexes on expressions, and one of texts.
    op.add_column("campaign", sa.Column("adopted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("campaign", sa.Column("origin", sa.String(length=200), nullable=True))
    op.add_column("submission", sa.Column("origin_number", sa.Integer(), nullable=True))
    op.add_column("event", sa.Column("origin_number", sa.BigInteger(), nullable=True))
    op.create_table(
        "campaign_alias",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("exported_us", sa.BigInteger(), nullable=False),
        sa.Column("imported_us", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(length=200), nullable=False),
        sa.Column("kept", JSON, nullable=False),
        sa.Column("aside", JSON, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_alias_campaign_id_campaign")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign_alias")),
        sa.UniqueConstraint("origin", "number", name=op.f("uq_campaign_alias_origin_number")),
    )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table("campaign_alias")
    for table, column in (
        ("event", "origin_number"),
        ("submission", "origin_number"),
        ("campaign", "origin"),
        ("campaign", "adopted"),
    ):
        op.drop_column(table, column)
