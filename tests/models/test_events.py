"""One fault at one machine is one event, however many charts see it."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from models.anomaly_store import AnomalyRow, write_anomalies
from tests.models.conftest import FILLER, Feeder

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(state: str, characteristic: str, position: int | None = 3) -> AnomalyRow:
    return AnomalyRow(
        state=state, line="l1", station="filling", equipment=FILLER, position=position,
        characteristic=characteristic, direction="low", since=NOON, time=NOON, statistic=17.0,
        limit=16.0, value=6.0, expected=6.4, sd=0.025, unit="g", samples=5, last_points=[],
        model="cusum-1", recipe="",
    )  # fmt: skip


def test_what_begins_while_an_alarm_of_its_machine_lasts_is_of_its_event(feeder: Feeder) -> None:
    story = [
        row("on", "fill_mass"),
        row("on", "mass_after"),
        row("on", "stuck:vacuum", None),  # a sensor is an event of its own
        row("off", "fill_mass"),
        row("on", "multivariate", None),  # mass_after still lasts
        row("off", "mass_after"),
        row("off", "multivariate", None),
        row("on", "fill_mass"),  # all was over but the sensor: a new one
        row("off", "stuck:vacuum", None),
    ]
    with psycopg.connect(feeder.dsn) as connection:
        begun = write_anomalies(connection, story)
        found = connection.execute("SELECT id, event FROM analysis.anomaly ORDER BY id").fetchall()
    first = found[0][0]
    events = [event - first for _, event in found]
    assert events == [0, 0, 2, 0, 0, 0, 0, 7, 2]
    assert [number - first for number in begun] == [0, 1, 2, 4, 7]
