"""What graphs were made from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "submission_graph",
        sa.Column("submission_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "pins", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_submission_graph_submission_id_submission")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_graph")),
    )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table("submission_graph")
