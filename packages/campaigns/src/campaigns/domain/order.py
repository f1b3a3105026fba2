"""An order to an agent, as the server keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from campaigns.domain.errors import Fault
from campaigns.domain.states import UNDER_WAY, OrderStatus

__all__ = ("AgentOrder",)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOrder:
    """An order with its lease.

    Attributes
    ----------
    kind : `str`
        What is asked: a value of `campaigns.wire.agent.OrderKind`.
    payload : `dict`
        What the agent is told.
    actor : `str`
        Who caused the order.
    reason : `str`, optional
        Why, in the actor's words.
    token : `int`
        The fencing token of the newest lease; 0 before the first.
    next_seq : `int`
        The number of the report expected next, from 1.
    dismissed_us : `int`, optional
        When somebody said of its failure that it has been seen, UTC microseconds.
    """

    id: str
    site: str
    kind: str
    status: OrderStatus
    payload: dict[str, Any]
    actor: str
    created_us: int
    reason: str | None = None
    campaign_uuid: str | None = None
    submission_uuid: str | None = None
    agent_id: str | None = None
    token: int = 0
    lease_until_us: int | None = None
    next_seq: int = 1
    faults: tuple[Fault, ...] = ()
    result: dict[str, Any] = field(default_factory=dict)
    begun_us: int | None = None
    ended_us: int | None = None
    dismissed_us: int | None = None

    @property
    def under_way(self) -> bool:
        """Whether it is still to be carried out, or is being (`bool`)."""
        return self.status in UNDER_WAY
