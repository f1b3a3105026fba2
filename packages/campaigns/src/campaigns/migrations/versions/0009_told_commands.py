"""Commands by which submissions ran that the service did not start, as people tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Bring the tables up to this revision."""
    # It may be empty: what older versions exported has no such column.
    op.add_column("submission", sa.Column("commands", JSON, nullable=True))


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_column("submission", "commands")
