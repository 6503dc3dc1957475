"""Line health: what each station looks like, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from alerts.alert import Severity
from alerts.web.health import Alarm, LineHealth, Pulse, Readings, line_health, together
from alerts.web.machine_state import MachineState, grouped
from alerts.web.shift import ShiftNow
from alerts.web.shift_output import Output, ShiftSum, Stop
from storage.connect import Connection
from tests.alerts.web.support import NOZZLE, Browser, open_alert

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def pulse(station: str, health: str = "normal", age_s: float | None = 1.0) -> Pulse:
    return Pulse("l1", station, station.title(), health, age_s)


def alarm(station: str, alerts: int = 1, worst: int | None = 2, **changes: int) -> Alarm:
    values = {"unacknowledged": 0, "suppressed": 0, **changes}
    return Alarm(
        "l1", station, alerts, values["unacknowledged"], values["suppressed"], worst, NOW, []
    )


def machine(equipment: str, state: str, minutes_ago: int, reason: str = "") -> MachineState:
    since = NOW - timedelta(minutes=minutes_ago)
    return MachineState("l1", equipment[0], equipment, state, since, reason)


def line_of(
    pulses: Sequence[Pulse],
    alarms: Sequence[Alarm] = (),
    states: Sequence[MachineState] = (),
    done: ShiftSum = ShiftSum(),  # noqa: B008  # frozen
    planned: int = 0,
) -> LineHealth:
    readings = Readings("a", pulses, alarms, states)
    return line_health("l1", readings, ShiftNow("day", NOW), done, planned)


def test_a_station_looks_as_its_worst_alert_then_as_its_data_then_as_the_models_say() -> None:
    pulses = [
        pulse("a", "stale", None),
        pulse("b", "stale", 99),
        pulse("c", "suspected"),
        pulse("d"),
    ]
    line = line_of(pulses, [alarm("a", worst=1)])
    assert [station.look for station in line.stations] == ["medium", "stale", "suspected", "normal"]
    assert [s.words for s in line.stations] == [
        "1 alert, medium, acknowledged", "no data", "drift suspected", "normal",
    ]  # fmt: skip
    assert (line.stale, line.data_age_s) == (2, 1.0)


def test_who_has_the_alerts_of_a_place_is_told_when_none_waits() -> None:
    taken = alarm("a")._replace(people=["cleo"])
    more = alarm("a", 2)._replace(people=["ben", "cleo"])
    assert together([taken]).words == "1 alert, high, cleo has it"
    assert together([more]).words == "2 alerts, high, ben and others have them"
    assert together([taken, alarm("a", unacknowledged=1)]).words == "2 alerts, high, 1 to take"


def test_a_suppressed_alert_colours_nothing_and_is_counted() -> None:
    line = line_of([pulse("a")], [alarm("a", 0, None, suppressed=2)])
    assert line.stations[0].look == "normal"
    assert line.open.suppressed == 2


def test_an_alert_about_a_whole_line_counts_for_the_line() -> None:
    line = line_of([pulse("a")], [alarm("", 1, 2, unacknowledged=1)])
    assert line.stations[0].look == "normal"
    assert line.open.words == "1 alert, high, 1 to take"


def test_the_yield_of_a_line_is_rolled_over_its_stations() -> None:
    outputs = [Output("l1", "a", 100, 10), Output("l1", "b", 90, 9), Output("l2", "a", 9, 9)]
    line = line_of([pulse("a"), pulse("b"), pulse("c")], done=ShiftSum(outputs), planned=120)
    assert line.shift_yield == pytest.approx(0.81)
    assert line.stations[2].shift_yield is None
    assert (line.made, line.planned) == (81, 120)


def test_rows_of_another_line_are_passed_over() -> None:
    other = Pulse("l2", "a", "A", "stale", None)
    line = line_of(
        [other],
        [alarm("a")._replace(line="l2")],
        [machine("a1", "Held", 1)._replace(line="l2")],
        ShiftSum([Output("l2", "a", 9, 9)], [Stop("l2", "a", "belt", 60)]),
    )
    assert (line.stations, line.open.alerts, line.state, line.stops) == ((), 0, None, ())


def test_machines_of_a_station_are_told_by_state_the_state_of_most_first() -> None:
    groups = grouped(
        [
            machine("a1", "Held", 9, "separator torn"),
            machine("a2", "Execute", 60),
            machine("a3", "Execute", 30),
            machine("a4", "Held", 2, "tape missing"),
            machine("a5", "Execute", 90),
        ]
    )
    assert [(g.state, g.machines, g.reason, g.stands) for g in groups] == [
        ("Execute", 3, "", False),
        ("Held", 2, "tape missing", True),
    ]
    assert [NOW - g.since for g in groups] == [timedelta(minutes=30), timedelta(minutes=2)]


def test_a_station_whose_machines_all_stand_may_be_silent_and_is_not_missed() -> None:
    pulses = [pulse("a", "stale", 99), pulse("b", "stale", 99), pulse("c", "suspected"), pulse("d")]
    states = [
        machine("a1", "Held", 9), machine("a2", "Stopped", 9),
        machine("b1", "Stopped", 9), machine("b2", "Execute", 9),
        machine("c1", "Stopped", 9), machine("d1", "Stopped", 9),
    ]  # fmt: skip
    line = line_of(pulses, [], states)
    assert [s.look for s in line.stations] == ["stands", "stale", "suspected", "stands"]
    assert [s.words for s in line.stations] == ["stands", "no data", "drift suspected", "stands"]
    assert line.stale == 1


def test_a_line_does_what_the_machines_do_that_set_its_pace() -> None:
    held = [machine("a1", "Held", 9, "belt"), machine("a2", "Held", 3, "belt")]
    line = line_of([pulse("a")], [], [*held, machine("b1", "Execute", 1)])
    assert line.state
    assert (line.state.state, line.state.stands, line.machines) == ("Held", True, 2)
    line = line_of([pulse("a")], [], [*held, machine("a3", "Execute", 1)])
    assert line.state
    assert (line.state.state, line.state.machines, line.machines) == ("Execute", 1, 3)


def test_the_three_longest_reasons_to_stand_are_told() -> None:
    stops = [Stop("l1", "a", f"reason {n}", 100 - n) for n in range(5)]
    assert line_of([pulse("a")], done=ShiftSum([], stops)).stops == tuple(stops[:3])


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


def test_the_page_says_what_the_machines_do_since_when_and_why(
    technician: Browser, link: Connection
) -> None:
    """A machine repeats its state each shift: it is in it since it first said so."""
    link.execute(
        "INSERT INTO machine.state (time, equipment, state, reason) VALUES"
        " (now() - interval '9 h', 'l1-filler-01', 'Held', 'can stuck'),"
        " (now() - interval '8 h', 'l1-filler-01', 'Execute', NULL),"
        " (now() - interval '1 h', 'l1-filler-01', 'Held', 'scale zeroed'),"
        " (now() - interval '10 min', 'l1-filler-01', 'Held', 'scale zeroed'),"
        " (now() - interval '5 h', 'l1-winder-01', 'Execute', NULL),"
        " (now() - interval '2 h', 'l1-winder-01', 'Execute', NULL)"
    )
    page = technician.get("/").text
    assert station(page, "filling").startswith(
        "stands Filling with electrolyte stands Held for 60 min, scale zeroed"
    )
    assert "stale Winding no data Execute" in station(page, "winding")
    (since,) = re.findall(r'<dd>Execute <span class="quiet">since <time datetime="([^"]+)"', page)
    assert datetime.now(UTC) - datetime.fromisoformat(since) > timedelta(hours=4, minutes=59)
    stops = page[page.index('class="stops"') :]
    assert re.search(r"filling, scale zeroed (\d+ min|\d+ s)", stops)
