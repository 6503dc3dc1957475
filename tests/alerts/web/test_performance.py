"""Alarm performance: rates with empty bins, the ten most frequent, chattering, stale, waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.alert import Cause, Severity
from alerts.web.alarm_day import AlarmDays
from alerts.web.performance import (
    Figure,
    Performance,
    days_of,
    figures,
    histogram,
    last_day,
    read_performance,
    waiting,
)
from storage.connect import Connection
from tests.alerts.web.support import NOZZLE, Browser, open_alert

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


def figure(found: Performance | tuple[Figure, ...], name: str) -> Figure:
    of = found.figures if isinstance(found, Performance) else found
    (one,) = [f for f in of if f.name.startswith(name)]
    return one


def test_a_rate_counts_the_empty_periods_too() -> None:
    bins = {int(NOW.timestamp() // 600): 12, int(NOW.timestamp() // 600) - 1: 2}
    found = figures(bins, NOW - timedelta(days=10), NOW, top_ten=0, chattering=0, stale=0)
    assert figure(found, "Alerts per day").value == 1.4
    assert figure(found, "Most alerts in 10").value == 12
    assert figure(found, "Most alerts in 10").verdict == "too many"
    flooded = figure(found, "10-minute periods").value
    assert flooded is not None
    assert round(flooded, 4) == round(100 / 1441, 4)


def test_a_figure_is_acceptable_manageable_or_too_many() -> None:
    verdicts = [Figure("", value, 144, 288).verdict for value in (144, 145, 288, 289)]
    assert verdicts == ["acceptable", "manageable", "manageable", "too many"]
    assert Figure("", None, 1, 2).verdict == "nothing yet"


def test_a_day_is_one_of_the_plants_clock_and_none_is_left_out() -> None:
    late = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)  # 23:00 of the day before, in Chicago
    days = days_of({int(late.timestamp() // 600): 3}, NOW - timedelta(days=3), NOW, CHICAGO)
    assert days == (("19 Nov", 0), ("20 Nov", 0), ("21 Nov", 3), ("22 Nov", 0))


def test_the_last_day_has_144_bins() -> None:
    found = last_day({int(NOW.timestamp() // 600): 7}, NOW, CHICAGO)
    assert len(found) == 144
    assert found[-1] == ("06:00", 7)
    assert sum(count for _, count in found) == 7


def test_waits_fall_into_bins_of_ten_minutes() -> None:
    found = histogram([0, 599, 600, 3599, 3600, 1e6])
    assert [count for _, count in found] == [2, 1, 0, 0, 0, 1, 2]


def test_the_figures_are_those_of_the_history(link: Connection) -> None:
    now = datetime.now(UTC).replace(hour=18)  # noon in Chicago, so all of it is of one day
    minutes = timedelta(minutes=1)
    for position, at, wait in ((1, 50, 5), (1, 40, 15), (2, 30, None)):
        opened(link, NOZZLE._replace(position=position), now - at * minutes, wait)
    for second in (0, 20, 59):
        opened(link, NOZZLE._replace(position=3), now - 20 * minutes + timedelta(seconds=second))
    for second in (0, 61, 122):
        opened(link, NOZZLE._replace(position=4), now - 20 * minutes + timedelta(seconds=second))
    opened(link, NOZZLE._replace(line="l2"), now - timedelta(days=2), is_open=True)
    found = read_performance(link, AlarmDays(CHICAGO), "l1", 30, now)
    assert sum(count for _, count in found.per_day) == 9
    assert [(cause.position, cause.alarms) for cause in found.top[:3]] == [(4, 3), (3, 3), (1, 2)]
    assert [cause.position for cause in found.chattering] == [3]
    assert figure(found, "Chattering").value == 1
    assert found.median_wait_s == 600
    assert waiting(found) == (
        "Half of the alerts were acknowledged within 10 min, nine of ten within 14 min."
    )
    assert found.stale == ()
    everywhere = read_performance(link, AlarmDays(CHICAGO), None, 30, now)
    assert [alert.title for alert in everywhere.stale] == [
        "l1-filler-01 nozzle 3: fill_mass is off"
    ]
    assert figure(everywhere, "Stale").value == 1
    assert everywhere.severities == {"low": 0, "medium": 0, "high": 100}


def opened(
    link: Connection,
    cause: Cause,
    at: datetime,
    wait_min: float | None = None,
    *,
    is_open: bool = False,
) -> None:
    """Write an alert of the past: opened at *at*, acknowledged after *wait_min*."""
    alert = open_alert(link, cause, severity=Severity.HIGH, since=at).id
    with link.transaction():
        link.execute("SET LOCAL session_replication_role = replica")
        link.execute("UPDATE alert.event SET at = %s WHERE alert = %s", (at, alert))
        link.execute(
            "UPDATE alert.alert SET opened_at = %s, state = %s, closed_at = %s WHERE id = %s",
            (at, "unacknowledged" if is_open else "normal", None if is_open else at, alert),
        )
        if wait_min is not None:
            link.execute(
                "INSERT INTO alert.event (alert, at, who, what) VALUES (%s, %s, 'ada', %s)",
                (alert, at + timedelta(minutes=wait_min), "acknowledged"),
            )


def test_the_page_shows_verdicts_in_words_and_charts(technician: Browser, link: Connection) -> None:
    now = datetime.now(UTC)
    for position in range(1, 13):
        opened(link, NOZZLE._replace(position=position), now - timedelta(minutes=1))
    page = technician.get("/performance?line=l1&days=7")
    assert page.status_code == 200
    assert page.text.count("<svg") == 3
    assert "too many" in page.text
    assert "Nobody has acknowledged" in page.text
    assert technician.get("/performance?days=0").status_code == 422


def test_the_page_of_a_plant_without_alerts_says_so(technician: Browser) -> None:
    page = technician.get("/performance").text
    assert "No alerts in this time." in page
    assert "nothing yet" in page


def test_a_day_that_is_over_is_counted_once_and_the_present_one_each_time(
    link: Connection,
) -> None:
    remembered = AlarmDays(CHICAGO)
    now = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    opened(link, NOZZLE._replace(position=1), now - timedelta(days=1), 10)
    opened(link, NOZZLE._replace(position=2), now - timedelta(hours=1))

    def counted(moment: datetime) -> list[int]:
        found = read_performance(link, remembered, "l1", 3, moment)
        return [count for _, count in found.per_day]

    assert counted(now) == [0, 1, 1]
    opened(link, NOZZLE._replace(position=3), now - timedelta(days=1))  # as never happens
    opened(link, NOZZLE._replace(position=4), now - timedelta(minutes=1))
    assert counted(now) == [0, 1, 2]
    assert counted(now + timedelta(days=1)) == [1, 2, 0]


def test_the_day_before_is_not_over_in_the_first_minutes_of_the_next(link: Connection) -> None:
    remembered = AlarmDays(CHICAGO)
    midnight = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    for position, late in ((1, 60), (2, 1)):
        opened(link, NOZZLE._replace(position=position), midnight - timedelta(minutes=late))
        past, present = remembered.calls(link, "l1", 2, midnight + timedelta(minutes=5))
        assert (past.bins.total(), present.bins.total()) == (0, position)
    past, present = remembered.calls(link, "l1", 2, midnight + timedelta(minutes=15))
    assert (past.bins.total(), present.bins.total()) == (2, 0)
