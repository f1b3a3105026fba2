"""The server's side of the agents' protocol: hello, lease, begin, reports, files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from campaigns.domain.attachments import is_plain_name
from campaigns.domain.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    StaleLease,
)
from campaigns.domain.identity import SYSTEM
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import (
    ORDER_TRANSITIONS,
    OrderAction,
    OrderStatus,
    transition,
)
from campaigns.domain.submission import StoredFile
from campaigns.gateways.clock import Clock
from campaigns.services.context import Context
from campaigns.services.lookup import found_submission
from campaigns.services.reports import ReportService
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.database import Database
from campaigns.storage.orders import OrderStore
from campaigns.storage.sites import SiteStore
from campaigns.storage.submissions import SubmissionStore
from campaigns.wire.agent import (
    AgentHello,
    AgentWelcome,
    BeginRequest,
    FileKind,
    Order,
    OrderKind,
    ReportsRequest,
    ReportsResponse,
)
from campaigns.wire.processing import PinnedSpecification

__all__ = ("LEASE_S", "OrderService", "wait_for_orders")

LEASE_S = 30.0
"""How long an order that was leased stays the agent's without being begun."""


class OrderService:
    """Orders, for one agent.

    Parameters
    ----------
    context : `Context`
        The transaction and the agent's identity, which is bound to a site.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._orders = OrderStore(context.session, context.identity)
        self._sites = SiteStore(context.session, context.identity)

    def hello(self, hello: AgentHello) -> AgentWelcome:
        """Take note of an agent and what its site offers.

        Raises
        ------
        Forbidden
            If its token is bound to another site, or its id is that of an agent elsewhere.
        """
        self._check_site(hello.site)
        known = self._sites.agent_site(hello.agent_id)
        if known is not None and known != hello.site:
            raise Forbidden(
                f"The agent {hello.agent_id} serves {known}.",
                where="agent_id",
                remedy="Give each site's agent a state directory of its own.",
            )
        now = self._context.clock.now_us()
        changed = self._sites.put(hello.site, hello.document.model_dump(mode="json"), now_us=now)
        told = {"site": hello.site, "principal": self._context.identity.name, "host": hello.host, "boot_id": hello.boot_id}
        self._sites.put_agent(hello.agent_id, now_us=now, pid=hello.pid, version=hello.version, **told)
        self._context.record(
            "agent.hello",
            f"An agent of {hello.site} said hello from {hello.host}",
            details={"agent": hello.agent_id, "pid": hello.pid, "site_changed": changed},
        )
        begun = [_wire(order) for order in self._orders.begun_by(hello.agent_id)]
        return AgentWelcome(agent_id=hello.agent_id, lease_s=LEASE_S, begun=begun)

    def lease(self, agent_id: str, *, max_orders: int, asked_us: int, holding: Sequence[str] = ()) -> list[Order]:
        """Give an agent orders that nobody has, oldest first.

        Parameters
        ----------
        agent_id : `str`
            An agent that has said hello.
        max_orders : `int`
            How many at most.
        asked_us : `int`
            When it began to ask, UTC microseconds. If it has said hello since, who asks is a process that was killed.
        holding : sequence of `str`, optional
            Orders that it says it has leased already. Others that were leased to it never arrived, and are given again.
        """
        site = self._agent_site(agent_id)
        if self._sites.said_hello_after(agent_id, asked_us):
            return []
        now = self._context.clock.now_us()
        self._sites.heard(agent_id, now_us=now)
        leased = []
        for order in self._orders.leasable(site, agent_id=agent_id, holding=holding, now_us=now, limit=max_orders):
            status = transition(ORDER_TRANSITIONS, order.status, OrderAction.LEASE, what=f"order {order.id}")
            given = replace(
                order,
                status=status,
                agent_id=agent_id,
                token=order.token + 1,
                lease_until_us=now + round(LEASE_S * 1_000_000),
            )
            self._orders.save(given)
            leased.append(_wire(given))
        return leased

    def recent(self, *, limit: int, after: tuple[int, str] | None = None) -> list[AgentOrder]:
        """List orders, newest first, as people see them, after one whose time and id are given."""
        return self._orders.recent(limit=limit, after=after)

    def get(self, order_id: str) -> AgentOrder:
        """Give an order, as people see it."""
        order = self._orders.find(order_id)
        if order is None:
            raise NotFound(f"There is no order {order_id}.", where=order_id)
        return order

    def begin(self, order_id: str, request: BeginRequest) -> Order:
        """Make an order the agent's own for good.

        Raises
        ------
        StaleLease
            If the order was given to somebody else meanwhile, or withdrawn.
        """
        order = self._held(order_id, agent_id=request.agent_id, token=request.token)
        if order.status is OrderStatus.BEGUN:
            return _wire(order)
        if order.status is not OrderStatus.LEASED:
            raise StaleLease(f"The order {order_id} is {order.status.value}.", where=order_id, remedy="Drop it.")
        status = transition(ORDER_TRANSITIONS, order.status, OrderAction.BEGIN, what=f"order {order.id}")
        begun = replace(order, status=status, begun_us=self._context.clock.now_us(), lease_until_us=None)
        self._orders.save(begun)
        self._context.record(
            "order.begun",
            f"The agent of {order.site} began to {order.kind.replace('_', ' ')}",
            campaign=order.campaign_uuid,
            submission=order.submission_uuid,
            details={"order": order.id, "token": order.token},
        )
        return _wire(begun)

    def report(self, order_id: str, request: ReportsRequest) -> ReportsResponse:
        """Take an agent's reports; those that are here already change nothing.

        Raises
        ------
        Conflict
            If a report is missing before the first new one.
        StaleLease
            If the order is not the agent's.
        """
        order = self._held(order_id, agent_id=request.agent_id, token=request.token)
        self._sites.heard(request.agent_id, now_us=self._context.clock.now_us())
        reports = ReportService(self._context)
        for numbered in request.reports:
            if numbered.seq < order.next_seq:
                continue
            if numbered.seq > order.next_seq:
                raise Conflict(
                    f"The order's next report is {order.next_seq}, not {numbered.seq}.",
                    where=f"reports.{numbered.seq}",
                    remedy=f"Send the reports from {order.next_seq} on.",
                )
            order = replace(reports.apply(order, numbered), next_seq=numbered.seq + 1)
            self._orders.save(order)
        return ReportsResponse(next_seq=order.next_seq)

    def put_file(
        self,
        submission_ref: str,
        name: str,
        content: bytes,
        *,
        order_id: str,
        token: int,
        kind: FileKind,
        title: str,
        content_type: str,
    ) -> StoredFile:
        """Keep a file that belongs to a submission, over one of the same name.

        Raises
        ------
        InvalidInput
            If the name is not a plain file name.
        StaleLease
            If the order is not this submission's.
        """
        if not is_plain_name(name):
            raise InvalidInput(f"{name!r} is not a plain file name.", where="name", remedy="Use letters, digits and _ . , = -")
        submission = found_submission(self._context, submission_ref)
        # Held, so that a file sent twice at once is written twice one after the other.
        order = self._orders.find(order_id, lock=True)
        if order is None or order.submission_uuid != submission.uuid or order.token != token:
            raise StaleLease(f"The order {order_id} is not one for {submission.id}.", where=order_id, remedy="Drop it.")
        file = StoredFile(
            name=name,
            kind=kind.value,
            title=title[:200],
            content_type=content_type[:100],
            size=len(content),
            sha256=self._context.files.put(content),
            created_us=self._context.clock.now_us(),
        )
        SubmissionStore(self._context.session, self._context.identity).put_file(submission, file)
        return file

    def specification(self, order_id: str) -> PinnedSpecification:
        """Give the specification whose files an order needs.

        Raises
        ------
        NotFound
            If there is no such order at the agent's site, or it needs none.
        """
        order = self.get(order_id)
        self._check_site(order.site)
        payload = order.payload
        told = payload.get("specification") or payload.get("processing", {}).get("specification")
        if told is None:
            raise NotFound(f"The order {order_id} needs no files of a specification.", where=order_id)
        return PinnedSpecification.model_validate(told)

    def _held(self, order_id: str, *, agent_id: str, token: int) -> AgentOrder:
        """Give an order that is the agent's, with its campaign and itself held until the transaction ends."""
        self._agent_site(agent_id)
        order = self._orders.find(order_id)
        if order is not None and order.campaign_uuid is not None:
            # Whoever holds a campaign may want its orders next, so the campaign comes first here too.
            CampaignStore(self._context.session, SYSTEM).find(order.campaign_uuid, lock=True)
        order = self._orders.find(order_id, lock=True)
        if order is None:
            raise NotFound(f"There is no order {order_id} at this site.", where=order_id)
        if order.agent_id != agent_id or order.token != token:
            raise StaleLease(
                f"The order {order_id} is no longer this agent's.", where=order_id, remedy="Drop it, unless it was begun."
            )
        return order

    def _agent_site(self, agent_id: str) -> str:
        site = self._sites.agent_site(agent_id)
        if site is None:
            raise NotFound(f"No agent {agent_id} has said hello.", where=agent_id, remedy="Say hello first.")
        self._check_site(site)
        return site

    def _check_site(self, site: str) -> None:
        if self._context.identity.site != site:
            raise Forbidden(
                f"This token is for the site {self._context.identity.site}, not {site}.",
                where="site",
                remedy=f"Ask an administrator for a token of an agent of {site}.",
            )


def wait_for_orders(database: Database, site: str, *, clock: Clock, timeout_s: float) -> None:
    """Wait until a site has orders that nobody has, or the time is over.

    Parameters
    ----------
    database : `Database`
        Where to look, in short read transactions.
    site : `str`
        The site.
    clock : `Clock`
        The time, for leases that run out.
    timeout_s : `float`
        How long to wait at most, in seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not database.bell.closed:
        seen = database.bell.count
        with database.read() as session:
            if OrderStore(session, SYSTEM).any_leasable(site, now_us=clock.now_us()):
                return
        if (left := deadline - time.monotonic()) <= 0:
            return
        # Another server process may make the order: its bell does not ring here.
        database.bell.wait(since=seen, timeout_s=min(left, 1.0))


def _wire(order: AgentOrder) -> Order:
    return Order.model_validate(
        {
            "id": order.id,
            "kind": OrderKind(order.kind),
            "status": order.status,
            "token": order.token,
            "next_seq": order.next_seq,
            "payload": order.payload,
        }
    )
