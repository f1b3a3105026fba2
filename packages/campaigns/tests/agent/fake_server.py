"""A small real HTTP server that keeps the agent's protocol, for tests of the agent.

It checks what the protocol asks of agents: tokens, sequence numbers without gaps, nothing reported of an order that is not begun.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from campaigns.domain.errors import CampaignError, Conflict, Forbidden, NotFound, StaleLease
from campaigns.domain.states import OrderStatus
from campaigns.wire.agent import (
    AgentHello,
    AgentWelcome,
    BeginRequest,
    LeaseRequest,
    LeaseResponse,
    NumberedReport,
    Order,
    ReportsRequest,
    ReportsResponse,
)

TOKEN = "a-token"


@dataclass
class Kept:
    """An order as the server keeps it."""

    order: Order
    agent_id: str | None = None
    lease_until_s: float = 0.0
    reports: list[NumberedReport] = field(default_factory=list)
    n_begins: int = 0

    @property
    def next_seq(self) -> int:
        return len(self.reports) + 1

    def current(self) -> Order:
        return self.order.model_copy(update={"next_seq": self.next_seq})


@dataclass
class Uploaded:
    """A file as it came."""

    kind: str
    title: str
    media_type: str
    content: bytes


class FakeServer:
    """The server's state, and the thread it answers from.

    Parameters
    ----------
    lease_s : `float`, optional
        How long leases last.
    """

    def __init__(self, *, lease_s: float = 60.0) -> None:
        self.lease_s = lease_s
        self.kept: dict[str, Kept] = {}
        self.files: dict[str, dict[str, Uploaded]] = defaultdict(dict)
        self.hellos: list[AgentHello] = []
        self.refuse_tokens = False
        self.refuse_rows: int | None = None
        self.drop_answers_of: list[str] = []
        self._changed = threading.Condition()
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    # ---- for tests ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def add(self, order: Order) -> None:
        """Have an order carried out."""
        with self._changed:
            self.kept[order.id] = Kept(order)
            self._changed.notify_all()

    def reports(self, order_id: str, kind: str | None = None) -> list[Any]:
        """Give the reports of an order, of one kind or all."""
        with self._changed:
            return [r.report for r in self.kept[order_id].reports if kind is None or r.report.kind == kind]

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait until something is so; fail if it takes too long."""
        with self._changed:
            assert self._changed.wait_for(predicate, timeout_s), {
                order_id: [r.report.kind for r in kept.reports] for order_id, kept in self.kept.items()
            }

    def wait_for_report(self, order_id: str, *kinds: str, timeout_s: float = 20.0) -> Any:
        """Wait for a report of one of some kinds, and give the first."""
        self.wait_for(lambda: any(r.report.kind in kinds for r in self.kept[order_id].reports), timeout_s)
        return next(r.report for r in self.kept[order_id].reports if r.report.kind in kinds)

    def start(self) -> Self:
        """Answer, at the same address as before if it has answered already."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(self._app(), log_level="warning", timeout_graceful_shutdown=1, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop answering; what is known stays."""
        if self._server is not None and self._thread is not None:
            with self._changed:
                self._changed.notify_all()
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join(10.0)
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- the protocol ------------------------------------------------------------------------------------------------

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.exception_handler(CampaignError)
        def problem(request: Request, error: CampaignError) -> JSONResponse:
            return JSONResponse(error.as_problem(), error.status, media_type="application/problem+json")

        @app.middleware("http")
        async def guard(request: Request, call_next: Any) -> Any:
            if self.refuse_tokens or request.headers.get("authorization") != f"Bearer {TOKEN}":
                error = Forbidden("The token is not good.", remedy="Make a new one.")
                return JSONResponse(error.as_problem(), 403, media_type="application/problem+json")
            if self.refuse_rows is not None and request.url.path.endswith("rows.json"):
                return JSONResponse({}, self.refuse_rows)
            answer = await call_next(request)
            for part in self.drop_answers_of:
                if request.url.path.endswith(part):
                    self.drop_answers_of.remove(part)
                    return JSONResponse({}, 503)
            return answer

        app.post("/api/v1/agents")(self.hello)
        app.post("/api/v1/agents/{agent_id}/lease")(self.lease)
        app.post("/api/v1/orders/{order_id}/begin")(self.begin)
        app.post("/api/v1/orders/{order_id}/reports")(self._take_reports)
        app.put("/api/v1/submissions/{submission_id}/files/{name}")(self._upload)
        app.put("/api/v1/orders/{order_id}/files/rows.json")(self._take_rows)
        return app

    def hello(self, hello: AgentHello) -> AgentWelcome:
        """Answer ``POST agents``."""
        with self._changed:
            self.hellos.append(hello)
            mine = [k for k in self.kept.values() if k.agent_id == hello.agent_id and k.order.status is OrderStatus.BEGUN]
            self._changed.notify_all()
            return AgentWelcome(agent_id=hello.agent_id, lease_s=self.lease_s, begun=[k.current() for k in mine])

    def lease(self, agent_id: str, request: LeaseRequest) -> LeaseResponse:
        """Answer ``POST agents/{agent_id}/lease``."""
        deadline = time.monotonic() + request.wait_s
        with self._changed:
            n_hellos = len(self.hellos)
            while self._server is not None and not self._server.should_exit:
                if len(self.hellos) > n_hellos:
                    # The agent has been started anew: whoever asked this is not there any more.
                    return LeaseResponse(orders=[])
                now = time.monotonic()
                free = [k for k in self.kept.values() if self._is_free(k, agent_id, request.holding)][: request.max_orders]
                if free or now >= deadline:
                    break
                self._changed.wait(min(0.2, deadline - now))
            for kept in free:
                kept.agent_id, kept.lease_until_s = agent_id, time.monotonic() + self.lease_s
                update = {"status": OrderStatus.LEASED, "token": kept.order.token + 1}
                kept.order = kept.order.model_copy(update=update)
            return LeaseResponse(orders=[k.current() for k in free])

    @staticmethod
    def _is_free(kept: Kept, agent_id: str, holding: list[str]) -> bool:
        if kept.order.status is not OrderStatus.LEASED:
            return kept.order.status is OrderStatus.OPEN
        lost = kept.agent_id == agent_id and kept.order.id not in holding
        return lost or kept.lease_until_s < time.monotonic()

    def begin(self, order_id: str, request: BeginRequest) -> Order:
        """Answer ``POST orders/{order_id}/begin``."""
        with self._changed:
            kept = self._find(order_id, request.agent_id, request.token)
            if kept.order.status not in (OrderStatus.LEASED, OrderStatus.BEGUN):
                raise StaleLease(f"{order_id} is {kept.order.status.value}.")
            kept.n_begins += kept.order.status is OrderStatus.LEASED
            kept.order = kept.order.model_copy(update={"status": OrderStatus.BEGUN})
            self._changed.notify_all()
            return kept.current()

    def _take_reports(self, order_id: str, request: ReportsRequest) -> ReportsResponse:
        with self._changed:
            kept = self._find(order_id, request.agent_id, request.token)
            for report in request.reports:
                if report.seq < kept.next_seq:
                    continue
                if report.seq > kept.next_seq:
                    raise Conflict(f"The next report is {kept.next_seq}, not {report.seq}.")
                if kept.order.status is not OrderStatus.BEGUN:
                    raise StaleLease(f"{order_id} is {kept.order.status.value}.")
                kept.reports.append(report)
                ends = {"done": OrderStatus.DONE, "failed": OrderStatus.FAILED}
                if (status := ends.get(report.report.kind)) is not None:
                    kept.order = kept.order.model_copy(update={"status": status})
            self._changed.notify_all()
            return ReportsResponse(next_seq=kept.next_seq)

    async def _upload(
        self, submission_id: str, name: str, kind: str, order: str, token: int, request: Request, title: str = ""
    ) -> dict[str, str]:
        content = await request.body()
        with self._changed:
            kept = self._find(order, None, token)
            if kept.order.status is not OrderStatus.BEGUN:
                raise StaleLease(f"{order} is {kept.order.status.value}.")
            self.files[submission_id][name] = Uploaded(kind, title, request.headers["content-type"], content)
        return {"name": name}

    async def _take_rows(self, order_id: str, token: int, request: Request) -> dict[str, str]:
        content = await request.body()
        with self._changed:
            self._find(order_id, None, token)
            self.files[order_id]["rows.json"] = Uploaded("rows", "", request.headers["content-type"], content)
        return {}

    def _find(self, order_id: str, agent_id: str | None, token: int) -> Kept:
        kept = self.kept.get(order_id)
        if kept is None:
            raise NotFound(f"There is no order {order_id}.")
        if token != kept.order.token or (agent_id is not None and agent_id != kept.agent_id):
            raise StaleLease(f"{order_id} was leased again.")
        return kept
