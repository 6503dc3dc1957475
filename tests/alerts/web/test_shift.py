"""When a shift began, by the plant's clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.web.settings import SettingsError, parse_shifts
from alerts.web.shift import shift_began

CHICAGO = ZoneInfo("America/Chicago")
THREE = (time(6), time(14), time(22))


@pytest.mark.parametrize(
    ("now", "began"),
    [
        ("2026-11-22T13:59:59-06:00", "2026-11-22T06:00:00-06:00"),
        ("2026-11-22T14:00:00-06:00", "2026-11-22T14:00:00-06:00"),
        ("2026-11-22T03:00:00-06:00", "2026-11-21T22:00:00-06:00"),
        # The clock goes back at 2:00 on this night: the shift has nine hours.
        ("2026-11-01T05:59:00-06:00", "2026-10-31T22:00:00-05:00"),
    ],
)
def test_a_shift_begins_by_the_plants_clock(now: str, began: str) -> None:
    moment = datetime.fromisoformat(now)
    assert shift_began(moment, THREE, CHICAGO) == datetime.fromisoformat(began)


def test_a_single_shift_lasts_a_day() -> None:
    now = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)  # 5:59 in Chicago
    assert now - shift_began(now, (time(6),), CHICAGO) == timedelta(hours=23, minutes=59)


@pytest.mark.parametrize("text", ["", "6", "06:00,06:00", "25:00", "06:00;14:00", "06:00:30"])
def test_shifts_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--shifts"):
        parse_shifts(text)
