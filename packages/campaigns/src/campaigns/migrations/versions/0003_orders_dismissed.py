"""Orders that failed and that somebody has seen: the pages no longer tell of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    with op.batch_alter_table("agent_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dismissed_us", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take the tables back to the revision before."""
    with op.batch_alter_table("agent_order", schema=None) as batch_op:
        batch_op.drop_column("dismissed_us")
