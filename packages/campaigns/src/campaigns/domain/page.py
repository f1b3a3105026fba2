"""One page of a list, and where the next begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ("Page",)

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """Items in the list's order.

    Attributes
    ----------
    items : `list`
        The items of this page.
    next : `str`, optional
        The cursor of the page after it; `None` on the last.
    """

    items: list[ItemT]
    next: str | None = None
