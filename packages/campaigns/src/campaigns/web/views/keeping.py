"""Saved queries, as their page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from campaigns.domain.filtering import FieldKind, parse_ordering
from campaigns.domain.savedquery import EVERYONE, PRIVATE, TEAM, SavedQuery
from campaigns.services.factory import Factory

__all__ = ("KeptQuery", "QueriesPage", "queries_page")

_ORDERS: Final = {
    FieldKind.TIME: ("earliest first", "latest first"),
    FieldKind.NUMBER: ("smallest first", "largest first"),
    FieldKind.ID: ("oldest first", "newest first"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptQuery:
    """A query, with its order and whom it is for in words, and whether who looks may change it."""

    query: SavedQuery
    order: str
    shared: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class QueriesPage:
    """The page's content; ``teams`` are those that a query can be shared with."""

    queries: list[KeptQuery]
    teams: Sequence[str]

    def choices(self, query: SavedQuery) -> list[tuple[str, str]]:
        """Give whom a query may be for, as it is kept and in words; as it is, too."""
        teams = dict.fromkeys(TEAM + name for name in self.teams)
        values = dict.fromkeys([PRIVATE, *teams, EVERYONE, query.shared])
        return [(value, _for_whom(value)) for value in values]


def queries_page(factory: Factory) -> QueriesPage:
    """Gather the saved queries that the caller may see."""
    service = factory.queries()
    return QueriesPage([_kept(query, may_change=service.may_change(query)) for query in service.all()], service.teams())


def _kept(query: SavedQuery, *, may_change: bool) -> KeptQuery:
    ordering = parse_ordering(query.sort)
    rising, falling = _ORDERS.get(ordering.field.kind, ("a to z", "z to a"))
    return KeptQuery(
        query=query,
        order=f"{ordering.field.name}, {falling if ordering.descending else rising}",
        shared=_for_whom(query.shared),
        may_change=may_change,
    )


def _for_whom(shared: str) -> str:
    return {PRIVATE: "its owner alone", EVERYONE: "everyone"}.get(shared) or f"team {shared.removeprefix(TEAM)}"
