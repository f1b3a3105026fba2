"""Campaigns in every state, made as people and an agent would make them: through REST, in the order of a few days."""

from __future__ import annotations

from typing import Any

from campaigns.domain.identity import Role
from campaigns.domain.quanta import QuantumFailure, TaskCounts, TaskSpent
from campaigns.gateways.clock import FixedClock
from support.serving import Clients, TestClient
from web.example_files import LOG, bar_chart
from web.fake_agent import FakeAgent, SubmitOrder

__all__ = ("HOSTILE", "Examples", "definition", "ended_of", "make_examples")

HOSTILE = "<script>alert('title')</script> & \"quotes\""
"""What a page must show and not obey."""

STEP1 = ("isr", "calibrateImage", "consolidatePreSourceTable")
STEP2 = ("makeDirectWarp", "assembleDeepCoadd", "detection", "deblend", "measure")


def definition(name: str, **fields: Any) -> dict[str, Any]:
    """Give a definition that has all it needs: two visits' groups, coadds from them, and a last step that a person starts."""
    visits = [2026110100081, 2026110100082, 2026110100083, 2026110100084, 2026110100085, 2026110100086]
    return {
        "name": name,
        "title": "RC2 with the weekly of 2026-46",
        "reason": "The weekly brings the new deblender: does it keep the completeness of faint galaxies?",
        "kind": "integration",
        "description": "Compare with **w_2026_42**.\n\n- same visits\n- same tracts\n",
        "lead": "mary",
        "ticket": "DM-51234",
        "site": "here",
        "stack": "w_2026_46",
        "butler": "main",
        "instrument": "LSSTCam",
        "inputs": ["LSSTCam/defaults", "LSSTCam/runs/RC2/w_2026_42"],
        "output": f"LSSTCam/runs/{name}/DM-51234",
        "pipeline": "${DRP_PIPE_DIR}/pipelines/LSSTCam/DRP-RC2.yaml",
        "data_query": "instrument = 'LSSTCam' AND skymap = 'lsst_cells_v1'",
        "links": [{"title": "Metrics of the weekly", "url": "https://metrics.example.org/rc2", "kind": "metrics"}],
        "steps": [
            {
                "name": "step1",
                "title": "from raw to calibrated visits",
                "split": {"dimension": "visit", "values": visits, "size": 2},
            },
            {"name": "step2", "title": "coadds and what is on them", "needs": ["step1"], "gate": {"accept": "person"}},
            {"name": "step3", "title": "forced photometry", "needs": ["step1", "step2"]},
            {"name": "step4", "title": "plots and metrics", "needs": ["step3"], "start": "person"},
        ],
        **fields,
    }


def counts(labels: tuple[str, ...], expected: int, **numbers: int) -> list[TaskCounts]:
    """Give the same counts for each task; by default all succeeded."""
    told = numbers or {"succeeded": expected}
    return [TaskCounts(label=label, expected=expected, **told) for label in labels]


class Examples:
    """Makes the examples.

    Parameters
    ----------
    clients : `Clients`
        Of the application.
    clock : `FixedClock`
        Its clock, which is moved on between what happens.
    """

    def __init__(self, clients: Clients, clock: FixedClock) -> None:
        self._clock = clock
        self._mary: TestClient = clients(Role.MANAGER)
        self._otto: TestClient = clients(Role.OPERATOR)
        self.agent = FakeAgent(clients(Role.AGENT), clock)
        self.agent.hello()

    def define(self, document: dict[str, Any]) -> str:
        """Define a campaign and give its id."""
        answer = self._mary.post("/api/v1/campaigns", json=document)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def start(self, ref: str, reason: str = "The weekly is built.") -> None:
        """Start a campaign, with a site that finds nothing wrong."""
        self.ask_to_start(ref, reason)
        self._wait(seconds=4)
        self.agent.take()

    def ask_to_start(self, ref: str, reason: str) -> None:
        """Ask for a start; the site has not answered yet."""
        self._otto.post(f"/api/v1/campaigns/{ref}/transitions", json={"action": "start", "reason": reason, "wait_s": 0})

    def post(self, path: str, **body: Any) -> None:
        """Do something as the operator."""
        answer = self._otto.post(f"/api/v1/{path}", json=body)
        assert answer.status_code < 300, answer.text

    def cancel(self, ref: str, reason: str) -> None:
        """Cancel a campaign as its manager."""
        answer = self._mary.post(f"/api/v1/campaigns/{ref}/transitions", json={"action": "cancel", "reason": reason})
        assert answer.status_code == 200, answer.text

    def run(self, order: SubmitOrder, labels: tuple[str, ...], expected: int, *, minutes: float = 40) -> None:
        """Run a submission to a good end."""
        self.agent.launch(order)
        self._wait(seconds=minutes * 10)
        self.agent.run(order, counts(labels, expected, succeeded=expected // 2, unknown=expected - expected // 2))
        self._wait(seconds=minutes * 50)
        took = [
            TaskSpent(
                label=label,
                n_read=min(expected, 200),
                cpu_us=min(expected, 200) * 1_300_000 * place,
                run_us=min(expected, 200) * 1_700_000 * place,
                max_memory_bytes=310_000_000 * place,
            )
            for place, label in enumerate(labels, start=1)
        ]
        self.agent.end(order, counts(labels, expected), spent=took)

    def fail_partly(self, order: SubmitOrder) -> None:
        """Run a submission in which quanta fail in two ways, with logs."""
        self.agent.launch(order)
        self._wait(seconds=900)
        tasks = [
            TaskCounts(label=STEP2[0], expected=120, succeeded=120, caveats=3),
            TaskCounts(label=STEP2[1], expected=120, succeeded=117, failed=3),
            TaskCounts(label=STEP2[2], expected=120, succeeded=117, blocked=3),
            TaskCounts(label=STEP2[3], expected=20, succeeded=17, failed=2, blocked=1),
            TaskCounts(label=STEP2[4], expected=20, succeeded=17, blocked=3),
        ]
        failures = [
            _failed(STEP2[1], patch, f"No usable input warps for patch {patch} in band {band}: 0 of {number} left")
            for patch, band, number in ((12, "g", 31), (13, "g", 28), (77, "z", 30))
        ]
        failures += [
            _failed(
                STEP2[3],
                patch,
                f"Blend of {number} peaks exceeds the limit",
                exception="lsst.meas.extensions.scarlet.BlendTooLarge",
            )
            for patch, number in ((40, 1204), (41, 998))
        ]
        failures += [_failed(STEP2[2], patch, "", status="blocked", exception="") for patch in (12, 13, 77)]
        failures += [_failed(STEP2[3], 77, "", status="blocked", exception="")]
        failures += [_failed(STEP2[4], patch, "", status="blocked", exception="") for patch in (40, 41, 77)]
        for failure in failures:
            if failure.log:
                self.agent.upload(order, failure.log, LOG.encode(), kind="quantum_log", title="", content_type="text/plain")
        self.agent.end(order, tasks, failures)

    def plots(self, order: SubmitOrder) -> None:
        """Send two plots."""
        for name, title, heights in (
            ("completeness.svg", "Completeness of galaxies by magnitude", (98, 97, 95, 90, 80, 55, 20)),
            ("astrometry.svg", "Astrometric repeatability, mas", (8, 9, 9, 10, 12, 19, 31)),
        ):
            self.agent.upload(
                order, name, bar_chart(title, heights).encode(), kind="plot", title=title, content_type="image/svg+xml"
            )

    def exclude_clouds(self, number: int) -> None:
        """Make a version of the set of cloudy exposures."""
        why = ("clouds: extinction above 1 mag", "dome closing", "guiding lost", HOSTILE)
        data_ids = [
            {"exposure": 2026110100100 + index, "reason": why[min(index // 12, 3)] if index % 20 else None}
            for index in range(number)
        ]
        document = {"constants": {"instrument": "LSSTCam"}, "data_ids": data_ids}
        self.post("dataid-sets", site="here", butler="main", name="DM-51300/clouds", data_ids=document, reason="The night's log.")
        assert self.agent.take() == []

    def note(self, ref: str, kind: str, body: str) -> None:
        """Write a note as the operator."""
        self.post(f"campaigns/{ref}/notes", kind=kind, body=body)

    def wait(self, *, hours: float) -> None:
        """Let time pass; the agent stays alive."""
        self._wait(seconds=3600 * hours)

    def _wait(self, *, seconds: float) -> None:
        self._clock.advance(seconds=seconds)
        self.agent.hello()


def _failed(
    task: str, patch: int, message: str, *, status: str = "failed", exception: str = "lsst.pipe.base.RepeatableQuantumError"
) -> QuantumFailure:
    return QuantumFailure(
        task=task,
        status=status,
        data_id={"skymap": "lsst_cells_v1", "tract": 9813, "patch": patch, "band": "g"},
        message=message,
        exception=exception,
        log=f"{task}_9813_{patch}.log" if status == "failed" else "",
    )


def ended_of(clients: Clients) -> dict[str, str]:
    """Give the ids of the submissions of ``C-6`` by how they ended: which of the two is taken first is a matter of chance."""
    found = clients(Role.VIEWER).get("/api/v1/campaigns/C-6/submissions").json()["items"]
    return {str(one["status"]): str(one["id"]) for one in found}


def make_examples(clients: Clients, clock: FixedClock) -> Examples:
    """Make a campaign in each state; ``C-1`` is completed, ``C-2`` has most to show, and the newest are as fresh as can be."""
    made = Examples(clients, clock)
    _completed(made)
    _waiting(made)
    _others(made)
    return made


def _completed(made: Examples) -> None:
    steps = [{"name": "step1", "title": "one visit from end to end"}]
    first = made.define(
        definition("pilot-dr2", kind="mini_data_release", title="Pilot of DR2 on one tract", steps=steps, ticket="DM-50001")
    )
    made.start(first, "The pilot of the release.")
    for order in made.agent.take():
        made.run(order, STEP1, 189)
    made.agent.take()
    made.wait(hours=20)


def _waiting(made: Examples) -> None:
    made.exclude_clouds(41)
    second = made.define(definition("rc2-w_2026_46", sets={"exclude": ["DM-51300/clouds"]}))
    made.start(second)
    orders = made.agent.take()
    for order in orders:
        made.run(order, STEP1, 378, minutes=30)
    made.note(second, "observation", "step1 took **12 minutes** less than w_2026_42: `calibrateImage` is faster.")
    [coadds] = made.agent.take()
    made.exclude_clouds(44)
    made.plots(coadds)
    made.fail_partly(coadds)
    made.note(second, "problem", "Patches 12 and 13 have no warps in g: their visits were excluded for clouds.\n\n> see DM-51300")


def _others(made: Examples) -> None:
    steps = [
        {"name": "step1", "split": {"queries": {"deep": "band = 'r'", "wide": "band IN ('g', 'i')"}}},
        {"name": "step2", "needs": ["step1"]},
    ]
    running = made.define(
        definition("comcam-ddf", kind="commissioning", title="Deep drilling field, nightly", steps=steps, ticket="DM-51501")
    )
    made.start(running, "Tonight's visits are in.")
    deep, wide = made.agent.take()
    made.agent.launch(deep)
    made.agent.run(
        deep,
        [
            TaskCounts(label="isr", expected=900, succeeded=640, failed=4, unknown=256),
            TaskCounts(label="calibrateImage", expected=900, succeeded=500, blocked=4, unknown=396),
        ],
    )
    made.agent.launch(wide)
    made.define({"name": "draft-of-lsb", "title": HOSTILE, "reason": "<b>not bold</b>", "kind": "development"})
    refused = made.define(definition("dm-51777-psf", kind="development", title="PSF with Piff 1.4", ticket="DM-51777"))
    made.ask_to_start(refused, "Look at it before the meeting.")
    made.agent.refuse_preflight(
        {
            "code": "no_data",
            "message": "The data query of step1 g1 matches no data.",
            "where": "steps[0].split",
            "remedy": "Check the visits.",
        },
        {"code": "unknown_collection", "message": "There is no collection LSSTCam/runs/RC2/w_2026_42.", "where": "inputs[1]"},
    )
    lost = made.define(
        definition("ap-20261121", kind="alert_production", title="Prompt processing, replayed", steps=steps, ticket="DM-51002")
    )
    made.start(lost, "A replay.")
    first, second = made.agent.take()
    made.agent.launch(first)
    made.agent.report(
        first,
        {
            "kind": "lost",
            "reason": "The host was started anew while bps ran.",
            "remedy": "Look for the run in Slurm, then restart or cancel.",
        },
    )
    made.agent.report(
        second,
        {
            "kind": "failed",
            "faults": [
                {
                    "code": "no_space",
                    "message": "There is no space left on the scratch disk.",
                    "where": "/scratch",
                    "remedy": "Delete old runs.",
                }
            ],
        },
    )
    held = made.define(definition("dr2-step1-a", kind="data_release", title="DR2, first tranche", steps=steps, ticket="DM-52000"))
    made.start(held, "Board decision of 20 November.")
    made.post(f"campaigns/{held}/transitions", action="pause", reason="The filesystem is being repaired until noon.")
    cancelled = made.define(
        definition("solar-2026", kind="solar_system", title="Solar system linking", steps=steps, ticket="DM-49001")
    )
    made.cancel(cancelled, "Superseded by the nightly runs.")
