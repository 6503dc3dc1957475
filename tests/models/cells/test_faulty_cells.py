"""The rate of faulty cells: verdicts as they are written, anomalies as they come of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from alerts.correlate import correlate
from jellyroll import app
from models.anomaly_store import AnomalyRow, write_anomalies
from models.cells.cells import POSITIONS, Cells
from models.cells.faulty import FaultyCells
from models.cells.stage import CellStage
from models.cells.standard import standards
from models.follow import catch_up
from plant.load import load_plant
from plant.model import Plant
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.copy import copy_frame
from storage.migrate import migrate
from tests.alerts.support import setting_of
from tests.models.cells.made import changed, frame, made_cells
from tests.models.conftest import forget, write_batch

PLANT = Path(__file__).parents[3] / "bench" / "scenarios.toml"
START = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(seconds=2.74)
#: The baseline is a day's cells; ten of them are faulty.
DAY = 31_536
#: In this range one in 200 is faulty.
FAULTY = range(DAY + 4_000, DAY + 9_000, 200)
#: Verdicts of so many cells are taken to be unsettled.
UNSETTLED = 3_100


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load_plant(PLANT)


@pytest.fixture(scope="module")
def database(cluster: PrivateCluster, plant: Plant) -> Iterator[str]:
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE faulty")
    migrate(cluster.dsn("faulty"), plant)
    yield cluster.dsn("faulty")
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE faulty WITH (FORCE)")


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    forget(
        database, "ingest.batch", "ingest.batch_span", "ingest.dead_letter", "ingest.cursor",
        "analysis.cell_quality", "analysis.faulty_count", "analysis.faulty_chart",
        "analysis.anomaly", "analysis.suspect",
    )  # fmt: skip
    with connect(database, application="test", autocommit=True) as connection:
        yield connection


def judge(
    connection: Connection,
    cells: range,
    faulty: Sequence[int] = (),
    *,
    kinds: Sequence[str] = ("outlier",),
    fault_class: str = "product",
    measure: str = "k_value",
    scores: Sequence[str] = ("k_value", "acir"),
    late: timedelta = timedelta(),
) -> None:
    """Write verdicts of *cells*, finished one after another, of which *faulty* are held."""
    connection.execute(
        "INSERT INTO analysis.cell_quality"
        " (cell, time, line, grade, disposition, fault_class, reasons, scores)"
        " SELECT 'J' || to_char(n, 'FM0000000'), %(start)s + n * %(step)s + %(late)s, 'l1', 'A',"
        " CASE WHEN n = ANY (%(faulty)s::int[]) THEN 'hold' ELSE 'pass' END,"
        " CASE WHEN n = ANY (%(faulty)s::int[]) THEN %(class)s::text ELSE 'none' END,"
        " CASE WHEN n = ANY (%(faulty)s::int[]) THEN %(reasons)s ELSE '[]'::jsonb END,"
        " %(scores)s"
        " FROM generate_series(%(first)s::int, %(last)s::int) AS n"
        " ON CONFLICT (cell) DO UPDATE SET xid = pg_current_xact_id(), time = excluded.time,"
        " disposition = excluded.disposition, fault_class = excluded.fault_class,"
        " reasons = excluded.reasons",
        {
            "start": START, "step": STEP, "late": late, "faulty": list(faulty),
            "reasons": Jsonb([{"kind": kind, "measure": measure} for kind in kinds]),
            "scores": Jsonb({name: {} for name in scores}), "class": fault_class,
            "first": cells.start, "last": cells.stop - 1,
        },
    )  # fmt: skip


def count(connection: Connection, plant: Plant, model: int = 0) -> tuple[int, int]:
    """Let a monitor that was just started count what is there, in one transaction."""
    with connection.transaction():
        return FaultyCells(plant, next(iter(standards(plant).values()))).count(connection, model)


#: What was learnt, by table: a day's cells are judged once for all tests.
_LEARNT: dict[str, Any] = {}


def learn(connection: Connection, plant: Plant) -> None:
    """Let the charts have their baselines, ten of a day's cells faulty; the cells are forgotten."""
    if not _LEARNT:
        judge(connection, range(DAY), range(0, DAY, 3_200))
        judge(connection, range(DAY, DAY + UNSETTLED))
        assert count(connection, plant) == (0, 0)
        for table in ("faulty_count", "faulty_chart"):
            rows = connection.execute(f"SELECT jsonb_agg(t) FROM analysis.{table} AS t".encode())
            _LEARNT[table] = rows.fetchall()[0][0]
    connection.execute(
        "TRUNCATE analysis.cell_quality, analysis.faulty_count, analysis.faulty_chart"
    )
    for table, rows in _LEARNT.items():
        connection.execute(
            f"INSERT INTO analysis.{table}"
            f" SELECT * FROM jsonb_populate_recordset(NULL::analysis.{table}, %s)".encode(),
            (Jsonb(rows),),
        )


def anomalies(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT state, since, time, samples, round(value::numeric, 9), last_points, event"
        " FROM analysis.anomaly WHERE characteristic = 'faulty_cells.k_value' ORDER BY id"
    ).fetchall()


def time_of(cell: int) -> datetime:
    return START + cell * STEP


def charts(dsn: str) -> Any:
    """What the command shows."""
    words = ["cells", "faulty", "--plant", str(PLANT), "--database", dsn]
    assert CliRunner().invoke(app, words).exit_code == 0
    return json.loads(CliRunner().invoke(app, [*words, "--json"]).output)


def test_a_line_without_a_baseline_learns_and_does_not_alarm(
    connection: Connection, database: str, plant: Plant
) -> None:
    judge(connection, range(DAY - 1), range(0, DAY, 20))
    judge(connection, range(DAY - 1, DAY + UNSETTLED - 100))
    assert count(connection, plant) == (0, 0)
    row = connection.execute(
        "SELECT p0, learnt_cells, learnt_faulty FROM analysis.faulty_chart"
        " WHERE measure = 'k_value'"
    ).fetchone()
    assert row is not None
    assert row[0] is None
    assert DAY - 200 < row[1] < DAY
    assert row[2] > 1_500
    shown = charts(database)
    assert shown["baseline_cells"] == DAY
    assert {chart["state"] for chart in shown["charts"]} == {"learning"}


def test_the_usual_rate_is_what_was_learnt_with_its_doubt_but_the_budget_of_the_plant_at_least(
    plant: Plant,
) -> None:
    rate = FaultyCells(plant, next(iter(standards(plant).values())))
    assert rate.needed == DAY
    assert rate.design(10).p0 == pytest.approx(14.4 / DAY, rel=0.01)
    assert rate.design(DAY).p0 == 0.1
    rate.needed = 100 * DAY
    assert rate.design(0).p0 == pytest.approx(1e-4 / 6), "a sixth of held_ppm, as screening has it"


def test_one_cell_in_two_hundred_alarms_once_from_its_first_cell_on(
    connection: Connection, database: str, plant: Plant
) -> None:
    learn(connection, plant)
    judge(connection, range(DAY + UNSETTLED, DAY + 12_000), FAULTY)
    assert count(connection, plant) == (1, 0)
    assert count(connection, plant) == (0, 0)
    ((state, since, time, samples, value, points, _),) = anomalies(connection)
    assert (state, since) == ("on", time_of(FAULTY.start))
    faulty = round(float(value) / 100 * samples)
    assert 6 <= faulty <= 9
    settles = time - time_of(FAULTY[faulty - 1])
    assert timedelta(hours=2) < settles < timedelta(hours=2.5), "when the verdict is settled"
    assert points[0][1] == 0.0
    assert max(share for _, share in points) > 0.3
    states = {chart["measure"]: chart["state"] for chart in charts(database)["charts"]}
    assert states.pop("k_value") == "alarm"
    assert states.pop("efficiency") == "learning", "nothing was measured of it"
    assert set(states.values()) == {"watching"}


def test_however_the_verdicts_come_and_whatever_stops_it_the_anomalies_are_the_same(
    connection: Connection, plant: Plant
) -> None:
    end = DAY + 25_000
    learn(connection, plant)
    judge(connection, range(DAY + UNSETTLED, end), FAULTY)
    assert count(connection, plant) == (1, 1), "it has come back"
    at_once = [row[:-1] for row in anomalies(connection)]
    connection.execute(
        "TRUNCATE analysis.cell_quality, analysis.faulty_count, analysis.faulty_chart,"
        " analysis.anomaly, analysis.suspect"
    )
    learn(connection, plant)
    for first in range(DAY + UNSETTLED, end, 2_017):
        judge(connection, range(first, min(first + 2_017, end)), FAULTY)
        with connection.transaction(force_rollback=True):  # it is killed before the commit
            count(connection, plant)
        count(connection, plant)
    assert [row[:-1] for row in anomalies(connection)] == at_once
    events = {row[-1] for row in anomalies(connection)}
    assert len(events) == 1


def test_a_cell_that_is_judged_again_counts_once_and_one_that_comes_late_counts(
    connection: Connection, plant: Plant
) -> None:
    learn(connection, plant)
    four = range(DAY + 4_000, DAY + 4_100, 25)
    judge(connection, range(DAY + UNSETTLED, DAY + 9_000), four)
    count(connection, plant)
    for turn in range(1, 6):  # measured again, an hour later each time
        judge(connection, range(four.start, four.stop), four, late=timedelta(hours=turn))
        assert count(connection, plant) == (0, 0)
    late = range(DAY + 4_200, DAY + 4_206)  # their rows are gone, as if they had not come
    names = [f"J{number:07}" for number in late]
    connection.execute("DELETE FROM analysis.cell_quality WHERE cell = ANY (%s)", (names,))
    judge(connection, late, late)
    assert count(connection, plant) == (1, 0)


@pytest.mark.parametrize(
    ("fault_class", "kinds", "alarms"),
    [
        ("product", ["spec"], 1),
        ("process", ["outlier", "grade"], 1),
        ("process", ["lot"], 0),
        ("process", ["outlier", "lot"], 0),
        ("product", ["forecast"], 0),
        ("measurement", ["measurement"], 0),
    ],
)
def test_only_a_fault_of_the_cells_own_counts(
    connection: Connection, plant: Plant, fault_class: str, kinds: list[str], alarms: int
) -> None:
    learn(connection, plant)
    judge(
        connection, range(DAY + UNSETTLED, DAY + 12_000), FAULTY,
        fault_class=fault_class, kinds=kinds,
    )  # fmt: skip
    assert count(connection, plant)[0] == alarms


def test_under_another_model_of_cells_it_learns_anew_and_the_old_chart_goes_on(
    connection: Connection, plant: Plant
) -> None:
    learn(connection, plant)
    judge(connection, range(DAY + UNSETTLED, DAY + 12_000), FAULTY)
    assert count(connection, plant, model=2) == (1, 0)
    row = connection.execute(
        "SELECT model, max(learnt_cells) < 9000, count(p0) FROM analysis.faulty_chart"
        " JOIN analysis.faulty_count USING (line) GROUP BY 1"
    ).fetchone()
    assert row == (2, True, 5), "nothing tells of the efficiency here"


def test_a_cell_that_is_scrapped_where_it_is_measured_counts_though_it_goes_no_further(
    connection: Connection, plant: Plant
) -> None:
    learn(connection, plant)
    for cell in FAULTY:
        judge(connection, range(cell, cell + 1), [cell], scores=["efficiency", "k_value"])
    for first, last in itertools.pairwise([DAY + UNSETTLED - 1, *FAULTY, DAY + 12_000]):
        judge(connection, range(first + 1, last))
    assert count(connection, plant) == (1, 0)
    (row,) = connection.execute("SELECT characteristic FROM analysis.anomaly").fetchall()
    assert row == ("faulty_cells.k_value",)


def test_faults_by_another_measure_are_another_alarm(connection: Connection, plant: Plant) -> None:
    learn(connection, plant)
    judge(connection, range(DAY + UNSETTLED, DAY + 8_000), FAULTY[::2], measure="acir")
    judge(connection, range(DAY + 8_000, DAY + 12_000), FAULTY, measure="filling.fill_mass")
    assert count(connection, plant) == (2, 0)
    rows = connection.execute("SELECT characteristic, event FROM analysis.anomaly ORDER BY id")
    (first, event), (second, other_event) = rows.fetchall()
    assert (first, second) == ("faulty_cells.acir", "faulty_cells.other")
    assert event == other_event, "what goes on meanwhile is of one event"


def test_alarms_of_two_lines_are_two_events(connection: Connection) -> None:
    """They name no machine, so only the line tells them apart."""
    one = AnomalyRow(
        state="on", line="l1", station="", equipment="", position=None, direction="high",
        characteristic="faulty_cells.k_value", since=START, time=START, statistic=5.0, limit=4.0,
        value=0.1, expected=0.01, sd=0.01, unit="%", samples=9, last_points=[], model="bernoulli",
        recipe="",
    )  # fmt: skip
    write_anomalies(connection, [one, replace(one, line="l2"), replace(one, state="off")])
    (first, second, ended), *_ = connection.execute(
        "SELECT array_agg(event ORDER BY id) FROM analysis.anomaly"
    ).fetchone() or ((),)
    assert first == ended != second
    ended_at = connection.execute("SELECT line, ended_at IS NULL FROM dash.anomaly ORDER BY id")
    assert ended_at.fetchall() == [("l1", False), ("l2", True)]


@pytest.fixture(scope="module")
def cells(plant: Plant) -> Cells:
    """Cells that come after a day of others; of one of three winders one in a hundred leaks."""
    made = made_cells(plant, 7_000)
    winder = made.place("winding") // POSITIONS
    leaking = winder == sorted(set(winder.tolist()))[1]
    leaking &= np.random.default_rng(4).random(len(made)) < 0.01
    ocv2 = made.value("ageing.ocv2").copy()
    ocv2[leaking] -= 0.008
    return changed(made, ageing__ocv2=ocv2)


def test_a_winder_of_which_one_cell_in_a_hundred_leaks_is_named_in_one_alert(
    connection: Connection, database: str, plant: Plant, cells: Cells
) -> None:
    """From the rows of cells to the alert, with all that the stage does in between."""
    learn(connection, plant)
    *before, last = next(iter(standards(plant).values())).with_results
    with connection.transaction():
        for station in before:
            copy_frame(connection, frame(plant, cells, station), batch=0)
        write_batch(connection, frame(plant, cells, last))
    assert catch_up(database, CellStage(plant, rests=False)).alarms_on == 1
    together = connection.execute(
        "SELECT count(*) > 0 FROM analysis.cell_quality AS q JOIN analysis.anomaly AS a USING (xid)"
    ).fetchone()
    assert together == (True,), "verdicts and anomaly are of one transaction"
    first = connection.execute(
        "SELECT factor, value, affected, affected_total, q_value, sentence FROM analysis.suspect"
        " WHERE rank = 1"
    ).fetchone()
    assert first is not None
    assert first[:2] == ("equipment", "l1-winder-02")
    assert first[2] >= first[3] - 1
    assert f"{first[2]} of {first[3]} faulty cells" in first[5]
    correlate(connection, setting_of(plant, "here"))
    ((severity, title, suspect, details),) = connection.execute(
        "SELECT severity, title, suspect_value, details FROM alert.alert"
    ).fetchall()
    assert severity == "high"
    assert suspect in {None, "l1-winder-02"}, "where it stands out"
    assert details["suspects"][0]["value"] == "l1-winder-02"
    assert title.startswith("l1: faulty cells by k value, ")
    assert title.endswith(" would be usual")
    assert details["affected"]["cells"] >= first[2]
    assert "metal particles" in details["action"]
