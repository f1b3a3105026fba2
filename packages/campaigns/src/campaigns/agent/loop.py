"""The agent's loop: lease orders, begin each, have it carried out in a thread of its own.

A lease is renewed by nobody: an order that was leased is begun at once or forgotten. Submit orders wait, unbegun, until one of the
site's places is free; if their lease has run out by then the server refuses, and gives them again at the next call. So
nothing that is not under way is this agent's, and cancels, chains and preflights never wait behind submissions.
"""

from __future__ import annotations

import os
import socket
import threading

import structlog

from campaigns.agent.courier import SLOW_RETRY_S, Backoff, Courier, Post
from campaigns.agent.orderfolder import OrderFolder, OrderFolders
from campaigns.agent.server import NotLetIn, Refused, ServerClient, ServerGone
from campaigns.agent.shim import boot_id, write_durably
from campaigns.agent.site import Site
from campaigns.agent.smallorders import carry_out_cancel, carry_out_chain, carry_out_preflight, check_names
from campaigns.agent.subject import AgentStopping, Subject, Surroundings
from campaigns.agent.submission import Submission
from campaigns.agent.worker import Workers
from campaigns.domain.errors import CampaignError
from campaigns.wire.agent import (
    AgentHello,
    AgentWelcome,
    CancelPayload,
    ChainPayload,
    FailedReport,
    FaultModel,
    LeaseRequest,
    Order,
    OrderKind,
    PreflightPayload,
    SubmitPayload,
)

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
    folders : `OrderFolders`
        What is kept of orders.
    workers : `Workers`
        The helpers in the stacks.
    agent_id : `str`
        The agent's UUID.
    version : `str`
        Of this software.
    stopping : `threading.Event`
        Set when the agent is to end.
    """

    def __init__(
        self,
        site: Site,
        server: ServerClient,
        *,
        folders: OrderFolders,
        workers: Workers,
        agent_id: str,
        version: str,
        stopping: threading.Event,
    ) -> None:
        self._site = site
        self._server = server
        self._folders = folders
        self._workers = workers
        self._agent_id = agent_id
        self._version = version
        self._stopping = stopping
        self._around = Surroundings(site, workers, server, stopping)
        self._courier = Courier(server, agent_id, resync=self._resync)
        self._lock = threading.Lock()
        self._waiting: dict[str, Order] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._submitting: set[str] = set()

    def run(self) -> None:
        """Work until told to stop."""
        self._courier.start()
        if len(self._site.stacks) == 1:
            self._workers.get(next(iter(self._site.stacks))).warm()
        backoff = Backoff()
        known = False
        while not self._stopping.is_set():
            try:
                if not known:
                    self._greet()
                    known = True
                self._lease()
                backoff.reset()
            except ServerGone as error:
                if self._stopping.is_set():
                    return
                wait_s = backoff.next_s()
                log.warning("the server does not answer", reason=str(error), again_in_s=round(wait_s, 1))
                self._stopping.wait(wait_s)
            except NotLetIn as error:
                remedy = error.remedy or "Make a new token for the agent, and start the agent with it."
                log.error("the server does not let the agent in", reason=error.message, remedy=remedy)
                self._stopping.wait(SLOW_RETRY_S)
            except Refused as error:
                # After its database was put back, a server may not know an agent any more.
                log.error("the server refuses", code=error.code, reason=error.message, remedy=error.remedy)
                known = False
                self._stopping.wait(backoff.next_s())
            self._workers.stop_idle(WORKER_IDLE_S)

    def stop_submissions(self, timeout_s: float) -> None:
        """Stop what runs and wait for it, so that no process stays behind.

        Parameters
        ----------
        timeout_s : `float`
            How long to wait in all.
        """
        with self._lock:
            threads = [self._threads[order_id] for order_id in self._submitting]
            for order_id in self._submitting:
                if (folder := self._folders.find(order_id)) is not None:
                    folder.request_cancel("The agent was stopped together with its submissions.")
        for thread in threads:
            thread.join(timeout_s)

    def close(self) -> None:
        """Send what can be sent, and let everything go that is not a submission."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(2.0)
        self._courier.stop(flush_s=2.0)
        self._workers.stop()

    # ---- getting to know each other ----------------------------------------------------------------------------------

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
            if folder.order_id not in begun and folder.order_id not in self._threads:
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
        self._start(folder, order)

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

    # ---- orders ------------------------------------------------------------------------------------------------------

    def _lease(self) -> None:
        orders = self._server.lease(self._agent_id, LeaseRequest())
        for order in orders:
            self._waiting[order.id] = order
            if not isinstance(order.payload, CancelPayload) and order.payload.stack in self._site.stacks:
                self._workers.get(order.payload.stack).warm()
        self._begin_waiting()

    def _begin_waiting(self) -> None:
        """Begin what may begin now; called also whenever a place becomes free."""
        with self._lock:
            for order in list(self._waiting.values()):
                is_submit = order.kind is OrderKind.SUBMIT
                if self._stopping.is_set() or (is_submit and len(self._submitting) >= self._site.max_submissions):
                    continue
                del self._waiting[order.id]
                if order.id not in self._threads:
                    self._begin(order)

    def _begin(self, order: Order) -> None:
        folder = self._folders.create(order)
        backoff = Backoff()
        doubtful = False
        while not self._stopping.is_set():
            try:
                begun = self._server.begin(order, self._agent_id)
            except ServerGone:
                # The answer may have been lost, and the order be begun: only the server can tell.
                doubtful = True
                self._stopping.wait(backoff.next_s())
                continue
            except Refused as error:
                if doubtful and (found := self._find_begun(order.id)) is not None:
                    begun = found
                else:
                    log.info("order dropped", order=order.id, code=error.code, reason=error.message)
                    self._folders.remove(folder)
                    return
            folder.write_order(begun)
            folder.mark_begun()
            self._start(folder, begun)
            return

    def _find_begun(self, order_id: str) -> Order | None:
        return next((order for order in self._hello().begun if order.id == order_id), None)

    def _start(self, folder: OrderFolder, order: Order) -> None:
        post = self._courier.attach(folder, order)
        if order.id in self._threads or folder.is_ended:
            return
        if order.kind is OrderKind.SUBMIT:
            self._submitting.add(order.id)
        thread = threading.Thread(target=self._carry_out, args=(post,), name=f"order-{order.id}", daemon=True)
        self._threads[order.id] = thread
        thread.start()

    def _carry_out(self, post: Post) -> None:
        order = post.order
        says = log.bind(order=order.id, kind=order.kind.value)
        says.info("order begun")
        try:
            match order.payload:
                case SubmitPayload():
                    check_names(self._site, order.payload.repository)
                    Submission(Subject(post, order.payload, self._around)).carry_out()
                case CancelPayload():
                    post.put(carry_out_cancel(order.payload, self._folders))
                case ChainPayload():
                    post.put(carry_out_chain(order.payload, self._site, self._workers))
                case PreflightPayload():
                    post.put(carry_out_preflight(order.payload, self._site, self._workers))
        except AgentStopping:
            says.info("order left as it is")
        except CampaignError as error:
            fault = FaultModel(code=error.code, message=error.message, where=error.where, remedy=error.remedy)
            post.put(FailedReport(faults=[fault]))
        except Exception:
            # The thread's end: without this a fault of ours would leave the order begun for ever, and nobody the wiser.
            says.exception("the agent failed at an order; it will try again after a restart")
        finally:
            with self._lock:
                self._threads.pop(order.id, None)
                self._submitting.discard(order.id)
            if not self._stopping.is_set():
                self._begin_waiting()
