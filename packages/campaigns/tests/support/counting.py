"""The statements that databases are asked, for tests that a page does not ask more often where there is more to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

__all__ = ("counted",)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Give the statements that databases are asked meanwhile; by all engines, since those that only read have their own."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
