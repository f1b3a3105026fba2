"""Specifications in git: the commits that revisions were resolved to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "spec_pin",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(length=40), nullable=False),
        sa.Column("resolved_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id", "revision"],
            ["revision.campaign_id", "revision.number"],
            name=op.f("fk_spec_pin_campaign_id_revision_revision"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "revision", "role", name=op.f("pk_spec_pin")),
    )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table("spec_pin")
