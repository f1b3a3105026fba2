"""Where campaigns come from, and which are alike."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

INDEXES = (("parent_id",), ("root_id",), ("likeness", "status", "number"))


def upgrade() -> None:
    """Bring the tables up to this revision."""
    # Each added alone: a copy of this table would lose its indexes on expressions and its index of texts.
    op.add_column("campaign", sa.Column("parent_id", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("campaign", sa.Column("parent_revision", sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("root_id", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("campaign", sa.Column("likeness", sa.String(length=32), nullable=True))
    _fill()
    for columns in INDEXES:
        op.create_index(op.f(f"ix_campaign_{'_'.join(columns)}"), "campaign", list(columns))


def _fill() -> None:
    """Tell of what was there before which campaigns are alike."""
    bind = op.get_bind()
    uuid = sa.Uuid(as_uuid=False)
    campaign = sa.table("campaign", sa.column("id", uuid), sa.column("revision"), sa.column("likeness"))
    definition = sa.table("revision", sa.column("campaign_id", uuid), sa.column("number"), sa.column("document", JSON))
    own = sa.and_(definition.c.campaign_id == campaign.c.id, definition.c.number == campaign.c.revision)
    rows = bind.execute(sa.select(campaign.c.id, definition.c.document).join(definition, own)).all()
    change = sa.update(campaign).where(campaign.c.id == sa.bindparam("own")).values(likeness=sa.bindparam("word"))
    if rows:
        bind.execute(change, [{"own": row.id, "word": _likeness(row.document)} for row in rows])


def _likeness(document: dict[str, object]) -> str:
    told = [document.get("kind"), document.get("instrument"), _pipelines(document)]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()[:32]


def _pipelines(document: dict[str, object]) -> list[str]:
    base = document.get("pipeline")
    if base:
        return [str(base)]
    steps = document.get("steps")
    named = [step.get("pipeline") or "" for step in steps] if isinstance(steps, list) else []
    return sorted({str(name).partition("#")[0] for name in named} - {""})


def downgrade() -> None:
    """Take the tables back to the revision before."""
    for columns in INDEXES:
        op.drop_index(op.f(f"ix_campaign_{'_'.join(columns)}"), "campaign")
    for name in ("likeness", "root_id", "parent_revision", "parent_id"):
        op.drop_column("campaign", name)
