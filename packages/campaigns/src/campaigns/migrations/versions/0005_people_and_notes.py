"""Who operates and signs, notes with their history, links and attachments."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
UUID = sa.Uuid(as_uuid=False)
TEXT = sa.String(length=200)
NAME = sa.String(length=64)


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.add_column("campaign", sa.Column("visible_to", TEXT, nullable=True))
    op.add_column("campaign", sa.Column("notebook_reopened_us", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_event_actor_number"), "event", ["actor", "number"])
    op.create_index(op.f("ix_event_kind_number"), "event", ["kind", "number"])
    _change_notes()
    _make_links()
    _make_assignments()
    op.create_table(
        "sign_off",
        sa.Column("id", UUID, nullable=False),
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("signed_by", TEXT, nullable=False),
        sa.Column("is_author", sa.Boolean(), nullable=False),
        sa.Column("signed_us", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("sets", JSON, nullable=False),
        sa.Column("undone_us", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", TEXT, nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_sign_off_campaign_id_campaign")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_off")),
    )
    op.create_index(op.f("ix_sign_off_campaign_id_signed_us"), "sign_off", ["campaign_id", "signed_us"])
    _make_teams()


def _change_notes() -> None:
    added: tuple[sa.Column[object], ...] = (
        sa.Column("root_id", UUID, nullable=True),
        sa.Column("parent_id", UUID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("step", TEXT, nullable=True),
        sa.Column("set_reference", sa.String(length=220), nullable=True),
        sa.Column("pinned", JSON, nullable=True),
        sa.Column("replaced", sa.Boolean(), nullable=True),
        sa.Column("withdrawn_us", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", TEXT, nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
    )
    for column in added:
        op.add_column("note", column)
    note = sa.table(
        "note",
        *(sa.column("id", UUID), sa.column("root_id", UUID), sa.column("version"), sa.column("pinned", JSON)),
        sa.column("replaced", sa.Boolean),
    )
    op.get_bind().execute(sa.update(note).values(root_id=note.c.id, version=1, pinned={}, replaced=False))
    with op.batch_alter_table("note") as batch_op:
        batch_op.alter_column("root_id", existing_type=UUID, nullable=False)
        batch_op.alter_column("version", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("pinned", existing_type=JSON, nullable=False)
        batch_op.alter_column("replaced", existing_type=sa.Boolean(), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_note_parent_id"), ["parent_id"])
    op.create_index(op.f("ix_note_root_id_version"), "note", ["root_id", "version"])
    op.create_table(
        "note_mention",
        sa.Column("note_id", UUID, nullable=False),
        sa.Column("user_name", NAME, nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_mention_note_id_note")),
        sa.ForeignKeyConstraint(["user_name"], ["user_account.name"], name=op.f("fk_note_mention_user_name_user_account")),
        sa.PrimaryKeyConstraint("note_id", "user_name", name=op.f("pk_note_mention")),
    )
    op.create_index(op.f("ix_note_mention_user_name"), "note_mention", ["user_name"])
    op.create_table(
        "note_file",
        sa.Column("note_id", UUID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("is_image", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_by", TEXT, nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_file_note_id_note")),
        sa.PrimaryKeyConstraint("note_id", "name", name=op.f("pk_note_file")),
    )


def _make_links() -> None:
    op.create_table(
        "link",
        sa.Column("id", UUID, nullable=False),
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("submission_id", UUID, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("added_by", TEXT, nullable=False),
        sa.Column("added_us", sa.BigInteger(), nullable=False),
        sa.Column("removed_by", TEXT, nullable=True),
        sa.Column("removed_us", sa.BigInteger(), nullable=True),
        sa.Column("removed_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_link_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_link_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_campaign_id_added_us"), "link", ["campaign_id", "added_us"])
    op.create_table(
        "link_check",
        sa.Column("url_sha256", sa.String(length=64), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("checked_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("url_sha256", name=op.f("pk_link_check")),
    )


def _make_assignments() -> None:
    assignment = op.create_table(
        "assignment",
        sa.Column("id", UUID, nullable=False),
        sa.Column("submission_id", UUID, nullable=False),
        sa.Column("operator", TEXT, nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.Column("assigned_by", TEXT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_by", TEXT, nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_assignment_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_submission_id_from_us"), "assignment", ["submission_id", "from_us"])
    op.create_index(op.f("ix_assignment_operator_until_us"), "assignment", ["operator", "until_us"])
    # Whoever was answerable for what there is has been so since it was made.
    bind = op.get_bind()
    submission = sa.table("submission", sa.column("id", UUID), sa.column("operator"), sa.column("created_us"))
    rows = [
        {
            "id": str(uuid.uuid4()),
            "submission_id": row.id,
            "operator": row.operator,
            "from_us": row.created_us,
            "assigned_by": "system",
            "reason": "The operator of record.",
        }
        for row in bind.execute(sa.select(submission))
    ]
    if rows:
        bind.execute(sa.insert(assignment), rows)


def _make_teams() -> None:
    op.create_table(
        "team",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_team")),
    )
    op.create_table(
        "team_member",
        sa.Column("team", TEXT, nullable=False),
        sa.Column("user_name", NAME, nullable=False),
        sa.Column("added_us", sa.BigInteger(), nullable=False),
        sa.Column("added_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.name"], name=op.f("fk_team_member_team_team")),
        sa.ForeignKeyConstraint(["user_name"], ["user_account.name"], name=op.f("fk_team_member_user_name_user_account")),
        sa.PrimaryKeyConstraint("team", "user_name", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_user_name"), "team_member", ["user_name"])


def downgrade() -> None:
    """Take the tables back to the revision before."""
    for table in ("team_member", "team", "sign_off", "assignment", "link_check", "link", "note_file", "note_mention"):
        op.drop_table(table)
    op.drop_index(op.f("ix_note_root_id_version"), "note")
    note = sa.table("note", sa.column("replaced", sa.Boolean))
    # Before, a note had one version.
    op.get_bind().execute(sa.delete(note).where(note.c.replaced))
    with op.batch_alter_table("note") as batch_op:
        batch_op.drop_constraint(op.f("uq_note_parent_id"), type_="unique")
        for name in ("root_id", "parent_id", "version", "step", "set_reference", "pinned", "replaced"):
            batch_op.drop_column(name)
        for name in ("withdrawn_us", "withdrawn_by", "withdrawn_reason"):
            batch_op.drop_column(name)
    op.drop_index(op.f("ix_event_kind_number"), "event")
    op.drop_index(op.f("ix_event_actor_number"), "event")
    for name in ("notebook_reopened_us", "visible_to"):
        op.drop_column("campaign", name)
