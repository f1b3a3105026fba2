"""What quanta took: processor time, time and memory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "task_spent",
        sa.Column("submission_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("n_read", sa.Integer(), nullable=False),
        sa.Column("cpu_us", sa.BigInteger(), nullable=False),
        sa.Column("run_us", sa.BigInteger(), nullable=False),
        sa.Column("max_memory_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_task_spent_submission_id_submission")),
        sa.PrimaryKeyConstraint("submission_id", "label", name=op.f("pk_task_spent")),
    )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table("task_spent")
