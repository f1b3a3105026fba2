"""The whole agent where an order cannot be carried out, or is a small one: what it tells the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.fake_server import FakeServer
from agent.making import O1, P1, P2, StubStack, agent_thread, make_order, submit_order
from campaigns.wire.agent import ChainPayload, PreflightPayload, PreflightStep

PREFLIGHT = PreflightPayload(
    stack="demo",
    repository="demo",
    input_collections=["HSC/defaults"],
    output="u/ann/trial",
    steps=[PreflightStep(name="step1", pipeline="/a/pipeline.yaml#step1", data_queries=["visit = 1"], groups=["all"])],
)


def test_bps_fails_before_anything_runs(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.write("bps", "#!/bin/bash\necho 'ModuleNotFoundError: Unable to import a.b.C'\nexit 1\n")
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(O1, "failed")
    assert failed.faults[0].code == "bps_setting_invalid"
    assert "a.b.C" in failed.faults[0].message
    assert server.files[f"S-{O1}"]["launcher.log"].content.startswith(b"ModuleNotFoundError")


def test_stack_without_bps(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    (stack.bin / "bps").unlink()
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(O1, "failed")
    assert "cannot be executed" in failed.faults[0].message


def test_work_dir_that_cannot_be_used(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    (site_file.parent / "work").write_text("a file where a directory should be")
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(O1, "failed")
    assert failed.faults[0].code == "launch_failed"
    assert stack.n_starts == 0


@pytest.mark.parametrize("change", [{"stack": "w_99"}, {"repository": "embargo"}])
def test_names_the_site_does_not_have(change: dict[str, str], server: FakeServer, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order(**change))
    server.add(make_order(P1, PREFLIGHT.model_copy(update=change)))
    with agent_thread(site_file, server, state_dir):
        for order_id in (O1, P1):
            failed = server.wait_for_report(order_id, "failed")
            assert failed.faults[0].remedy == "Known there: demo."


def test_preflight(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    fault = {"code": "no_data", "message": "Nothing fits.", "where": "steps[0].data_queries[0]", "remedy": "Widen it."}
    stack.answer(preflight={"faults": [fault], "steps": []})
    server.add(make_order(P1, PREFLIGHT))
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(P1, "failed")
        assert failed.faults[0].model_dump() == fault
        stack.answer(preflight={"faults": [], "steps": [{"name": "step1"}]})
        server.add(make_order(P2, PREFLIGHT))
        told = {"output": "u/ann/trial", "steps": [{"name": "step1"}], "sets": [], "fits": []}
        assert server.wait_for_report(P2, "done").result == told
    assert stack.calls("preflight")[0]["bps"]["wmsServiceClass"] == "a.wms.Service"


def test_chain_that_is_refused(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.refuse("chain", "not_chained", "It is a RUN collection.")
    server.add(make_order(P1, ChainPayload(stack="demo", repository="demo", chain="u/x", collections=["a"])))
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(P1, "failed")
    assert (failed.faults[0].code, failed.faults[0].message) == ("not_chained", "It is a RUN collection.")


def test_stack_whose_python_does_not_work(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.write("python", "#!/bin/bash\necho 'No module named lsst' >&2\nexit 1\n")
    server.add(make_order(P1, PREFLIGHT))
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(P1, "failed")
    assert failed.faults[0].code == "stack_unusable"
    assert "No module named lsst" in failed.faults[0].message
