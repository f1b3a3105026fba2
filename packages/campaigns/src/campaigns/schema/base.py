"""What all tables share: naming of constraints, and column types that mean the same in both databases."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import JSON, BigInteger, MetaData, String, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

__all__ = ("Base", "Document", "Microseconds", "ShortText")

Microseconds = BigInteger
"""A time: integer UTC microseconds since 1970."""

ShortText = String(200)
"""Names and other text that a person types on one line."""

Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON value; JSONB where the database has it."""


class Base(DeclarativeBase):
    """The declarative base. Constraint names are given by rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: Document, list[Any]: Document}

    @classmethod
    def table(cls) -> Table:
        """Give the table itself, to write to past the unit of work."""
        return cast("Table", cls.__table__)
