"""An agent that carries out nothing: it tells, over REST, what a script says it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from campaigns.domain.quanta import QuantumFailure, TaskCounts, TaskSpent
from campaigns.gateways.clock import Clock
from support.fake_sets import FakeSets
from support.people import SITE
from support.serving import TestClient

__all__ = ("FakeAgent", "SubmitOrder")

AGENT_ID = "5f0c8f4e-8d7c-4b7e-9a61-1c6f9b2d7a10"


@dataclass
class SubmitOrder:
    """An order that was begun, and how far its reports have come."""

    id: str
    token: int
    payload: dict[str, Any]
    seq: int = field(default=1)


class FakeAgent:
    """Leases orders and reports on them.

    Parameters
    ----------
    client : `TestClient`
        With an agent's token.
    clock : `Clock`
        The time of its reports.
    """

    def __init__(self, client: TestClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.sets = FakeSets()

    def hello(self) -> None:
        """Tell what the site offers."""
        self._post(
            "agents",
            {
                "site": SITE,
                "agent_id": AGENT_ID,
                "host": "sdfcampaigns01",
                "boot_id": "b0",
                "pid": 4711,
                "version": "0.1.0",
                "document": {
                    "description": "the site of the tests",
                    "stacks": [{"name": "w_2026_46"}, {"name": "w_2026_45"}],
                    "repositories": [{"alias": "main"}, {"alias": "embargo"}],
                    "workflow_system": "lsst.ctrl.bps.parsl.ParslService",
                },
            },
        )

    def take(self) -> list[SubmitOrder]:
        """Lease all orders and begin them; those that are no submissions are carried out at once, the others in their order.

        Orders of one moment are leased by their ids, which are a matter of chance.
        """
        taken = []
        for order in self._post(f"agents/{AGENT_ID}/lease", {"wait_s": 0})["orders"]:
            begun = SubmitOrder(order["id"], order["token"], order["payload"])
            self._post(f"orders/{begun.id}/begin", {"agent_id": AGENT_ID, "token": begun.token})
            if order["kind"] == "submit":
                taken.append(begun)
            else:
                self._carry_out(begun)
        return sorted(taken, key=lambda one: int(one.payload["submission_id"].removeprefix("S-")))

    def _carry_out(self, order: SubmitOrder) -> None:
        report, rows = self.sets.carry_out(order.payload, mark=f"order {order.id}", now_us=self._clock.now_us())
        if rows is not None:
            url = f"/api/v1/orders/{order.id}/files/rows.json"
            answer = self._client.put(url, params={"token": order.token}, json=rows)
            assert answer.status_code == 204, answer.text
        self.report(order, report)

    def refuse_preflight(self, *faults: dict[str, str]) -> None:
        """Lease one order, and say why it cannot be carried out."""
        for order in self._post(f"agents/{AGENT_ID}/lease", {"wait_s": 0})["orders"]:
            begun = SubmitOrder(order["id"], order["token"], order["payload"])
            self._post(f"orders/{begun.id}/begin", {"agent_id": AGENT_ID, "token": begun.token})
            self.report(begun, {"kind": "failed", "faults": list(faults)})

    def report(self, order: SubmitOrder, *reports: dict[str, Any]) -> None:
        """Report on an order."""
        numbered = [
            {"seq": order.seq + offset, "at_us": self._clock.now_us(), "report": report} for offset, report in enumerate(reports)
        ]
        order.seq += len(reports)
        self._post(f"orders/{order.id}/reports", {"agent_id": AGENT_ID, "token": order.token, "reports": numbered})

    def launch(self, order: SubmitOrder) -> None:
        """Tell that ``bps`` was prepared and started."""
        payload = order.payload
        directory = f"/sdf/data/rubin/campaigns/{payload['campaign_name']}/{payload['submission_id']}"
        command = [
            "bps",
            "submit",
            f"{directory}/submit.yaml",
            "--extra-qgraph-options",
            "--no-skip-existing-in-last-run",
            "--input",
            ",".join(payload["input_collections"]),
            "--output-run",
            payload["output_run"],
            "--data-query",
            payload["data_query"] or "instrument = 'LSSTCam'",
        ]
        config = (
            f"# Written for {payload['submission_id']} of {payload['campaign_id']}.\n"
            f"pipelineYaml: {payload['pipeline']}\ncomputeSite: here\noperator: {payload['operator']}\n"
            f"payload:\n  payloadName: {payload['campaign_name']}\n  butlerConfig: {payload['repository']}\n"
            f"  outputRun: {payload['output_run']}\nfinalJob:\n  updateOutputChain: --no-update-output-chain\n"
        )
        self.report(
            order,
            {"kind": "prepared", "command": command, "bps_yaml": config, "submit_dir": directory, "work_dir": directory},
            {"kind": "launched", "pid": 31337, "host": "sdfcampaigns01", "boot_id": "b0", "started_us": self._clock.now_us()},
        )

    def run(self, order: SubmitOrder, tasks: list[TaskCounts]) -> None:
        """Tell that the quanta run, and how far they are."""
        n_quanta = sum(task.expected for task in tasks)
        jobs = {task.label: {"SUCCEEDED": task.succeeded, "FAILED": task.failed, "RUNNING": task.unknown} for task in tasks}
        self.report(
            order,
            {"kind": "phase", "phase": "running", "message": f"{n_quanta} quanta in the graph", "n_quanta": n_quanta},
            *self._graph(order),
            {"kind": "workflow", "state": "RUNNING", "run_id": f"parsl-{order.payload['submission_id']}", "jobs": jobs},
            {"kind": "progress", "tasks": [task.model_dump() for task in tasks]},
        )

    def _graph(self, order: SubmitOrder) -> list[dict[str, Any]]:
        """Tell what became of sets: in the first step they apply, in the second they are translated, then they are no use."""
        outcome = {"step1": "applied", "step2": "translated"}.get(order.payload["step"], "not_applicable")
        detail = {"applied": "", "translated": "exposure → visit"}.get(outcome, "no task has to do with its dimensions")
        sets = [{**one, "outcome": outcome, "detail": detail} for one in order.payload["sets"]]
        runs = [{"name": "HSC/raw/2026", "type": "RUN"}, {"name": "HSC/calib/2026", "type": "CALIBRATION"}]
        pins = {
            "collections": runs,
            "read": {"HSC/raw/2026": 120, "HSC/calib/2026/gains": 12},
            "universe": "daf_butler@7",
            "skymaps": ["lsst_cells_v1"],
        }
        return [{"kind": "graph", "sets": sets, "pins": pins}]

    def end(
        self,
        order: SubmitOrder,
        tasks: list[TaskCounts],
        failures: list[QuantumFailure] | None = None,
        spent: list[TaskSpent] | None = None,
    ) -> None:
        """Tell that it is over."""
        failed = failures or []
        jobs = {task.label: {"SUCCEEDED": task.succeeded, "FAILED": task.failed} for task in tasks}
        self.report(
            order,
            *self._graph(order),
            {
                "kind": "workflow",
                "state": "FAILED" if failed else "SUCCEEDED",
                "run_id": f"parsl-{order.payload['submission_id']}",
                "jobs": jobs,
            },
            {
                "kind": "launcher",
                "exit_code": 1 if failed else 0,
                "ended_us": self._clock.now_us(),
                "log_tail": "lsst.ctrl.bps.submit INFO: Submitting run\nparsl.dataflow INFO: All tasks have ended\n",
            },
            {
                "kind": "quanta",
                "source": "pipetask report",
                "tasks": [task.model_dump() for task in tasks],
                "failures": [failure.model_dump() for failure in failed],
                "n_failures": len(failed),
                "registered": True,
                "spent": [one.model_dump() for one in spent or []],
            },
            {"kind": "done", "result": {}},
        )

    def upload(self, order: SubmitOrder, name: str, content: bytes, *, kind: str, title: str, content_type: str) -> None:
        """Send a file."""
        answer = self._client.put(
            f"/api/v1/submissions/{order.payload['submission_id']}/files/{name}",
            params={"kind": kind, "order": order.id, "token": order.token, "title": title},
            content=content,
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 200, answer.text

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found
