"""Times as they are shown."""

from __future__ import annotations

import pytest

from campaigns.web.downloads import _moment
from campaigns.web.when import day_obs, duration_text, exact_text, relative_text, time_element

NOON_US = 1_795_348_800_000_000
"""2026-11-22 12:00:00 UTC: the observing day changes."""
SECOND_US = 1_000_000


def test_the_observing_day_begins_at_noon_utc() -> None:
    assert day_obs(NOON_US) == 20261122
    assert day_obs(NOON_US - 1) == 20261121


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "just now"),
        (59, "59 s ago"),
        (61, "1 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 d ago"),
        (-300, "in 5 min"),
        (10**7, "2026-07-29"),
    ],
)
def test_relative(seconds: int, text: str) -> None:
    assert relative_text(NOON_US - seconds * SECOND_US, now_us=NOON_US) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (61, "1 min 1 s"), (3720, "1 h 2 min"), (100_000, "1 d 3 h")])
def test_durations(seconds: int, text: str) -> None:
    assert duration_text(seconds * SECOND_US) == text


def test_a_time_tells_programs_and_people() -> None:
    element = time_element(NOON_US, now_us=NOON_US + 90 * SECOND_US)
    assert 'datetime="2026-11-22T12:00:00Z"' in element
    assert 'title="2026-11-22 12:00:00 UTC · observing night 20261122"' in element
    assert element.endswith(" data-relative>1 min ago</time>")


@pytest.mark.parametrize(("at_us", "year"), [(2**63 - 1, "9999"), (2**62, "9999"), (-(2**63), "1970")])
def test_a_time_that_no_date_can_show_does_not_fail(at_us: int, year: str) -> None:
    assert exact_text(at_us).startswith(year)
    assert relative_text(at_us, now_us=NOON_US).startswith(year)
    assert f'datetime="{year}' in time_element(at_us, now_us=NOON_US)
    assert (_moment(at_us) or "").endswith("-01-01T00:00:00Z")
