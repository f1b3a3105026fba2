"""Guessing passwords is slowed down, by name, within bounds."""

from __future__ import annotations

import pytest

from campaigns.auth import throttle
from campaigns.auth.throttle import FREE_ATTEMPTS, WINDOW_S, AttemptLimiter
from campaigns.domain.errors import TooManyAttempts
from campaigns.gateways.clock import FixedClock


def test_name_must_wait_after_too_many_failures(clock: FixedClock) -> None:
    limiter = AttemptLimiter(clock)
    for _ in range(FREE_ATTEMPTS):
        limiter.check("vera")
        limiter.failed("vera")
    with pytest.raises(TooManyAttempts) as caught:
        limiter.check("vera")
    assert caught.value.remedy is not None
    assert "5 min" in caught.value.remedy
    limiter.check("otto")
    clock.advance(seconds=WINDOW_S + 1)
    limiter.check("vera")


def test_success_forgets_failures(clock: FixedClock) -> None:
    limiter = AttemptLimiter(clock)
    for _ in range(FREE_ATTEMPTS - 1):
        limiter.failed("vera")
    limiter.succeeded("vera")
    limiter.failed("vera")
    limiter.check("vera")


def test_made_up_names_do_not_fill_the_memory(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_NAMES", 10)
    limiter = AttemptLimiter(clock)
    for number in range(100):
        limiter.failed(f"name-{number}")
    assert len(limiter._failures) == 10
