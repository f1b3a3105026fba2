"""Bringing failures together by what went wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.failures import PlacedFailure, group_failures, message_pattern
from campaigns.domain.quanta import QuantumFailure


def failure(task: str, message: str, *, status: str = "failed") -> PlacedFailure:
    return PlacedFailure("S-1", QuantumFailure(task=task, status=status, data_id={"visit": 1}, message=message, exception="E"))


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("Only 3 of 40 sources left, chi2 1.5e-3", "Only <n> of <n> sources left, chi2 <n>"),
        ("No file /sdf/data/raw_903334.fits here", "No file <path> here"),
        ("s3://bucket/a/b: 404", "<path> <n>"),
        ("Dataset 018f5c1e-6f0a-7b3c-9d2e-0123456789ab is gone", "Dataset <uuid> is gone"),
        ("{instrument: 'LSSTCam', visit: 12} has no psf", "{…} has no psf"),
        ("Traceback\n  File x\nValueError: bad 7\n\n", "ValueError: bad <n>"),
        ("calibrateImage2 failed", "calibrateImage2 failed"),
        ("", ""),
    ],
)
def test_what_differs_from_quantum_to_quantum_is_taken_out(message: str, pattern: str) -> None:
    assert message_pattern(message) == pattern


@given(st.text())
def test_a_pattern_is_one_short_line(message: str) -> None:
    pattern = message_pattern(message)
    assert len(pattern) <= 300
    assert len(pattern.splitlines()) <= 1


def test_failed_ones_come_first_and_among_them_the_most_frequent() -> None:
    placed = [
        failure("b", "", status="blocked"),
        failure("b", "", status="blocked"),
        failure("a", "lost", status="unknown"),
        failure("a", "x 1"),
        failure("c", "y 1"),
        failure("c", "y 2"),
    ]
    patterns = group_failures(placed)
    assert [(one.task, one.status, len(one.failures)) for one in patterns] == [
        ("c", "failed", 2),
        ("a", "failed", 1),
        ("a", "unknown", 1),
        ("b", "blocked", 2),
    ]
    assert patterns[0].example == "y 1"
