"""Sites, their agents and the orders to them, as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from typing import Any

from campaigns.domain.order import AgentOrder
from campaigns.domain.site import SiteView
from campaigns.domain.states import OrderStatus
from campaigns.wire.interface import Wire

__all__ = ("AgentList", "AgentModel", "OrderList", "OrderModel", "SiteList", "SiteModel")


class AgentModel(Wire):
    """An agent at a site."""

    id: str
    host: str
    pid: int
    version: str
    last_seen_us: int
    alive: bool


class SiteModel(Wire):
    """A site: what it offers and who serves it."""

    name: str
    description: str
    stacks: list[str]
    repositories: list[str]
    workflow_system: str
    alive: bool
    agents: list[AgentModel]

    @classmethod
    def of(cls, site: SiteView) -> SiteModel:
        """Make the model of a site."""
        return cls.model_validate(site)


class SiteList(Wire):
    """Sites by name."""

    items: list[SiteModel]
    next: str | None = None


class AgentList(Wire):
    """Agents by site, newest heard first."""

    items: list[AgentModel]
    next: str | None = None


class OrderModel(Wire):
    """An order to an agent, as people see it."""

    id: str
    site: str
    kind: str
    status: OrderStatus
    actor: str
    reason: str | None
    token: int
    created_us: int
    begun_us: int | None
    ended_us: int | None
    faults: list[dict[str, Any]]
    result: dict[str, Any]

    @classmethod
    def of(cls, order: AgentOrder) -> OrderModel:
        """Make the model of an order."""
        told = {name: getattr(order, name) for name in cls.model_fields if name != "faults"}
        return cls(**told, faults=[fault.as_dict() for fault in order.faults])


class OrderList(Wire):
    """Orders, newest first."""

    items: list[OrderModel]
    next: str | None = None
