"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.backoff import BackOff, read_retry_after

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_the_ceiling_doubles_from_five_seconds_to_an_hour() -> None:
    back_off = BackOff()
    for failures, ceiling_s in ((1, 5), (2, 10), (5, 80), (10, 2560), (11, 3600), (5000, 3600)):
        delays = [back_off.delay_s(failures) for _ in range(300)]
        assert 0 <= min(delays) < 0.1 * ceiling_s
        assert 0.9 * ceiling_s < max(delays) <= ceiling_s


def test_it_is_given_up_after_a_day() -> None:
    assert not BackOff().is_over(86_399)
    assert BackOff().is_over(86_400)


def test_the_receivers_wish_is_the_least_but_no_more_than_an_hour() -> None:
    assert 30 <= BackOff().delay_s(1, retry_after_s=30) <= 30
    assert BackOff().delay_s(1, retry_after_s=1e9) == 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 22 Nov 2026 03:02:00 GMT", 120),
        ("Sun, 22 Nov 2026 02:00:00 GMT", 0),
        ("9" * 400, 999_999_999),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("²", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    text: str | None, seconds: float | None
) -> None:
    assert read_retry_after(text, NOW) == seconds
