"""The whole agent against a real HTTP server, with a stack of scripts: every promise of ADR 2."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agent.fake_server import TOKEN, FakeServer
from agent.making import (
    AN_AGENT,
    BPS,
    C1,
    O1,
    O2,
    O9,
    P1,
    StubStack,
    agent_process,
    agent_thread,
    begin_as,
    cancel_order,
    kill_session,
    kill_shim,
    make_order,
    submit_order,
    wait_until,
)
from campaigns.agent import ending
from campaigns.agent.main import StateDirInUse, run_agent
from campaigns.agent.orderfolder import OrderFolders
from campaigns.domain.states import OrderStatus
from campaigns.wire.agent import ChainPayload


def kinds(server: FakeServer, order_id: str) -> list[str]:
    """Give the kinds of reports of an order, without those that tell of progress."""
    return [report.kind for report in server.reports(order_id) if report.kind not in ("progress", "workflow")]


def test_submission_is_carried_out(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.go()
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        done = server.wait_for_report(O1, "done", "failed")
    assert done.kind == "done"
    assert (done.result["metrics_left"], done.result["metrics_brought"], done.result["plots_left"]) == (3, 0, 0)
    assert not done.cancelled
    assert [kind for kind in kinds(server, O1) if kind != "phase"] == ["prepared", "launched", "launcher", "quanta", "done"]
    [quanta] = server.reports(O1, "quanta")
    assert (quanta.source, quanta.registered) == ("pipetask report", True)
    assert (quanta.tasks[0].succeeded, quanta.tasks[0].caveats) == (2, 1)
    [prepared] = server.reports(O1, "prepared")
    assert f"u/ann/trial/{O1}" in prepared.bps_yaml
    assert {"bps.yaml", "launcher.log", "pipetask-report.json"} <= set(server.files[f"S-{O1}"])
    assert stack.n_starts == 1


def test_what_is_heard_while_it_runs(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    said = {"supported": True, "known": True, "state": "RUNNING", "run_id": "7", "jobs": {"a": {"RUNNING": 1}}, "message": ""}
    stack.answer(workflow=said)
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        server.wait_for(lambda: "workflow" in [r.report.kind for r in server.kept[O1].reports])
        stack.answer(workflow={**said, "state": "SUCCEEDED"})
        stack.go()
        server.wait_for_report(O1, "done")
    phases = [(report.phase, report.n_quanta) for report in server.reports(O1, "phase")]
    assert phases[0] == ("acquiring", None)
    assert phases[-1] == ("running", 2)
    assert [report.state for report in server.reports(O1, "workflow")] == ["RUNNING", "SUCCEEDED"]
    # What has not changed is not said again.
    assert len(server.reports(O1, "progress")) == 1


def test_agent_killed_while_bps_runs(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_process(site_file, server, state_dir):
        stack.wait_for("submitting")
    with agent_process(site_file, server, state_dir):
        server.wait_for(lambda: len(server.hellos) == 2)
        stack.go()
        server.wait_for_report(O1, "done")
    assert stack.n_starts == 1
    assert kinds(server, O1).count("launched") == 1
    assert server.hellos[0].agent_id == server.hellos[1].agent_id
    assert server.reports(O1, "launcher")[0].exit_code == 0


def test_bps_that_ended_while_the_agent_was_away(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_process(site_file, server, state_dir):
        stack.wait_for("submitting")
    stack.go()
    wait_until((state_dir / f"orders/{O1}/launch/exit.json").exists)
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done")
    assert stack.n_starts == 1
    assert server.reports(O1, "launcher")[0].exit_code == 0


def test_begun_but_never_launched_is_launched(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    # The agent dies between begin and launch: what it leaves is the folder with the mark.
    stack.go()
    order = begin_as(server, AN_AGENT, O1, state_dir)
    OrderFolders(state_dir / "orders").create(order).mark_begun()
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done")
    assert stack.n_starts == 1


def test_order_without_records_is_lost(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    begin_as(server, AN_AGENT, O1, state_dir)
    with agent_thread(site_file, server, state_dir):
        lost = server.wait_for_report(O1, "lost")
        assert "records" in lost.reason
        server.add(cancel_order(C1, O1))
        assert server.wait_for_report(O1, "done").cancelled
    assert stack.n_starts == 0


def test_all_is_killed(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    unknown = {"label": "measure", "expected": 2, "succeeded": 1, "caveats": 0, "failed": 0, "blocked": 0, "unknown": 1}
    stack.answer(scan={"tasks": [unknown], "unfinished": [], "output_run": "r"}, registered=None)
    server.add(submit_order())
    with agent_process(site_file, server, state_dir):
        stack.wait_for("submitting")
    kill_session(state_dir, O1)
    with agent_thread(site_file, server, state_dir):
        lost = server.wait_for_report(O1, "lost")
        assert "not all quanta are accounted for" in lost.reason
        assert "cancel" in lost.remedy
        server.add(cancel_order(C1, O1))
        assert server.wait_for_report(O1, "done").cancelled
    [quanta] = server.reports(O1, "quanta")
    assert (quanta.source, quanta.registered) == ("datasets in the datastore", False)
    assert quanta.tasks[0].unknown == 1
    [launcher] = server.reports(O1, "launcher")
    assert (launcher.exit_code, launcher.signal) == (None, None)
    assert stack.n_starts == 1


def test_all_is_killed_but_every_quantum_is_accounted_for(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    server.add(submit_order())
    with agent_process(site_file, server, state_dir):
        stack.wait_for("submitting")
    kill_session(state_dir, O1)
    with agent_thread(site_file, server, state_dir):
        assert not server.wait_for_report(O1, "done", "lost").cancelled
    assert "lost" not in kinds(server, O1)


def test_lost_submission_gives_its_place_free(
    server: FakeServer, stack: StubStack, tmp_path: Path, site_file: Path, state_dir: Path
) -> None:
    site_file.write_text(site_file.read_text() + "max_submissions: 1\n")
    stack.answer(scan={"tasks": [], "unfinished": [], "output_run": "r"})
    stack.refuse("scan", "butler_unreachable", "The database is away.")
    server.add(submit_order())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ending, "RETRIES_S", (0.0,))
        with agent_thread(site_file, server, state_dir):
            stack.go()
            lost = server.wait_for_report(O1, "lost")
            assert "The database is away." in lost.reason
            server.add(submit_order(O2))
            server.wait_for_report(O2, "launched")


def test_shim_killed_bps_lives(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
        kill_shim(state_dir, O1)
        server.wait_for(lambda: "phase" in [r.report.kind for r in server.kept[O1].reports])
        stack.go()
        server.wait_for_report(O1, "done")
    [launcher] = server.reports(O1, "launcher")
    assert (launcher.exit_code, launcher.signal) == (None, None)
    assert stack.n_starts == 1


def test_server_away_while_bps_runs(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
        server.stop()
        stack.go()
        wait_until((state_dir / f"orders/{O1}/launch/exit.json").exists)
        server.start()
        server.wait_for_report(O1, "done")
    assert [kind for kind in kinds(server, O1) if kind != "phase"] == ["prepared", "launched", "launcher", "quanta", "done"]
    assert "launcher.log" in server.files[f"S-{O1}"]


@pytest.mark.parametrize("answer", ["/begin", "/reports", "/lease", "/agents", "bps.yaml"])
def test_answer_lost_on_the_way(answer: str, server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.lease_s = 0.3
    server.drop_answers_of.append(answer)
    stack.go()
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done")
    assert server.drop_answers_of == []
    assert stack.n_starts == 1
    assert server.kept[O1].n_begins == 1


def test_unbegun_order_that_went_elsewhere_is_dropped(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    site_file.write_text(site_file.read_text() + "max_submissions: 1\n")
    server.add(submit_order(O1))
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
        server.add(submit_order(O2))
        server.wait_for(lambda: server.kept[O2].order.status is OrderStatus.LEASED)
        server.kept[O2].order = server.kept[O2].order.model_copy(update={"token": 99, "status": OrderStatus.WITHDRAWN})
        stack.go()
        server.wait_for_report(O1, "done")
        wait_until(lambda: not (state_dir / f"orders/{O2}").exists())
    assert server.kept[O2].reports == []
    assert stack.n_starts == 1


def test_submissions_wait_for_places_and_nothing_else_does(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    site_file.write_text(site_file.read_text() + "max_submissions: 1\n")
    server.add(submit_order(O1))
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
        server.add(submit_order(O2))
        server.add(make_order(P1, ChainPayload(stack="demo", repository="demo", chain="u/x", collections=["a"])))
        server.wait_for_report(P1, "done")
        assert server.kept[O2].order.status is OrderStatus.LEASED
        stack.go()
        server.wait_for_report(O2, "done")
    assert stack.n_starts == 2


def test_cancel(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
        server.add(cancel_order(C1, O1))
        assert server.wait_for_report(O1, "done").cancelled
        assert server.wait_for_report(C1, "done").result == {"state": "stopping"}
    assert server.reports(O1, "launcher")[0].signal == 15


def test_cancel_of_one_that_will_not_stop(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.write("bps", BPS.replace("#!/bin/bash", "#!/bin/bash\ntrap '' TERM"))
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
        server.add(cancel_order(C1, O1))
        assert server.wait_for_report(O1, "done").cancelled
    assert server.reports(O1, "launcher")[0].signal == 9


def test_cancel_of_an_order_nobody_knows(server: FakeServer, site_file: Path, state_dir: Path) -> None:
    server.add(cancel_order(C1, O9))
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(C1, "failed")
    assert failed.faults[0].code == "unknown_order"


def test_cancel_comes_too_late(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.go()
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done")
        server.add(cancel_order(C1, O1))
        assert server.wait_for_report(C1, "done").result == {"state": "ended"}


def test_agent_that_ends_leaves_bps_running(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
    assert "launcher" not in kinds(server, O1)
    stack.go()
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done")
    assert stack.n_starts == 1


def test_agent_that_ends_can_cancel(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir, on_stop="cancel"):
        stack.wait_for("submitting")
    assert server.reports(O1, "done")[0].cancelled
    assert server.kept[O1].order.status is OrderStatus.DONE


def test_one_agent_for_each_state_directory(server: FakeServer, site_file: Path, state_dir: Path) -> None:
    with agent_thread(site_file, server, state_dir):
        server.wait_for(lambda: bool(server.hellos))
        with pytest.raises(StateDirInUse):
            run_agent(site_file, server=server.url, token=TOKEN, state_dir=state_dir, stop_event=threading.Event())


def test_order_that_the_server_no_longer_counts_as_begun(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    server.add(submit_order())
    with agent_process(site_file, server, state_dir):
        stack.wait_for("submitting")
    reports = len(server.kept[O1].reports)
    server.kept[O1].order = server.kept[O1].order.model_copy(update={"status": OrderStatus.FAILED})
    with agent_thread(site_file, server, state_dir):
        server.wait_for(lambda: len(server.hellos) == 2)
        stack.go()
        wait_until((state_dir / f"orders/{O1}/launch/exit.json").exists)
    # It is left alone, with its records, and nothing is said of it.
    assert len(server.kept[O1].reports) == reports
    assert (state_dir / f"orders/{O1}/order.json").exists()


def test_server_that_lost_reports(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        server.wait_for(lambda: "progress" in [r.report.kind for r in server.kept[O1].reports])
        del server.kept[O1].reports[-1]
        stack.go()
        server.wait_for_report(O1, "done")
    assert [report.seq for report in server.kept[O1].reports] == list(range(1, len(server.kept[O1].reports) + 1))
