"""A real campaign whose server, agent and ``bps`` are killed, and what must hold afterwards.

Everything is real: processes, SIGKILL, the demonstration's repository and pipeline. ``bps`` is started through a script that
writes down each start, so that the proof of *never twice* does not rest on what the service says of itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml

from campaigns.cli.local_agent import agent_token
from campaigns.cli.opening import current_database
from campaigns.client import CampaignClient, ServerUnreachable
from campaigns.client.errors import ServerError
from campaigns.demonstration.ground import SITE, Ground, prepare
from campaigns.demonstration.ports import free_port
from campaigns.demonstration.show import begin
from campaigns.domain.errors import CampaignError

__all__ = ("STACK", "UnderFire", "under_fire")

STACK: Final = Path(__file__).parents[4] / ".stack"
FINAL: Final = ("completed", "failed", "cancelled")
TIMEOUT_S: Final = 420.0
QUANTA: Final = {"step1": (71, 67), "step2": (3, 3), "step3": (4, 4)}
"""How many quanta each step of the demonstration means, and how many of them succeed."""


class UnderFire:
    """A campaign, with its server and its agent as processes that can be killed.

    Parameters
    ----------
    ground : `Ground`
        Where it runs.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.starts = ground.folder / "bps-starts.log"
        self.killed: list[str] = []
        self._server: subprocess.Popen[bytes] | None = None
        self._agent: subprocess.Popen[bytes] | None = None
        self._log_starts()
        self.start_server()
        with current_database(ground.settings) as database:
            self._token = agent_token(database, ground.settings, site=SITE)
        self.client = CampaignClient(self.url, ground.visitor_token())
        self.start_agent()

    # ---- starting and killing --------------------------------------------------------------------------------------

    def start_server(self) -> None:
        """Start the server, and wait until it answers."""
        self._server = self._launch("serve", "--no-agent", "--port", str(self.port), log="server.log")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(CampaignError), CampaignClient(self.url, timeout_s=2) as client:
                client.get("openapi.json")
                return
            time.sleep(0.05)
        raise TimeoutError("the server did not start")

    def start_agent(self) -> None:
        """Start the agent."""
        more = {"CAMPAIGN_SERVER": self.url, "CAMPAIGN_TOKEN": self._token}
        self._agent = self._launch("agent", "--site", SITE, log="agent.log", **more)

    def kill(self, target: str) -> bool:
        """Kill ``server``, ``agent``, ``both`` or ``bps`` with SIGKILL, and start again what has to be; tells whether it hit."""
        if target == "bps":
            hit = self._kill_bps()
        else:
            if target in ("server", "both"):
                _kill(self._server)
            if target in ("agent", "both"):
                _kill(self._agent)
            if target in ("server", "both"):
                self.start_server()
            if target in ("agent", "both"):
                self.start_agent()
            hit = True
        if hit:
            self.killed.append(target)
        return hit

    def stop(self) -> None:
        """End all that was started, in order."""
        for process in (self._agent, self._server):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(timeout=60)
        for pid in self._bps_pids():
            os.kill(pid, signal.SIGTERM)
        self.client.close()

    def _launch(self, *arguments: str, log: str, **more: str) -> subprocess.Popen[bytes]:
        folder = self.ground.folder
        environment = {**os.environ, "CAMPAIGN_DATA_DIR": str(folder), "CAMPAIGN_DATABASE_URL": self.ground.settings.database}
        with (folder / log).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "campaigns.cli.main", *arguments],
                env={**environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _log_starts(self) -> None:
        """Have every ``bps submit`` at the site write its configuration's path into a file first."""
        programs = self.ground.folder / "programs"
        programs.mkdir(exist_ok=True)
        real = self.ground.stack / "bin" / "bps"
        script = programs / "bps"
        script.write_text(f'#!/bin/sh\ncase " $* " in *" submit "*) echo "$*" >> {self.starts};; esac\nexec {real} "$@"\n')
        script.chmod(0o755)
        site = yaml.safe_load(self.ground.site_file.read_text())
        site["stacks"]["demo"]["setup"] = f'export PATH="{programs}:$PATH"'
        self.ground.site_file.write_text(yaml.safe_dump(site))

    def _bps_pids(self) -> list[int]:
        """Find the ``bps submit`` processes of this campaign, not the shims that started them."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                is_bps = len(words) > 2 and Path(words[1]).name == "bps" and "submit" in words
                if is_bps and any(word.startswith(str(self.ground.folder)) for word in words):
                    found.append(int(entry.name))
        return found

    def _kill_bps(self) -> bool:
        pids = self._bps_pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(pids)

    # ---- following -------------------------------------------------------------------------------------------------

    def begin(self, *, steps: tuple[str, ...] = tuple(QUANTA)) -> str:
        """Define and start the campaign, or some of its steps, and give its id."""
        document = yaml.safe_load(files("campaigns.demonstration").joinpath("campaign.yaml").read_text())
        self.client.define({**document, "steps": [step for step in document["steps"] if step["name"] in steps]})
        return str(begin(self.client, say=lambda _: None)["id"])

    def drive(self, ref: str, *, on_look: Callable[[dict[str, Any], list[dict[str, Any]]], None]) -> dict[str, Any]:
        """Follow the campaign to its end as a patient person would: accept what is partly good, restart what was lost.

        Parameters
        ----------
        ref : `str`
            The campaign.
        on_look : callable
            Called about four times a second with the campaign and its submissions; may kill.

        Returns
        -------
        campaign : `dict`
            The campaign when it has ended.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(ServerUnreachable, ServerError):
                campaign = self.client.campaign(ref)
                if campaign["status"] in FINAL:
                    return campaign
                submissions = self.client.submissions(ref)
                if campaign["status"] == "paused":
                    self._decide(campaign)
                on_look(campaign, submissions)
            time.sleep(0.25)
        raise TimeoutError(f"{ref} did not end: {self.client.campaign(ref)}")

    def _decide(self, campaign: dict[str, Any]) -> None:
        for wait in campaign["waits"]:
            if wait["kind"] == "judge":
                self.client.decide(wait["submission"], "accept", reason="accepted: one visit is trailed")
            elif wait["kind"] == "recover":
                submission = self.client.submission(wait["submission"])
                assert submission["status_reason"], f"{submission['id']} is {submission['status']} and does not say why"
                self.client.restart(wait["submission"], reason=f"It is {submission['status']}: {submission['status_reason']}")

    # ---- what must hold --------------------------------------------------------------------------------------------

    def check(self, ref: str) -> None:
        """Check that nothing ran twice, no event is lost, and what the record says is what there is."""
        campaign = self.client.campaign(ref)
        assert campaign["status"] == "completed", campaign
        submissions = self.client.submissions(ref)
        self._check_starts(submissions)
        self._check_events(ref, campaign, submissions)
        self._check_quanta(campaign, submissions)

    def _check_starts(self, submissions: list[dict[str, Any]]) -> None:
        starts = Counter(self.starts.read_text().splitlines())
        assert all(count == 1 for count in starts.values()), f"bps was started twice: {starts}"
        assert len(starts) <= len(submissions)
        runs = [submission["output_run"] for submission in submissions]
        assert len(set(runs)) == len(runs)

    def _check_events(self, ref: str, campaign: dict[str, Any], submissions: list[dict[str, Any]]) -> None:
        events = list(self.client.items(f"campaigns/{ref}/events", limit=500))
        numbers = [event["number"] for event in events]
        assert numbers == sorted(set(numbers))
        states = {"campaign": "defined"} | {submission["uuid"]: "queued" for submission in submissions}
        for event in events:
            change = event["details"]
            about = event["submission_id"] or "campaign"
            moved = event["kind"].startswith(("submission.", "campaign.")) and {"from", "to"} <= change.keys()
            # Judgements and revisions have a history of their own.
            if not moved or event["kind"] in ("submission.accepted", "submission.rejected", "campaign.revised"):
                continue
            assert change["from"] == states[about], f"an event is missing before {event}"
            states[about] = change["to"]
        assert states.pop("campaign") == campaign["status"]
        assert states == {submission["uuid"]: submission["status"] for submission in submissions}

    def _check_quanta(self, campaign: dict[str, Any], submissions: list[dict[str, Any]]) -> None:
        newest = {submission["step"]: submission for submission in submissions}
        told = {step: submission["quanta"] for step, submission in newest.items()}
        wanted = {step["name"]: QUANTA[step["name"]] for step in campaign["definition"]["steps"]}
        assert {step: (quanta["expected"], quanta["succeeded"]) for step, quanta in told.items()} == wanted


@contextlib.contextmanager
def under_fire(folder: Path) -> Iterator[UnderFire]:
    """Prepare a campaign in a folder, and end all that it started."""
    fire = UnderFire(prepare(folder, STACK))
    try:
        yield fire
    finally:
        fire.stop()


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()
