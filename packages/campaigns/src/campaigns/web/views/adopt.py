"""Adopting what ran without the service: the form, and the wait for the site's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.domain.errors import Fault, NotFound
from campaigns.domain.order import AgentOrder
from campaigns.domain.site import SiteView
from campaigns.domain.states import Kind, OrderStatus
from campaigns.services.factory import Factory
from campaigns.wire.orderkind import OrderKind

__all__ = ("AdoptPage", "adopt_page", "adopting_page", "campaign_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPage:
    """The page's content; ``told`` is what the form was filled in with."""

    sites: Sequence[SiteView] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    order: AgentOrder | None = None

    @property
    def waiting(self) -> bool:
        """Whether the site has not answered yet (`bool`)."""
        return self.order is not None and self.order.under_way

    @property
    def kinds(self) -> list[str]:
        """The kinds of campaigns (`list` [`str`])."""
        return [kind.value for kind in Kind]

    @property
    def first_place(self) -> str:
        """The first repository that there is (`str`)."""
        places = (f"{site.name} {butler}" for site in self.sites for butler in site.repositories)
        return next(places, "")


def adopt_page(factory: Factory, *, told: Mapping[str, str] | None = None, faults: Sequence[Fault] = ()) -> AdoptPage:
    """Gather the form."""
    return AdoptPage(sites=factory.sites().list(), told=told or {}, faults=faults)


def campaign_of(order: AgentOrder) -> str | None:
    """Give the id of the campaign that was made, once it is."""
    return order.result.get("campaign") if order.status is OrderStatus.DONE else None


def adopting_page(factory: Factory, order_id: str) -> AdoptPage:
    """Gather what has become of a request: still looked at, or refused, and then the form again as it was."""
    order = factory.orders().get(order_id)
    if order.kind != OrderKind.INSPECT_RUN:
        raise NotFound(f"Nothing is adopted by the order {order_id}.", where=order_id)
    adoption = order.result.get("adoption", {})
    told = {name: value for name, value in adoption.items() if isinstance(value, str)}
    told["place"] = f"{adoption.get('site', '')} {adoption.get('butler', '')}".strip()
    told |= {name: "\n".join(adoption.get(name, ())) for name in ("collections", "commands")}
    faults = order.faults or ([] if order.under_way else [Fault("order_failed", f"The order was {order.status.value}.")])
    return AdoptPage(sites=factory.sites().list(), told=told, faults=faults, order=order)
