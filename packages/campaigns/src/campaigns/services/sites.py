"""Sites, as people see them."""

from __future__ import annotations

from campaigns.domain.definition import Definition
from campaigns.domain.errors import Fault
from campaigns.domain.identity import SYSTEM
from campaigns.domain.site import SiteOffer, SiteView
from campaigns.services.context import Context
from campaigns.storage.sites import SiteStore

__all__ = ("ALIVE_S", "GONE_S", "SiteService", "agent_is_gone", "offer_faults", "site_faults")

ALIVE_S = 45.0
"""An agent that was not heard for so long counts as away; it asks for orders at least every 10 seconds."""

GONE_S = 600.0
"""After so long without a word a person may decide in place of an agent: it may never come back."""


def agent_is_gone(context: Context, agent_id: str | None) -> bool:
    """Tell whether an agent that begun something was not heard for so long that nobody need wait for it."""
    heard_us = None if agent_id is None else SiteStore(context.session, SYSTEM).last_heard(agent_id)
    return heard_us is None or heard_us < context.clock.now_us() - round(GONE_S * 1_000_000)


def site_faults(context: Context, definition: Definition) -> list[Fault]:
    """Tell what of a definition its site does not have: the site itself, the stack, the repository."""
    return offer_faults(context, definition, SiteStore(context.session, context.identity).offer(definition.site or ""))


def offer_faults(context: Context, definition: Definition, site: SiteOffer | None) -> list[Fault]:
    """Tell what of a definition a site does not offer that was looked up already; see `site_faults`."""
    if site is None:
        known = ", ".join(one.name for one in SiteService(context).list()) or "none yet"
        remedy = f"Sites are: {known}. A site appears when its agent first says hello: `campaign agent --site NAME`."
        return [Fault("unknown_site", f"There is no site {definition.site}.", "site", remedy)]
    return [
        *_offer_fault(site, "stack", definition.stack, site.stacks),
        *_offer_fault(site, "butler", definition.butler, site.repositories),
    ]


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


def _offer_fault(site: SiteOffer, field: str, wanted: str | None, offered: tuple[str, ...]) -> list[Fault]:
    if wanted in offered:
        return []
    what = "stack" if field == "stack" else "Butler repository"
    remedy = f"It offers: {', '.join(offered)}." if offered else "It offers none."
    return [Fault(f"unknown_{field}", f"The site {site.name} has no {what} {wanted}.", field, remedy)]
