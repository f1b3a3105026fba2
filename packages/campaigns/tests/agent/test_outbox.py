"""The outbox: numbers without gaps, nothing forgotten, nothing said twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.agent import outbox as outbox_module
from campaigns.agent.outbox import Outbox
from campaigns.domain.quanta import TaskCounts
from campaigns.wire.agent import DoneReport, LauncherReport, PhaseReport, ProgressReport, Report


def progress(n: int) -> ProgressReport:
    return ProgressReport(tasks=[TaskCounts(label="a", expected=n)])


def seqs(box: Outbox) -> list[int]:
    return [report.seq for report in box.take(100)]


def test_reports_are_numbered_from_one(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.jsonl")
    box.put(PhaseReport(phase="acquiring"))
    box.put(DoneReport())
    assert seqs(box) == [1, 2]


def test_reports_survive(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.jsonl")
    box.put(PhaseReport(phase="acquiring"))
    box.put(LauncherReport(exit_code=0, ended_us=1))
    box.acknowledge(2)
    again = Outbox(tmp_path / "outbox.jsonl")
    again.acknowledge(2)
    assert [report.report.kind for report in again.take(100)] == ["launcher"]
    assert again.kinds == {"phase:acquiring", "launcher"}
    assert again.has_said(PhaseReport(phase="acquiring"))
    assert not again.has_said(PhaseReport(phase="running"))


def test_only_the_newest_progress_waits(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.jsonl")
    for n in range(3):
        box.put(progress(n))
    [only] = box.take(100)
    assert only.seq == 1
    assert only.report == progress(2)
    assert Outbox(tmp_path / "outbox.jsonl").take(100)[0].report == progress(2)


def test_progress_that_was_handed_out_is_not_changed(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.jsonl")
    box.put(progress(1))
    box.take(100)
    box.put(progress(2))
    assert seqs(box) == [1, 2]


def test_progress_does_not_overtake(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.jsonl")
    box.put(progress(1))
    box.put(DoneReport())
    box.put(progress(2))
    assert [report.report.kind for report in box.take(100)] == ["progress", "done", "progress"]


def test_line_that_was_cut_short_is_as_if_never_written(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    box = Outbox(path)
    box.put(PhaseReport(phase="acquiring"))
    with path.open("ab") as stream:
        stream.write(b'{"seq": 2, "at_')
    again = Outbox(path)
    again.put(DoneReport())
    assert seqs(again) == [1, 2]
    assert seqs(Outbox(path)) == [1, 2]


def test_server_that_knows_more(tmp_path: Path) -> None:
    # The last line was lost with the power, after the server had it.
    box = Outbox(tmp_path / "outbox.jsonl")
    box.acknowledge(5)
    box.put(DoneReport())
    assert seqs(box) == [5]


def test_server_that_knows_less(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.jsonl")
    for _ in range(4):
        box.put(PhaseReport(phase="acquiring"))
    box.acknowledge(3)
    box.renumber(2)
    box.put(DoneReport())
    assert seqs(box) == [2, 3, 4]
    assert seqs(Outbox(tmp_path / "outbox.jsonl")) == [2, 3, 4]


def test_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "COMPACT_AT_BYTES", 2000)
    box = Outbox(tmp_path / "outbox.jsonl")
    box.put(PhaseReport(phase="acquiring"))
    for n in range(200):
        box.put(progress(n))
        box.acknowledge(box.take(100)[-1].seq + 1)
    assert (tmp_path / "outbox.jsonl").stat().st_size < 4000
    again = Outbox(tmp_path / "outbox.jsonl")
    again.put(DoneReport())
    assert again.take(100)[-1].seq == 202
    assert again.has_said(PhaseReport(phase="acquiring"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["important", "progress", "take", "acknowledge", "restart"]), max_size=30))
def test_numbers_have_no_gaps_whatever_happens(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    path = tmp_path_factory.mktemp("outbox") / "outbox.jsonl"
    box = Outbox(path)
    next_seq = 1
    put: list[Report] = []
    for step in steps:
        match step:
            case "important":
                put.append(PhaseReport(phase="acquiring", message=str(len(put))))
                box.put(put[-1])
            case "progress":
                box.put(progress(len(put)))
            case "restart":
                box = Outbox(path)
                box.acknowledge(next_seq)
            case _:
                taken = box.take(3)
                assert [report.seq for report in taken] == list(range(next_seq, next_seq + len(taken)))
                if step == "acknowledge":
                    next_seq += len(taken)
                    put = put[sum(report.report.kind == "phase" for report in taken) :]
                    box.acknowledge(next_seq)
    left = box.take(100)
    assert [report.seq for report in left] == list(range(next_seq, next_seq + len(left)))
    assert [report.report for report in left if report.report.kind == "phase"] == put
