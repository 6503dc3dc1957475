"""Shifts and quiet hours, on the plant's own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alerts.alert import Severity
from alerts.shift import Quiet, Shift, first_gap

CHICAGO = ZoneInfo("America/Chicago")


def at(text: str) -> datetime:
    """A moment on Chicago's wall; 2026-11-02 is a Monday, a day after the clocks went back."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=CHICAGO).astimezone(UTC)


def shift(**changes: object) -> Shift:
    values = {"name": "night", "from": "22:00", "to": "06:00", "teams": [["ada"]]} | changes
    return Shift.model_validate(values)


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("11-02T21:59", False),
        ("11-02T22:00", True),
        ("11-03T05:59", True),
        ("11-03T06:00", False),
        ("11-06T23:00", True),  # Friday's night
        ("11-07T03:00", True),  # which ends on Saturday
        ("11-07T23:00", False),
        ("11-08T03:00", False),
        ("11-02T03:00", False),  # Sunday's night: nobody's
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(moment: str, works: bool) -> None:  # noqa: FBT001
    night = shift(days=["mon", "tue", "wed", "thu", "fri"])
    assert night.team_at(at(moment), CHICAGO) == (("ada",) if works else ())


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        ("11-02T23:00", "ada"),
        ("11-08T23:00", "ada"),
        ("11-09T01:00", "ada"),  # still the night of Sunday the 8th
        ("11-09T23:00", "ben"),
        ("11-16T23:00", "cleo"),
        ("11-23T23:00", "ada"),
        ("10-31T23:00", "cleo"),  # before the first day it goes round backwards
    ],
)
def test_teams_take_turns(moment: str, who: str) -> None:
    turns = shift(teams=[["ada"], ["ben"], ["cleo"]], first_day=at("11-02T12:00").date())
    assert turns.team_at(at(moment), CHICAGO) == (who,)


def test_six_to_six_is_the_whole_day() -> None:
    whole = shift(**{"from": "06:00", "to": "06:00"})
    for hour in range(24):
        assert whole.team_at(at(f"11-05T{hour:02}:30"), CHICAGO) == ("ada",)


def test_the_clock_on_the_wall_counts_when_it_is_put_back() -> None:
    """2026-11-01, 02:00 becomes 01:00: a night of nine hours."""
    ends = Quiet.model_validate({"from": "22:00", "to": "06:00"}).ends_at(
        at("10-31T22:00"), Severity.LOW, CHICAGO
    )
    assert ends == datetime(2026, 11, 1, 12, tzinfo=UTC)  # 06:00 in winter
    assert at("10-31T22:00") == datetime(2026, 11, 1, 3, tzinfo=UTC)  # 22:00 in summer


def test_a_time_that_nobody_has_is_found() -> None:
    day = shift(**{"from": "06:00", "to": "22:00", "lines": ["l1"]})
    night = shift(days=["mon", "tue", "wed", "thu", "fri", "sat"])
    monday = at("11-02T12:00")
    assert first_gap([day, night], "l1", CHICAGO, monday) == at("11-08T22:00")
    assert first_gap([day, night], "l2", CHICAGO, monday) == monday
    assert first_gap([day, shift()], "l1", CHICAGO, monday) is None


def test_quiet_hours_are_for_their_severities() -> None:
    quiet = Quiet.model_validate({"from": "22:00", "to": "06:00", "severities": ["low"]})
    assert quiet.ends_at(at("11-02T23:00"), Severity.LOW, CHICAGO) == at("11-03T06:00")
    assert quiet.ends_at(at("11-02T23:00"), Severity.MEDIUM, CHICAGO) is None
    assert quiet.ends_at(at("11-02T12:00"), Severity.LOW, CHICAGO) is None
