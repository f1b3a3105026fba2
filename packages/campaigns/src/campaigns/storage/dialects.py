"""What SQLite and PostgreSQL write differently, said once: inserting over what is there, and the length of a list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

__all__ = ("insertion", "list_length", "read_at_one_moment")


def insertion(session: Session, table: Any) -> postgresql.Insert | sqlite.Insert:
    """Give an insertion that can say what becomes of a row that is there already, by ``on_conflict_do_update``.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction.
    table : class or table
        What is inserted into.
    """
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def read_at_one_moment(session: Session) -> None:
    """Have all that a session reads be as it was at its beginning; it must not have read anything yet.

    SQLite does so by itself.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


class list_length(GenericFunction[int]):  # noqa: N801 - it stands where functions of SQL stand
    """The number of elements of a JSON list."""

    type = Integer()
    inherit_cache = True


@compiles(list_length, "postgresql")
def _of_jsonb(element: list_length, compiler: SQLCompiler, **options: Any) -> str:
    return f"jsonb_array_length({compiler.process(element.clauses, **options)})"


@compiles(list_length, "sqlite")
def _of_json(element: list_length, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_length({compiler.process(element.clauses, **options)})"
