"""Sites, as people see them."""

from __future__ import annotations

from campaigns.domain.site import SiteView
from campaigns.services.context import Context
from campaigns.storage.sites import SiteStore

__all__ = ("ALIVE_S", "SiteService")

ALIVE_S = 45.0
"""An agent that was not heard for so long counts as away; it asks for orders at least every 10 seconds."""


class SiteService:
    """Sites, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> list[SiteView]:
        """List the sites by name, with their agents."""
        since = self._context.clock.now_us() - round(ALIVE_S * 1_000_000)
        return SiteStore(self._context.session, self._context.identity).all(alive_since_us=since)
