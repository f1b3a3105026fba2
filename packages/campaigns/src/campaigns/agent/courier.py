"""Brings reports to the server, for all orders, whenever it can be reached."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from campaigns.agent.orderfolder import OrderFolder
from campaigns.agent.server import NotLetIn, Refused, ServerClient, ServerGone
from campaigns.wire.agent import Order, Report

__all__ = ("Backoff", "Courier", "Post")

MAX_REPORTS = 200

SLOW_RETRY_S = 30.0
"""How long to wait where only a person can help."""

log = structlog.get_logger("campaigns.agent")


class Backoff:
    """How long to wait before trying again: longer each time, never more than five seconds, never in step with others."""

    def __init__(self) -> None:
        self._n = 0

    def next_s(self) -> float:
        """Give the next wait, in seconds."""
        self._n += 1
        return min(5.0, 0.1 * 2.0 ** min(self._n, 8)) * random.uniform(0.5, 1.0)  # noqa: S311

    def reset(self) -> None:
        """Begin anew after a success."""
        self._n = 0


@dataclass(eq=False)
class Post:
    """An order whose reports are brought to the server."""

    folder: OrderFolder
    order: Order
    wake: Callable[[], None]
    disowned: threading.Event = field(default_factory=threading.Event)

    def put(self, report: Report) -> None:
        """Report something."""
        self.folder.outbox.put(report)
        self.wake()


class Courier:
    """A thread that sends what the outboxes hold.

    Parameters
    ----------
    server : `ServerClient`
        Where to.
    agent_id : `str`
        The agent.
    resync : callable
        Asks the server anew what it knows of the orders, and attaches them again.
    """

    def __init__(self, server: ServerClient, agent_id: str, *, resync: Callable[[], None]) -> None:
        self._server = server
        self._resync = resync
        self._agent_id = agent_id
        self._posts: dict[str, Post] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, flush_s: float) -> None:
        """Send what is there if the server can be reached soon, then end.

        Parameters
        ----------
        flush_s : `float`
            How long to try.
        """
        self._wake.set()
        self._idle.wait(flush_s)
        self._stop.set()
        self._wake.set()
        self._thread.join(5.0)

    def attach(self, folder: OrderFolder, order: Order) -> Post:
        """Take care of an order's reports from now on; a newer token of it replaces the older one."""
        with self._lock:
            post = self._posts.get(order.id)
            if post is None:
                post = self._posts[order.id] = Post(folder, order, self._rouse)
            else:
                post.order = order
        outbox = post.folder.outbox
        outbox.acknowledge(order.next_seq)
        if outbox.first_pending is not None and outbox.first_pending > order.next_seq:
            outbox.renumber(order.next_seq)
        self._rouse()
        return post

    def _rouse(self) -> None:
        self._idle.clear()
        self._wake.set()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stop.is_set():
            self._wake.clear()
            with self._lock:
                posts = list(self._posts.values())
            try:
                for post in posts:
                    self._send(post)
            except ServerGone as error:
                log.debug("reports wait", reason=str(error))
                self._stop.wait(backoff.next_s())
                continue
            except NotLetIn as error:
                log.error("the server does not let the agent report", reason=error.message, remedy=error.remedy)
                self._stop.wait(SLOW_RETRY_S)
                continue
            except Exception:
                log.exception("the agent failed to report; it goes on")
                self._stop.wait(SLOW_RETRY_S)
                continue
            backoff.reset()
            if not self._wake.is_set():
                self._idle.set()
            self._wake.wait()

    def _send(self, post: Post) -> None:
        outbox = post.folder.outbox
        while not post.disowned.is_set() and (reports := outbox.take(MAX_REPORTS)):
            try:
                outbox.acknowledge(self._server.report(post.order, self._agent_id, reports))
            except NotLetIn:
                raise
            except Refused as error:
                if error.code != "conflict" or not self._close_gap(post):
                    self._disown(post, error)
        if outbox.is_empty and post.folder.is_ended:
            self._close(post)

    def _close_gap(self, post: Post) -> bool:
        """Give the reports new numbers, where the server misses some that it once had, as after a restored backup."""
        before = post.folder.outbox.first_pending
        log.warning("the server misses reports that it once had; those that are left are numbered anew", order=post.order.id)
        self._resync()
        return post.folder.outbox.first_pending != before

    def _disown(self, post: Post, error: Refused) -> None:
        log.error(
            "the server refuses reports of an order; the agent lets go of it",
            order=post.order.id,
            code=error.code,
            reason=error.message,
            remedy=f"What runs is left running; its records are in {post.folder.path}.",
        )
        post.disowned.set()
        with self._lock:
            self._posts.pop(post.order.id, None)

    def _close(self, post: Post) -> None:
        post.folder.close()
        with self._lock:
            self._posts.pop(post.order.id, None)
        log.info("order closed", order=post.order.id, kind=post.order.kind.value)
