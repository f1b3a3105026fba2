"""The agent's loop: lease orders, begin each, have it carried out in a thread of its own.

What was leased is begun at once, except submit orders while all of the site's places are taken: those wait here, unbegun. If
their lease runs out meanwhile, the server refuses to have them begun, and gives them again. So nothing is this agent's that is
not under way, and cancels, chains and preflights never wait behind submissions.
"""

from __future__ import annotations

import os
import socket
import threading

import structlog

from campaigns.agent.carrier import Carrier
from campaigns.agent.courier import SLOW_RETRY_S, Backoff, Courier
from campaigns.agent.orderfolder import OrderFolder, OrderFolders
from campaigns.agent.server import NotLetIn, Refused, ServerClient, ServerGone
from campaigns.agent.shim import boot_id, write_durably
from campaigns.agent.site import Site
from campaigns.agent.worker import Workers
from campaigns.wire.agent import AgentHello, AgentWelcome, CancelPayload, LeaseRequest, Order, OrderKind

__all__ = ("Agent",)

WORKER_IDLE_S = 300.0

log = structlog.get_logger("campaigns.agent")


class Agent:
    """An agent at a site.

    Parameters
    ----------
    site : `Site`
        The site.
    server : `ServerClient`
        The server.
    leasing : `ServerClient`
        The same, for the calls that wait; it is closed when the last of them has been answered, which may be after the end.
    folders : `OrderFolders`
        What is kept of orders.
    workers : `Workers`
        The helpers in the stacks.
    agent_id : `str`
        The agent's UUID.
    version : `str`
        Of this software.
    """

    def __init__(
        self,
        site: Site,
        server: ServerClient,
        *,
        leasing: ServerClient,
        folders: OrderFolders,
        workers: Workers,
        agent_id: str,
        version: str,
    ) -> None:
        self._site = site
        self._server = server
        self._leasing = leasing
        self._folders = folders
        self._workers = workers
        self._agent_id = agent_id
        self._version = version
        self._leaving = threading.Event()
        self._news = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[str, Order] = {}
        self._beginning: str | None = None
        self._courier = Courier(server, agent_id, resync=self._resync)
        self._carrier = Carrier(site, server, folders=folders, workers=workers, courier=self._courier, freed=self._news.set)

    def start(self) -> None:
        """Begin to work, in threads."""
        self._courier.start()
        if len(self._site.stacks) == 1:
            self._workers.get(next(iter(self._site.stacks))).warm()
        for name, work in (("lease", self._lease_orders), ("begin", self._begin_orders)):
            # Not waited for at the end: an order that comes then is only leased, and goes to the next agent.
            threading.Thread(target=work, name=f"agent-{name}", daemon=True).start()

    def close(self, *, cancel: bool, timeout_s: float) -> None:
        """Take no more orders, send what can be sent, and end.

        Parameters
        ----------
        cancel : `bool`
            Whether submissions that run are stopped; otherwise they run on without the agent.
        timeout_s : `float`
            How long to wait for submissions that are stopped.
        """
        self._leaving.set()
        self._news.set()
        if cancel:
            self._carrier.cancel_submissions(timeout_s)
        self._carrier.stop()
        self._courier.stop(flush_s=2.0)
        self._workers.stop()

    # ---- what the server knows ---------------------------------------------------------------------------------------

    def _hello(self) -> AgentWelcome:
        return self._server.hello(
            AgentHello(
                site=self._site.name,
                agent_id=self._agent_id,
                host=socket.gethostname(),
                boot_id=boot_id(),
                pid=os.getpid(),
                version=self._version,
                document=self._site.document(),
            )
        )

    def _greet(self) -> None:
        welcome = self._hello()
        log.info("the server knows the agent", site=self._site.name, agent=self._agent_id, begun=len(welcome.begun))
        begun = {order.id for order in welcome.begun}
        for order in welcome.begun:
            self._take_up(order)
        for folder in self._folders.open():
            if folder.order_id not in begun and not self._carrier.has(folder.order_id):
                self._set_aside(folder)

    def _resync(self) -> None:
        """Attach the orders that the server says are begun anew, with its tokens and numbers."""
        for order in self._hello().begun:
            if (folder := self._folders.find(order.id)) is not None:
                self._courier.attach(folder, order)

    def _take_up(self, order: Order) -> None:
        """Go on with an order that was begun before."""
        folder = self._folders.find(order.id)
        if folder is None:
            folder = self._folders.create(order)
            if order.kind is OrderKind.SUBMIT:
                write_durably(str(folder.path), "records-lost.json", {})
        folder.write_order(order)
        folder.mark_begun()
        self._carrier.start(folder, order)

    def _set_aside(self, folder: OrderFolder) -> None:
        """See to an order that the server does not count as begun by this agent."""
        if not folder.is_begun:
            self._folders.remove(folder)
        elif folder.is_ended:
            # The server closed it with the last report; if something of that is missing there it will take it now.
            self._courier.attach(folder, folder.order())
        else:
            log.error(
                "the server does not know that this order was begun here; the agent leaves it alone",
                order=folder.order_id,
                remedy=f"Look whether this is the right server; records of what was started are in {folder.path}.",
            )

    # ---- leasing -----------------------------------------------------------------------------------------------------

    def _lease_orders(self) -> None:
        backoff = Backoff()
        known = False
        while not self._leaving.is_set():
            try:
                if not known:
                    self._greet()
                    known = True
                self._take_in(self._leasing.lease(self._agent_id, LeaseRequest(holding=self._holding())))
                backoff.reset()
            except (ServerGone, Refused) as error:
                if self._leaving.is_set():
                    break
                # One that does not know the agent, after its database was put back, is told again who it is.
                known = known and not isinstance(error, Refused)
                self._leaving.wait(self._complain(error, backoff))
            except Exception:
                log.exception("the agent failed; it goes on")
                self._leaving.wait(SLOW_RETRY_S)
            self._workers.stop_idle(WORKER_IDLE_S)
        self._leasing.close()

    @staticmethod
    def _complain(error: ServerGone | Refused, backoff: Backoff) -> float:
        """Say what is wrong, and give how long to wait, in seconds."""
        if isinstance(error, ServerGone):
            wait_s = backoff.next_s()
            log.warning("the server does not answer", reason=str(error), again_in_s=round(wait_s, 1))
            return wait_s
        remedy = error.remedy or "Make a new token for the agent, and start the agent with it."
        if isinstance(error, NotLetIn):
            log.error("the server does not let the agent in", reason=error.message, remedy=remedy)
            return SLOW_RETRY_S
        log.error("the server refuses", code=error.code, reason=error.message, remedy=error.remedy)
        return backoff.next_s()

    def _holding(self) -> list[str]:
        """Give the orders that were leased and are not begun."""
        with self._lock:
            return [*self._waiting, *filter(None, [self._beginning])]

    def _take_in(self, orders: list[Order]) -> None:
        for order in orders:
            if not isinstance(order.payload, CancelPayload) and order.payload.stack in self._site.stacks:
                self._workers.get(order.payload.stack).warm()
        with self._lock:
            self._waiting.update({order.id: order for order in orders})
        self._news.set()

    # ---- beginning ---------------------------------------------------------------------------------------------------

    def _begin_orders(self) -> None:
        while not self._leaving.is_set():
            self._news.wait()
            self._news.clear()
            while not self._leaving.is_set() and (order := self._next_to_begin()) is not None:
                try:
                    self._begin(order)
                except Exception:
                    log.exception("the agent failed to begin an order", order=order.id)
                finally:
                    self._beginning = None

    def _next_to_begin(self) -> Order | None:
        with self._lock:
            for order in self._waiting.values():
                if order.kind is not OrderKind.SUBMIT or self._carrier.n_submissions < self._site.max_submissions:
                    self._beginning = order.id
                    return self._waiting.pop(order.id)
        return None

    def _begin(self, order: Order) -> None:
        folder = self._folders.create(order)
        backoff = Backoff()
        doubtful = False
        while not self._leaving.is_set():
            try:
                begun: Order | None = self._server.begin(order, self._agent_id)
            except ServerGone:
                # The answer may have been lost, and the order be begun: only the server can tell.
                doubtful = True
                self._leaving.wait(backoff.next_s())
                continue
            except Refused as error:
                begun = self._find_begun(order.id) if doubtful else None
                if begun is None:
                    log.info("order dropped", order=order.id, code=error.code, reason=error.message)
                    self._folders.remove(folder)
                    return
            if begun is not None:
                folder.write_order(begun)
                folder.mark_begun()
                self._carrier.start(folder, begun)
            return

    def _find_begun(self, order_id: str) -> Order | None:
        try:
            return next((order for order in self._hello().begun if order.id == order_id), None)
        except (ServerGone, Refused):
            # Its folder is then removed; should it have been begun after all, it comes back with the next welcome.
            return None
