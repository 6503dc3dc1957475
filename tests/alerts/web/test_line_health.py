"""Line health: what each station looks like, and why."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from alerts.alert import Severity
from alerts.web.health import Alarm, Output, Pulse, line_health
from storage.connect import Connection
from tests.alerts.web.support import NOZZLE, Browser, open_alert

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def pulse(station: str, health: str = "normal", age_s: float | None = 1.0) -> Pulse:
    return Pulse("l1", station, station.title(), health, age_s)


def alarm(station: str, alerts: int = 1, worst: int | None = 2, **changes: int) -> Alarm:
    values = {"unacknowledged": 0, "suppressed": 0, **changes}
    return Alarm("l1", station, alerts, values["unacknowledged"], values["suppressed"], worst, NOW)


def test_a_station_looks_as_its_worst_alert_then_as_its_data_then_as_the_models_say() -> None:
    pulses = [
        pulse("a", "stale", None),
        pulse("b", "stale", 99),
        pulse("c", "suspected"),
        pulse("d"),
    ]
    line = line_health("l1", 0, pulses, [alarm("a", worst=1)], [])
    assert [station.look for station in line.stations] == ["medium", "stale", "suspected", "normal"]
    assert [s.words for s in line.stations] == [
        "1 alert, medium, acknowledged", "no data", "drift suspected", "normal",
    ]  # fmt: skip
    assert line.look == "medium"
    assert (line.stale, line.data_age_s) == (2, 1.0)


def test_a_suppressed_alert_colours_nothing_and_is_counted() -> None:
    line = line_health("l1", 0, [pulse("a")], [alarm("a", 0, None, suppressed=2)], [])
    assert line.look == line.stations[0].look == "normal"
    assert line.open.suppressed == 2


def test_an_alert_about_a_whole_line_counts_for_the_line() -> None:
    line = line_health("l1", 0, [pulse("a")], [alarm("", 1, 2, unacknowledged=1)], [])
    assert line.look == "high"
    assert line.stations[0].look == "normal"
    assert line.open.words == "1 alert, high, 1 to take"


def test_the_yield_of_a_line_is_rolled_over_its_stations() -> None:
    outputs = [Output("l1", "a", 100, 10), Output("l1", "b", 90, 9), Output("l2", "a", 9, 9)]
    line = line_health("l1", 120, [pulse("a"), pulse("b"), pulse("c")], [], outputs)
    assert line.shift_yield == pytest.approx(0.81)
    assert line.stations[2].shift_yield is None
    assert (line.made, line.planned) == (81, 120)


def test_rows_of_another_line_are_passed_over() -> None:
    other = Pulse("l2", "a", "A", "stale", None)
    line = line_health("l1", 0, [other], [alarm("a")._replace(line="l2")], [])
    assert (line.stations, line.open.alerts) == ((), 0)


def station(page: str, name: str) -> str:
    found = re.search(
        rf'<li class="(\w+)"><a href="[^"]*" id="l1-{name}">(.*?)</a>', page, re.DOTALL
    )
    assert found, page
    return f"{found[1]} {' '.join(re.sub('<[^>]+>', ' ', found[2]).split())}"


def test_the_page_shows_every_station_of_the_line(technician: Browser, link: Connection) -> None:
    link.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum) VALUES (now(), 'l1-filler-01', 30)"
    )
    link.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
        " SELECT now() - n * interval '1 s', 'C' || n, 'l1-filler-01', 1,"
        " CASE WHEN n = 1 THEN 'fail' ELSE 'pass' END, 6.4 FROM generate_series(1, 4) AS n"
    )
    page = technician.get("/").text
    assert page.count('<li class="stale">') == len(technician.get("/").text.split("<li ")) - 2
    filling = station(page, "filling")
    assert filling.startswith("normal Filling with electrolyte normal data 0 s old")
    assert "yield 75.0 %" in filling
    assert "no data" in station(page, "winding")
    open_alert(link)
    open_alert(link, NOZZLE._replace(position=4), severity=Severity.LOW)
    page = technician.get("/").text
    assert station(page, "filling").startswith(
        "high Filling with electrolyte 2 alerts, high, 2 to take"
    )
    assert 'data-live="5"' in page


def test_an_alert_about_no_line_is_told_above_all_lines(
    technician: Browser, link: Connection
) -> None:
    open_alert(link, NOZZLE._replace(line="", station="", equipment="", position=None))
    assert "About no single line: 1 alert, high, 1 to take" in technician.get("/").text


def test_a_chart_that_is_on_makes_its_station_suspected(
    technician: Browser, link: Connection
) -> None:
    link.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum) VALUES (now(), 'l1-filler-01', 30)"
    )
    link.execute(
        "INSERT INTO analysis.chart (id, equipment, position, characteristic, version, points,"
        " first_time, last_time, total, is_on, below, samples, score_sum, onset_us, recent_us,"
        " recent_values) VALUES (1, 'l1-filler-01', 3, 'fill_mass', 1, 9, now(), now(), '{0,0}',"
        " '{f,t}', '{0,0}', '{0,0}', '{0,0}', '{0,0}', '{}', '{}')"
    )
    assert "suspected" in station(technician.get("/").text, "filling")
