"""An endpoint that fails, or is asked too often, is left in peace."""

from __future__ import annotations

from alerts.backoff import BackOff
from alerts.breaker import Breaker, Rate


def test_the_breaker_opens_after_failures_in_a_row_and_probes_ever_more_rarely() -> None:
    breaker = Breaker(BackOff(first_s=10, longest_s=100), trip_after=3)
    assert [breaker.failed(0.0) for _ in range(2)] == [False, False]
    assert breaker.wait_s(0.0) == 0
    assert breaker.failed(0.0)
    assert breaker.is_open
    assert 1e-9 < breaker.wait_s(0.0) <= 10 or breaker.wait_s(0.0) == 0
    for _ in range(20):
        assert not breaker.failed(0.0)
        assert breaker.wait_s(0.0) <= 100
    assert breaker.succeeded()
    assert (breaker.is_open, breaker.wait_s(0.0)) == (False, 0)
    assert not breaker.succeeded()


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(BackOff(), trip_after=2)
    for _ in range(5):
        assert not breaker.failed(0.0)
        assert not breaker.succeeded()


def test_a_rate_lets_a_burst_through_and_then_its_pace() -> None:
    rate = Rate(per_minute=60, burst=3)
    times, now = [], 100.0
    for _ in range(6):
        now += rate.wait_s(now)
        rate.take()
        times.append(round(now - 100, 6))
    assert times == [0, 0, 0, 1, 2, 3]


def test_a_quiet_minute_saves_no_more_than_a_burst() -> None:
    rate = Rate(per_minute=60, burst=2)
    rate.wait_s(0.0)
    for _ in range(2):
        rate.take()
    assert rate.wait_s(3600.0) == 0
    for _ in range(2):
        rate.take()
    assert rate.wait_s(3600.0) == 1
