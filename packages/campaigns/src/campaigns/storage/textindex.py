"""The index by which texts of campaigns are searched for parts of words: trigrams, in both databases.

PostgreSQL keeps its own up to date. SQLite's is a table beside, which the store fills. Neither helps where a text is in very many
campaigns: there it is quicker to walk through the list in its order and look into each.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Integer, String, column, func, insert, select, table, text
from sqlalchemy.orm import Session

from campaigns.schema.campaign import CampaignRow

__all__ = ("TABLE", "TextIndex")

TABLE: Final = "campaign_fts"
"""SQLite's table; what it keeps for itself begins with the same letters."""

_FTS = table(TABLE, column("rowid", Integer), column("search_text", String))

_FORGET: Final = text("INSERT INTO campaign_fts (campaign_fts, rowid, search_text) VALUES ('delete', :number, :old)")
"""What SQLite's index is told of a text that is no longer; it keeps none itself."""

_FEW: Final = 2000
"""Of more hits than this the index is no help."""

_SHORTEST: Final = 3


class TextIndex:
    """The index, in one transaction.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"

    def put(self, number: int, new: str, *, old: str | None) -> None:
        """Take up a campaign's text, in the place of what it was."""
        if not self._is_sqlite or new == old:
            return
        if old is not None:
            self._session.execute(_FORGET, {"number": number, "old": old})
        self._session.execute(insert(_FTS).values(rowid=number, search_text=new))

    def condition(self, wanted: str) -> ColumnElement[bool]:
        """Give the condition that a campaign's text has this in it, in the form that is quicker here."""
        if len(wanted) >= _SHORTEST and (indexed := self._indexed(wanted)) is not None:
            return indexed
        return self._walking(wanted)

    def _indexed(self, wanted: str) -> ColumnElement[bool] | None:
        if self._is_sqlite:
            quoted = wanted.replace('"', '""')
            hits = select(_FTS.c.rowid).where(_FTS.c.search_text.op("MATCH")(f'"{quoted}"'))
            condition: ColumnElement[bool] = CampaignRow.number.in_(hits)
        else:
            condition = CampaignRow.search_text.contains(wanted, autoescape=True)
            hits = select(CampaignRow.number).where(condition)
        few = self._session.scalar(select(func.count()).select_from(hits.limit(_FEW + 1).subquery())) or 0
        return condition if few <= _FEW else None

    def _walking(self, wanted: str) -> ColumnElement[bool]:
        place = func.instr if self._is_sqlite else func.strpos
        return place(CampaignRow.search_text, wanted) > 0
