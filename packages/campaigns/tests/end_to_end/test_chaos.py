"""Kills at random moments of real runs: ``make chaos``. The seed is printed, and can be given again as CHAOS_SEED."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from support.under_fire import STACK, UnderFire, under_fire

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not (STACK / ".ready").exists(), reason="there is no demo stack: `make setup` makes it"),
]

N_KILLS = 10
KILLS_A_RUN = {"agent": 4, "server": 4, "both": 4, "bps": 3}
LONGEST_WAIT_S = 14.0


@pytest.mark.parametrize("target", ["agent", "server", "both", "bps"])
def test_ten_kills(target: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED", str(random.randrange(1_000_000))))
    chance = random.Random(f"{seed} {target}")
    moments: list[str] = []
    runs = 0
    while len(moments) < N_KILLS:
        runs += 1
        with under_fire(tmp_path / f"run{runs}") as fire:
            _one_run(fire, target, chance, moments)
    print(f"\n{target}: {len(moments)} kills in {runs} runs, seed {seed}: {', '.join(moments)}")


def _one_run(fire: UnderFire, target: str, chance: random.Random, moments: list[str]) -> None:
    ref = fire.begin()
    due = time.monotonic() + chance.uniform(0, LONGEST_WAIT_S)

    def kill(_campaign: dict[str, Any], submissions: list[dict[str, Any]]) -> None:
        nonlocal due
        if time.monotonic() < due or len(fire.killed) >= KILLS_A_RUN[target] or len(moments) >= N_KILLS:
            return
        if fire.kill(target):
            at = submissions[-1] if submissions else {"step": "start", "status": ""}
            moments.append(f"{at['step']} {at['status']}".strip())
            due = time.monotonic() + chance.uniform(0, LONGEST_WAIT_S)

    fire.drive(ref, on_look=kill)
    fire.check(ref)
