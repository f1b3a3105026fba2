"""Run by Alembic, always on a connection that `campaigns.storage.migration` has opened."""

from __future__ import annotations

import warnings
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from campaigns.schema.base import Document
from campaigns.storage.migration import all_tables
from campaigns.storage.textindex import TABLE


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write the type of JSON columns, for which Alembic's own words do not run."""
    if kind == "type" and item is Document:
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")'
    return False


def include_object(_item: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:  # noqa: FBT001
    """Leave alone what models cannot say: SQLite's index of texts, and indexes of expressions."""
    return not ((kind == "table" and (name or "").startswith(TABLE)) or (kind == "index" and (name or "").startswith("sort_")))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    # SQLite cannot alter most things of a table; Alembic then copies it.
    render_as_batch=True,
    render_item=render_item,
    include_object=include_object,
    compare_type=True,
    compare_server_default=True,
)
with warnings.catch_warnings(), context.begin_transaction():
    # They are left alone; see above.
    warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
    context.run_migrations()
