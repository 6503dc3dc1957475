"""Times: milliseconds or RFC 3339 with a zone, to the microsecond, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.errors import Reason, UnreadableError
from plant.times import format_time_us, from_us, read_time_us, to_us

NOW_US = 1_795_336_200_000_000

moments = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001  (the strategy adds the zone)
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@pytest.mark.parametrize(
    ("given", "expected_us"),
    [
        (1_795_336_200_000, NOW_US),
        (0, 0),
        (-1, -1000),
        ("2026-11-22T08:30:00Z", NOW_US),
        ("2026-11-22T08:30:00.250Z", NOW_US + 250_000),
        ("2026-11-22T08:30:00.000001Z", NOW_US + 1),
        ("2026-11-22T08:30:00+00:00", NOW_US),
        ("2026-11-22T02:30:00-06:00", NOW_US),
        ("2026-11-22T14:00:00.123456+05:30", NOW_US + 123_456),
    ],
)
def test_a_time_is_read_to_the_microsecond(given: Any, expected_us: int) -> None:
    assert read_time_us(given) == expected_us


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("2026-11-22T08:30:00", "has no zone; end it with Z or an offset"),
        ("2026-11-22", "has no zone; end it with Z or an offset"),
        ("yesterday", "is not RFC 3339, such as 2026-11-22T08:30:00.250Z"),
        ("", "is not RFC 3339"),
        ("2026-11-22T08:30:60Z", "is not RFC 3339"),
        ("2026-13-22T08:30:00Z", "is not RFC 3339"),
        ("1795336200000", "is not RFC 3339"),
        (1_795_336_200_000.0, "must be whole milliseconds since 1970 or RFC 3339 text"),
        (True, "must be whole milliseconds since 1970 or RFC 3339 text"),
        (None, "must be whole milliseconds since 1970 or RFC 3339 text"),
        ([1], "must be whole milliseconds since 1970 or RFC 3339 text"),
        ({}, "must be whole milliseconds since 1970 or RFC 3339 text"),
    ],
)
def test_what_is_not_a_time_is_refused_with_the_two_forms(given: Any, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_time_us(given)
    assert caught.value.reason is Reason.BAD_TIME
    assert caught.value.detail.startswith("'ts' ")
    assert says in caught.value.detail


@given(moments)
def test_a_moment_comes_back_from_its_text_and_from_its_microseconds(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment
    assert from_us(read_time_us(moment.isoformat())) == moment


@given(st.text())
def test_any_text_is_a_time_or_is_refused_as_one(text: str) -> None:
    try:
        found: int | Reason = read_time_us(text)
    except UnreadableError as error:
        found = error.reason
    assert isinstance(found, int) or found is Reason.BAD_TIME


def test_a_moment_of_the_calendar_is_shown_in_utc() -> None:
    assert format_time_us(NOW_US) == "2026-11-22T08:30:00Z"
    assert from_us(NOW_US) == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("time_us", [10**18, -(10**18), 2**64 * 1000])
def test_a_moment_that_no_calendar_reaches_is_shown_in_milliseconds(time_us: int) -> None:
    assert format_time_us(time_us) == f"{time_us // 1000} ms"
