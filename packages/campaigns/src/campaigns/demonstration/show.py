"""Running the demonstration: a server, its agent, a campaign, and, with nobody there, the decision."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

import httpx

from campaigns.cli.local_agent import LocalAgent, agent_token
from campaigns.cli.opening import current_database
from campaigns.client import CampaignClient
from campaigns.demonstration.ground import SITE, Ground
from campaigns.domain.errors import NotFound, NotReady

__all__ = ("begin", "run_to_end", "serving", "summary")

NAME: Final = "first-light"
BUTLER: Final = "demo"
BRIGHT: Final = "demo/bright"
BAD: Final = "demo/bad"
START_TIMEOUT_S: Final = 30.0
PR_SET_PDEATHSIG: Final = 1
POLL_S: Final = 0.25
FINAL: Final = ("completed", "failed", "cancelled")
COUNTS: Final = ("expected", "succeeded", "caveats", "failed", "blocked", "unknown")

Say = Callable[[str], None]


@contextmanager
def serving(ground: Ground, *, port: int) -> Iterator[str]:
    """Serve the demonstration, with an agent beside; both end, and what they run with them.

    Parameters
    ----------
    ground : `Ground`
        Where it runs.
    port : `int`
        Where to listen.

    Yields
    ------
    url : `str`
        The server's address.
    """
    settings = ground.settings
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "CAMPAIGN_DATA_DIR": str(ground.folder), "CAMPAIGN_DATABASE_URL": settings.database}
    command = [sys.executable, "-m", "campaigns.cli.main", "serve", "--no-agent", "--port", str(port)]
    log = ground.folder / "server.log"
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - there are no threads yet
        )
    try:
        _wait_for(url, server, log=str(log))
        with current_database(settings) as database:
            token = agent_token(database, settings, site=SITE)
        agent_log = ground.folder / "agent.log"
        agent = LocalAgent(settings, site_file=ground.site_file, url=url, token=token, stop_submissions=True, log_file=agent_log)
        agent.start()
        try:
            yield url
        finally:
            agent.stop()
    finally:
        server.terminate()
        server.wait()


def begin(client: CampaignClient, *, say: Say) -> dict[str, Any]:
    """Define and start the demonstration's campaign, unless it is there.

    Parameters
    ----------
    client : `CampaignClient`
        The server.
    say : callable
        Tells people what happens.

    Returns
    -------
    campaign : `dict`
        The campaign as it stands.
    """
    try:
        campaign = client.campaign(NAME)
    except NotFound:
        text = files("campaigns.demonstration").joinpath("campaign.yaml").read_text()
        campaign = client.define(text)
        say(f"Defined {campaign['id']} {campaign['name']}.")
    if campaign["status"] != "defined":
        return campaign
    _wait_for_agent(client)
    _upload_bright(client, say=say)
    campaign = client.act(campaign["id"], "start", reason="To show a campaign")
    say(f"Started {campaign['id']}.")
    return campaign


def run_to_end(client: CampaignClient, campaign: dict[str, Any], *, say: Say) -> dict[str, Any]:
    """Follow a campaign to its end, and take the decision it waits for as a person would.

    Parameters
    ----------
    client : `CampaignClient`
        The server.
    campaign : `dict`
        The campaign.
    say : callable
        Tells people what happens.

    Returns
    -------
    campaign : `dict`
        The campaign when it has ended, or waits for something that this program does not decide.
    """
    ref, seen = campaign["id"], "0"
    while True:
        campaign = client.campaign(ref)
        answer = client.get(f"campaigns/{ref}/events", cursor=seen, limit=500)
        for event in answer["items"]:
            say(f"{event['actor']}: {event['summary']}" + (f" ({event['reason']})" if event["reason"] else ""))
        seen = answer["next"] or seen
        if campaign["status"] in FINAL:
            return campaign
        if campaign["status"] == "paused" and not _decide(client, campaign, say=say):
            return campaign
        time.sleep(POLL_S)


def summary(client: CampaignClient, campaign: dict[str, Any]) -> dict[str, Any]:
    """Give the one JSON object that the demonstration prints for programs."""
    return {
        "campaign": {name: campaign[name] for name in ("id", "name", "status")},
        "submissions": [
            {
                **{name: submission[name] for name in ("id", "step", "group", "attempt", "status")},
                "quanta": {name: submission["quanta"][name] for name in COUNTS},
            }
            for submission in client.submissions(campaign["id"])
        ],
    }


def _upload_bright(client: CampaignClient, *, say: Say) -> None:
    """Have the site make the set of the visit that is left out from the beginning."""
    data_ids = json.loads(files("campaigns.demonstration").joinpath("bright.json").read_text())
    reason = "Its background is bright: it was taken in evening twilight"
    # Under one key it is made once, whenever the demonstration is begun again.
    order = client.upload_set(BRIGHT, data_ids, site=SITE, butler=BUTLER, reason=reason, key=f"demonstration-{BRIGHT}")
    made = client.wait_for_order(order["id"])["result"]["set"]
    say(f"Made the DataId set {made['name']}@{made['version']}: {made['rows']} data ID, {reason.lower()}.")


def _exclude(client: CampaignClient, submission: str, *, say: Say) -> None:
    """Leave what failed out of the steps to come, as a person would, after a look at what has it already."""
    # What a trailed visit spoils is the visit, in whichever detector it is noticed.
    found = client.excludable(submission, by=("visit",))
    data_ids = [{**item["data_id"], "reason": f"trailed: {item['message']}"} for item in found["items"]]
    looked = client.wait_for_order(client.find_outputs(submission, data_ids)["id"])["result"]["outputs"]
    for collection in dict.fromkeys(one["collection"] for one in looked):
        number = sum(one["datasets"] for one in looked if one["collection"] == collection)
        say(f"Already in: {collection} ({number} datasets)")
    named = ", ".join(str(data_id["visit"]) for data_id in data_ids)
    order = client.exclude(submission, data_ids, name=BAD, reason=f"visit {named} is trailed")
    client.wait_for_order(order["id"])


def _decide(client: CampaignClient, campaign: dict[str, Any], *, say: Say) -> bool:
    """Accept a submission whose failures all belong to one visit, which later steps leave out; anything else is for a person."""
    judgements = [wait["submission"] for wait in campaign["waits"] if wait["kind"] == "judge"]
    if len(judgements) != 1 or len(campaign["waits"]) != 1:
        return False
    failures = list(client.items(f"submissions/{judgements[0]}/failures", limit=500))
    visits = {failure["data_id"].get("visit", failure["data_id"].get("exposure")) for failure in failures}
    if len(visits) != 1:
        return False
    _exclude(client, judgements[0], say=say)
    client.decide(judgements[0], "accept", reason=f"accepted: visit {visits.pop()} is trailed")
    return True


def _end_with_parent() -> None:
    """Have the kernel end this process when the demonstration dies, even if nobody can say so any more."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for(url: str, server: subprocess.Popen[bytes], *, log: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise NotReady("The demonstration's server did not start.", where=log, remedy="Its log says why.")


def _wait_for_agent(client: CampaignClient) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if any(site["name"] == SITE and site["alive"] for site in client.items("sites")):
            return
        time.sleep(0.05)
    raise NotReady("The demonstration's agent did not say hello.", where="agent.log", remedy="Its log, in the folder, says why.")
