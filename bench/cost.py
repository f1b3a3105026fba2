"""What the service costs: ``make bench``. Measures here and now, and writes the table ``docs/explanation/cost.md``.

The campaign of the demonstration is run by the service and, in turn with it, by a shell script with the same three ``bps submit``
and ``pipetask report`` commands. All figures of the table come from one run of this program; ratios are pair by pair.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import yaml

from campaigns.agent.bpsyaml import bps_document
from campaigns.agent.site import load_site
from campaigns.agent.stack import Stack
from campaigns.client import CampaignClient
from campaigns.demonstration.ground import Ground, prepare
from campaigns.demonstration.ports import free_port
from campaigns.demonstration.show import begin, run_to_end, serving
from campaigns.domain.dataidsets import SetRole
from campaigns.domain.definition import Definition
from campaigns.domain.document import read_yaml
from campaigns.domain.groups import groups_of
from campaigns.wire.agent import SubmitPayload
from campaigns.wire.agentsets import PinnedSet

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "explanation" / "cost.md"
STACK = ROOT / ".stack"

LIMIT_RATIO = 1.15
LIMIT_FIRST_ANSWER_S = 1.5
LIMIT_HELP_S = 0.3
LIMIT_IDLE_MB = 150.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="how many pairs of runs")
    parser.add_argument("--no-table", action="store_true", help="only print")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="campaign-cost-"))
    try:
        rows = [
            _row("`campaign --help`", [_help_s() for _ in range(11)], LIMIT_HELP_S, "s"),
            _row(
                "server start to first answer",
                [_first_answer_s(folder / f"start{n}") for n in range(7)],
                LIMIT_FIRST_ANSWER_S,
                "s",
            ),
            _row("server idle, resident memory", [_idle_mb(folder / "idle")], LIMIT_IDLE_MB, "MB"),
        ]
        service, script = _pairs(folder, chosen.pairs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratios = [ours / theirs for ours, theirs in zip(service, script, strict=True)]
    rows.append(_row("campaign by the service", service, None, "s"))
    rows.append(_row("the same commands in a shell script", script, None, "s"))
    rows.append(_row("service over script, pair by pair", ratios, LIMIT_RATIO, "×"))
    text = _table(rows, pairs=chosen.pairs)
    print(text)
    if not chosen.no_table:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(text)
    return 0 if all(row[5] != "no" for row in rows) else 1


def _help_s() -> float:
    return _timed(lambda: subprocess.run([_program("campaign"), "--help"], stdout=subprocess.DEVNULL, check=True))


def _first_answer_s(folder: Path) -> float:
    """Time from starting the server, on a new database, to its first answer."""
    server, url, started = _serve(folder)
    try:
        _wait_for(url)
        return time.perf_counter() - started
    finally:
        server.terminate()
        server.wait()


def _idle_mb(folder: Path) -> float:
    """Look at the server's resident memory after it has answered pages and then rested."""
    server, url, _ = _serve(folder)
    try:
        _wait_for(url)
        for path in ("/login", "/api/v1/openapi.json", "/healthz"):
            urllib.request.urlopen(url + path).read()
        time.sleep(10)
        return psutil.Process(server.pid).memory_info().rss / 1e6
    finally:
        server.terminate()
        server.wait()


def _serve(folder: Path) -> tuple[subprocess.Popen[bytes], str, float]:
    port = free_port()
    environment = {**os.environ, "CAMPAIGN_DATA_DIR": str(folder)}
    started = time.perf_counter()
    server = subprocess.Popen(
        [_program("campaign"), "serve", "--no-agent", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    return server, f"http://127.0.0.1:{port}", started


def _wait_for(url: str) -> None:
    for _ in range(3000):
        try:
            urllib.request.urlopen(f"{url}/healthz").read()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise TimeoutError(url)


def _pairs(folder: Path, pairs: int) -> tuple[list[float], list[float]]:
    """Run the campaign both ways, in turn; the order changes with each pair."""
    service, script = [], []
    for number in range(pairs):
        both = [
            (service, lambda n=number: _by_service(prepare(folder / f"service{n}", STACK))),
            (script, lambda n=number: _by_script(prepare(folder / f"script{n}", STACK))),
        ]
        for times, run in both if number % 2 == 0 else reversed(both):
            times.append(run())
            print(f"pair {number + 1}: {times[-1]:.1f} s", file=sys.stderr)
    return service, script


def _by_service(ground: Ground) -> float:
    """Time a campaign from asking for its start to its end; the decision is taken at once."""
    with serving(ground, port=free_port()) as url, CampaignClient(url, ground.visitor_token()) as client:
        started = time.perf_counter()
        campaign = run_to_end(client, begin(client, say=_silent), say=_silent)
        took = time.perf_counter() - started
    if campaign["status"] != "completed":
        raise RuntimeError(f"the campaign is {campaign['status']}: {campaign['status_reason']}")
    return took


def _by_script(ground: Ground) -> float:
    """Time a shell script with the same submissions and reports."""
    definition = read_yaml((ROOT / "packages/campaigns/src/campaigns/demonstration/campaign.yaml").read_text())
    site = load_site(ground.site_file)
    folder = ground.folder / "script"
    folder.mkdir()
    # The service's campaign leaves out what this set has, and so does the script.
    bright = ROOT / "packages/campaigns/src/campaigns/demonstration/bright.json"
    excluded = [PinnedSet(role=SetRole.EXCLUDE, name="demo/bright", version=1, digest="")]
    lines = ["set -u", f"butler upload-dataid-set {ground.repository} demo/bright {bright} >{folder}/set.log 2>&1"]
    inputs = list(definition.inputs)
    for step in definition.steps:
        payload = _payload(definition, step.name, inputs)
        config = folder / f"{step.name}.yaml"
        document = bps_document(site, payload, sets=excluded)
        document["submitPath"] = str(folder / step.name)
        config.write_text(yaml.safe_dump(document))
        lines.append(f"bps --long-log submit {config} >{folder / step.name}.log 2>&1")
        lines.append(
            f"pipetask report --force-v2 --full-output-filename {folder / step.name}.json "
            f"{ground.repository} {folder / step.name}/*.qg >{folder / step.name}.report 2>&1"
        )
        inputs.insert(0, payload.output_run)
    (folder / "run.sh").write_text("\n".join(lines) + "\n")
    environment = Stack(site, "demo").environ()
    took = _timed(
        lambda: subprocess.run(
            ["bash", str(folder / "run.sh")], env=environment, cwd=folder, stdin=subprocess.DEVNULL, check=False
        )
    )
    missing = [step.name for step in definition.steps if not (folder / f"{step.name}.json").exists()]
    if missing:
        raise RuntimeError(f"the script made no report of {missing}; see {folder}")
    return took


def _payload(definition: Definition, name: str, inputs: list[str]) -> SubmitPayload:
    step = definition.step(name)
    return SubmitPayload(
        submission_id=name,
        campaign_id="script",
        campaign_name="script",
        step=name,
        group="all",
        attempt=1,
        revision=1,
        operator="script",
        stack="demo",
        repository="demo",
        instrument=definition.instrument,
        pipeline=definition.pipeline_of(step),
        input_collections=list(inputs),
        output="u/script/first-light",
        output_run=f"u/script/first-light/{name}",
        data_query=groups_of(definition, step)[0].data_query,
        bps=definition.bps,
    )


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _silent(_text: str) -> None:
    pass


def _row(what: str, values: list[float], limit: float | None, unit: str) -> tuple[str, str, str, str, str, str]:
    median = statistics.median(values)
    kept = "" if limit is None else "yes" if median <= limit else "no"
    shown = "" if limit is None else f"at most {limit:g} {unit}"
    return what, f"{median:.2f} {unit}", f"{min(values):.2f} – {max(values):.2f}", str(len(values)), shown, kept


def _table(rows: list[tuple[str, str, str, str, str, str]], *, pairs: int) -> str:
    head = ("what", "median", "least – most", "n", "limit", "kept")
    lines = ["| " + " | ".join(row) + " |" for row in (head, tuple("---" for _ in head), *rows)]
    gib = psutil.virtual_memory().total / 2**30
    return "\n".join(
        [
            "# What the service costs",
            "",
            "Written by `make bench`. All figures are from one run. The machine is shared: trust the ratios before the seconds,",
            "and the spread before either.",
            "",
            *lines,
            "",
            f"The campaign is the demonstration's, {pairs} times each way in turn: by the service, from asking for its start",
            "(preflight included) to its completion, with the decision taken at once; and by a shell script with the same three",
            "`bps submit` and `pipetask report` commands and the same BPS configuration.",
            "",
            f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())}: {platform.system()} {platform.release()}, "
            f"{psutil.cpu_count()} cores, {gib:.0f} GiB, Python {platform.python_version()}.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
