"""Finding campaigns: columns and indexes for filters and orders, the index of texts, and saved queries."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

TEXTS = ("name", "title", "kind", "status", "lead", "owner", "team", "ticket", "site", "stack", "butler", "instrument", "output")
NUMBERS = ("created_us", "revision")
OPTIONAL_TIMES = ("started_us", "ended_us")


def upgrade() -> None:
    """Bring the tables up to this revision."""
    text = sa.String(length=200)
    for name in ("lead", "team", "ticket", "instrument"):
        op.add_column("campaign", sa.Column(name, text, nullable=True))
    op.add_column("campaign", sa.Column("waiting", sa.Boolean(), nullable=True))
    op.add_column("campaign", sa.Column("signed_revision", sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("search_text", sa.Text(), nullable=True))
    op.create_table(
        "campaign_word",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("word", sa.String(length=220), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_word_campaign_id_campaign")),
        sa.PrimaryKeyConstraint("campaign_id", "kind", "word", name=op.f("pk_campaign_word")),
    )
    op.create_index(op.f("ix_campaign_word_kind_word_campaign_id"), "campaign_word", ["kind", "word", "campaign_id"])
    _fill()
    with op.batch_alter_table("campaign") as batch_op:
        batch_op.alter_column("waiting", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column("search_text", existing_type=sa.Text(), nullable=False)
    op.create_table(
        "saved_query",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("sort", sa.String(length=40), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("shared", text, nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_query")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_saved_query_owner_name")),
    )
    op.create_index(op.f("ix_saved_query_shared"), "saved_query", ["shared"])
    op.create_index(op.f("ix_submission_campaign_id_status"), "submission", ["campaign_id", "status", "superseded"])
    for name, key in _sort_keys().items():
        op.execute(f"CREATE INDEX sort_campaign_{name} ON campaign ({key}, number)")
    _index_texts()


def _sort_keys() -> dict[str, str]:
    collate = ' COLLATE "C"' if _is_postgresql() else ""
    keys = {name: f"lower(coalesce({name}, ''){collate})" for name in TEXTS}
    keys |= {name: name for name in NUMBERS}
    return keys | {name: f"coalesce({name}, -1)" for name in OPTIONAL_TIMES}


def _index_texts() -> None:
    if not _is_postgresql():
        # The campaign's own text is what is indexed; the store tells of every change.
        op.execute(
            "CREATE VIRTUAL TABLE campaign_fts USING fts5("
            "search_text, content='campaign', content_rowid='number', tokenize='trigram case_sensitive 1')"
        )
        op.execute("INSERT INTO campaign_fts (campaign_fts) VALUES ('rebuild')")
        return
    # A trusted extension, which the database's owner may make; without it, searching walks through the texts.
    bind = op.get_bind()
    available = bind.scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"))
    allowed = bind.scalar(sa.text("SELECT has_database_privilege(current_database(), 'CREATE')"))
    there = bind.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"))
    if available and allowed and not there:
        op.execute("CREATE EXTENSION pg_trgm")
        there = True
    if there:
        op.execute("CREATE INDEX sort_campaign_search_text ON campaign USING gin (search_text gin_trgm_ops)")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _fill() -> None:
    """Give what was there before what stands in its definitions, a thousand campaigns at a time."""
    bind = op.get_bind()
    names = (
        "id",
        "number",
        "name",
        "title",
        "reason",
        "revision",
        "output",
        "lead",
        "team",
        "ticket",
        "instrument",
        "search_text",
    )
    kept = [sa.column(name, sa.Uuid(as_uuid=False) if name == "id" else None) for name in names]
    campaign = sa.table("campaign", *kept, sa.column("waiting", sa.Boolean), sa.column("waits", JSON))
    definition = sa.table(
        "revision", sa.column("campaign_id", sa.Uuid(as_uuid=False)), sa.column("number"), sa.column("document", JSON)
    )
    word = sa.table("campaign_word", sa.column("campaign_id", sa.Uuid(as_uuid=False)), sa.column("kind"), sa.column("word"))
    bind.execute(sa.update(campaign).values(waiting=False, search_text=""))
    own = sa.and_(definition.c.campaign_id == campaign.c.id, definition.c.number == campaign.c.revision)
    rows = bind.execute(sa.select(campaign, definition.c.document).join(definition, own).order_by(campaign.c.number)).all()
    for row in rows:
        document = row.document
        labels = document.get("labels", [])
        told = (f"C-{row.number}", row.name, row.title, row.reason, document.get("description"), *labels)
        more = (document.get("ticket"), document.get("lead"), document.get("team"), row.output)
        values = {name: document.get(name) for name in ("lead", "team", "ticket", "instrument")}
        values |= {
            "waiting": bool(row.waits),
            "search_text": "\n".join(_fold(part).replace("\n", " ") for part in told + more if part),
        }
        bind.execute(sa.update(campaign).where(campaign.c.id == row.id).values(**values))
        words = {("label", label.lower()) for label in labels} | _sets(document)
        for kind, value in sorted(words):
            bind.execute(sa.insert(word).values(campaign_id=row.id, kind=kind, word=value))
    submission = sa.table("submission", sa.column("campaign_id", sa.Uuid(as_uuid=False)), sa.column("operator"))
    operators = sa.select(submission.c.campaign_id, sa.literal("operator"), sa.func.lower(submission.c.operator)).distinct()
    bind.execute(sa.insert(word).from_select(["campaign_id", "kind", "word"], operators))


def _sets(document: dict[str, object]) -> set[tuple[str, str]]:
    found = set()
    steps = document.get("steps")
    for part in (document, *(steps if isinstance(steps, list) else ())):
        sets = part.get("sets", {})
        for name in (*sets.get("include", ()), *sets.get("exclude", ())):
            found |= {("set", name.lower()), ("set", name.partition("@")[0].lower())}
    return found


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def downgrade() -> None:
    """Take the tables back to the revision before."""
    if not _is_postgresql():
        op.execute("DROP TABLE campaign_fts")
    op.execute("DROP INDEX IF EXISTS sort_campaign_search_text")
    for name in _sort_keys():
        op.execute(f"DROP INDEX sort_campaign_{name}")
    op.drop_index(op.f("ix_submission_campaign_id_status"), "submission")
    op.drop_table("saved_query")
    op.drop_table("campaign_word")
    with op.batch_alter_table("campaign") as batch_op:
        for name in ("lead", "team", "ticket", "instrument", "waiting", "signed_revision", "search_text"):
            batch_op.drop_column(name)
