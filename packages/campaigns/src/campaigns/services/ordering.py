"""Making orders about DataId sets, and checking that their site could carry them out."""

from __future__ import annotations

import uuid

from campaigns.domain.errors import InvalidInput, NotFound
from campaigns.domain.order import AgentOrder
from campaigns.domain.site import SiteView
from campaigns.domain.states import OrderStatus
from campaigns.services.context import Context
from campaigns.services.sites import SiteService
from campaigns.storage.orders import OrderStore
from campaigns.wire.agentoutputs import CompareOutputsPayload
from campaigns.wire.agentsets import FindOutputsPayload, ListSetsPayload, ShowSetPayload, UploadSetPayload

__all__ = ("order_about_sets", "site_with")


def site_with(context: Context, site: str, *, butler: str, stack: str | None) -> tuple[SiteView, str]:
    """Give a site, and the stack in which it works on a repository's sets.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    site, butler : `str`
        The site, and the alias of one of its repositories.
    stack : `str`, optional
        One of its stacks; by default the first.

    Raises
    ------
    InvalidInput
        If it has no such repository or stack.
    NotFound
        If there is no such site.
    """
    known = {one.name: one for one in SiteService(context).list()}
    found = known.get(site)
    if found is None:
        raise NotFound(f"There is no site {site}.", where="site", remedy=f"Sites are: {', '.join(known) or 'none yet'}.")
    if butler not in found.repositories:
        offered = ", ".join(found.repositories) or "none"
        raise InvalidInput(f"The site {site} has no Butler repository {butler}.", where="butler", remedy=f"It offers: {offered}.")
    if stack is not None and stack not in found.stacks:
        offered = ", ".join(found.stacks) or "none"
        raise InvalidInput(f"The site {site} has no stack {stack}.", where="stack", remedy=f"It offers: {offered}.")
    if stack is None and not found.stacks:
        raise InvalidInput(f"The site {site} has no stack.", where="site")
    return found, stack or found.stacks[0]


def order_about_sets(
    context: Context,
    site: str,
    payload: UploadSetPayload | ListSetsPayload | ShowSetPayload | FindOutputsPayload | CompareOutputsPayload,
    *,
    reason: str | None = None,
    campaign: str | None = None,
    submission: str | None = None,
) -> AgentOrder:
    """Order something of a site's agent.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    site : `str`
        The site.
    payload : `UploadSetPayload`, `ListSetsPayload`, `ShowSetPayload`, `FindOutputsPayload` or `CompareOutputsPayload`
        What is asked.
    reason : `str`, optional
        Why.
    campaign, submission : `str`, optional
        UUIDs of what it is about.
    """
    order = AgentOrder(
        id=str(uuid.uuid4()),
        site=site,
        kind=payload.kind.value,
        status=OrderStatus.OPEN,
        payload=payload.model_dump(mode="json"),
        actor=context.identity.name,
        reason=reason,
        campaign_uuid=campaign,
        submission_uuid=submission,
        created_us=context.clock.now_us(),
    )
    OrderStore(context.session, context.identity).add(order)
    return order
