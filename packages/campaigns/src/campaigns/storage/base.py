"""What stores share whose rows belong to sites: people see all of them, an agent those of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import false
from sqlalchemy.orm import InstrumentedAttribute, Session

from campaigns.domain.identity import Identity

__all__ = ("SiteBoundStore",)


class SiteBoundStore:
    """A store on a session, for an identity.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for what changes anything.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def _seen(self, statement: Any, site: InstrumentedAttribute[str] | None) -> Any:
        """Narrow a statement to the rows that the identity may see; without a column for the site, an agent sees none."""
        if self._identity.site is None:
            return statement
        return statement.where(false() if site is None else site == self._identity.site)
