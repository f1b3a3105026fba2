"""An agent that does nothing but say, over the real protocol, what a test tells it to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from campaigns.domain.identity import Role
from support.people import SITE
from support.serving import Clients, TestClient

__all__ = ("ScriptedAgent", "definition", "task")

API = "/api/v1"


def definition(**changes: Any) -> dict[str, Any]:
    """Give a complete campaign file of two steps, the first of which waits for a person."""
    document: dict[str, Any] = {
        "name": "trial",
        "title": "A trial",
        "reason": "To see whether it runs",
        "kind": "development",
        "site": SITE,
        "stack": "w_1",
        "butler": "main",
        "instrument": "HSC",
        "inputs": ["HSC/defaults"],
        "output": "u/mary/trial",
        "pipeline": "resource://a_package/a.yaml",
        "data_query": "instrument = 'HSC'",
        "steps": [
            {"name": "step1", "gate": {"accept": "person"}},
            {"name": "step2", "needs": ["step1"]},
        ],
    }
    return {**document, **changes}


def task(label: str, expected: int, succeeded: int, **others: int) -> dict[str, Any]:
    """Give the counts of a task; what is not told is unknown."""
    told = sum(others.get(name, 0) for name in ("failed", "blocked"))
    return {"label": label, "expected": expected, "succeeded": succeeded, "unknown": expected - succeeded - told, **others}


class ScriptedAgent:
    """An agent of the site ``here``.

    Parameters
    ----------
    clients : `Clients`
        Clients of the application.
    agent_id : `str`, optional
        The UUID it kept, if it was there before.
    """

    def __init__(self, clients: Clients, *, agent_id: str | None = None) -> None:
        self.client: TestClient = clients(Role.AGENT)
        self.id = agent_id or str(uuid4())

    def hello(self, **changes: Any) -> dict[str, Any]:
        """Say hello, and give the server's answer."""
        document = {
            "description": "The site of the tests",
            "stacks": [{"name": "w_1"}],
            "repositories": [{"alias": "main"}],
            "workflow_system": "none",
        }
        body = {
            "site": SITE, "agent_id": self.id, "host": "host", "boot_id": "boot", "pid": 1, "version": "0", "document": document,
        }  # fmt: skip
        answer = self.client.post(f"{API}/agents", json={**body, **changes})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def lease(self, *, holding: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Lease what there is, without waiting."""
        answer = self.client.post(f"{API}/agents/{self.id}/lease", json={"wait_s": 0, "holding": list(holding)})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["orders"])

    def begin(self, order: dict[str, Any]) -> None:
        """Begin an order."""
        answer = self.client.post(f"{API}/orders/{order['id']}/begin", json={"agent_id": self.id, "token": order["token"]})
        assert answer.status_code == 200, answer.text

    def take(self, kind: str) -> dict[str, Any]:
        """Lease and begin the one order there is, which must be of a kind."""
        orders = self.lease()
        assert [order["kind"] for order in orders] == [kind], orders
        self.begin(orders[0])
        return orders[0]

    def send(self, order: dict[str, Any], *reports: dict[str, Any], first: int | None = None) -> Any:
        """Send reports with the next numbers, and give the answer."""
        start = order["next_seq"] if first is None else first
        numbered = [{"seq": seq, "at_us": 1, "report": report} for seq, report in enumerate(reports, start=start)]
        answer = self.client.post(
            f"{API}/orders/{order['id']}/reports",
            json={"agent_id": self.id, "token": order["token"], "reports": numbered},
        )
        if answer.status_code == 200:
            order["next_seq"] = answer.json()["next_seq"]
        return answer

    def report(self, order: dict[str, Any], *reports: dict[str, Any]) -> None:
        """Send reports that must be taken."""
        answer = self.send(order, *reports)
        assert answer.status_code == 200, answer.text

    def run(
        self, order: dict[str, Any], *tasks: dict[str, Any], registered: bool = True, spent: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Tell of a whole run that ends with these counts, and what quanta took."""
        failures = [
            {"task": counts["label"], "status": "failed", "data_id": {"visit": number}, "message": "no stars"}
            for counts in tasks
            for number in range(counts.get("failed", 0))
        ]
        self.report(
            order,
            {"kind": "prepared", "command": ["bps", "submit"], "bps_yaml": "a: 1", "submit_dir": "/s", "work_dir": "/w"},
            {"kind": "launched", "pid": 7, "host": "host", "boot_id": "boot", "started_us": 5},
            {"kind": "phase", "phase": "running", "n_quanta": sum(counts["expected"] for counts in tasks)},
            {"kind": "workflow", "state": "SUCCEEDED", "run_id": "r"},
            {"kind": "launcher", "exit_code": 0, "ended_us": 9},
            {
                "kind": "quanta", "source": "pipetask report", "tasks": list(tasks), "failures": failures,
                "n_failures": len(failures), "registered": registered, "spent": list(spent),
            },
            {"kind": "done"},
        )  # fmt: skip

    def pass_preflight(self) -> None:
        """Answer the one order there is, a preflight, with: nothing wrong."""
        self.report(self.take("preflight"), {"kind": "done"})

    def chain(self) -> dict[str, Any]:
        """Carry out the one order there is, a chain, and give its payload."""
        order = self.take("chain")
        self.report(order, {"kind": "done"})
        return dict(order["payload"])
