"""The index by which texts of campaigns are searched for parts of words: trigrams, in both databases.

PostgreSQL keeps its own up to date. SQLite's is a table beside, which the store fills. Neither helps where a text is in very many
campaigns: there it is quicker to walk through the list in its order and look into each.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, String, column, exists, func, insert, select, table, text
from sqlalchemy.orm import Session

from campaigns.schema.campaign import CampaignRow
from campaigns.schema.campaign_word import CampaignWordRow

__all__ = ("TABLE", "TextIndex")

TABLE: Final = "campaign_fts"
"""SQLite's table; what it keeps for itself begins with the same letters."""

_FTS = table(TABLE, column("rowid", Integer), column("search_text", String))

_FORGET: Final = text("INSERT INTO campaign_fts (campaign_fts, rowid, search_text) VALUES ('delete', :number, :old)")
"""What SQLite's index is told of a text that is no longer; it keeps none itself."""

_TAKE_UP: Final = insert(_FTS)

_FEW: Final = 5000
"""Of more hits than this the index is no help."""

_VERY_FEW: Final = 2000
"""With no more hits than this the index is asked at once: walking through the list would be a long way."""

_SHORTEST: Final = 3


class TextIndex:
    """The index, in one transaction.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A session.
    walking : `bool`, optional
        Whether the conditions are for looking at the campaigns of SQLite one by one in the order of the list.
    """

    def __init__(self, session: Session, *, walking: bool = False) -> None:
        self._session = session
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"
        self.walking = walking
        self.found_few = False
        """Whether there are so few hits for any condition that one goes by the index better than by walking."""

    def put(self, number: int, new: str, *, old: str | None) -> None:
        """Take up a campaign's text, in the place of what it was."""
        if not self._is_sqlite or new == old:
            return
        if old is not None:
            self._session.execute(_FORGET, {"number": number, "old": old})
        self._session.connection().execute(_TAKE_UP, {"rowid": number, "search_text": new})

    def condition(self, wanted: str) -> ColumnElement[bool]:
        """Give the condition that a campaign's text has this in it, in the form that is quicker here."""
        if not self._is_sqlite:
            # PostgreSQL knows from its statistics how many there are.
            return CampaignRow.search_text.contains(wanted, autoescape=True)
        near = self.narrowing(wanted)
        return func.instr(CampaignRow.search_text, wanted) > 0 if near is None else near

    def _hits(self, wanted: str) -> Select[int]:
        """Give the numbers of the campaigns that SQLite's index finds."""
        quoted = wanted.replace('"', '""')
        return select(_FTS.c.rowid).where(_FTS.c.search_text.op("MATCH")(f'"{quoted}"'))

    def narrowing(self, wanted: str) -> ColumnElement[bool] | None:
        """Give the condition that a campaign's text has this in it, if the index is any help with it."""
        if len(wanted) < _SHORTEST:
            return None
        if not self._is_sqlite:
            return self.condition(wanted)
        hits = self._hits(wanted)
        return CampaignRow.number.in_(hits) if self._are_few(hits) else None

    def word_condition(self, kind: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Give the condition that a campaign has a word of a kind, in the form that is quicker here."""
        of_kind = (CampaignWordRow.kind == kind, condition)
        hits = select(CampaignWordRow.campaign_id).where(*of_kind)
        if self._are_few(hits):
            return CampaignRow.id.in_(hits)
        return exists().where(CampaignWordRow.campaign_id == CampaignRow.id, *of_kind)

    def word_contains(self, kind: str, wanted: str) -> ColumnElement[bool]:
        """Give the condition that a word of a kind has this in it.

        Notes
        -----
        Most words are those of many campaigns. SQLite looks into each of them once, and leaps from one to the next in its index:
        but only where the words are listed for themselves, to their end.
        """
        word = CampaignWordRow.word
        if not self._is_sqlite:
            return word.contains(wanted, autoescape=True)
        all_words = select(word).where(CampaignWordRow.kind == kind).distinct().limit(-1).subquery()
        return word.in_(select(all_words.c.word).where(all_words.c.word.contains(wanted, autoescape=True)))

    def _are_few(self, hits: Select[Any]) -> bool:
        limit = _VERY_FEW if self.walking else _FEW
        few = (self._session.scalar(select(func.count()).select_from(hits.limit(limit + 1).subquery())) or 0) <= limit
        self.found_few |= few
        return few
