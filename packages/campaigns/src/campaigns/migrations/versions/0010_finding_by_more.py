"""Finding by more: counts, texts and words beside each campaign; and whoever made a campaign leads it where nobody is named."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
UUID = sa.Uuid(as_uuid=False)

COUNTS = {"n_quanta": "expected", "n_succeeded": "succeeded", "n_failed": "failed"}
SORTED = (*COUNTS, "n_submissions", "skymap")
KINDS = ("input", "pipeline", "spec", "commit", "waits_for", "signed_by")
WORD_LENGTH = 500
AT_ONCE = 1000


def upgrade() -> None:
    """Bring the tables up to this revision."""
    # Each added alone: a copy of this table would lose its indexes on expressions and its index of texts.
    for name in COUNTS:
        op.add_column("campaign", sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("campaign", sa.Column("n_submissions", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("campaign", sa.Column("skymap", sa.String(length=200), nullable=True))
    op.add_column("campaign", sa.Column("description", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("data_query", sa.Text(), nullable=True))
    with op.batch_alter_table("campaign_word") as batch_op:
        batch_op.alter_column("word", existing_type=sa.String(length=220), type_=sa.String(length=WORD_LENGTH))
    _count()
    _fill()
    _fill_words_of_tables()
    op.create_index(op.f("ix_campaign_visible_to"), "campaign", ["visible_to"])
    for name in SORTED:
        op.execute(f"CREATE INDEX sort_campaign_{name} ON campaign ({_sort_key(name)}, number)")


def _sort_key(name: str) -> str:
    if name != "skymap":
        return name
    collate = ' COLLATE "C"' if _is_postgresql() else ""
    return f"lower(coalesce(skymap, ''){collate})"


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _count() -> None:
    """Add up what the submissions of each campaign have."""
    tasks = sa.table("task_counts", sa.column("submission_id", UUID), *map(sa.column, COUNTS.values()))
    submission = sa.table(
        "submission", *(sa.column(name, UUID) for name in ("id", "campaign_id")), sa.column("superseded", sa.Boolean())
    )
    campaign = sa.table("campaign", sa.column("id", UUID), *map(sa.column, (*COUNTS, "n_submissions")))
    its = submission.c.campaign_id == campaign.c.id
    counted = tasks.join(submission, submission.c.id == tasks.c.submission_id)
    changes: dict[str, Any] = {"n_submissions": sa.select(sa.func.count()).select_from(submission).where(its).scalar_subquery()}
    for name, column in COUNTS.items():
        newest = sa.select(sa.func.coalesce(sa.func.sum(tasks.c[column]), 0)).select_from(counted)
        changes[name] = newest.where(its, sa.not_(submission.c.superseded)).scalar_subquery()
    op.get_bind().execute(sa.update(campaign).values(changes))


def _fill() -> None:
    """Give what was there before what stands in its definitions."""
    bind = op.get_bind()
    names = ("lead", "search_text", "skymap", "description", "data_query")
    campaign = sa.table("campaign", sa.column("id", UUID), *map(sa.column, names))
    change = sa.update(campaign).where(campaign.c.id == sa.bindparam("own"))
    change = change.values({name: sa.bindparam(f"new_{name}") for name in names})
    word = sa.table("campaign_word", sa.column("campaign_id", UUID), sa.column("kind"), sa.column("word"))
    found = False
    for rows in _campaigns(bind):
        found = True
        bind.execute(change, [{"own": row.id, **_told(row)} for row in rows])
        words = [
            {"campaign_id": row.id, "kind": kind, "word": text}
            for row in rows
            for kind, text in sorted(_words(row.document) | _awaited(row.waits))
        ]
        if words:
            bind.execute(sa.insert(word), words)
    if found and not _is_postgresql():
        op.execute("INSERT INTO campaign_fts (campaign_fts) VALUES ('rebuild')")


def _campaigns(bind: sa.Connection) -> Iterator[list[Any]]:
    """Read the campaigns with their newest definitions, so many at a time."""
    names = ("number", "owner", "lead", "search_text", "revision")
    campaign = sa.table("campaign", sa.column("id", UUID), sa.column("waits", JSON), *map(sa.column, names))
    definition = sa.table("revision", sa.column("campaign_id", UUID), sa.column("number"), sa.column("document", JSON))
    own = sa.and_(definition.c.campaign_id == campaign.c.id, definition.c.number == campaign.c.revision)
    after = 0
    while True:
        some = sa.select(campaign, definition.c.document).join(definition, own).where(campaign.c.number > after)
        rows = list(bind.execute(some.order_by(campaign.c.number).limit(AT_ONCE)))
        if not rows:
            return
        yield rows
        after = rows[-1].number


def _told(row: Any) -> dict[str, str | None]:
    document = row.document
    queries = [document.get("data_query"), *(step.get("data_query") for step in _steps(document))]
    led = row.search_text if row.lead else f"{row.search_text}\n{_fold(row.owner)}"
    return {
        "new_lead": row.lead or row.owner,
        "new_search_text": led,
        "new_skymap": document.get("skymap"),
        "new_description": document.get("description") or None,
        "new_data_query": "\n".join(dict.fromkeys(query for query in queries if query)) or None,
    }


def _words(document: dict[str, Any]) -> set[tuple[str, str]]:
    specs = [spec for name in ("data_spec", "processing_spec") if (spec := document.get(name))]
    found = {("input", name) for name in document.get("inputs", ())}
    found |= {("pipeline", name.partition("#")[0]) for name in _pipelines(document)} - {("pipeline", "")}
    found |= {("spec", spec[name]) for spec in specs for name in ("repository", "reference")}
    return {(kind, _lower(text)[:WORD_LENGTH]) for kind, text in found}


def _pipelines(document: dict[str, Any]) -> Iterator[str]:
    yield document.get("pipeline") or ""
    for step in _steps(document):
        yield step.get("file") or step.get("pipeline") or ""


def _steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document.get("steps", ()), *document.get("commands", ())]


def _awaited(waits: list[dict[str, Any]]) -> set[tuple[str, str]]:
    names = {wait.get(name) for wait in waits for name in ("kind", "step", "submission")}
    return {("waits_for", _lower(name)) for name in names if name}


def _lower(text: str) -> str:
    return text.translate({ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _fill_words_of_tables() -> None:
    """Give each campaign the commits of its specifications, and who signed it off."""
    begin = "INSERT INTO campaign_word (campaign_id, kind, word) SELECT DISTINCT"
    op.execute(f"{begin} campaign_id, 'commit', \"commit\" FROM spec_pin")
    op.execute(
        f"{begin} s.campaign_id, 'signed_by', s.signed_by FROM sign_off s JOIN campaign c ON c.id = s.campaign_id "
        "WHERE s.undone_us IS NULL AND s.revision = c.signed_revision"
    )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_index(op.f("ix_campaign_visible_to"), "campaign")
    for name in SORTED:
        op.execute(f"DROP INDEX sort_campaign_{name}")
    word = sa.table("campaign_word", sa.column("kind"))
    op.get_bind().execute(sa.delete(word).where(word.c.kind.in_(KINDS)))
    with op.batch_alter_table("campaign_word") as batch_op:
        batch_op.alter_column("word", existing_type=sa.String(length=WORD_LENGTH), type_=sa.String(length=220))
    for name in ("data_query", "description", *reversed(SORTED)):
        op.drop_column("campaign", name)
