"""Bars of quanta."""

from __future__ import annotations

from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.quanta import QuantaCounts
from campaigns.pictures.bars import bar_parts, counts_in_words, quanta_bar

NUMBERS = st.integers(min_value=0, max_value=10**8)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_pieces_follow_each_other_and_fit(succeeded: int, caveats: int, failed: int, blocked: int, unknown: int) -> None:
    counts = QuantaCounts(
        expected=succeeded + caveats + failed + blocked + unknown,
        succeeded=succeeded + caveats,
        caveats=caveats,
        failed=failed,
        blocked=blocked,
        unknown=unknown,
    )
    end = 0.0
    for _, begin, width in bar_parts(counts):
        assert begin == pytest.approx(end)
        end = begin + width
    assert end <= 100.0001
    minidom.parseString(quanta_bar(counts))


def test_one_failure_among_a_million_is_seen() -> None:
    counts = QuantaCounts(expected=1_000_000, succeeded=999_999, failed=1)
    assert [(name, width > 1) for name, _, width in bar_parts(counts)] == [("good", True), ("bad", True)]


def test_counts_are_said_in_words() -> None:
    counts = QuantaCounts(expected=1200, succeeded=1000, caveats=4, failed=10, blocked=90, unknown=100)
    assert counts_in_words(counts) == "1,000 of 1,200 quanta succeeded (4 with caveats), 10 failed, 90 blocked, 100 not known yet"
    assert counts_in_words(QuantaCounts()) == "no quanta are known yet"
