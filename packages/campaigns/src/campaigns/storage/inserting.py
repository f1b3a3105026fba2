"""Inserting rows past the unit of work, which would take as long as the database does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, insert
from sqlalchemy.orm import Session

from campaigns.schema.base import Base

__all__ = ("put_rows",)


def put_rows(session: Session, row_class: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction; what waits in it to be written is not written first.
    row_class : `type`
        The class of the table's rows.
    rows : sequence of mapping
        Their values, by column; all have the same columns.
    """
    if rows:
        session.connection().execute(_insertion(row_class), rows)


@cache
def _insertion(row_class: type[Base]) -> Insert:
    # Made once, since making a statement takes longer than carrying it out.
    return insert(row_class.table())
