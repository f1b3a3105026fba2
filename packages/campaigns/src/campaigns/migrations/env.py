"""Run by Alembic, always on a connection that `campaigns.storage.migration` has opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from campaigns.schema.base import Document
from campaigns.storage.migration import all_tables


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write the type of JSON columns, for which Alembic's own words do not run."""
    if kind == "type" and item is Document:
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    # SQLite cannot alter most things of a table; Alembic then copies it.
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
