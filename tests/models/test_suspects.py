"""Suspects of anomalies in a database with hours of a simulated line, and with its truth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from bench.scenario_feed import HOUR_MS, feed, windows
from models.suspects import look_again, write_suspects
from models.suspects_common import common_to, places_of, written
from plant.frames import Frame, block
from plant.load import load_plant
from plant.model import Plant
from plant.tables import Kind
from plant.times import to_us
from simulator.faults import parse_fault
from simulator.line import Line
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.copy import copy_frame
from storage.migrate import migrate

PLANT = Path(__file__).parents[2] / "bench" / "scenarios.toml"
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
FAULT = BEGIN + timedelta(hours=6)
END = BEGIN + timedelta(hours=9)
STORAGE = BEGIN, FAULT - timedelta(hours=2)
MINUS = "\N{MINUS SIGN}"
FAULTS = (
    "F12:equipment=l1-filler-02,nozzle=3",
    "F07:winder=2",
    "F14:sealer=1",
)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load_plant(PLANT)


def minutes(hours: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Moments around the fault, and which of them are after it."""
    time_us = to_us(FAULT) + np.arange(-hours * 60, hours * 60) * 60_000_000
    return time_us, time_us >= to_us(FAULT)


def coater_rows(plant: Plant) -> Frame:
    """A coater whose lane 3 is 1.5 sd low since the fault; another recipe came before."""
    time_us, after = minutes(3)
    draw = np.random.default_rng(1)
    loading = 24.66 + draw.normal(scale=0.1, size=(2, len(time_us), 8))
    loading[:, after, 2] -= 0.15
    loading[:, time_us < to_us(STORAGE[1])] -= 1.48
    return block(
        plant.tables[Kind.TELEMETRY, "coating"],
        ("time", "equipment", "loading_a", "loading_b"),
        (time_us, ["l1-coater-c-01"] * len(time_us), *loading),
    )


def calender_rows(plant: Plant) -> Frame:
    """A calender whose thickness is 2 sd high since an hour after the fault."""
    time_us, _ = minutes(3)
    thickness = 75.6 + np.random.default_rng(2).normal(scale=0.75, size=len(time_us))
    thickness[time_us >= to_us(FAULT + timedelta(hours=1))] += 1.5
    return block(
        plant.tables[Kind.TELEMETRY, "calendering"],
        ("time", "equipment", "thickness"),
        (time_us, ["l1-calender-c-01"] * len(time_us), thickness),
    )


@pytest.fixture(scope="module")
def database(cluster: PrivateCluster, plant: Plant) -> Iterator[str]:
    """Nine hours of the line, the last three with a nozzle, a winder and a sealer out of order."""
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE suspects")
    dsn = cluster.dsn("suspects")
    migrate(dsn, plant)
    begin, fault, end = (int(t.timestamp() * 1000) for t in (BEGIN, FAULT, END))
    line = Line(plant, "l1", seed=101)
    faults = [parse_fault(text, plant).started(fault) for text in FAULTS]
    with connect(dsn, application="test", autocommit=True) as connection:
        # Machines sample hardly at all: what they say is not needed here.
        for window in windows(begin, end, 3 * HOUR_MS, 6 * HOUR_MS, *faults, is_first=True):
            feed(connection, plant, line, window)
        with connection.transaction():
            copy_frame(connection, coater_rows(plant), batch=1)
            copy_frame(connection, calender_rows(plant), batch=1)
            connection.execute("DELETE FROM machine.state WHERE equipment = 'l1-coater-c-01'")
            connection.execute(
                "INSERT INTO machine.state (time, recipe, equipment, state, batch) VALUES"
                " (%s, 'storage', 'l1-coater-c-01', 'Execute', 1),"
                " (%s, 'vehicle', 'l1-coater-c-01', 'Execute', 1)",
                STORAGE,
            )
    yield dsn
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE suspects WITH (FORCE)")


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with connect(database, application="test", autocommit=True) as connection:
        connection.execute("TRUNCATE analysis.anomaly, analysis.suspect, analysis.suspect_look")
        yield connection


def anomaly(connection: Connection, place: str, result: str, value: float, **given: Any) -> int:
    """An anomaly of a chart, as the monitor would write it an hour after the fault."""
    machine, _, position = place.partition(":")
    station, _, characteristic = result.partition(".")
    row = {
        "state": "on", "line": "l1", "station": station, "equipment": machine,
        "position": int(position) if position else None, "characteristic": characteristic,
        "direction": "low", "since": FAULT, "time": FAULT + timedelta(hours=1), "statistic": 20.0,
        "limit_value": 16.0, "value": value, "expected": 0.0, "sd": 1.0, "unit": "1", "samples": 10,
        "last_points": Jsonb([]), "model": "test", "contributions": Jsonb([]), **given,
    }  # fmt: skip
    columns = ", ".join(row)
    marks = ", ".join(f"%({name})s" for name in row)
    command = f"INSERT INTO analysis.anomaly ({columns}) VALUES ({marks}) RETURNING id"
    written = connection.execute(command, row).fetchone()
    assert written is not None
    return int(written[0])


def suspects(connection: Connection, of: int) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute("SELECT * FROM analysis.suspect WHERE anomaly = %s ORDER BY rank", (of,))
        return cursor.fetchall()


def low_dose(connection: Connection, place: str = "l1-filler-02:3", **given: Any) -> int:
    return anomaly(
        connection, place, "filling.fill_mass", 6.02, expected=6.4, sd=0.025, unit="g", **given
    )


def test_a_nozzle_is_named_with_its_time_cells_and_size(
    connection: Connection, plant: Plant
) -> None:
    number = low_dose(connection)
    write_suspects(connection, plant, [number])
    first = suspects(connection, number)[0]
    assert (first.rank, first.factor, first.value) == (1, "position", "l1-filler-02:3")
    assert (first.station, first.unit) == ("filling", "g")
    assert abs(first.since - FAULT) < timedelta(minutes=2)
    # Two fillers of eight nozzles: a sixteenth of an hour's cells.
    assert first.affected == pytest.approx(0.365 * 3600 / 16, abs=2)
    assert first.others == 0
    assert first.affected <= first.affected_total <= first.affected + 20
    assert first.q_value < 1e-9
    assert first.effect == pytest.approx(-0.06 * 6.4, abs=0.02)
    assert re.fullmatch(
        rf"Nozzle 3 of l1-filler-02, since 0[01]:\d\d, \d+ cells, {MINUS}0\.38 g", first.sentence
    )


def test_an_alarm_at_another_place_finds_the_culprit_upstream(
    connection: Connection, plant: Plant
) -> None:
    """The sealer's chart alarms; the cells say that it is the winder's doing, or nobody else's."""
    number = anomaly(
        connection, "l1-winder-02", "winding.overhang_top", 0.35, expected=0.75, sd=0.1, unit="mm"
    )
    write_suspects(connection, plant, [number])
    first = suspects(connection, number)[0]
    assert (first.factor, first.value) == ("equipment", "l1-winder-02")
    # The mass of the cells after filling depends on the dose: seen at all nozzles' charts alike.
    low = anomaly(
        connection, "l1-filler-02:4", "filling.mass_after", 69.9, expected=70.0, sd=0.12, unit="g"
    )
    write_suspects(connection, plant, [low])
    assert suspects(connection, low)[0].value == "l1-filler-02:3"


def test_what_was_seen_before_on_the_way_stays_the_first_suspect(
    connection: Connection, plant: Plant
) -> None:
    before = anomaly(
        connection, "l1-sealer-01", "sealing.crimp_height", 69.99, expected=69.95, sd=0.012,
        unit="mm", direction="high", time=FAULT + timedelta(hours=2),
    )  # fmt: skip
    leak = anomaly(
        connection, "l1-sealer-01", "sealing.leak_rate", 6e-8, expected=1e-8, sd=5e-9,
        unit="Pa.m3/s", direction="high", time=FAULT + timedelta(hours=3),
    )  # fmt: skip
    write_suspects(connection, plant, [before])
    write_suspects(connection, plant, [leak])
    for number in (before, leak):
        first = suspects(connection, number)[0]
        assert (first.factor, first.value) == ("equipment", "l1-sealer-01")


def off(connection: Connection, machine: str, signal: str, hour: float = 0.0) -> int:
    """An anomaly of a machine's signals, seen an hour after it began."""
    since = FAULT + timedelta(hours=hour)
    part = {"signal": signal, "share": 0.5, "value": 1.0, "expected": 0.0, "unit": "1"}
    station = "coating" if "coater" in machine else "calendering"
    return anomaly(
        connection, machine, f"{station}.multivariate", 40.0, since=since,
        time=since + timedelta(hours=1), contributions=Jsonb([part]),
    )  # fmt: skip


def test_one_lane_of_a_machine_is_told_from_the_machine(
    connection: Connection, plant: Plant
) -> None:
    lane = off(connection, "l1-coater-c-01", "loading_a[7]")
    machine = off(connection, "l1-calender-c-01", "thickness", hour=1.0)
    write_suspects(connection, plant, [lane])
    (first,) = suspects(connection, lane)
    assert (first.factor, first.value) == ("lane", "l1-coater-c-01:3")
    assert first.unit == "mg/cm2"
    assert first.effect < -0.1
    assert first.p_value is None
    assert re.fullmatch(
        rf"Lane 3 of l1-coater-c-01, since 01:00, loading_[ab] {MINUS}0\.\d+ mg/cm2",
        first.sentence,
    )
    write_suspects(connection, plant, [machine])
    first, own = suspects(connection, machine)
    # The coater before it is off, and that on the same electrode.
    assert first.value == "l1-coater-c-01:3"
    assert (own.factor, own.value) == ("equipment", "l1-calender-c-01")


def test_an_anomaly_that_ended_has_no_suspects_and_writing_again_keeps_the_list_before(
    connection: Connection, plant: Plant
) -> None:
    on, off = low_dose(connection), low_dose(connection, state="off")
    write_suspects(connection, plant, [on, off])
    once = suspects(connection, on)
    write_suspects(connection, plant, [on])
    again = suspects(connection, on)
    assert [row._replace(version=1, ranked_at=once[0].ranked_at) for row in again] == once
    assert {row.version for row in again} == {2}
    kept = "SELECT version, rank, value FROM analysis.suspect_past WHERE anomaly = %s ORDER BY 2"
    assert connection.execute(kept, (on,)).fetchall() == [(1, r.rank, r.value) for r in once]
    assert suspects(connection, off) == []


def test_without_any_cells_around_it_there_is_still_its_own_place(
    connection: Connection, plant: Plant
) -> None:
    early = BEGIN - timedelta(days=40)
    number = low_dose(connection, since=early, time=early + timedelta(hours=1))
    write_suspects(connection, plant, [number])
    (only,) = suspects(connection, number)
    assert (only.value, only.affected) == ("l1-filler-02:3", 0)


def test_what_judged_cells_have_in_common_is_found_and_where_they_were_measured(
    connection: Connection, plant: Plant
) -> None:
    def wound(machine: str, count: int) -> list[str]:
        rows = connection.execute(
            "SELECT cell FROM cell.winding WHERE equipment = %s ORDER BY md5(cell) LIMIT %s",
            (machine, count),
        )
        return [cell for (cell,) in rows]

    cells = wound("l1-winder-02", 24) + wound("l1-winder-01", 2)
    first = common_to(connection, plant, ("l1", "winding"), cells, (BEGIN, END))[0]
    assert (first.name.kind, first.name.value) == ("equipment", "l1-winder-02")
    assert (first.affected, first.affected_total) == (24, 26)
    places = places_of(connection, plant, ("l1", "winding"), cells)
    assert places == ["l1-winder-02", "l1-winder-01"]
    assert common_to(connection, plant, ("l1", "winding"), [], (BEGIN, END)) == []
    named = written(connection, plant, ("l1", "winding"), cells, END)[0]
    assert (named.value, named.affected, named.affected_total) == ("l1-winder-02", 24, 26)
    assert re.fullmatch(
        r"l1-winder-02, since \d\d:\d\d, 24 of 26 faulty cells, \+[\d.]+ %", named.sentence
    )
    few = wound("l1-winder-02", 3) + wound("l1-winder-01", 2)
    (doubtful, *_) = written(connection, plant, ("l1", "winding"), few, END)
    assert doubtful.sentence.endswith("%, may be chance")
    assert written(connection, plant, ("l1", "winding"), [], END) == []


@pytest.fixture
def undone(connection: Connection) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back: for tests that change results."""
    with connection.transaction(force_rollback=True):
        yield connection


def test_a_tower_is_found_by_what_no_chart_watches(undone: Connection, plant: Plant) -> None:
    """All cells since some hour are of one tower, and of the one aisle behind it as well."""
    trays = [machine.name for machine in plant.blocks_at("formation")["l1-tower-05"]]
    given = {"since": FAULT - timedelta(hours=1.9), "trays": trays}
    hot = "SELECT cell FROM cell.formation WHERE time >= %(since)s AND equipment = ANY (%(trays)s)"
    undone.execute(f"UPDATE cell.end_of_line SET dcir = dcir + 0.6 WHERE cell IN ({hot})", given)
    undone.execute(
        "UPDATE cell.formation SET temperature_mean = temperature_mean + 2"
        " WHERE time >= %(since)s AND equipment = ANY (%(trays)s)",
        given,
    )
    number = anomaly(
        undone, "l1-tester-01:4", "end_of_line.dcir", 30.6, expected=30.0, sd=0.3, unit="mOhm",
        since=FAULT, time=FAULT + timedelta(hours=2),
    )  # fmt: skip
    write_suspects(undone, plant, [number])
    first = suspects(undone, number)[0]
    assert (first.factor, first.value, first.unit) == ("block", "l1-tower-05", "Cel")
    assert re.fullmatch(
        r"Tower 5 of l1 \(l1-tray-097 to l1-tray-120\), since 23:\d\d, [\d,]+ cells,"
        r" temperature_mean \+[12]\.\d Cel",
        first.sentence,
    )


@pytest.mark.parametrize("is_true", [False, True], ids=["gauge", "process"])
def test_a_tester_that_alone_says_so_is_a_sensor(
    undone: Connection, plant: Plant, *, is_true: bool
) -> None:
    """Formation has measured the capacity of the same cells: it was as low, or it was not."""
    low = "SELECT cell FROM cell.end_of_line WHERE equipment = 'l1-tester-02' AND time >= %s"
    undone.execute(
        f"UPDATE cell.end_of_line SET capacity = capacity - 0.04 WHERE cell IN ({low})", (FAULT,)
    )
    if is_true:
        undone.execute(
            "UPDATE cell.formation SET discharge_capacity = discharge_capacity - 0.04"
            f" WHERE cell IN ({low})",
            (FAULT,),
        )
    number = anomaly(
        undone, "l1-tester-02:4", "end_of_line.capacity", 4.76, expected=4.8, sd=0.012, unit="A.h"
    )
    write_suspects(undone, plant, [number])
    first = suspects(undone, number)[0]
    assert first.value == "l1-tester-02"
    assert first.factor == ("equipment" if is_true else "sensor")
    if not is_true:
        assert re.fullmatch(
            rf"Sensor: l1-tester-02, since 0[01]:\d\d, \d+ cells, {MINUS}0\.0[34]\d A\.h,"
            r" but discharge_capacity of \d+ cells .0\.00\d+ A\.h",
            first.sentence,
        )


#: Of this roll the cells have the metres from here on that were coated after the onset.
ROLL, FROM_M = "l1-c-roll-002528", 400


@pytest.mark.parametrize(
    ("thickness", "are_heavy", "said"),
    [
        ("stays", False, ["sensor"]),
        ("moves", True, ["equipment"]),
        (None, False, ["equipment", "sensor"]),
        (None, True, ["equipment"]),
        ("stays", True, ["sensor", "equipment"]),
    ],
)
def test_a_gauge_is_told_from_its_coater_and_told_again_when_the_cells_have_come(
    undone: Connection, plant: Plant, thickness: str | None, *, are_heavy: bool, said: list[str]
) -> None:
    """All lanes 1 % too heavy; the thickness says so or not, and days later so do the cells."""
    row = undone.execute("SELECT min(time) FROM material.genealogy WHERE child = %s", (ROLL,))
    since = (row.fetchone() or [BEGIN])[0] + timedelta(seconds=FROM_M)
    time_us = to_us(since) + np.arange(-24 * 60, 120) * 60_000_000
    off = time_us >= to_us(since)
    draw = np.random.default_rng(3)
    loading = 24.66 + draw.normal(scale=0.1, size=(2, len(time_us), 8)) + 0.25 * off[:, None]
    dry = 105.0 + draw.normal(scale=0.5, size=(len(time_us), 8))
    dry += 1.06 * off[:, None] * (thickness == "moves")
    columns = {"loading_a": loading[0], "loading_b": loading[1]}
    if thickness is not None:
        columns["dry_thickness"] = dry
    rows = block(
        plant.tables[Kind.TELEMETRY, "coating"],
        ("time", "equipment", *columns),
        (time_us, ["l1-coater-c-01"] * len(time_us), *columns.values()),
    )
    copy_frame(undone, rows, batch=2)
    if are_heavy:
        undone.execute(
            """UPDATE cell.filling SET mass_before = mass_before + 0.25 WHERE cell IN (
               SELECT child FROM material.genealogy WHERE parent LIKE %s AND from_m >= %s)""",
            (f"{ROLL}-%", FROM_M),
        )
    part = {"signal": "loading_a[7]", "share": 0.5, "value": 1.0, "expected": 0.0, "unit": "1"}
    number = anomaly(
        undone, "l1-coater-c-01", "coating.multivariate", 40.0, since=since,
        time=since + timedelta(hours=1), contributions=Jsonb([part]),
    )  # fmt: skip
    write_suspects(undone, plant, [number])
    heard = [suspects(undone, number)[0].factor]
    while look_again(undone, plant, END):
        pass
    first = suspects(undone, number)[0]
    heard += [first.factor] * (first.version - 1)
    assert (heard, first.value) == (said, "l1-coater-c-01")
    assert undone.execute("SELECT * FROM analysis.suspect_look").fetchall() == [], "it is settled"
