"""A machine from which nothing comes any more is an alert of its own, never one about a value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.config_file import Rules
from alerts.correlate import correlate
from alerts.escalate import escalate
from alerts.query import list_alerts, story
from alerts.setting import Setting
from alerts.suppress import release
from alerts.watch import Place, Seen, lost_places, watch
from plant.load import REFERENCE, load_plant
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import insert_anomaly, setting_of

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def reference() -> Plant:
    return load_plant(REFERENCE)


def lost(plant: Plant, *prefixes: str) -> list[Place]:
    """The places that are lost when the machines of *prefixes* are; all machines were seen."""
    machines = [
        Seen(name, NOW, 1000.0, name.startswith(prefixes))
        for name, machine in plant.equipment.items()
        if machine.station not in {"formation", "ageing"}
    ]
    return sorted(lost_places(plant, machines))


@pytest.mark.parametrize(
    ("prefixes", "places"),
    [
        (("l1-filler-07",), [Place("l1", "filling", "l1-filler-07")]),
        (("l1-filler-07", "l1-filler-08"), [
            Place("l1", "filling", "l1-filler-07"), Place("l1", "filling", "l1-filler-08"),
        ]),
        (("l1-filler-0", "l1-filler-1"), [Place("l1", "filling", "")]),
        (("l3-",), [Place("l3", "", "")]),
        (("l3-", "l5-winder-01"), [Place("l3", "", ""), Place("l5", "winding", "l5-winder-01")]),
        (("l",), [Place("", "", "")]),
        (("none",), []),
    ],
)  # fmt: skip
def test_what_befalls_most_of_a_place_befell_the_place(
    reference: Plant, prefixes: tuple[str, ...], places: list[Place]
) -> None:
    assert lost(reference, *prefixes) == places


def hear(link: Connection, station: str, equipment: str, ago_s: float = 0) -> None:
    link.execute(
        f"INSERT INTO telemetry.{station} (time, equipment)"
        " VALUES (clock_timestamp() - make_interval(secs => %s), %s)".encode(),
        (ago_s, equipment),
    )


def silence(link: Connection, seconds: float) -> None:
    link.execute("UPDATE alert.watch SET seen_at = seen_at - make_interval(secs => %s)", (seconds,))


@pytest.fixture
def setting(pilot: Plant) -> Setting:
    return setting_of(pilot, "here")


def told(link: Connection) -> list[str]:
    rows = link.execute("SELECT event_type FROM alert.delivery ORDER BY event").fetchall()
    return [what for (what,) in rows]


def test_a_lost_signal_opens_an_alert_and_returns_when_it_is_back_for_a_while(
    link: Connection, setting: Setting
) -> None:
    for station, machine in (("filling", "l1-filler-01"), ("winding", "l1-winder-01")):
        hear(link, station, machine)
    watch(link, setting)
    silence(link, 299)
    watch(link, setting)
    assert list_alerts(link) == []
    hear(link, "winding", "l1-winder-01")
    watch(link, setting)
    silence(link, 2)
    watch(link, setting)
    watch(link, setting)
    (alert,) = list_alerts(link)
    assert (alert.kind, alert.cause.equipment) == ("signal_lost", "l1-filler-01")
    assert alert.cause.direction == ""
    assert "signal lost, nothing came since" in alert.title
    hear(link, "filling", "l1-filler-01")
    watch(link, setting)
    assert story(link, 1).alert.return_due_at is not None
    # Lost again before it counted as back: the same alert goes on, and nobody hears of it.
    silence(link, 301)
    hear(link, "winding", "l1-winder-01")
    watch(link, setting)
    assert story(link, 1).alert.return_due_at is None
    assert told(link) == ["alert.opened"]


def test_old_rows_that_come_now_are_no_loss(link: Connection, setting: Setting) -> None:
    """A backlog is read: its times are hours old and go on, row by row."""
    for ago_s in (7200, 3600, 1800):
        hear(link, "filling", "l1-filler-01", ago_s)
        watch(link, setting)
        silence(link, 200)
    watch(link, setting)
    assert list_alerts(link) == []


@pytest.mark.parametrize(("state", "alerts"), [("Stopped", 0), ("Execute", 1), ("Stale", 1)])
def test_a_machine_that_said_that_it_stops_may_be_silent(
    link: Connection, setting: Setting, state: str, alerts: int
) -> None:
    hear(link, "filling", "l1-filler-01")
    watch(link, setting)
    link.execute(
        "INSERT INTO machine.state (time, equipment, state) VALUES (now(), 'l1-filler-01', %s)",
        (state,),
    )
    silence(link, 3600)
    watch(link, setting)
    assert len(list_alerts(link)) == alerts


def test_a_sensor_that_gives_no_value_is_a_lost_signal_and_part_of_a_silent_machine(
    link: Connection, setting: Setting
) -> None:
    lost_sensor = {"characteristic": "lost:tank_pressure", "position": None, "direction": "high"}
    insert_anomaly(link, **lost_sensor)
    correlate(link, setting)
    (alert,) = list_alerts(link)
    assert (alert.kind, alert.cause.direction, alert.severity) == ("signal_lost", "", "medium")
    hear(link, "filling", "l1-filler-01")
    watch(link, setting)
    assert story(link, 1).alert.state == "unacknowledged"
    insert_anomaly(link, **lost_sensor, state="off")
    correlate(link, setting)
    assert told(link) == ["alert.opened", "alert.returned"]


def test_a_station_may_be_exempt(link: Connection, pilot: Plant) -> None:
    setting = setting_of(pilot, "here", rules=Rules(signal_lost_except=("filling",)))
    hear(link, "filling", "l1-filler-01")
    watch(link, setting)
    assert link.execute("SELECT count(*) FROM alert.watch").fetchone() == (0,)


def test_machines_that_never_spoke_are_not_missed(link: Connection, setting: Setting) -> None:
    watch(link, setting)
    assert list_alerts(link) == []


def test_the_loss_of_a_line_explains_that_of_its_machines(
    link: Connection, setting: Setting
) -> None:
    for station, machine in (("filling", "l1-filler-01"), ("winding", "l1-winder-01")):
        hear(link, station, machine)
    watch(link, setting)
    silence(link, 400)
    hear(link, "winding", "l1-winder-01")
    watch(link, setting)
    assert list_alerts(link)[0].cause.equipment == "l1-filler-01"
    silence(link, 400)
    watch(link, setting)
    line = list_alerts(link)[0]
    assert (line.cause.line, line.cause.station, line.severity) == ("l1", "", "high")
    # When the filler's alert would be told again, it is known to be a part of the line's.
    link.execute("INSERT INTO alert.escalation VALUES (1, 'all', 1, now(), now())")
    escalate(link, setting)
    assert (story(link, 1).alert.suppressed, story(link, 1).alert.parent) == ("explained", 2)
    assert release(link, setting) == 0
