"""When a shift began, by the plant's clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.shift import Shift
from alerts.web.settings import SettingsError, parse_shifts
from alerts.web.shift import Calendar, ShiftNow, shift_began

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


def shift(name: str, begin: str, end: str, **more: object) -> Shift:
    return Shift.model_validate({"name": name, "from": begin, "to": end, "teams": [["ada"]]} | more)


WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
TWO = Calendar(
    CHICAGO, THREE,
    (shift("day", "05:30", "17:30", days=WEEKDAYS), shift("night", "17:30", "05:30", days=WEEKDAYS),
     shift("extra", "08:00", "12:00", lines=["l2"])),
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "line", "name", "began"),
    [
        ("2026-11-23T05:30:00-06:00", "l1", "day", "2026-11-23T05:30:00-06:00"),
        ("2026-11-24T02:00:00-06:00", "l1", "night", "2026-11-23T17:30:00-06:00"),
        # The one that began last.
        ("2026-11-23T09:00:00-06:00", "l2", "extra", "2026-11-23T08:00:00-06:00"),
        ("2026-11-23T09:00:00-06:00", "l1", "day", "2026-11-23T05:30:00-06:00"),
        # Friday's night ends on Saturday; then there is no shift until Monday.
        ("2026-11-28T05:29:00-06:00", "l1", "night", "2026-11-27T17:30:00-06:00"),
        ("2026-11-29T23:00:00-06:00", "l1", "", "2026-11-28T05:30:00-06:00"),
        ("2026-11-29T23:00:00-06:00", "l2", "", "2026-11-29T12:00:00-06:00"),
    ],
)
def test_the_shift_is_that_of_the_calendar(now: str, line: str, name: str, began: str) -> None:
    found = TWO.shift_of(line, datetime.fromisoformat(now))
    assert found == ShiftNow(name, datetime.fromisoformat(began))
    assert TWO.words == "shifts of alerts.toml"


def test_a_line_without_shifts_of_its_own_has_those_of_every_day() -> None:
    calendar = Calendar(CHICAGO, THREE, (shift("day", "06:00", "18:00", lines=["l2"]),))
    now = datetime.fromisoformat("2026-11-22T15:00:00-06:00")
    assert calendar.shift_of("l1", now).began == shift_began(now, THREE, CHICAGO)
    assert Calendar(CHICAGO, THREE).words == "shifts from 06:00, 14:00, 22:00"
