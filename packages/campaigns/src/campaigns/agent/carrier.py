"""Has orders carried out, each in a thread of its own, and knows which are under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import assert_never

import structlog

from campaigns.agent.courier import SLOW_RETRY_S, Courier, Post
from campaigns.agent.inspectorders import carry_out_inspect_run
from campaigns.agent.orderfolder import OrderFolder, OrderFolders
from campaigns.agent.outputorders import carry_out_compare_outputs
from campaigns.agent.preflightorders import PreflightOrders
from campaigns.agent.server import ServerClient
from campaigns.agent.setorders import SetOrders
from campaigns.agent.site import Site
from campaigns.agent.smallorders import carry_out_cancel, carry_out_chain, check_names, failed
from campaigns.agent.subject import AgentStopping, Subject, Surroundings
from campaigns.agent.submission import Submission
from campaigns.agent.worker import Workers
from campaigns.domain.errors import CampaignError
from campaigns.wire.adopting import InspectRunPayload
from campaigns.wire.agent import (
    CancelPayload,
    ChainPayload,
    FailedReport,
    FaultModel,
    Order,
    OrderKind,
    PreflightPayload,
    SubmitPayload,
)
from campaigns.wire.agentoutputs import CompareOutputsPayload
from campaigns.wire.agentsets import FindOutputsPayload, ListSetsPayload, ShowSetPayload, UploadSetPayload

__all__ = ("Carrier",)

log = structlog.get_logger("campaigns.agent")


class Carrier:
    """The threads that carry out orders.

    Parameters
    ----------
    site : `Site`
        The site.
    server : `ServerClient`
        Where files are brought to.
    folders : `OrderFolders`
        What is kept of orders.
    workers : `Workers`
        The helpers in the stacks.
    courier : `Courier`
        Who brings the reports.
    freed : callable
        Called when a submission has given its place free.
    """

    def __init__(
        self,
        site: Site,
        server: ServerClient,
        *,
        folders: OrderFolders,
        workers: Workers,
        courier: Courier,
        freed: Callable[[], None],
    ) -> None:
        self._site = site
        self._folders = folders
        self._workers = workers
        self._courier = courier
        self._freed = freed
        self._stopping = threading.Event()
        self._around = Surroundings(site, workers, server, self._stopping, self._release)
        self._preflights = PreflightOrders(self._around)
        self._set_orders = SetOrders(site, workers, server, stopping=self._stopping)
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._submissions: set[str] = set()

    @property
    def n_submissions(self) -> int:
        """How many submissions take a place now (`int`)."""
        with self._lock:
            return len(self._submissions)

    def has(self, order_id: str) -> bool:
        """Tell whether an order is being carried out."""
        with self._lock:
            return order_id in self._threads

    def start(self, folder: OrderFolder, order: Order) -> None:
        """Have a begun order carried out, unless it is at it already or only its reports are left.

        Parameters
        ----------
        folder : `OrderFolder`
            The order's folder.
        order : `Order`
            The order, with the token that holds now.
        """
        post = self._courier.attach(folder, order)
        with self._lock:
            if order.id in self._threads or post.folder.is_ended:
                return
            if order.kind is OrderKind.SUBMIT:
                self._submissions.add(order.id)
            thread = threading.Thread(target=self._work, args=(post,), name=f"order-{order.id}", daemon=True)
            self._threads[order.id] = thread
        thread.start()

    def cancel_submissions(self, timeout_s: float) -> None:
        """Stop the submissions that run, and wait for their ends.

        Parameters
        ----------
        timeout_s : `float`
            How long to wait for each at most.
        """
        with self._lock:
            running = {order_id: self._threads[order_id] for order_id in self._submissions if order_id in self._threads}
        for order_id in running:
            if (folder := self._folders.find(order_id)) is not None:
                folder.request_cancel("The agent was stopped together with its submissions.")
        for thread in running.values():
            thread.join(timeout_s)

    def stop(self) -> None:
        """Leave every order where it is."""
        self._stopping.set()
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(2.0)

    def _release(self, order_id: str) -> None:
        with self._lock:
            self._submissions.discard(order_id)
        self._freed()

    def _work(self, post: Post) -> None:
        log.info("order begun", order=post.order.id, kind=post.order.kind.value)
        try:
            while not self._carry_out(post):
                # A submission can be taken up where it is at any time; this is a fault of ours that may pass.
                if self._stopping.wait(SLOW_RETRY_S):
                    break
        finally:
            with self._lock:
                self._threads.pop(post.order.id, None)
            self._release(post.order.id)

    def _carry_out(self, post: Post) -> bool:
        """Carry an order out; tell whether there is nothing more to be tried now."""
        says = log.bind(order=post.order.id, kind=post.order.kind.value)
        try:
            self._dispatch(post)
        except AgentStopping:
            says.info("order left as it is")
        except CampaignError as error:
            post.put(failed(*error.as_faults()))
        except Exception:  # noqa: BLE001 - the end of the thread: nobody else would hear of it
            says.exception("the agent failed at an order")
            if post.order.kind is OrderKind.SUBMIT:
                return False
            remedy = "Look at the agent's log."
            post.put(FailedReport(faults=[FaultModel(code="agent_failed", message="The agent failed at this.", remedy=remedy)]))
        return True

    def _dispatch(self, post: Post) -> None:
        payload = post.order.payload
        match payload:
            case SubmitPayload():
                check_names(self._site, payload.repository)
                Submission(Subject(post, payload, self._around)).carry_out()
            case CancelPayload():
                post.put(carry_out_cancel(payload, self._folders))
            case ChainPayload():
                post.put(carry_out_chain(payload, self._site, self._workers))
            case PreflightPayload():
                post.put(self._preflights.carry_out(post, payload))
            case CompareOutputsPayload():
                post.put(carry_out_compare_outputs(payload, self._site, self._workers))
            case InspectRunPayload():
                post.put(carry_out_inspect_run(payload, self._site, self._workers, post.folder.path))
            case UploadSetPayload() | ListSetsPayload() | ShowSetPayload() | FindOutputsPayload():
                post.put(self._set_orders.carry_out(post, payload))
            case _:
                assert_never(payload)
