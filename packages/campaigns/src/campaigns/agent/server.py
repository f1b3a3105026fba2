"""The agent's side of the REST protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from campaigns.domain.errors import Fault
from campaigns.wire.agent import (
    AgentHello,
    AgentWelcome,
    BeginRequest,
    FileKind,
    LeaseRequest,
    LeaseResponse,
    NumberedReport,
    Order,
    ReportsRequest,
    ReportsResponse,
)
from campaigns.wire.agentsets import ROWS_FILE

__all__ = ("MAX_FILE_BYTES", "NotLetIn", "Refused", "ServerClient", "ServerGone")

MAX_FILE_BYTES = 20 * 1024 * 1024

TIMEOUT = httpx.Timeout(30.0, connect=5.0)

ModelT = TypeVar("ModelT", bound=BaseModel)


class ServerGone(Exception):
    """The server does not answer, or not sensibly; it is worth trying again."""


class Refused(Exception):
    """The server has understood and refuses.

    Parameters
    ----------
    status : `int`
        The HTTP status.
    problem : `dict`
        The problem document.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.message = str(problem.get("detail") or problem.get("title") or f"status {status}")
        self.remedy = problem.get("remedy")
        self.faults = tuple(Fault.from_dict(fault) for fault in problem.get("faults", ()))
        super().__init__(f"{self.message} ({self.code or status})")


class NotLetIn(Refused):
    """The server does not accept the token, or not for this."""


class ServerClient:
    """Calls the server; safe to use from several threads.

    Parameters
    ----------
    server : `str`
        The server's base URL.
    token : `str`
        The agent's token.
    transport : `httpx.BaseTransport`, optional
        For tests.
    """

    def __init__(self, server: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=f"{server.rstrip('/')}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            transport=transport,
        )

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def hello(self, hello: AgentHello) -> AgentWelcome:
        """Say who the agent is.

        Raises
        ------
        ServerGone
            If the server cannot be reached or fails.
        Refused
            If it refuses; `NotLetIn` if for the token.
        """
        return self._post("agents", hello, AgentWelcome)

    def lease(self, agent_id: str, request: LeaseRequest) -> list[Order]:
        """Ask for orders and wait for them a while; raises as `hello` does."""
        return self._post(f"agents/{quote(agent_id)}/lease", request, LeaseResponse, wait_s=request.wait_s).orders

    def begin(self, order: Order, agent_id: str) -> Order:
        """Make an order this agent's for good; raises as `hello` does."""
        return self._post(f"orders/{quote(order.id)}/begin", BeginRequest(agent_id=agent_id, token=order.token), Order)

    def report(self, order: Order, agent_id: str, reports: list[NumberedReport]) -> int:
        """Send reports; raises as `hello` does.

        Returns
        -------
        next_seq : `int`
            The number the server expects next.
        """
        request = ReportsRequest(agent_id=agent_id, token=order.token, reports=reports)
        return self._post(f"orders/{quote(order.id)}/reports", request, ReportsResponse).next_seq

    def upload(
        self, order: Order, submission_id: str, path: Path, *, name: str, kind: FileKind, title: str, media_type: str
    ) -> None:
        """Send a file; sending it again replaces it. Raises as `hello` does.

        Parameters
        ----------
        order : `Order`
            The submit order.
        submission_id : `str`
            Whose file it is.
        path : `pathlib.Path`
            Where it lies.
        name : `str`
            What it is called there.
        kind : `FileKind`
            What it is.
        title : `str`
            What people read.
        media_type : `str`
            Its Content-Type.
        """
        params = {"kind": kind.value, "order": order.id, "token": str(order.token), "title": title}
        url = f"submissions/{quote(submission_id)}/files/{quote(name, safe='')}"
        self._send("PUT", url, params=params, content=path.read_bytes(), headers={"Content-Type": media_type})

    def bring_rows(self, order: Order, path: Path) -> None:
        """Send the data IDs of an order's DataId set; sending them again replaces them. Raises as `hello` does."""
        url = f"orders/{quote(order.id)}/files/{ROWS_FILE}"
        headers = {"Content-Type": "application/json"}
        self._send("PUT", url, params={"token": str(order.token)}, content=path.read_bytes(), headers=headers)

    def specification(self, order: Order, path: Path) -> None:
        """Fetch the files that an order's relative paths lead to, as a tar file; raises as `hello` does."""
        response = self._send("GET", f"orders/{quote(order.id)}/specification", timeout=httpx.Timeout(300.0, connect=5.0))
        path.write_bytes(response.content)

    def _post(self, url: str, body: BaseModel, answer: type[ModelT], *, wait_s: float = 0.0) -> ModelT:
        response = self._send(
            "POST",
            url,
            content=body.model_dump_json().encode(),
            headers={"Content-Type": "application/json"},
            timeout=httpx.Timeout(30.0 + wait_s, connect=5.0),
        )
        try:
            return answer.model_validate_json(response.content)
        except ValueError as error:
            raise ServerGone(f"{url} answered something else than this agent understands.") from error

    def _send(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        if self._http.is_closed:
            raise ServerGone("The agent is about to end.")
        try:
            response = self._http.request(method, url, **kwargs)
        except httpx.TransportError as error:
            raise ServerGone(str(error) or type(error).__name__) from error
        if response.status_code >= 500 or response.status_code in (408, 425, 429):
            raise ServerGone(f"{url} answered {response.status_code}.")
        if response.status_code >= 300:
            problem = self._problem(response)
            raise (NotLetIn if response.status_code in (401, 403) else Refused)(response.status_code, problem)
        return response

    @staticmethod
    def _problem(response: httpx.Response) -> dict[str, Any]:
        try:
            problem = response.json()
        except ValueError:
            return {}
        return problem if isinstance(problem, dict) else {}
