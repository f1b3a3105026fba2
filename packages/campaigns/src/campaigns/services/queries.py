"""Saved queries: keeping, sharing and taking away."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from campaigns.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from campaigns.domain.filtering import parse_filter, parse_ordering
from campaigns.domain.identity import Role
from campaigns.domain.savedquery import EVERYONE, PRIVATE, TEAM, SavedQuery, checked_columns, checked_sharing
from campaigns.services.context import Context
from campaigns.storage.queries import QueryStore

__all__ = ("QueryService",)

MAX_NAME = 100


class QueryService:
    """Saved queries, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = QueryStore(context.session, context.identity)

    def all(self) -> list[SavedQuery]:
        """List the queries that the caller may see, their own first."""
        return self._store.all()

    def teams(self) -> Sequence[str]:
        """List the teams that the caller can share queries with, by name."""
        return self._store.teams()

    def may_change(self, query: SavedQuery) -> bool:
        """Tell whether the caller may change or remove a query."""
        return query.owner == self._context.identity.name or self._context.identity.role is Role.ADMIN

    def get(self, ref: str) -> SavedQuery:
        """Give a query by its UUID, its name, or its owner and name as ``mary/weekly``; of one name, one's own comes first.

        Raises
        ------
        Conflict
            If several others have shared one of that name.
        NotFound
            If the caller can see none of that name.
        """
        me = self._context.identity.name
        try:
            uuid.UUID(ref)
        except ValueError:
            every = self._store.all()
            named = [query for query in every if query.name == ref]
            # An owner and a name say which one is meant, whatever others call theirs.
            owned = [query for query in every if f"{query.owner}/{query.name}" == ref]
            found = [query for query in named if query.owner == me] or owned or named
        else:
            one = self._store.find(str(uuid.UUID(ref)))
            found = [] if one is None else [one]
        if not found:
            raise NotFound(
                f"There is no saved query {ref[:60]}.", where=ref[:60], remedy="`campaign query list` shows what there is."
            )
        if len(found) > 1:
            called = ", ".join(f"{query.owner}/{query.name}" for query in found)
            raise Conflict(f"Several queries are called {ref[:60]}.", where=ref[:60], remedy=f"Say which: {called}.")
        return found[0]

    def save(self, name: str, *, wanted: str, sort: str, columns: Sequence[str] = (), shared: str = "private") -> SavedQuery:
        """Keep a query under a name of one's own; the same name again changes it.

        Parameters
        ----------
        name : `str`
            The name.
        wanted, sort : `str`
            Filter and order, as the list takes them.
        columns : sequence of `str`, optional
            What the list shows; none for the usual ones.
        shared : `str`, optional
            ``private``, ``everyone``, or ``team:`` and a team's name.

        Raises
        ------
        InvalidFilter
            If the filter is not valid.
        InvalidInput
            If the name is empty, or there is no such order, column or way of sharing.
        """
        told, me = self._checked_name(name), self._context.identity.name
        self._store.hold(me)
        before = self._store.find_named(me, told)
        if before is None:
            now = self._context.clock.now_us()
            before = SavedQuery(
                uuid=str(uuid.uuid4()),
                owner=me,
                name=told,
                filter="",
                sort="",
                columns=(),
                shared="",
                created_us=now,
                updated_us=now,
            )
            return self._put(before, "made", wanted=wanted, sort=sort, columns=columns, shared=shared)
        return self._put(before, "changed", wanted=wanted, sort=sort, columns=columns, shared=shared)

    def _put(self, query: SavedQuery, what: str, *, wanted: str, sort: str, columns: Sequence[str], shared: str) -> SavedQuery:
        now = self._context.clock.now_us()
        parse_filter(wanted, now_us=now, me=self._context.identity.name)
        saved = replace(
            query,
            filter=wanted.strip(),
            sort=str(parse_ordering(sort)),
            columns=checked_columns(tuple(columns)) if columns else (),
            shared=self._checked_team(checked_sharing(shared)),
            updated_us=now,
        )
        self._store.put(saved)
        self._record(what, saved)
        return saved

    def _checked_team(self, shared: str) -> str:
        team = shared.removeprefix(TEAM)
        if team != shared and team not in self._store.teams():
            raise InvalidInput(
                f"You are not in a team {team}.", where="shared", remedy="Share it with a team that you are in, or with everyone."
            )
        return shared

    def change(self, ref: str, *, name: str, wanted: str, sort: str, columns: Sequence[str], shared: str) -> SavedQuery:
        """Give one's own query other contents, and perhaps another name.

        Raises
        ------
        Conflict
            If another of one's own has that name.
        Forbidden
            If it is another's.
        """
        before = self._own(ref)
        told = self._checked_name(name)
        other = self._store.find_named(before.owner, told)
        if other is not None and other.uuid != before.uuid:
            raise Conflict(f"You have another query {told}.", where="name", remedy="Give it another name.")
        changed = replace(before, name=told)
        return self._put(changed, "changed", wanted=wanted, sort=sort, columns=columns, shared=shared)

    def remove(self, ref: str) -> SavedQuery:
        """Remove one's own query; administrators remove any.

        Raises
        ------
        Forbidden
            If it is another's.
        """
        query = self._own(ref)
        self._store.remove(query.uuid)
        self._record("removed", query)
        return query

    def _record(self, what: str, query: SavedQuery) -> None:
        # Everyone reads the history, and so nothing there says what is not shared with everyone.
        is_open = query.shared == EVERYONE
        told = {"name": query.name, "filter": query.filter, "sort": query.sort, "shared": query.shared} if is_open else {}
        kept = "a private query" if query.shared == PRIVATE else "a team's query"
        shown = f"saved query {query.name}" if is_open else kept
        self._context.record(f"query.{what}", f"{shown} of {query.owner} {what}", details={"query": query.uuid, **told})

    def _own(self, ref: str) -> SavedQuery:
        query = self.get(ref)
        if not self.may_change(query):
            raise Forbidden(
                f"The query {query.name} belongs to {query.owner}.",
                where=query.name,
                remedy="Save one of your own with its filter.",
            )
        self._store.hold(query.owner)
        # It may have been changed or removed until it was held.
        return self.get(query.uuid)

    def _checked_name(self, name: str) -> str:
        told = " ".join(name.split())
        if not told or len(told) > MAX_NAME:
            raise InvalidInput(f"A query's name has between 1 and {MAX_NAME} letters.", where="name", remedy="Give it a name.")
        try:
            uuid.UUID(told)
        except ValueError:
            return told
        raise InvalidInput(f"{told} reads like an address.", where="name", remedy="Give another name.")
