"""A step of a real campaign in which each of agent, server, both and ``bps`` is killed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.under_fire import STACK, under_fire

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(500),
    pytest.mark.skipif(not (STACK / ".ready").exists(), reason="there is no demo stack: `make setup` makes it"),
]


def test_one_kill_of_each(tmp_path: Path) -> None:
    with under_fire(tmp_path / "demo") as fire:
        ref = fire.begin(steps=("step1",))
        plan = {
            ("step1", 1, "acquiring"): "agent",
            ("step1", 1, "running"): "bps",
            ("step1", 2, "acquiring"): "server",
            ("step1", 2, "running"): "both",
        }

        def kill(_campaign: dict[str, Any], submissions: list[dict[str, Any]]) -> None:
            for submission in submissions:
                key = (submission["step"], submission["attempt"], submission["status"])
                if key in plan and fire.kill(plan[key]):
                    del plan[key]

        fire.drive(ref, on_look=kill)
        assert sorted(fire.killed) == ["agent", "both", "bps", "server"]
        fire.check(ref)
        submissions = fire.client.submissions(ref)
        first = submissions[0]
        assert (first["step"], first["attempt"]) == ("step1", 1)
        assert first["status"] in ("failed", "lost_contact")
        assert first["status_reason"]
        assert [item["attempt"] for item in submissions if item["step"] == "step1"] == [1, 2]
