"""Monitors of signals, trained on days of the simulated pilot line, and what they see of faults."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from models.follow import catch_up
from models.monitor_signals import SignalMonitor
from plant.model import Plant
from storage.connect import connect
from tests.models.simulated import Run

STATIONS = ("mixing", "calendering", "vacuum_drying", "dry_room", "winding", "filling")
#: The last fault ends before the maintenance of the second Wednesday, when machines stand.
HISTORY_H, CLEAN_H, FAULT_H, REST_H = 4 * 24, 3 * 24, 3, 5
#: That maintenance ends three hours before.
MAINTAINED = datetime(2026, 9, 9, 19, tzinfo=UTC)


class Alarm(NamedTuple):
    machine: str
    characteristic: str
    since: datetime
    detected: datetime
    signals: tuple[str, ...]


class Watched:
    """A line whose monitors were trained on its history and promoted."""

    def __init__(self, dsn: str, plant: Plant, run: Run) -> None:
        self._dsn, self._plant, self._run = dsn, plant, run

    @property
    def now(self) -> datetime:
        """When the line has come to."""
        return self._run.now

    def go_on(self, hours: float, *faults: str) -> tuple[datetime, list[Alarm]]:
        """Let the line run, and the monitor after it; return the beginning, and what alarmed."""
        begin, end = self._run.go_on(hours, *faults)
        catch_up(self._dsn, SignalMonitor(self._plant, flush_s=0.0))
        with connect(self._dsn, application="test") as connection:
            rows = connection.execute(
                "SELECT equipment, characteristic, since, time, contributions"
                "  FROM analysis.anomaly WHERE state = 'on' AND time BETWEEN %s AND %s ORDER BY id",
                (begin, end),
            ).fetchall()
        return begin, [
            Alarm(machine, what, since, time, tuple(part["signal"] for part in parts))
            for machine, what, since, time, parts in rows
        ]


@pytest.fixture(scope="module")
def watched(
    new_database: Callable[[str], AbstractContextManager[str]], pilot_template: str, pilot: Plant
) -> Iterator[Watched]:
    with (
        new_database(pilot_template) as dsn,
        connect(dsn, application="test", autocommit=True) as connection,
    ):
        run = Run(connection, pilot, *STATIONS)
        run.go_on(HISTORY_H)
        learnt = subprocess.run(
            [sys.executable, "-m", "jellyroll", "train", "--database", dsn, "--promote",
             "--days", str(HISTORY_H / 24), "--until", run.now.strftime("%Y-%m-%dT%H:%MZ"),
             *(f"--only={station}" for station in STATIONS), "--jobs", "1", "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        models = json.loads(learnt.stdout)["models"]
        assert {model["station"] for model in models} == set(STATIONS)
        assert {model["state"] for model in models} == {"active"}
        # What was trained on is not watched.
        connection.execute("INSERT INTO ingest.cursor SELECT 'signals', max(xid) FROM ingest.batch")
        yield Watched(dsn, pilot, run)


@pytest.mark.long
def test_days_with_stops_and_without_a_fault_are_quiet(watched: Watched) -> None:
    _, alarms = watched.go_on(CLEAN_H)
    assert alarms == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "machine", "signals", "minutes"),
    [
        # No signal of it leaves its limits: the four tensions spread more, each a little.
        ("F08:winder=1", "l1-winder-01", "tension", 30),
        ("F04", "l1-calender-c-01", "gap porosity density", 60),
        ("F10:zone=1", "l1-filling-zone-01", "dew_point", 30),
        ("F03:mixer=1", "l1-mixer-c-01", "temperature viscosity", 60),
        ("F11:dryer=1", "l1-dryer-c-01", "pressure", 30),
    ],
)
def test_a_fault_in_signals_is_told_of_its_machine_by_its_signals_and_of_no_other(
    watched: Watched, fault: str, machine: str, signals: str, minutes: float
) -> None:
    begin, alarms = watched.go_on(FAULT_H, f"{fault}@+0m..+{FAULT_H}h")
    assert {alarm.machine for alarm in alarms} == {machine}
    first = alarms[0]
    assert first.detected - begin < timedelta(minutes=minutes)
    assert first.signals[0].startswith(tuple(signals.split()))
    _, later = watched.go_on(REST_H)
    assert later == []


@pytest.mark.long
def test_machines_that_start_after_the_maintenance_of_the_week_are_no_alarm(
    watched: Watched,
) -> None:
    _, alarms = watched.go_on((MAINTAINED - watched.now) / timedelta(hours=1))
    assert alarms == []
