"""Output collections are looked up whenever a campaign is made, and so must not be searched for."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_index(op.f("ix_campaign_output_site_butler"), "campaign", ["output", "site", "butler"])


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_index(op.f("ix_campaign_output_site_butler"), table_name="campaign")
